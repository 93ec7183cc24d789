"""Personal data kept, hashed and dropped: what leaves the source, what the schema says of it, and what joins."""

from __future__ import annotations

import copy
import json
import logging
from typing import Any

import jsonschema
import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit import personal_data
from connector_kit.personal_data import schema_for
from connector_kit.records.normalization import SchemaNormalization
from connector_kit.settings import Mode, mode_of
from unit_tests.support.hashing import KEY, digest
from unit_tests.support.schemas import STREAMS, Schema, Stream, every_stream, walk
from unit_tests.support.trees import strings_in

HIDING: tuple[Mode, ...] = ("hash", "drop")
KEPT_KEYWORDS = {"description", "x-personal-data", "x-personal-data-by-name"}
ANSWERS = "employment_application_answers"
both_hiding_modes = pytest.mark.parametrize("mode", HIDING)


def config_of(mode: Mode) -> dict[str, Any]:
    return {"personal_data": mode, "personal_data_key": KEY}


def transformed(record: dict[str, Any], schema: Schema, mode: Mode, stream: str = "people") -> dict[str, Any]:
    SchemaNormalization(config=config_of(mode), name=stream).transform(record, schema)
    return record


def stream_named(name: str) -> Stream:
    return next(stream for stream in STREAMS if stream.name == name)


def marked(schema: Schema, prefix: str = "") -> tuple[dict[str, Any], set[str], set[str]]:
    """A record with a marker in every leaf, and the markers of the personal and of the other leaves.

    The personal ones get text whatever their type: in these modes none may get out, of the right type or not.
    """
    record: dict[str, Any] = {"unheard_of": f"new-{prefix}"}
    personal, harmless = {f"new-{prefix}"}, set()
    for name, field in schema["properties"].items():
        path = f"{prefix}{name}"
        holder = field.get("items", field)
        if "properties" in holder:
            inner, inner_personal, inner_harmless = marked(holder, f"{path}.")
            record[name] = [inner] if "items" in field else inner
            personal |= inner_personal
            harmless |= inner_harmless
        elif field["x-personal-data"] != "none":
            # In the one spelling that is hashed: identity numbers have neither hyphens nor small letters in it.
            is_card = name in ("nik", "identity_number")
            record[name] = f"SECRET{len(path)}{name.replace('_', '').upper()}" if is_card else f"secret-{path}".lower()
            personal.add(record[name])
        elif "string" in field["type"] and "format" not in field:
            record[name] = f"open-{path}"
            harmless.add(f"open-{path}")
    return record, personal, harmless


@both_hiding_modes
@every_stream
def test_no_personal_value_leaves_any_stream(stream: Stream, mode: Mode, caplog: pytest.LogCaptureFixture) -> None:
    schema = stream.schema()
    record, personal, harmless = marked(schema)
    with caplog.at_level(logging.DEBUG):
        result = transformed(record, schema, mode, stream.name)
    given_out = set(strings_in(result))
    assert harmless <= given_out
    text = json.dumps(result) + caplog.text
    assert not [marker for marker in personal if marker in text]
    assert "unheard_of" not in json.dumps(result)
    if mode == "hash":
        assert given_out >= {digest(marker) for marker in personal if marker.lower().startswith("secret")}


@both_hiding_modes
@every_stream
def test_records_and_schema_agree(stream: Stream, mode: Mode) -> None:
    schema, record = stream.schema(), copy.deepcopy(stream.sample())
    adapted = schema_for(schema, mode)
    transformed(record, schema, mode, stream.name)
    jsonschema.Draft7Validator(adapted).validate(record)
    assert [path for path, _ in walk(dict(adapted))] == [path for path, _ in walk(schema)]


@both_hiding_modes
@every_stream
def test_the_adapted_schema_gives_the_same_records_as_the_shipped_one(stream: Stream, mode: Mode) -> None:
    schema = stream.schema()
    by_shipped = transformed(copy.deepcopy(stream.sample()), schema, mode, stream.name)
    by_adapted = transformed(copy.deepcopy(stream.sample()), dict(schema_for(schema, mode)), mode, stream.name)
    assert by_adapted == by_shipped


@every_stream
def test_the_schema_of_each_mode_says_what_comes(stream: Stream) -> None:
    schema = stream.schema()
    before = copy.deepcopy(schema)
    shipped, hashed, dropped = (dict(walk(dict(schema_for(schema, mode)))) for mode in ("keep", "hash", "drop"))
    for path, field in walk(schema):
        assert shipped[path] == field
        if field["x-personal-data"] == "none":
            assert hashed[path]["type"] == dropped[path]["type"] == field["type"]
        else:
            assert hashed[path] == {
                "type": ["null", "string"],
                **{key: field[key] for key in KEPT_KEYWORDS & set(field)},
            }
            assert dropped[path] == field
    assert schema == before


def test_what_may_not_be_null_may_be_once_it_is_dropped() -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string", "x-personal-data": "identifier"}}}
    assert schema_for(schema, "drop")["properties"]["name"]["type"] == ["null", "string"]


@both_hiding_modes
def test_keys_and_cursors_stay(mode: Mode) -> None:
    for stream in STREAMS:
        sample = copy.deepcopy(stream.sample())
        kept = transformed(copy.deepcopy(sample), stream.schema(), "keep", stream.name)
        hidden = transformed(sample, stream.schema(), mode, stream.name)
        for name in (*stream.key, *([stream.cursor] if stream.cursor else [])):
            assert hidden.get(name) == kept.get(name)


def test_a_form_field_is_hidden_by_its_name() -> None:
    schema = stream_named("employment_application_forms").schema()
    form = [
        {"name": "bank_name", "value": "Bank Contoh"},
        {"name": "reference_phone", "value": "+62 812-3456-7890"},
        {"name": "reference_email", "value": "Budi@Example.com"},
        {"name": "never heard of", "value": "x"},
        {"name": None, "value": "y"},
        {"value": 5},
        {"name": "religion", "value": None},
        {"name": "religion"},
    ]
    hashed = transformed({"id": 1, "employment_application_form": copy.deepcopy(form)}, schema, "hash")
    assert hashed["employment_application_form"] == [
        {"name": "bank_name", "value": digest("Bank Contoh")},
        {"name": "reference_phone", "value": digest("081234567890")},
        {"name": "reference_email", "value": digest("budi@example.com")},
        {"name": "never heard of", "value": digest("x")},
        {"name": None, "value": digest("y")},
        {"value": digest("5")},
        {"name": "religion", "value": None},
        {"name": "religion"},
    ]
    dropped = transformed({"id": 1, "employment_application_form": form}, schema, "drop")
    assert [pair.get("value") for pair in dropped["employment_application_form"]] == [None] * 8


@both_hiding_modes
def test_a_name_that_is_no_text_is_not_known(mode: Mode) -> None:
    """Spelled out, a list in a list a thousand times over ended the stream."""
    name: list[Any] = []
    for _ in range(1_000):
        name = [name]
    form = [{"name": odd, "value": "v"} for odd in (name, ["bank_name"], {"bank_name": 1}, 5, True)]
    record = transformed(
        {"id": 1, "employment_application_form": form}, stream_named("employment_application_forms").schema(), mode
    )
    hidden = digest("v") if mode == "hash" else None
    assert [pair["value"] for pair in record["employment_application_form"]] == [hidden] * 5


@both_hiding_modes
def test_answers_of_their_own_stream_are_hidden_alike(mode: Mode) -> None:
    schema = stream_named(ANSWERS).schema()
    answers = [
        transformed({"applicant_id": 1, "name": name, "value": "v"}, schema, mode)["value"]
        for name in ("bank_name", "religion")
    ]
    assert answers == [digest("v") if mode == "hash" else None] * 2


@both_hiding_modes
@pytest.mark.parametrize("stream", ["candidates", "candidate_details"])
def test_a_field_of_the_companys_own_is_personal_whatever_its_name(mode: Mode, stream: str) -> None:
    pairs = [{"name": name, "value": "x"} for name in ("bank_name", "religion", "favourite colour")]
    record = transformed({"id": 1, "customFields": pairs}, stream_named(stream).schema(), mode)
    expected = digest("x") if mode == "hash" else None
    assert [pair["value"] for pair in record["customFields"]] == [expected] * 3


@both_hiding_modes
@pytest.mark.parametrize("name", ["bank\0_name", ["bank_name"], "bank_name ", "Bank_name"])
def test_only_a_known_name_itself_makes_a_value_harmless(mode: Mode, name: Any) -> None:
    """Not one that a repair makes of it."""
    schema = stream_named("employment_application_forms").schema()
    record = transformed({"id": 1, "employment_application_form": [{"name": name, "value": "x"}]}, schema, mode)
    assert record["employment_application_form"][0]["value"] == (digest("x") if mode == "hash" else None)
    answer = transformed({"applicant_id": 1, "name": name, "value": "x"}, stream_named(ANSWERS).schema(), mode)
    assert answer["value"] == (digest("x") if mode == "hash" else None)


def test_a_field_without_a_class_is_personal() -> None:
    assert personal_data.is_personal({"type": "string"})


@both_hiding_modes
def test_unknown_fields_are_left_out_and_the_log_says_so(mode: Mode, caplog: pytest.LogCaptureFixture) -> None:
    schema = {"type": "object", "properties": {"id": {"type": "integer", "x-personal-data": "none"}}}
    with caplog.at_level(logging.INFO):
        assert transformed({"id": 1, "new": "x", "budi.contoh": None}, schema, mode) == {"id": 1}
    assert caplog.messages == [
        "people: the API sent fields that the schema does not have: 2 in the record itself; "
        f"they are left out, because personal_data is {mode}"
    ]


@both_hiding_modes
@pytest.mark.parametrize("value", [{"who": "Budi"}, [{"who": "Budi"}], [["x", [{"who": ["Budi"]}]]]])
def test_an_object_in_the_place_of_a_harmless_text_is_left_out(mode: Mode, value: Any) -> None:
    """Its fields were never classed. A list of plain values is the text that was promised, in another spelling."""
    schema = {"type": "object", "properties": {"title": {"type": ["null", "string"], "x-personal-data": "none"}}}
    assert transformed({"title": copy.deepcopy(value)}, schema, mode) == {"title": None}
    assert "Budi" in str(transformed({"title": copy.deepcopy(value)}, schema, "keep"))
    assert transformed({"title": ["a", 1]}, schema, mode) == {"title": '["a", 1]'}


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"personal_data": "HASH"}, "personal_data"),
        ({"personal_data": ""}, "personal_data"),
        ({"personal_data": ["drop"]}, "personal_data"),
        ({"personal_data": "hash"}, "personal_data_key"),
        ({"personal_data": "hash", "personal_data_key": ""}, "personal_data_key"),
        ({"personal_data": "hash", "personal_data_key": " \n"}, "personal_data_key"),
    ],
)
def test_a_mode_that_can_not_be_kept_ends_the_sync_by_name(config: dict[str, Any], field: str) -> None:
    with pytest.raises(AirbyteTracedException) as raised:
        SchemaNormalization(config=config, name="people")
    assert (raised.value.message or "").startswith(f"{field}: ")


@pytest.mark.parametrize("config", [{}, {"personal_data": None}, {"personal_data": "keep"}])
def test_data_is_kept_unless_something_else_is_asked_for(config: dict[str, Any]) -> None:
    assert mode_of(config) == "keep"
