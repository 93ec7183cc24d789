"""portable/: as the generator makes it, and nothing in it that needs more than airbyte-cdk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml
from airbyte_cdk.sources.declarative.interpolation.interpolated_boolean import InterpolatedBoolean
from airbyte_cdk.sources.declarative.interpolation.jinja import JinjaInterpolation

from benchmarks.portable import LINES
from connector_kit.manifest import connection_specification
from connector_kit.records.scalars import to_text
from connector_kit.source import read_manifest, stream_name
from tools.portable_manifest import FOLDER, SOURCES, files
from tools.portable_values import text_of
from unit_tests.support.doc_pages import ROOT

PAGE = ROOT / "docs" / "connector-builder.md"
FILES = {source: FOLDER / f"{source}.yaml" for source in SOURCES}


@pytest.fixture(scope="module", params=SOURCES)
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_files_are_what_the_generator_makes_of_the_real_manifests() -> None:
    for path, text in files().items():
        assert path.read_text(encoding="utf-8") == text, "run: make portable"


def test_no_part_needs_python_of_ours(source: str) -> None:
    parts = list(_parts(yaml.safe_load(FILES[source].read_text(encoding="utf-8"))))
    kinds = {str(part["type"]) for part in parts if isinstance(part.get("type"), str)}
    assert {kind for kind in kinds if kind.startswith("Custom")} == set()
    assert [part["class_name"] for part in parts if "class_name" in part] == []
    assert "JsonFileSchemaLoader" not in kinds


def test_every_stream_is_there_with_its_key_and_cursor(source: str) -> None:
    portable = yaml.safe_load(FILES[source].read_text(encoding="utf-8"))["definitions"]["streams"]
    assert [(name, one["primary_key"], _cursor(one)) for name, one in portable.items()] == [
        (stream_name(real), real["primary_key"], _cursor(real)) for real in read_manifest(f"source_{source}")["streams"]
    ]


@pytest.mark.slow
def test_no_answer_is_cached_as_the_second_try_after_junk_would_get_the_junk_again(source: str) -> None:
    requesters = [
        part
        for part in _parts(yaml.safe_load(FILES[source].read_text(encoding="utf-8")))
        if part.get("type") == "HttpRequester"
    ]
    assert requesters
    assert {requester["use_cache"] for requester in requesters} == {False}


def test_the_page_has_each_line_that_is_measured_in_this_order() -> None:
    cells = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    assert [row[0].removeprefix("| ") for row in cells] == ["measured", *(title for title, *_ in LINES)]
    assert {len(row) for row in cells} == {3}


def test_the_page_names_each_field_of_the_config_that_has_no_effect(source: str) -> None:
    real = connection_specification(f"source_{source}")["properties"]
    spec = yaml.safe_load(FILES[source].read_text(encoding="utf-8"))["spec"]
    lost = real.keys() - spec["connection_specification"]["properties"].keys()
    assert lost
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in sorted(lost) if f"`{name}`" not in text] == []


@pytest.mark.slow
def test_a_start_date_that_was_left_empty_is_no_mistake(source: str) -> None:
    spec = yaml.safe_load(FILES[source].read_text(encoding="utf-8"))["spec"]["connection_specification"]
    required = dict.fromkeys(spec["required"], "any")
    jsonschema.validate({**required, "start_date": ""}, spec)
    jsonschema.validate({**required, "start_date": "2024-01-31"}, spec)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**required, "start_date": "yesterday"}, spec)


@pytest.mark.parametrize("value", [[], ["a", 'b"', "c\\"], [1, 2], [True, None], [["x"]], {"a": 1}, 5, True])
def test_what_is_no_text_becomes_the_text_that_the_package_makes(value: Any) -> None:
    found = JinjaInterpolation().eval(f"{{{{ [{text_of('record.value')}] }}}}", {}, record={"value": value})
    assert found == [to_text(value)]


@pytest.mark.parametrize(
    ("stream", "bodies", "junk"),
    [
        ("candidates", ([], [{"id": 1}]), (None, {}, {"message": ""}, "text", 5, True)),
        ("candidate_details", ({"id": 1},), (None, {}, [], "text", 5)),
        ("candidate_comments", ([], None), ({}, {"message": ""}, "text", 5)),
    ],
)
def test_what_is_no_answer_of_the_endpoint_is_asked_for_again(
    stream: str, bodies: tuple[Any, ...], junk: tuple[Any, ...]
) -> None:
    streams = yaml.safe_load(FILES["talentio"].read_text(encoding="utf-8"))["definitions"]["streams"]
    filters = streams[stream]["retriever"]["requester"]["error_handler"]["response_filters"]
    (predicate,) = [InterpolatedBoolean(one["predicate"], {}) for one in filters if "predicate" in one]
    assert [body for body in bodies if predicate.eval({}, response=body)] == []
    assert [body for body in junk if not predicate.eval({}, response=body)] == []


def _cursor(stream: dict[str, Any]) -> Any:
    return stream.get("incremental_sync", {}).get("cursor_field")


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _parts(inner)
