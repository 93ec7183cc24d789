"""The manifest is the map, and the map is true: whichever of its values is changed, the source does something else.

Each leaf of a resolved manifest is changed in turn. Then a request, a record, a state or a message must be another, or
the source must refuse to be built. `make test` tries a sample, `make test-long` all of them.
"""

from __future__ import annotations

import copy
import json
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module, resources
from itertools import zip_longest
from typing import Any, Optional
from unittest import mock

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit import source as kit_source
from connector_kit.reading.check import check_streams
from connector_kit.source import ManifestSource
from connector_kit.state import cursors as kit_state
from sandbox import World
from unit_tests.support.account import ORIGIN
from unit_tests.support.clock import SharedClock
from unit_tests.support.moving_source import SIZES
from unit_tests.support.one_thread import READ_ORDER, Parts, Said, small_pages, small_world
from unit_tests.support.outcome import States, log_into
from unit_tests.support.transport import Reply, Sent, Transport

PACKAGES = ("source_talentics", "source_talentio")
Path = tuple[str | int, ...]
# Answers in the world's place to a path and query, or None.
Instead = Callable[[str], Optional[Reply]]
STREAMS = {
    "source_talentics": (*READ_ORDER["source_talentics"], "applicant_details"),
    "source_talentio": (*READ_ORDER["source_talentio"], "job_titles", "channels", "employees"),
}
KINDS = {
    "source_talentics": ("exams", "tickets", "jobs"),
    "source_talentio": (
        *("candidates", "requisitions", "job_titles", "channels", "employees", "employee_groups", "workspaces"),
    ),
}

# What has an endpoint for a single record, and its parent.
DELETED: Mapping[str, Mapping[str, str]] = {
    "source_talentics": {"exams": "", "jobs": "", "applicants": "jobs"},
    "source_talentio": {"candidates": "", "requisitions": ""},
}

# More than a page of each, so that each list's pages matter.
LARGER = dict.fromkeys(("job_titles", "channels", "employees", "employee_groups", "workspaces"), 14)

# What airbyte-cdk demands and nothing here needs.
NOBODY_NEEDS = {
    # A DatetimeBasedCursor must have it; only a list with a `start_time_option` sends a time to the API.
    "datetime_format",
    # It must be there; this airbyte-cdk no longer looks at it.
    "version",
}
# So many leaves `make test` tries; 0 is all.
SAMPLE = 0 if os.environ.get("CONSISTENCY_RUNS") else 20


def leaves(node: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(node, Mapping):
        for name, value in node.items():
            yield from leaves(value, (*path, name))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from leaves(value, (*path, number))
    else:
        yield path


def at(node: Any, path: Path) -> Any:
    for step in path:
        node = node[step]
    return node


def changed(value: Any) -> list[Any]:
    """Other values of the same type; one of them at least must make a difference."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, (int, float)):
        return [value + 1]
    return [f"{value}x", "nonsense"]


class Recorder:
    """A script that notes how each request went out, and answers some in the world's place."""

    def __init__(self, instead: Instead) -> None:
        self._instead = instead
        self.seen: list[Any] = []

    def __call__(self, sent: Sent) -> Reply | None:
        self.seen.append((sent.url, sorted(sent.request.headers.items()), sent.timeout))
        return self._instead(str(sent.request.path_url))


@dataclass(frozen=True)
class Scene:
    """What the server is like, what it answers instead, and what the config says."""

    instead: Instead = lambda _: None
    world: Mapping[str, Any] | None = None
    config: Mapping[str, Any] | None = None
    again: bool = False
    # Whether a record of each kind is deleted before the second read.
    gone: bool = False


def _for_all(status: int) -> Instead:
    return lambda _: Reply(b"{}", status)


def _none_for(words: str, body: bytes, status: int = 200) -> Instead:
    return lambda path: Reply(body, status) if words in path else None


def _for_no_list(status: int) -> Instead:
    return lambda path: Reply(b"{}", status) if "page=" not in path else None


FILTER = {
    "status": ["ongoing", "pass"],
    "requisition_ids": [1],
    "job_title_ids": [1],
    "stage_statuses": ["pass"],
    **{f"{of}_{end}": "2024-01-31" for of in ("applied", "joined") for end in ("from", "to")},
}

SCENES = [
    Scene(again=True),
    Scene(config={"start_date": "2025-03-01"}, again=True),
    Scene(config={"detect_deletions": "mark"}, again=True, gone=True),
    *(Scene(_for_all(status)) for status in (401, 403, 404)),
    # One stream's own answers, when its parents are there.
    *(Scene(_none_for(words, b"{}", 404)) for words in ("/tickets?", "/applicants?")),
    *(Scene(_for_no_list(status)) for status in (401, 403, 404)),
    *(Scene(_none_for(words, b"{}", 403)) for words in ("/tickets?", "/applicants?", "/comments")),
    *(Scene(_none_for(words, b"{}", 401)) for words in ("/tickets?", "/applicants?", "/comments")),
    Scene(_none_for("/exams/tickets/", b"{}", 404)),
    Scene(_none_for("/comments", b"null")),
    # Fewer than the totals tell, in an order that changes: all other orders are tried.
    Scene(world={"hidden": 0.5, "ties": 9, "requisitions": 14}),
    Scene(config={"include_inactive_responsible_employees": False}),
    Scene(config={"candidate_filter": FILTER}),
    Scene(_for_all(400), config={"candidate_filter": FILTER}),
]


def observed(package: str, manifest: Mapping[str, Any]) -> Iterator[Any]:
    """All that a source shows of itself, one after the other."""
    with mock.patch.object(kit_source, "read_manifest", side_effect=lambda _: copy.deepcopy(manifest)):
        source = ManifestSource(package, config=_config(_world(SharedClock()), package))
        told = source.spec(logging.getLogger())
        yield told.documentationUrl, json.dumps(told.connectionSpecification)
        yield [(stream.as_airbyte_stream(), stream.get_json_schema()) for stream in source.streams({})]
        for scene in SCENES:
            yield from _played(package, scene)
        # Which endpoints are closed to the check: none, one, all that it may ask.
        for closed in ([], ["exams", "employee_groups"], ["employee", "requisitions"], ["e"]):
            yield _checked(package, closed)


def _world(clock: SharedClock, **more: Any) -> World:
    return small_world(clock, **{**SIZES, **LARGER, **more})


def _config(world: World, package: str, **more: Any) -> dict[str, Any]:
    return {**world.configs(ORIGIN)[package.removeprefix("source_")], "num_workers": 1, **more}


def _played(package: str, scene: Scene) -> Iterator[Any]:
    clock = SharedClock()
    world = _world(clock, **(scene.world or {}))
    config = _config(world, package, **(scene.config or {}))
    source = ManifestSource(package, config=config, clock=clock)
    specification = source.spec(logging.getLogger()).connectionSpecification
    parts = Parts.of(source, specification, config)
    for kind in KINDS[package]:
        # Touched just now, so that the state stays behind.
        for parent in [0] if kind != "tickets" else world.data.ids("exams"):
            world.data.update(kind, world.data.ids(kind, parent)[0])
    states: States = {}
    for _ in range(1 + scene.again):
        recorder = Recorder(scene.instead)
        said: list[Said] = []
        shown: list[Any] = []
        log: list[str] = []
        with parts.opened(clock, Transport(world, clock, recorder), states, said) as (sync, registry), log_into(log):
            for name in STREAMS[package]:
                try:
                    shown += [(row.stream_name, dict(row.data)) for row in registry.readers[name].read_all()]
                except AirbyteTracedException as error:
                    shown.append((error.failure_type, error.message))
                deferred_error = registry.readers[name].deferred_error
                shown.append(deferred_error and deferred_error.message)
            for cursor in registry.cursors.values():
                cursor.ensure_at_least_one_state_emitted()
        states.update(dict(told for told in said if isinstance(told, tuple)))
        # Pauses between tries are random by a fifth.
        log = [line for line in log if "rying again" not in line]
        yield (
            recorder.seen,
            shown,
            log,
            copy.deepcopy(states),
            sync.budget.describe_limit(next(iter(sync.budget._windows))),
        )
        clock.advance(60)
        for kind, of in DELETED[package].items() if scene.gone else ():
            world.data.delete(kind, world.data.ids(kind, world.data.ids(of)[-1] if of else 0)[0])


def _checked(package: str, closed: Iterable[str]) -> Any:
    clock = SharedClock()
    world = _world(clock)
    recorder = Recorder(lambda path: Reply(b"{}", 403) if any(f"/{word}" in path for word in closed) else None)
    source = ManifestSource(
        package, config=_config(world, package), clock=clock, transport=Transport(world, clock, recorder)
    )
    source.open(checking=True)
    told: str | None
    try:
        told = check_streams(source.streams({}), source._source_config["check"]["stream_names"])
    except AirbyteTracedException as error:
        told = error.message
    return told, recorder.seen


@cache
def _small(package: str) -> str:
    """The manifest with pages of three records."""
    with small_pages():
        return json.dumps(kit_source.read_manifest(package))


@cache
def _baseline(package: str) -> list[Any]:
    return list(observed(package, json.loads(_small(package))))


def declarations(node: Any, path: Path = ()) -> Iterator[tuple[str, Path]]:
    """Each place where a stream is declared: resolved, a manifest repeats it wherever another stream names it."""
    if isinstance(node, Mapping):
        if node.get("type") == "DeclarativeStream":
            yield str(node["$parameters"]["name"]), path
        for name, value in node.items():
            yield from declarations(value, (*path, name))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from declarations(value, (*path, number))


def everywhere(manifest: Any) -> dict[tuple[Any, ...], list[Path]]:
    """Each leaf, by the stream that it stands in last and the path from there, with all places where it stands."""
    places = [(path, name) for name, path in declarations(manifest)]
    found: dict[tuple[Any, ...], list[Path]] = {}
    for path in leaves(manifest):
        around = [(at_, name) for at_, name in places if path[: len(at_)] == at_]
        inner, name = max(around, key=lambda it: len(it[0]), default=((), ""))
        found.setdefault((name, *path[len(inner) :]), []).append(path)
    return found


def makes_no_difference(package: str, paths: list[Path]) -> bool:
    # Outside the `try`: if it failed in there, every line would count as refused.
    known = _baseline(package)
    for value in changed(at(json.loads(_small(package)), paths[0])):
        manifest = json.loads(_small(package))
        for path in paths:
            at(manifest, path[:-1])[path[-1]] = value
        try:
            if any(new != old for new, old in zip_longest(observed(package, manifest), known)):
                return False
        except Exception:  # noqa: BLE001 - refused, whatever by
            return False
    return True


def _chosen(package: str) -> dict[tuple[Any, ...], list[Path]]:
    found = {key: paths for key, paths in everywhere(json.loads(_small(package))).items() if paths[0][0] != "type"}
    step = max(1, len(found) // SAMPLE) if SAMPLE else 1
    return dict(list(found.items())[step // 2 :: step])


@pytest.mark.timeout(0)
@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_every_line_does_something(package: str) -> None:
    with small_pages(), mock.patch.object(kit_state, "_EMIT_EVERY", 1.0):
        idle = [
            key
            for key, paths in _chosen(package).items()
            if key[-1] not in NOBODY_NEEDS and makes_no_difference(package, paths)
        ]
    assert idle == []


@pytest.mark.timeout(0)
@pytest.mark.slow
def test_a_line_that_does_nothing_is_found() -> None:
    idle = ("employees", "incremental_sync", "datetime_format")
    with small_pages(), mock.patch.object(kit_state, "_EMIT_EVERY", 1.0):
        assert makes_no_difference("source_talentio", everywhere(json.loads(_small("source_talentio")))[idle])


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
    manifest = json.loads(_small(package))
    _with(manifest, kind, more)
    with pytest.raises((ValueError, TypeError), match=f"{next(iter(more))}|nonsense|ListPartitionRouter"):
        list(observed(package, manifest))


@pytest.mark.parametrize("sent", [True, False])
def test_a_filter_sends_what_the_spec_has_and_nothing_else(sent: bool) -> None:
    manifest = json.loads(_small("source_talentio"))
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
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "place", "more"), MISPLACED)
def test_a_part_in_the_wrong_stream_is_refused_by_name(name: str, place: str, more: dict[str, Any]) -> None:
    manifest = json.loads(_small("source_talentics"))
    for path in [path for stream, path in declarations(manifest) if stream == name]:
        at(manifest, (*path, *(int(step) if step.isdecimal() else step for step in place.split(".")))).update(more)
    with pytest.raises((ValueError, TypeError), match=rf"{name}\b.*{next(iter(more))}|has no field {next(iter(more))}"):
        list(observed("source_talentics", manifest))


def test_fields_are_added_and_removed_by_the_components_of_airbyte_cdk() -> None:
    value = {"type": "AddedFieldDefinition", "path": ["organization_id"], "value": "7", "value_type": "integer"}
    transformations = [
        {"type": "AddFields", "fields": [value], "condition": "{{ record['job_id'] is not none }}"},
        {"type": "RemoveFields", "field_pointers": [["title"]], "condition": "{{ record['organization_id'] == 7 }}"},
        {"type": "RemoveFields", "field_pointers": [["started_at"]], "condition": "{{ False }}"},
    ]
    manifest = json.loads(_small("source_talentics"))
    for path in [path for name, path in declarations(manifest) if name == "exams"]:
        at(manifest, path)["transformations"] = transformations
    with mock.patch.object(kit_source, "read_manifest", side_effect=lambda _: copy.deepcopy(manifest)):
        _, shown, *_ = next(_played("source_talentics", Scene()))
    exams = [row for name, row in filter(None, shown) if name == "exams"]
    assert [row["organization_id"] == 7 for row in exams] == [row["job_id"] is not None for row in exams]
    assert [row["title"] is None for row in exams] == [row["organization_id"] == 7 for row in exams]
    assert all(row["started_at"] for row in exams)


def test_a_filter_of_a_list_that_has_a_parent_is_refused_by_name() -> None:
    manifest = json.loads(_small("source_talentics"))
    manifest["spec"]["connection_specification"]["properties"]["only"] = {
        "type": "object",
        "order": 99,
        "title": "Only",
        "description": "Which tickets.",
        "properties": {"status": {"type": "array", "items": {"type": "string"}}},
    }
    declared = {"config_field": "only", "parameters": {}, "list_for_each": {"s": "status"}, "date_format": "%Y"}
    for path in [path for name, path in declarations(manifest) if name == "tickets"]:
        at(manifest, (*path, "retriever"))["filter"] = declared
    with pytest.raises(ValueError, match=r"tickets: filter has an effect for a list without a parent only"):
        list(observed("source_talentics", manifest))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_stream_that_is_listed_twice_is_refused_by_name(package: str) -> None:
    manifest = json.loads(_small(package))
    manifest["streams"].append(manifest["streams"][1])
    with pytest.raises(ValueError, match=f"lists {kit_source.stream_name(manifest['streams'][1])} more than once"):
        list(observed(package, manifest))


@pytest.mark.parametrize("stream", ["exams", "exam_details", "ticket_scores"])
@pytest.mark.parametrize("place", ["primary_key.0", "incremental_sync.cursor_field"])
def test_a_key_or_cursor_that_no_record_has_is_refused_by_name(stream: str, place: str) -> None:
    manifest = json.loads(_small("source_talentics"))
    for path in [path for name, path in declarations(manifest) if name == stream]:
        *above, last = (int(step) if step.isdecimal() else step for step in place.split("."))
        at(manifest, (*path, *above))[last] = "nonsense"
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
