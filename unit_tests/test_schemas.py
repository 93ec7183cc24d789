"""The rules that every stream's JSON schema keeps, checked on the files as they ship.

A destination builds its tables from these schemas and the personal-data modes read their marks, so a field that is
missing, has two types or no class of personal data would lose or leak data far away from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from unit_tests.support.doc_pages import ROOT
from unit_tests.support.schemas import (
    STREAMS,
    Schema,
    Stream,
    every_stream,
    non_null_types,
    object_schema,
    objects,
    walk,
)
from unit_tests.support.vendor_samples import VENDOR_SAMPLES

PERSONAL_DATA_CLASSES = {"none", "identifier", "contact", "special", "free_text", "file_link"}
JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
# A closed list also keeps out allOf, anyOf, oneOf and not, which destinations can't read, and enum, which refuses new
# values.
FIELD_KEYWORDS = {
    "type",
    "description",
    "x-personal-data",
    "x-personal-data-by-name",
    "format",
    "airbyte_type",
    "items",
    "additionalProperties",
    "properties",
}
TIME_TYPES = {"timestamp_with_timezone", "timestamp_without_timezone"}


# Where the vendors' own samples break the schema: the normaliser of values must bring these into the declared type.
COERCED_FIELDS: dict[str, set[str]] = {
    "candidates": {"educations"},
    "candidate_details": {"educations"},
    "requisition_details": {"details", "details.value"},
    "channels": {"employee.lastName", "employee.firstName"},
}


def test_each_schema_file_belongs_to_a_stream() -> None:
    found = {path for source in VENDOR_SAMPLES for path in (ROOT / source / "schemas").iterdir()}
    assert found == {stream.path for stream in STREAMS}
    assert len(STREAMS) == 25


@every_stream
def test_the_record_is_an_open_draft_07_object(stream: Stream) -> None:
    schema = stream.schema()
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["type"] == "object"
    assert set(schema) == {"$schema", "description", "type", "additionalProperties", "properties"}


@every_stream
def test_fields_stand_in_order_key_then_api_then_added(stream: Stream) -> None:
    expected = dict.fromkeys([*stream.key, *stream.sample(), *stream.added])
    assert list(stream.schema()["properties"]) == list(expected)


def sample_paths(value: Any, prefix: str = "") -> Iterator[str]:
    """Dotted paths of all fields that a sample shows. Lists are looked through."""
    if isinstance(value, list):
        for entry in value:
            yield from sample_paths(entry, prefix)
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield f"{prefix}{name}"
            yield from sample_paths(entry, f"{prefix}{name}.")


@every_stream
def test_fields_at_any_depth_are_those_of_the_vendor(stream: Stream) -> None:
    assert {path for path, _ in walk(stream.schema())} == {*sample_paths(stream.sample()), *stream.added}


def type_breaks(value: Any, field: Schema, path: str) -> Iterator[str]:
    """Paths at which a sample's value is not of the declared type. Lists in lists are looked through."""
    (kind,) = non_null_types(field)
    entries = value if isinstance(value, list) and kind == "array" else [value]
    if kind == "array" and (not isinstance(value, list) or any(isinstance(entry, list) for entry in value)):
        yield path
        entries = [inner for entry in entries for inner in (entry if isinstance(entry, list) else [entry])]
    elif value is not None and (
        not isinstance(value, JSON_TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")
    ):
        yield path
    nested = object_schema(field)
    for entry in entries:
        if nested is not None and isinstance(entry, dict):
            for name, inner in entry.items():
                yield from type_breaks(inner, nested["properties"][name], f"{path}.{name}")


@every_stream
def test_types_are_the_samples_types_but_for_the_named_fields(stream: Stream) -> None:
    properties = stream.schema()["properties"]
    broken = {path for name, value in stream.sample().items() for path in type_breaks(value, properties[name], name)}
    assert broken == COERCED_FIELDS.get(stream.name, set())


@every_stream
def test_each_field_has_one_type_besides_null(stream: Stream) -> None:
    schema = stream.schema()
    for path, field in walk(schema):
        for part in (field, field.get("items", field)):
            (kind,) = non_null_types(part)
            assert kind in JSON_TYPES, path
            if path in stream.key:
                assert part["type"] == kind, f"{path} is a key and never null"
            else:
                assert part["type"] == ["null", kind], path


@every_stream
def test_fields_use_known_keywords_alone(stream: Stream) -> None:
    for path, field in walk(stream.schema()):
        assert set(field) <= FIELD_KEYWORDS, path
        assert set(field.get("items", {})) <= {"type", "additionalProperties", "properties"}, path


@every_stream
def test_each_field_is_described_in_a_sentence(stream: Stream) -> None:
    schema = stream.schema()
    assert schema["description"].endswith(".")
    for path, field in walk(schema):
        description = field.get("description", "")
        assert len(description) > 10, path
        assert description.endswith("."), path


@every_stream
def test_each_field_has_a_class_of_personal_data(stream: Stream) -> None:
    for path, field in walk(stream.schema()):
        assert field.get("x-personal-data") in PERSONAL_DATA_CLASSES, path
        if object_schema(field) is not None:
            assert field["x-personal-data"] == "none", f"{path}: its own fields carry the classes"


def test_the_names_of_the_employment_form_have_a_class_each_and_none_is_harmless() -> None:
    """They are Talentics' own. What a company calls its own fields in Talentio says nothing of what is in them."""
    by_name = {
        (stream.name, path): field["x-personal-data-by-name"]
        for stream in STREAMS
        for path, field in walk(stream.schema())
        if "x-personal-data-by-name" in field
    }
    assert list(by_name) == [
        ("employment_application_forms", "employment_application_form.value"),
        ("employment_application_answers", "value"),
    ]
    forms, answers = by_name.values()
    assert forms == answers
    assert set(forms.values()) <= PERSONAL_DATA_CLASSES
    assert "none" not in forms.values()
    assert forms["bank_name"] == forms["bank_account_number"] == "special"


CLASSED = {
    "free_text": {
        "jobs": ["description", "requirements", "benefits"],
        "job_details": [
            "description", "requirements", "benefits", "organization.description", "organization.benefit",
            "organization.tips_for_applier", "company.description", "company.benefit", "company.tips_for_applier",
        ],
        "candidates": ["customChannelName", "customChannelNameOptional"],
        "candidate_details": ["customChannelName", "customChannelNameOptional"],
        "channels": ["custom.name", "custom.optional"],
        "requisition_details": ["details.value", "companyDetails.value"],
    },
    "contact": {
        "job_details": [
            f"{whose}.{what}" for whose in ("organization", "company") for what in ("address", "email", "phone")
        ]
    },
    "none": {
        "exams": ["title"], "jobs": ["title"], "job_titles": ["name"], "employee_groups": ["name"],
        "workspaces": ["name"], "requisitions": ["name"],
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", CLASSED)
def test_what_may_name_a_person_or_reach_one_is_personal_and_names_of_things_are_not(kind: str) -> None:
    schemas = {stream.name: dict(walk(stream.schema())) for stream in STREAMS}
    found = {
        (name, path): schemas[name][path]["x-personal-data"] for name in CLASSED[kind] for path in CLASSED[kind][name]
    }
    assert set(found.values()) == {kind}, found


@every_stream
def test_keys_and_cursor_are_there_scalar_and_never_hidden(stream: Stream) -> None:
    properties = stream.schema()["properties"]
    for name in (*stream.key, *([stream.cursor] if stream.cursor else [])):
        assert non_null_types(properties[name])[0] in {"integer", "string"}, name
        assert properties[name]["x-personal-data"] == "none", name
    if stream.cursor:
        assert properties[stream.cursor]["format"] == "date-time"


@every_stream
def test_added_fields_say_that_the_source_adds_them_and_no_other_does(stream: Stream) -> None:
    properties = stream.schema()["properties"]
    marked = {
        name for name, field in properties.items() if field["description"].startswith("Added by the source, from ")
    }
    assert marked == set(stream.added)


@every_stream
def test_added_fields_hold_no_objects(stream: Stream) -> None:
    """Several rows are given the same value, and each stream changes the objects in its records in place."""
    properties = stream.schema()["properties"]
    assert not {name for name in stream.added if {"object", "array"} & set(properties[name]["type"])}


@every_stream
def test_objects_stay_open_for_new_fields(stream: Stream) -> None:
    for path, holder in objects(stream.schema()):
        assert holder["additionalProperties"] is True, path


@every_stream
def test_objects_and_lists_say_what_they_hold(stream: Stream) -> None:
    for path, field in walk(stream.schema()):
        (kind,) = non_null_types(field)
        assert ("items" in field) == (kind == "array"), path
        assert ("properties" in field) == (kind == "object"), path
        if kind == "array" and non_null_types(field["items"]) == ["object"]:
            assert field["items"]["properties"], path


@every_stream
def test_names_stay_unique_in_lower_case(stream: Stream) -> None:
    for path, holder in objects(stream.schema()):
        names = [name.lower() for name in holder["properties"]]
        assert len(names) == len(set(names)), path


@every_stream
def test_times_say_whether_they_have_a_zone(stream: Stream) -> None:
    for path, field in walk(stream.schema()):
        if "format" not in field:
            assert "airbyte_type" not in field, path
            continue
        assert non_null_types(field) == ["string"], path
        assert field["format"] in {"date", "date-time"}, path
        assert (field["format"] == "date-time") == (field.get("airbyte_type") in TIME_TYPES), path


@every_stream
def test_samples_times_have_the_declared_zone(stream: Stream) -> None:
    properties = stream.schema()["properties"]
    for name, value in stream.sample().items():
        field = properties.get(name, {})
        if value is not None and "airbyte_type" in field:
            zoned = value.endswith("Z") or "+" in value
            assert zoned == (field["airbyte_type"] == "timestamp_with_timezone"), name


PEOPLE = {
    "source_talentics": {"name": "identifier", "email": "contact", "nik": "identifier", "dob": "identifier"},
    "source_talentio": {
        "lastName": "identifier",
        "firstName": "identifier",
        "email": "contact",
        "comment": "free_text",
    },
}
# Names of things, not of people, and the address of a company.
NOT_OF_PEOPLE = {
    "employment_application_answers": {"name"},
    "employment_application_forms": {"employment_application_form.name"},
    "job_details": {
        "organization.name",
        "organization.email",
        "company.name",
        "company.email",
        "related_profession.name",
    },
}


@every_stream
def test_fields_that_say_who_somebody_is_are_marked(stream: Stream) -> None:
    for path, field in walk(stream.schema()):
        expected = PEOPLE[stream.source].get(path.rpartition(".")[2])
        if expected and path not in NOT_OF_PEOPLE.get(stream.name, set()):
            assert field["x-personal-data"] == expected, path


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("evaluation_items", {"input", "inputNumber", "inputBoolean"}),
        ("stage_evaluations", {"input"}),
        ("candidate_details", {"input", "level", "channelName"}),
        ("candidates", {"level", "channelName"}),
        ("channels", {"channelName"}),
        ("employee_groups", {"description"}),
        ("workspaces", {"description"}),
        ("applicants", {"education", "year_of_experience"}),
        ("applicant_details", {"education", "year_of_experience"}),
    ],
)
def test_opinions_and_what_tells_of_a_person_count_as_personal(name: str, fields: set[str]) -> None:
    schema = next(stream for stream in STREAMS if stream.name == name).schema()
    marks = [(path.rpartition(".")[2], field["x-personal-data"]) for path, field in walk(schema)]
    assert fields <= {leaf for leaf, _ in marks}
    assert [leaf for leaf, mark in marks if leaf in fields and mark == "none"] == []
