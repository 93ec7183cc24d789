"""What a manifest may not say is refused by its name: nothing would read it, or it would do harm where it stands."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from datetime import date
from importlib import import_module, resources
from itertools import islice
from typing import Any
from unittest import mock

import pytest
from jsonschema import ValidationError

from connector_kit import source as kit_source
from unit_tests.support.manifest_scenes import (
    PACKAGES,
    Scene,
    at,
    declarations,
    declared,
    observed,
    played,
    small_manifest,
)

# Words of airbyte-cdk's that its components take, or pass over, and that would do nothing here.
FOREIGN = [
    ("DatetimeBasedCursor", {"cursor_datetime_formats": ["%Q"]}),
    ("DatetimeBasedCursor", {"lookback_window": "P30D"}),
    ("DatetimeBasedCursor", {"is_client_side_incremental": False}),
    ("DatetimeBasedCursor", {"end_datetime": "2000-01-01"}),
    ("HttpRequester", {"use_cache": True}),
    ("HttpRequester", {"request_body_json": {"a": "b"}}),
    ("HttpRequester", {"rate_limit": {"scope": "nonsense"}}),
    ("ParentStreamConfig", {"incremental_dependency": True}),
    ("ParentStreamConfig", {"extra_fields": [["a", "b"]]}),
    ("DeclarativeStream", {"clock_margin": "PT1H"}),
    ("DeclarativeStream", {"state_migrations": []}),
    ("RecordSelector", {"nonsense": 1}),
    ("DefaultPaginator", {"nonsense": 1}),
    ("CheckStream", {"nonsense": 1}),
    ("CheckStream", {"stream_names": ["nonsense"]}),
    ("CustomErrorHandler", {"config_fields": ["nonsense"]}),
    ("CustomRetriever", {"$parameters": {"nonsense": 1}}),
    ("DeclarativeSource", {"api_budget": {"type": "HTTPAPIBudget", "policies": []}}),
    ("CustomRetriever", {"partition_router": {"type": "ListPartitionRouter", "values": ["a"], "cursor_field": "b"}}),
    ("CustomRetriever", {"nonsense": 1}),
]


def _with(node: Any, kind: str, more: Mapping[str, Any]) -> None:
    if isinstance(node, dict):
        for value in list(node.values()):
            _with(value, kind, more)
        if node.get("type") == kind:
            node.update(copy.deepcopy(more))
    elif isinstance(node, list):
        for value in node:
            _with(value, kind, more)


@pytest.mark.parametrize(("kind", "more"), FOREIGN)
@pytest.mark.parametrize("package", PACKAGES)
def test_a_line_that_nothing_would_read_is_refused_by_name(package: str, kind: str, more: dict[str, Any]) -> None:
    manifest = json.loads(small_manifest(package))
    _with(manifest, kind, more)
    with pytest.raises((ValueError, TypeError), match=f"{next(iter(more))}|nonsense|ListPartitionRouter"):
        list(observed(package, manifest))


@pytest.mark.parametrize("sent", [True, False])
def test_a_filter_sends_what_the_spec_has_and_nothing_else(sent: bool) -> None:
    manifest = json.loads(small_manifest("source_talentio"))
    properties = manifest["spec"]["connection_specification"]["properties"]["candidate_filter"]["properties"]
    if sent:
        del properties["joined_to"]
    else:
        properties["nonsense"] = properties.pop("joined_to")
    with pytest.raises(ValueError, match=r"ListRetriever: .* differ in joined_to"):
        list(observed("source_talentio", manifest))


START_TIME_OPTION = {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "from"}
WHOLE_BODY = {"type": "CustomRecordExtractor", "class_name": "connector_kit.records.BodyExtractor"}
# Parts that airbyte-cdk would build, by the stream and where they stand in it, and that would do nothing or harm there.
MISPLACED: list[tuple[str, str, dict[str, Any]]] = [
    ("applicants", "retriever", {"clock_margin": "PT5M"}),
    ("employment_application_forms", "retriever", {"clock_margin": "PT5M"}),
    ("assessment_scores", "retriever", {"clock_margin": "PT5M"}),
    ("exam_details", "incremental_sync", {"start_time_option": START_TIME_OPTION}),
    ("aspect_scores", "incremental_sync", {"start_time_option": START_TIME_OPTION}),
    ("aspect_scores", "retriever.record_selector", {"extractor": WHOLE_BODY}),
    ("applicants", "retriever.partition_router.parent_stream_configs.0", {"extra_fields": [["nonsense"]]}),
    ("ticket_scores", "retriever.partition_router.parent_stream_configs.0", {"parent_key": "nonsense"}),
    ("tickets", "retriever", {"detail_parameters": {"all": "true"}}),
    ("tickets", "transformations.0", {"fields": {"exam_id": "exam"}}),
    ("aspect_scores", "transformations.0", {"fields": {"exam_id": "exam"}}),
    ("exams", "retriever.record_selector", {"schema_normalization": "None"}),
    ("aspect_scores", "retriever.record_selector", {"schema_normalization": "None"}),
    ("ticket_scores", "retriever", {"alternative_path": "exams/tickets/{{ stream_partition['ticket_id'] }}/scores"}),
    ("exams", "retriever", {"other_orders": [{}]}),
    ("exams", "retriever", {"other_orders": [{"sort": "id"}, {"sort": "id"}]}),
    ("exams", "retriever.requester", {"request_parameters": {"page": "3"}}),
    ("exams", "retriever.requester", {"request_parameters": {"per_page": "3"}}),
    ("exams", "retriever.requester", {"request_headers": {"authorization": "Basic"}}),
    ("exams", "retriever", {"other_orders": [{"sort": "id"}, {"page": "3"}]}),
    ("tickets", "transformations.0", {"fields": {"nonsense": "exam_id"}}),
    ("tickets", "transformations.0", {"fields": {}}),
    ("assessment_scores", "transformations.1", {"field_pointers": [["nonsense"]]}),
    ("assessment_scores", "transformations.1", {"field_pointers": [["assessment_slug", "nonsense"]]}),
    ("assessment_scores", "transformations.1", {"field_pointers": []}),
    ("assessment_scores", "transformations.1", {"field_pointers": [[]]}),
    ("aspect_scores", "retriever.record_selector.extractor", {"position": "nonsense"}),
    ("aspect_scores", "retriever.record_selector.extractor", {"expand": [{"field": "nonsense"}]}),
    ("aspect_scores", "retriever.record_selector.extractor.expand.0", {"keep": {"assessment_name": "assessment_slug"}}),
    ("aspect_scores", "retriever.record_selector.extractor.expand.1", {"field": "nonsense"}),
    ("aspect_scores", "retriever.record_selector.extractor.expand.1", {"keep": {"nonsense": "assessment_slug"}}),
    ("aspect_scores", "retriever.record_selector.extractor.expand.1", {"keep": {"assessment_slug": "nonsense"}}),
]


def steps(place: str) -> list[str | int]:
    return [int(step) if step.isdecimal() else step for step in place.split(".")]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "place", "more"), MISPLACED)
def test_a_part_in_the_wrong_stream_is_refused_by_name(name: str, place: str, more: dict[str, Any]) -> None:
    manifest = json.loads(small_manifest("source_talentics"))
    for part in declared(manifest, name, *steps(place)):
        part.update(more)
    with pytest.raises((ValueError, TypeError), match=rf"{name}\b.*{next(iter(more))}|has no field {next(iter(more))}"):
        list(observed("source_talentics", manifest))


def test_a_parameter_that_two_parts_set_is_refused_by_name() -> None:
    manifest = json.loads(small_manifest("source_talentio"))
    for option in declared(manifest, "candidates", "incremental_sync", "start_time_option"):
        option["field_name"] = "page"
    with pytest.raises(ValueError, match=r"^candidates: two of .* set the parameter page$"):
        list(observed("source_talentio", manifest))


def test_a_second_parent_is_refused_by_name() -> None:
    manifest = json.loads(small_manifest("source_talentics"))
    for parents in declared(manifest, "applicants", "retriever", "partition_router", "parent_stream_configs"):
        parents.append(copy.deepcopy(parents[0]))
    with pytest.raises(ValueError, match=r"^applicants: parent_stream_configs names jobs, jobs, but"):
        list(observed("source_talentics", manifest))


def test_fields_are_added_and_removed_by_the_components_of_airbyte_cdk() -> None:
    value = {"type": "AddedFieldDefinition", "path": ["organization_id"], "value": "7", "value_type": "integer"}
    transformations = [
        {"type": "AddFields", "fields": [value], "condition": "{{ record['id'] > 10 }}"},
        {"type": "RemoveFields", "field_pointers": [["title"]]},
    ]
    manifest = json.loads(small_manifest("source_talentics"))
    for stream in declared(manifest, "exams"):
        stream["transformations"] = transformations
    with mock.patch.object(kit_source, "read_manifest", side_effect=lambda _: copy.deepcopy(manifest)):
        _, shown, *_ = next(played("source_talentics", Scene()))
    exams = [row for name, row in filter(None, shown) if name == "exams"]
    assert {row["id"] > 10 for row in exams} == {True, False}
    assert [row["organization_id"] == 7 for row in exams] == [row["id"] > 10 for row in exams]
    assert not any("title" in row for row in exams)
    assert all(row["started_at"] for row in exams)


def test_a_condition_that_would_remove_other_fields_is_refused() -> None:
    """The CDK hands it to dpath, which then passes over the pointers: a record's key went with the rest."""
    manifest = json.loads(small_manifest("source_talentics"))
    removal = {"type": "RemoveFields", "field_pointers": [["title"]], "condition": "{{ property == 9 }}"}
    for stream in declared(manifest, "exams"):
        stream["transformations"] = [removal]
    with pytest.raises(ValueError, match=r"^RemoveFields: with a condition it removes every field"):
        list(observed("source_talentics", manifest))


@pytest.mark.parametrize("more", [{"updatedAtFrom": "2024-01-31T00:00:00"}, {"status": "pass"}, {"page": "1"}])
def test_an_order_that_would_read_another_list_is_refused_by_name(more: dict[str, str]) -> None:
    manifest = json.loads(small_manifest("source_talentio"))
    for retriever in declared(manifest, "candidates", "retriever"):
        retriever["other_orders"].append(more)
    with pytest.raises(ValueError, match=f"^candidates: other_orders has {next(iter(more))}, which its paginator"):
        list(observed("source_talentio", manifest))


def test_a_page_that_is_no_query_parameter_is_refused_by_name() -> None:
    manifest = json.loads(small_manifest("source_talentio"))
    for paginator in declared(manifest, "channels", "retriever", "paginator"):
        paginator["page_token_option"] = {"type": "RequestPath"}
    with pytest.raises(ValueError, match=r"The manifest has a RequestPath, which has no effect here"):
        list(observed("source_talentio", manifest))


@pytest.mark.parametrize("pointer", [["**", "title"], ["tit*"]])
def test_a_pattern_may_say_what_is_removed(pointer: list[str]) -> None:
    manifest = json.loads(small_manifest("source_talentics"))
    for stream in declared(manifest, "exams"):
        stream["transformations"] = [{"type": "RemoveFields", "field_pointers": [pointer]}]
    # It builds the streams, and does not raise.
    list(islice(observed("source_talentics", manifest), 2))


def test_parameters_may_be_one_expression() -> None:
    manifest = json.loads(small_manifest("source_talentio"))
    for requester in declared(manifest, "channels", "retriever", "requester"):
        requester["request_parameters"] = "{{ {'sort': 'name'} }}"
    told = list(islice(observed("source_talentio", manifest), 3))
    assert "channels?sort=name&page=1" in str(told[-1])


def test_a_filter_of_a_list_that_has_a_parent_is_refused_by_name() -> None:
    manifest = json.loads(small_manifest("source_talentics"))
    manifest["spec"]["connection_specification"]["properties"]["only"] = {
        "type": "object",
        "order": 99,
        "title": "Only",
        "description": "Which tickets.",
        "properties": {"status": {"type": "array", "items": {"type": "string"}}},
    }
    only = {"config_field": "only", "parameters": {}, "list_for_each": {"s": "status"}, "date_format": "%Y"}
    for retriever in declared(manifest, "tickets", "retriever"):
        retriever["filter"] = only
    with pytest.raises(ValueError, match=r"tickets: filter has an effect for a list without a parent only"):
        list(observed("source_talentics", manifest))


def test_a_date_without_quotes_is_refused() -> None:
    """YAML makes a date of it, not text. airbyte-cdk refuses that, and what the tests remember must not heal it."""
    manifest = json.loads(small_manifest("source_talentio"))
    for _, path in declarations(manifest):
        if "incremental_sync" in at(manifest, path):
            at(manifest, path)["incremental_sync"]["start_datetime"] = date(2024, 1, 31)
    with pytest.raises((ValidationError, TypeError), match=r"schema failed|datetime\.date"):
        list(observed("source_talentio", manifest))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_stream_that_is_listed_twice_is_refused_by_name(package: str) -> None:
    manifest = json.loads(small_manifest(package))
    manifest["streams"].append(manifest["streams"][1])
    with pytest.raises(ValueError, match=f"lists {kit_source.stream_name(manifest['streams'][1])} more than once"):
        list(observed(package, manifest))


@pytest.mark.parametrize("stream", ["exams", "exam_details", "ticket_scores"])
@pytest.mark.parametrize("place", ["primary_key.0", "incremental_sync.cursor_field"])
def test_a_key_or_cursor_that_no_record_has_is_refused_by_name(stream: str, place: str) -> None:
    manifest = json.loads(small_manifest("source_talentics"))
    *above, last = steps(place)
    for part in declared(manifest, stream, *above):
        part[last] = "nonsense"
    with pytest.raises(ValueError, match=f"^{stream}: .* names nonsense, which the schema of {stream} does not have"):
        list(observed("source_talentics", manifest))


@pytest.mark.parametrize("package", PACKAGES)
def test_the_parts_of_the_kit_are_named_by_their_room(package: str) -> None:
    text = (resources.files(package) / "manifest.yaml").read_text(encoding="utf-8")
    named = {name.rpartition(".")[::2] for name in re.findall(r"class_name: (connector_kit\.\S+)", text)}
    assert named
    for module, name in named:
        assert module.count(".") == 1, f"{module}.{name}: files in a room move"
        assert name in import_module(module).__all__
