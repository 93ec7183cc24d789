"""Scenes in which a source shows all that its manifest says: what it asks for, gives, remembers and tells."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Optional
from unittest import mock

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit import source as kit_source
from connector_kit.reading.check import check_streams
from connector_kit.source import ManifestSource
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


def at(node: Any, path: Path) -> Any:
    for step in path:
        node = node[step]
    return node


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
            yield from played(package, scene)
        # Which endpoints are closed to the check: none, one, all that it may ask.
        for closed in ([], ["exams", "employee_groups"], ["employee", "requisitions"], ["e"]):
            yield _checked(package, closed)


def _world(clock: SharedClock, **more: Any) -> World:
    return small_world(clock, **{**SIZES, **LARGER, **more})


def _config(world: World, package: str, **more: Any) -> dict[str, Any]:
    return {**world.configs(ORIGIN)[package.removeprefix("source_")], "num_workers": 1, **more}


def played(package: str, scene: Scene) -> Iterator[Any]:
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
def small_manifest(package: str) -> str:
    """The manifest with pages of three records."""
    with small_pages():
        return json.dumps(kit_source.read_manifest(package))


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


def declared(manifest: Any, name: str, *steps: Any) -> list[Any]:
    """What stands behind `steps` in each declaration of a stream: a change must be made in all of them."""
    return [at(manifest, (*path, *steps)) for stream, path in declarations(manifest) if stream == name]
