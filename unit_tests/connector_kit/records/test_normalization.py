"""Values brought to the schema's types: one table of what the APIs send and what comes out, and what the log says."""

from __future__ import annotations

import copy
import json
import logging
import math
import threading
import typing
from typing import Any

import orjson
import pytest
from airbyte_cdk.sources.declarative.extractors.record_selector import RecordSelector
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils import airbyte_secrets_utils

from connector_kit.errors import UnreadableKey
from connector_kit.reading.reader import StreamOutput
from connector_kit.records.extractor import BodyExtractor
from connector_kit.records.normalization import SchemaNormalization
from connector_kit.records.scalars import DEEPEST
from unit_tests.support.schemas import STREAMS, Stream, every_stream
from unit_tests.support.vendor_samples import VENDOR_SAMPLES

Field = dict[str, Any]


def nullable(kind: str, **more: Any) -> Field:
    return {"type": ["null", kind], "x-personal-data": "none", **more}


def record_of(**properties: Field) -> Field:
    return {"type": "object", "additionalProperties": True, "properties": properties}


STRING, INTEGER, NUMBER, BOOLEAN = (nullable(kind) for kind in ("string", "integer", "number", "boolean"))
DATE = nullable("string", format="date")
AWARE = nullable("string", format="date-time", airbyte_type="timestamp_with_timezone")
NAIVE = nullable("string", format="date-time", airbyte_type="timestamp_without_timezone")
OBJECT = nullable("object", properties={"id": INTEGER, "label": STRING})
TEXTS = nullable("array", items={"type": ["null", "string"]})
COUNTS = nullable("array", items={"type": ["null", "integer"]})
OBJECTS = nullable("array", items={"type": ["null", "object"], "properties": {"id": INTEGER, "label": STRING}})


def nested_lists(depth: int) -> Any:
    value: Any = {"id": 1}
    for _ in range(depth):
        value = [value]
    return value


def transformed(record: dict[str, Any], schema: Field, stream: str = "things") -> dict[str, Any]:
    SchemaNormalization(config={}, name=stream).transform(record, schema)
    return record


@pytest.mark.parametrize(
    ("field", "sent", "given"),
    [
        (STRING, "", ""),
        (STRING, "見本 😀 ＡＢＣ", "見本 😀 ＡＢＣ"),
        (STRING, True, "true"),
        (STRING, False, "false"),
        (STRING, 12, "12"),
        (STRING, 12.5, "12.5"),
        (STRING, 12.0, "12.0"),
        (STRING, 10**30, "1" + "0" * 30),
        (STRING, math.nan, None),
        (STRING, ["東京", 1, None], '["東京", 1, null]'),
        (STRING, {"a": True}, '{"a": true}'),
        (STRING, [math.inf], "[null]"),
        (STRING, "a\0b", "ab"),
        (STRING, "\ud83d", "\ufffd"),
        (STRING, "\ud83d\ude00", "😀"),
        (STRING, "\ud83d\0\ude00", "😀"),
        (STRING, ["\udc00"], '["\ufffd"]'),
        (INTEGER, 12, 12),
        (INTEGER, "12", 12),
        (INTEGER, " 12 ", 12),
        (INTEGER, "-12.00", -12),
        (INTEGER, 12.0, 12),
        (INTEGER, True, 1),
        (INTEGER, 2**63 - 1, 2**63 - 1),
        (INTEGER, -(2**63), -(2**63)),
        (INTEGER, 2**63, None),
        (INTEGER, str(2**63), None),
        (INTEGER, "9" * 5000, None),
        (INTEGER, 12.5, None),
        (INTEGER, "12.5", None),
        (INTEGER, "1_000", None),
        (INTEGER, "１２", None),
        (INTEGER, "twelve", None),
        (INTEGER, "", None),
        (INTEGER, math.nan, None),
        (INTEGER, math.inf, None),
        (INTEGER, [12], None),
        (NUMBER, 12, 12),
        (NUMBER, 1.5, 1.5),
        (NUMBER, "5000000", 5000000),
        (NUMBER, "5000000.50", 5000000.5),
        (NUMBER, "1e3", 1000.0),
        (NUMBER, ".5", 0.5),
        (NUMBER, False, 0),
        (NUMBER, 10**30, 1e30),
        (NUMBER, str(10**30), 1e30),
        (NUMBER, "1e999", None),
        (NUMBER, "5,000,000", None),
        (NUMBER, "nan", None),
        (NUMBER, "", None),
        (NUMBER, -math.inf, None),
        (NUMBER, {}, None),
        (BOOLEAN, True, True),
        (BOOLEAN, "true", True),
        (BOOLEAN, "No", False),
        (BOOLEAN, "1", True),
        (BOOLEAN, 0, False),
        (BOOLEAN, 1.0, True),
        (BOOLEAN, 2, None),
        (BOOLEAN, "", None),
        (BOOLEAN, "active", None),
        (BOOLEAN, [], None),
        (DATE, "1990-01-2", "1990-01-02"),
        (DATE, "1990/01/02", "1990-01-02"),
        (DATE, "1990-01-02T00:00:00+09:00", "1990-01-02"),
        (DATE, "0000-00-00", None),
        (DATE, "", None),
        (NAIVE, "2021-06-7 00:00:00", "2021-06-07T00:00:00"),
        (NAIVE, "2021-06-07T00:00:00", "2021-06-07T00:00:00"),
        (NAIVE, "2021-06-07T01:02:03.5", "2021-06-07T01:02:03"),
        (NAIVE, "2021-06-07T00:00:00+09:00", "2021-06-07T00:00:00"),
        (NAIVE, "2021-06-07", "2021-06-07T00:00:00"),
        (NAIVE, "2021-02-30 00:00:00", None),
        (NAIVE, 1623024000, None),
        (AWARE, "2021-06-07T00:00:00.000000Z", "2021-06-07T00:00:00.000000Z"),
        (AWARE, "2021-06-07T00:00:00.123456789+09:00", "2021-06-07T00:00:00.123456789+09:00"),
        (AWARE, "2021-06-07T00:00:00+0900", "2021-06-07T00:00:00+09:00"),
        (AWARE, "2021-06-7 00:00:00", "2021-06-07T00:00:00Z"),
        (AWARE, "2021-06-07", "2021-06-07T00:00:00Z"),
        (AWARE, "", None),
        (OBJECT, {"id": "1", "label": None}, {"id": 1, "label": None}),
        (OBJECT, {}, {}),
        (OBJECT, [], None),
        (OBJECT, [{"id": "1"}], {"id": 1}),
        (OBJECT, [{"id": 1}, {"id": 2}], None),
        (OBJECT, "text", None),
        (OBJECT, {"id": 1, "new": {"deep": [1]}}, {"id": 1, "new": {"deep": [1]}}),
        (TEXTS, ["a", 1, None, ["b"]], ["a", "1", '["b"]']),
        (TEXTS, "a", ["a"]),
        (TEXTS, 5, ["5"]),
        (TEXTS, {"0": "a", "2": "b"}, ["a", "b"]),
        (TEXTS, {"a": 1}, ['{"a": 1}']),
        (TEXTS, "", None),
        (COUNTS, ["1", "x", 2], [1, 2]),
        (OBJECTS, [[{"id": "1"}, [{"id": 2}]], {"id": 3}, None], [{"id": 1}, {"id": 2}, {"id": 3}]),
        (OBJECTS, {"id": "1"}, [{"id": 1}]),
        (OBJECTS, {"0": {"id": 1}, "7": {"id": 2}}, [{"id": 1}, {"id": 2}]),
        (OBJECTS, {}, []),
        (OBJECTS, [[]], []),
        (OBJECTS, ["text", {"id": 1}], [{"id": 1}]),
        (OBJECTS, "text", None),
        (OBJECTS, "", None),
        (OBJECTS, nested_lists(20_000), [{"id": 1}]),
    ],
)
def test_a_value_comes_out_in_the_declared_type(field: Field, sent: Any, given: Any) -> None:
    result = transformed({"field": sent}, record_of(field=field))["field"]
    assert result == given
    assert type(result) is type(given)


@pytest.mark.parametrize("field", [STRING, INTEGER, NUMBER])
def test_a_number_of_thousands_of_digits_becomes_null(field: Field) -> None:
    """Python itself refuses to spell it."""
    assert transformed({"field": 10**5000, "new": [10**5000]}, record_of(field=field)) == {"field": None, "new": [None]}


@pytest.mark.parametrize("field", [STRING, INTEGER, NUMBER, BOOLEAN, DATE, AWARE, NAIVE, OBJECT, TEXTS, OBJECTS])
def test_null_stays_null_and_a_missing_field_stays_missing(field: Field) -> None:
    assert transformed({"there": None}, record_of(there=field, missing=field)) == {"there": None}


@pytest.mark.parametrize(
    ("key", "bad", "default"),
    [
        ({"type": "string"}, None, ""),
        ({"type": "integer"}, None, 0),
        ({"type": "integer"}, "", 0),
        ({"type": "integer"}, " \n", 0),
        ({"type": ["string"], "format": "date-time"}, None, "1970-01-01T00:00:00Z"),
        ({"type": ["string"], "format": "date-time"}, "", "1970-01-01T00:00:00Z"),
    ],
)
def test_a_key_that_came_empty_is_never_null(
    key: Field, bad: Any, default: Any, caplog: pytest.LogCaptureFixture
) -> None:
    schema = record_of(key={**key, "x-personal-data": "none"})
    normalization = SchemaNormalization(config={}, name="things")
    with caplog.at_level(logging.WARNING):
        for record in ({"key": bad}, {}, {"key": None}):
            normalization.transform(record, schema)
            assert record == {"key": default}
    assert sum("key field key is empty" in message for message in caplog.messages) == 1


ODD_IDS = ["1e5c0ffe-beef", {"id": 7}, [7], [], {}, 1.5, 2**70, -(2**70), True, False, "7a", "1.5", math.inf]


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("mode", ["keep", "hash", "drop"])
@pytest.mark.parametrize(
    ("key", "odd"),
    [
        *(({"type": "integer"}, odd) for odd in ODD_IDS),
        ({"type": "string", "format": "date-time"}, "soon"),
        ({"type": "string", "format": "date-time"}, [1]),
        ({"type": "string"}, math.nan),
    ],
)
def test_a_key_is_never_made_up(key: Field, odd: Any, mode: str, clean: bool) -> None:
    schema = record_of(key={**key, "x-personal-data": "none"})
    normalization = SchemaNormalization(config={"personal_data": mode, "personal_data_key": "k"}, name="things")
    transform = normalization.transform_clean if clean else normalization.transform
    with pytest.raises(UnreadableKey, match=r"^things: key field key holds a value that can't be read as ") as raised:
        transform({"key": odd}, schema)
    assert str(odd) not in str(raised.value) or len(str(odd)) < 5


@pytest.mark.parametrize(("sent", "read"), [(7, 7), ("7", 7), (7.0, 7), ("7.0", 7), (0, 0), (2**63 - 1, 2**63 - 1)])
def test_a_key_that_is_a_whole_number_in_other_clothes_is_one(sent: Any, read: int) -> None:
    assert transformed({"key": sent}, record_of(key={"type": "integer"})) == {"key": read}


def test_rows_of_one_answer_with_one_key_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    schema = record_of(a={"type": "integer"}, b={"type": "string"}, c=STRING)
    selector = RecordSelector(
        extractor=BodyExtractor(config={}),
        config={},
        parameters={},
        schema_normalization=SchemaNormalization(config={}, name="things"),
        name="things",
    )
    member = StreamOutput("things", selector, None, schema)
    told = "things: rows of one answer have the same primary key (a, b)."

    def answer(*rows: tuple[Any, str]) -> None:
        found = [{"a": a, "b": b, "c": "secret"} for a, b in rows]
        assert len([*member.records(found, StreamSlice(partition={}, cursor_slice={}), clean=True)]) == len(rows)

    with caplog.at_level(logging.WARNING):
        answer((1, "x"), (1, "y"), (2, "x"))
        answer((1, "x"), (1, "y"))
        assert told not in caplog.text, "a list that is read again shows its records again"
        for _ in range(2):
            answer((3, "x"), ("3", "x"))
    assert caplog.text.count(told) == 1
    assert "append" in caplog.text
    assert "secret" not in caplog.text


def test_an_unreadable_value_is_told_once_with_stream_and_field_and_never_itself(
    caplog: pytest.LogCaptureFixture,
) -> None:
    schema = record_of(born=DATE, children=OBJECTS)
    normalization = SchemaNormalization(config={}, name="people")
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            normalization.transform({"born": "marker-1", "children": [{"id": "marker-2"}]}, schema)
    assert sorted(caplog.messages) == [
        "people: field born holds a value that can't be read as string of format date; such values become null",
        "people: field children.id holds a value that can't be read as integer; such values become null",
    ]
    assert {record.name for record in caplog.records} == {"airbyte.people"}


def test_unknown_fields_pass_through_and_each_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    schema = record_of(id=INTEGER, children=OBJECTS)
    people = SchemaNormalization(config={}, name="people")
    record = {"id": 1, "b": [1.5, {"x": None}], "a": None, "children": [{"id": 1, "c": "new"}]}
    expected = copy.deepcopy(record)
    with caplog.at_level(logging.INFO):
        people.transform(record, schema)
        assert record == expected
        people.transform(record, schema)
        people.transform({"id": 2, "d": 1, "a": 2}, schema)
    sentence = "people: the API sent fields that the schema does not have: "
    assert caplog.messages == [
        f"{sentence}a, b, children.c; they are passed through",
        f"{sentence}d; they are passed through",
    ]


def test_names_that_may_be_data_stay_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        record = transformed({"budi@example.com": 1, "line\nbreak": 2}, record_of(id=INTEGER), "people")
    assert record == {"budi@example.com": 1, "line\nbreak": 2}
    assert "budi" not in caplog.text
    assert "break" not in caplog.text
    assert "(a name with odd characters)" in caplog.text


def test_a_name_that_holds_a_part_of_a_secret_stays_out_of_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airbyte_secrets_utils, "__SECRETS_FROM_CONFIG", ["abcdefgh-12345678"])
    with caplog.at_level(logging.DEBUG):
        transformed({"x_defgh-123": 1, "defgh-1": 2}, record_of(id=INTEGER), "people")
    assert "(a name that contains part of a secret), defgh-1;" in caplog.text


def test_an_object_keyed_by_ids_does_not_flood_the_log(caplog: pytest.LogCaptureFixture) -> None:
    normalization = SchemaNormalization(config={}, name="people")
    with caplog.at_level(logging.INFO):
        for number in range(1000):
            normalization.transform({f"x{number}": 1}, record_of(id=INTEGER))
    assert 0 < len(caplog.messages) <= 200


def test_unknown_fields_are_made_fit_for_the_protocol() -> None:
    deep = nested_lists(5_000)
    record = {"n\0me": "a\0", "half\ud800": "\udfff", "huge": [2**64], "nan": {"x": math.nan}, "deep": deep}
    result = transformed(record, record_of(id=INTEGER))
    assert {key: value for key, value in result.items() if key != "deep"} == {
        "n\ufffdme": "a",
        "half\ufffd": "\ufffd",
        "huge": [str(2**64)],
        "nan": {"x": None},
    }
    assert len(orjson.dumps(result["deep"])) <= 2 * DEEPEST + len("null")


def test_a_repaired_name_never_overwrites_a_field() -> None:
    record = transformed({"a\ufffd": 1, "a\0": 2}, record_of(id=INTEGER))
    assert record == {"a\ufffd": 1, "a\ufffd\ufffd": 2}


@every_stream
def test_a_record_that_is_right_already_stays_the_same_objects(stream: Stream) -> None:
    schema = stream.schema()
    right = transformed(copy.deepcopy(stream.sample()), schema, stream.name)
    again = transformed(dict(right), schema, stream.name)
    assert list(again) == list(right)
    assert all(again[name] is value for name, value in right.items())


def test_an_equal_schema_read_anew_is_the_same_schema() -> None:
    normalization = SchemaNormalization(config={}, name="things")
    schema = record_of(id=INTEGER)
    for fresh in (schema, copy.deepcopy(schema), record_of(id=STRING)):
        record = {"id": "7"}
        normalization.transform(record, fresh)
        assert record == {"id": "7" if fresh["properties"]["id"] is STRING else 7}


def test_threads_share_one_normalization(caplog: pytest.LogCaptureFixture) -> None:
    stream = next(stream for stream in STREAMS if stream.name == "candidate_details")
    schema, sample = stream.schema(), VENDOR_SAMPLES[stream.source][stream.name]
    normalization = SchemaNormalization(config={}, name=stream.name)
    expected = transformed(copy.deepcopy(sample), schema, stream.name)
    results: list[Any] = []

    def work() -> None:
        for _ in range(50):
            record = {**copy.deepcopy(sample), "new": 1, "memo": 5}
            normalization.transform(record, json.loads(json.dumps(schema)))
            results.append(record)

    with caplog.at_level(logging.INFO):
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [{**expected, "new": 1, "memo": "5"}] * 200
    assert len([message for message in caplog.messages if "does not have: new;" in message]) == 1


def test_the_factory_of_the_cdk_can_read_the_annotations() -> None:
    assert set(typing.get_type_hints(SchemaNormalization)) == {"config", "name"}
