"""Odd values in every field of every stream: none ends a sync, loses a record or breaks the schema."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from connector_kit.errors import UnreadableKey
from connector_kit.personal_data import schema_for
from connector_kit.records.bodies import parsed
from connector_kit.records.normalization import SchemaNormalization
from connector_kit.settings import Mode
from unit_tests.support.schemas import STREAMS, Schema, Stream, every_stream, non_null_types

NAIVE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
AWARE = re.compile(NAIVE.pattern + r"(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")

# Each stream and mode has an eighth of the examples that a test has otherwise: they share nearly all of the code.
few_examples = settings(
    max_examples=settings().max_examples // 8,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

ODD_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**62, max_value=2**70),
    st.floats(),
    # Every code point, lone surrogates and NUL with them.
    st.text(st.characters(), max_size=20),
    st.sampled_from(
        [
            "",
            " ",
            "12",
            " 12 ",
            "12.0",
            "-1.5e3",
            "5,000,000",
            "1e999",
            "NaN",
            "true",
            "No",
            "never_seen_status",
            "2021-06-7 00:00:00",
            "2021-06-07",
            "2021/06/07",
            "2021-06-07T00:00:00Z",
            "2021-06-07T09:00:00.5+09:00",
            "2021-06-07T09:00:00+0900",
            "2021-02-30 00:00:00",
            "0000-00-00 00:00:00",
            "😀 見本 ＦＵＬＬ１２３",
            "a\0b",
            "\ud83d",
            "\ude00\ud83d",
        ]
    ),
)
NAMES = st.text(st.characters(), max_size=8)
ODD = st.recursive(
    ODD_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)


def values_for(field: Schema) -> st.SearchStrategy[Any]:
    """What may come for a field: odd values of any kind and, where it has fields, the right shape with odd ones."""
    holder = field.get("items", field)
    if "properties" not in holder:
        return ODD
    one = records_for(holder)
    many = st.lists(one | ODD, max_size=3)
    return st.one_of(ODD, one, many, st.lists(many, max_size=2))


def records_for(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the fields, as a rule a few that are odd: examples with all of them shrink and show badly."""
    fields = schema["properties"]
    known = st.lists(st.sampled_from(sorted(fields)), max_size=6, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: values_for(fields[name]) for name in names})
    )
    unknown = st.dictionaries(st.sampled_from(["new_field", "Neu", "x\0y"]) | NAMES, ODD, max_size=2)
    return st.builds(lambda extra, record: {**extra, **record}, unknown, known)


def transform(record: dict[str, Any], schema: Schema, stream: Stream, mode: Mode = "keep") -> dict[str, Any]:
    config = {"personal_data": mode, "personal_data_key": "k"}
    SchemaNormalization(config=config, name=stream.name).transform(record, schema)
    return record


def format_breaks(value: Any, field: Schema, path: str) -> Iterator[str]:
    """Paths of texts that break their format, which JSON Schema validators leave unchecked for zone-less times."""
    if isinstance(value, dict):
        for name, inner in field.get("properties", {}).items():
            yield from format_breaks(value.get(name), inner, f"{path}.{name}")
    elif isinstance(value, list) and "items" in field:
        for entry in value:
            if entry is None:
                yield path
            yield from format_breaks(entry, field["items"], path)
    elif isinstance(value, str) and "format" in field:
        zoned = field.get("airbyte_type") == "timestamp_with_timezone"
        shape = AWARE if zoned else NAIVE
        moment = value if field["format"] == "date-time" else f"{value}T00:00:00"
        try:
            datetime.fromisoformat(moment[: len("YYYY-MM-DDTHH:MM:SS")])
        except ValueError:
            yield path
        if not shape.fullmatch(moment):
            yield path


def assert_fits(record: dict[str, Any], schema: Schema, stream: Stream) -> None:
    jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker(["date"])).validate(record)
    assert not list(format_breaks(record, schema, ""))
    assert orjson.loads(orjson.dumps(record)) is not None
    assert "\\u0000" not in json.dumps(record)
    for name in stream.key:
        assert record[name] is not None


def transform_or_refuse(
    record: dict[str, Any], schema: dict[str, Any], stream: Stream, mode: Mode
) -> tuple[dict[str, Any], str]:
    """The record, or what is told of its key where that ends the stream."""
    try:
        return transform(record, schema, stream, mode), ""
    except UnreadableKey as error:
        return {}, str(error)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["keep", "hash", "drop"])
@every_stream
@few_examples
@given(data=st.data())
def test_odd_values_never_end_a_sync_or_break_the_schema(stream: Stream, mode: Mode, data: st.DataObject) -> None:
    schema = stream.schema()
    sent = data.draw(records_for(schema))
    record, told = transform_or_refuse(copy.deepcopy(sent), schema, stream, mode)
    if told:
        # A key alone ends a stream, and only one that is there.
        assert any(f"key field {name} " in told and sent.get(name) not in (None, "") for name in stream.key)
        return
    assert_fits(record, dict(schema_for(schema, mode)), stream)
    unknown = {name for name in sent if name not in schema["properties"]}
    if mode == "keep":
        assert len(record) >= len(sent)
        assert {name for name in unknown if name.isprintable() and name.isascii()} <= set(record)
        again = transform(copy.deepcopy(record), schema, stream)
        assert again == record
        assert list(map(type, again.values())) == list(map(type, record.values()))
    else:
        assert not set(record) - set(schema["properties"])


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["keep", "hash"])
@every_stream
@few_examples
@given(data=st.data())
def test_a_body_that_counts_as_clean_gives_what_it_gives_value_by_value(
    stream: Stream, mode: Mode, data: st.DataObject
) -> None:
    schema = stream.schema()
    try:
        content = json.dumps(data.draw(records_for(schema)), allow_nan=False).encode()
    except ValueError:
        assume(False)
    clean = parsed(content).clean
    try:
        value_by_value = transform(parsed(content).value, schema, stream, mode)
    except UnreadableKey:
        assume(False)
    normalization = SchemaNormalization(config={"personal_data": mode, "personal_data_key": "k"}, name=stream.name)
    at_once = parsed(content).value
    (normalization.transform_clean if clean else normalization.transform)(at_once, schema)
    assert at_once == value_by_value
    assert list(at_once) == list(value_by_value)
    assert orjson.dumps(at_once) == orjson.dumps(value_by_value)


@every_stream
def test_null_everywhere(stream: Stream) -> None:
    schema = stream.schema()
    record = transform(dict.fromkeys(schema["properties"]), schema, stream)
    assert_fits(record, schema, stream)
    assert {name for name, value in record.items() if value is not None} == set(stream.key)


@every_stream
def test_arrays_where_objects_were_and_objects_where_arrays_were(stream: Stream) -> None:
    schema, swapped = stream.schema(), copy.deepcopy(stream.sample())
    expected = transform(copy.deepcopy(swapped), schema, stream)
    for name, value in swapped.items():
        if isinstance(value, dict):
            swapped[name] = [value]
        elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
            swapped[name] = value[0]
    assert transform(swapped, schema, stream) == expected


@every_stream
def test_numbers_as_text_come_out_as_the_numbers(stream: Stream) -> None:
    schema, spelled = stream.schema(), copy.deepcopy(stream.sample())
    expected = transform(copy.deepcopy(spelled), schema, stream)
    for name, value in spelled.items():
        if non_null_types(schema["properties"].get(name, {"type": "null"})) in (["integer"], ["number"]):
            spelled[name] = None if value is None else str(value)
    assert transform(spelled, schema, stream) == expected


@pytest.mark.parametrize("mode", ["keep", "hash", "drop"])
def test_a_text_of_five_megabytes(mode: Mode) -> None:
    stream = next(stream for stream in STREAMS if stream.name == "candidate_details")
    long = "見😀\0ａ" * 400_000
    assert len(long.encode()) > 4 * 1024 * 1024
    record = {"id": 1, "memo": long, "customFields": [{"name": long, "value": [long]}], "new": long}
    result = transform(record, stream.schema(), stream, mode)
    assert_fits(result, dict(schema_for(stream.schema(), mode)), stream)
    if mode == "keep":
        assert result["memo"] == result["new"] == long.replace("\0", "")
