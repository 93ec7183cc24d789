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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module, resources
from itertools import zip_longest
from typing import Any
from unittest import mock

import pytest
import requests
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit import source as kit_source
from connector_kit.http.transport import new_session
from connector_kit.reading.check import check_streams
from connector_kit.reading.registry import ReaderRegistry
from connector_kit.records.format import AIRBYTE
from connector_kit.settings import Settings as KitSettings
from connector_kit.source import ManifestSource
from connector_kit.state import cursors as kit_state
from connector_kit.sync import Sync
from sandbox import Settings, VirtualClock, World
from unit_tests.connector_kit.failing_source import log_into
from unit_tests.consistency.harness import ORIGIN, READ_ORDER, Inline, KitClock, Plan, WorldTransport, small_pages
from unit_tests.consistency.machine import SIZES

PACKAGES = ("source_talentics", "source_talentio")
Path = tuple[str | int, ...]
# Answers in the place of the world's: status and body, or None.
Instead = Callable[[str], tuple[int, bytes] | None]
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

# More than a page of each, so that each list's pages matter.
LARGER = dict.fromkeys(("job_titles", "channels", "employees", "employee_groups", "workspaces"), 14)

# What airbyte-cdk demands and nothing here needs.
NOBODY_NEEDS = {
    # A DatetimeBasedCursor must have it; only a list with a `start_time_option` sends a time to the API.
    "datetime_format",
    # It must be there, and no newer than the airbyte-cdk that is installed.
    "version",
}
# So many leaves `make test` tries; 0 is all.
SAMPLE = 0 if os.environ.get("CONSISTENCY_RUNS") else 40


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
    if value == "1970-01-01":
        return ["2999-01-01"]
    return [f"{value}x", "nonsense"]


class Recorder(WorldTransport):
    """Notes how each request went out, and answers some in the world's place."""

    def __init__(self, world: World, clock: VirtualClock, instead: Instead) -> None:
        super().__init__(world, clock, Plan())
        self._instead = instead
        self.seen: list[Any] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self.seen.append((request.url, sorted(request.headers.items()), kwargs.get("timeout")))
        told = self._instead(str(request.path_url))
        if told is None:
            return super().send(request, *args, **kwargs)
        response = requests.Response()
        response.status_code, response._content = told
        response.raw = _Bytes(told[1])
        response.request, response.url = request, str(request.url)
        return response


class _Bytes:
    """As much of a raw answer as is read."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._content

    def close(self) -> None: ...

    def release_conn(self) -> None: ...


@dataclass(frozen=True)
class Scene:
    """What the server is like, what it answers instead, and what the config says."""

    instead: Instead = lambda _: None
    world: Mapping[str, Any] | None = None
    config: Mapping[str, Any] | None = None
    again: bool = False


def _for_all(status: int) -> Instead:
    return lambda _: (status, b"{}")


def _none_for(words: str, body: bytes, status: int = 200) -> Instead:
    return lambda path: (status, body) if words in path else None


SCENES = [
    Scene(again=True),
    Scene(config={"start_date": "2025-03-01"}, again=True),
    *(Scene(_for_all(status)) for status in (401, 403, 404)),
    # One stream's own answers, when its parents are there.
    *(Scene(_none_for(words, b"{}", 404)) for words in ("/tickets?", "/applicants?")),
    *(
        Scene(lambda path, status=status: (status, b"{}") if "page=" not in path else None)  # type: ignore[misc]
        for status in (401, 403, 404)
    ),
    *(Scene(_none_for(words, b"{}", 403)) for words in ("/tickets?", "/applicants?", "/comments")),
    *(Scene(_none_for(words, b"{}", 401)) for words in ("/tickets?", "/applicants?", "/comments")),
    Scene(_none_for("/exams/tickets/", b"{}", 404)),
    Scene(_none_for("/comments", b"null")),
    # Fewer than the totals tell, in an order that changes: all other orders are tried.
    Scene(world={"hidden": 0.5, "ties": 9}),
    Scene(config={"include_inactive_responsible_employees": False}),
]


def observed(package: str, manifest: Mapping[str, Any]) -> Iterator[Any]:
    """All that a source shows of itself, one after the other."""
    with mock.patch.object(kit_source, "read_manifest", side_effect=lambda _: copy.deepcopy(manifest)):
        clock = VirtualClock()
        world = _world(clock, {})
        config = {**world.configs(ORIGIN)[package.removeprefix("source_")], "num_workers": 1}
        source = ManifestSource(package, config=config)
        told = source.spec(logging.getLogger())
        yield told.documentationUrl, json.dumps(told.connectionSpecification)
        yield [(stream.as_airbyte_stream(), stream.get_json_schema()) for stream in source.streams({})]
        for scene in SCENES:
            yield from _played(package, scene)
        # Which endpoints are closed to the check: none, one, all that it may ask.
        for closed in ([], ["exams", "employee_groups"], ["employee", "requisitions"], ["e"]):
            yield _checked(package, closed)


def _world(clock: VirtualClock, more: Mapping[str, Any]) -> World:
    return World(Settings(**{**SIZES, **LARGER, "talentics_limit": None, "talentio_limit": None, **more}), clock)


def _played(package: str, scene: Scene) -> Iterator[Any]:
    clock = VirtualClock()
    world = _world(clock, scene.world or {})
    config = {**world.configs(ORIGIN)[package.removeprefix("source_")], "num_workers": 1, **(scene.config or {})}
    source = ManifestSource(package, config=config, clock=KitClock(clock))
    streams = source.streams({})
    names = [stream.name for stream in streams]
    for kind in KINDS[package]:
        # Touched just now, so that the state stays behind.
        for parent in [0] if kind != "tickets" else world.data.ids("exams"):
            world.data.update(kind, world.data.ids(kind, parent)[0])
    states: dict[str, Any] = {}
    for _ in range(1 + scene.again):
        transport, messages, log = Recorder(world, clock, scene.instead), [], []  # type: ignore[var-annotated]
        specification = source.spec(logging.getLogger()).connectionSpecification
        settings = KitSettings.from_config(config, specification)
        sync = Sync(settings, new_session(settings.num_workers, transport), states=states, clock=KitClock(clock))
        sync._pool = Inline()  # type: ignore[assignment]
        sync.session.trust_env = False
        sync.selected = frozenset(names)
        sync.emit_state = lambda stream, state: states.update({stream: copy.deepcopy(dict(state))})  # type: ignore[method-assign]
        bound = ReaderRegistry(source.retrievers, sync, AIRBYTE)
        for stream in streams:
            bound.readers[stream.name].members[stream.name].schema = stream.get_json_schema()
        with log_into(log):
            for name in STREAMS[package]:
                try:
                    messages += [(row.stream_name, dict(row.data)) for row in bound.readers[name].read_all()]
                except AirbyteTracedException as error:
                    messages.append((error.failure_type, error.message))
                deferred_error = bound.readers[name].deferred_error
                messages.append(deferred_error and deferred_error.message)
            for cursor in bound.cursors.values():
                cursor.ensure_at_least_one_state_emitted()
        # Pauses between tries are random by a fifth.
        log = [line for line in log if "rying again" not in line]
        yield (
            transport.seen,
            messages,
            log,
            copy.deepcopy(states),
            sync.budget.described(next(iter(sync.budget._windows))),
        )
        clock.advance(60)


def _checked(package: str, closed: Any) -> Any:
    clock = VirtualClock()
    world = _world(clock, {})
    config = {**world.configs(ORIGIN)[package.removeprefix("source_")], "num_workers": 1}
    transport = Recorder(
        world, clock, lambda path: (403, b"{}") if any(f"/{word}" in path for word in closed) else None
    )
    source = ManifestSource(package, config=config, clock=KitClock(clock), transport=transport)
    source.open(checking=True)
    try:
        told = check_streams(source.streams({}), source._source_config["check"]["stream_names"])
    except AirbyteTracedException as error:
        told = error.message
    return told, transport.seen


@cache
def _small(package: str) -> str:
    """The manifest with pages of three records."""
    with small_pages():
        return json.dumps(kit_source.read_manifest(package))


@cache
def _baseline(package: str) -> list[Any]:
    return list(observed(package, json.loads(_small(package))))


def makes_no_difference(package: str, path: Path) -> bool:
    for value in changed(at(json.loads(_small(package)), path)):
        manifest = json.loads(_small(package))
        at(manifest, path[:-1])[path[-1]] = value
        try:
            pairs = zip_longest(observed(package, manifest), _baseline(package))
            if any(new != known for new, known in pairs):
                return False
        except Exception:  # noqa: BLE001 - refused, whatever by
            return False
    return True


def _chosen(package: str) -> list[Path]:
    found = [path for path in leaves(json.loads(_small(package))) if path[0] != "type"]
    step = max(1, len(found) // SAMPLE) if SAMPLE else 1
    return found[step // 2 :: step]


@pytest.mark.timeout(0)
@pytest.mark.parametrize("package", PACKAGES)
def test_every_line_does_something(package: str) -> None:
    with small_pages(), mock.patch.object(kit_state, "_EMIT_EVERY", 1.0):
        idle = [
            path for path in _chosen(package) if path[-1] not in NOBODY_NEEDS and makes_no_difference(package, path)
        ]
    assert idle == []


@pytest.mark.parametrize("package", PACKAGES)
def test_the_parts_of_the_kit_are_named_by_their_room(package: str) -> None:
    text = (resources.files(package) / "manifest.yaml").read_text(encoding="utf-8")
    named = {name.rpartition(".")[::2] for name in re.findall(r"class_name: (connector_kit\.\S+)", text)}
    assert named
    for module, name in named:
        assert module.count(".") == 1, f"{module}.{name}: files in a room move"
        assert name in import_module(module).__all__
