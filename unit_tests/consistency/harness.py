"""A whole sync in one thread, over the sandbox's world without a network, and a clock that stands until it is told.

The streams are those that the real source builds; they are read one endpoint after the other, so that the same plan of
events always meets the same requests. Pages are three records long: small worlds then have many pages.
"""

from __future__ import annotations

import copy
import io
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache, partial
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import orjson
import requests
from requests.adapters import BaseAdapter

from connector_kit import source as kit_source
from connector_kit.http.transport import new_session
from connector_kit.reading.registry import ReaderRegistry
from connector_kit.reading.retrievers import StreamRetriever
from connector_kit.records.format import AIRBYTE
from connector_kit.settings import Settings as Settings_
from connector_kit.source import ManifestSource
from connector_kit.sync import Sync
from sandbox import VirtualClock, World

PAGE = 3
LATENCY = 0.3
ORIGIN = "https://api.test"
READ_ORDER: Mapping[str, tuple[str, ...]] = {
    "source_talentics": (
        "exams",
        "exam_details",
        "tickets",
        "ticket_scores",
        "jobs",
        "job_details",
        "applicants",
        "employment_application_forms",
    ),
    "source_talentio": (
        "candidates",
        "candidate_details",
        "candidate_comments",
        "requisitions",
        "requisition_details",
        "workspaces",
        "employee_groups",
    ),
}
DERIVED: Mapping[str, tuple[str, ...]] = {
    "ticket_scores": ("assessment_scores", "aspect_scores"),
    "employment_application_forms": ("employment_application_answers",),
    "candidates": ("candidate_stages",),
    "candidate_details": ("stage_evaluations", "evaluation_items"),
}
# Rows that hang on a parent that still exists may be gone there; a destination can't see that.
State = dict[str, dict[str, Any]]
Event = Callable[[World], None]


class Killed(BaseException):
    """The process died: no handler may run on it as on an error."""


class KitClock:
    """The connector's clock: the same flow of time as the world's, its wall clock off by `skew` seconds."""

    def __init__(self, world: VirtualClock, skew: float = 0.0) -> None:
        self._world = world
        self._skew = skew

    def monotonic(self) -> float:
        return self._world()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._world() + self._skew, timezone.utc)

    def wait(self, seconds: float) -> bool:
        self._world.advance(max(0.0, seconds))
        return True

    def stop(self) -> None: ...


@dataclass
class Plan:
    """What happens at which request of a sync, counted from 0: an event before it, a fault instead of it, the end.

    `between_pages` are events by kind of record: one before each page of its lists but the first. Of a sync that died,
    the last `unconfirmed` messages never reached the destination.
    """

    events: Mapping[int, Event] = field(default_factory=dict)
    between_pages: Mapping[str, Sequence[Event]] = field(default_factory=dict)
    faults: Mapping[int, str] = field(default_factory=dict)
    kill_at: int | None = None
    unconfirmed: int = 0


def _nothing(world: World) -> None: ...


class WorldTransport(BaseAdapter):
    """Answers from the world, as the plan says."""

    def __init__(self, world: World, clock: VirtualClock, plan: Plan) -> None:
        super().__init__()
        self._world = world
        self._clock = clock
        self._plan = plan
        self._waiting = {kind: iter(happens) for kind, happens in plan.between_pages.items()}
        self.sent: list[str] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        number = len(self.sent)
        self.sent.append(str(request.path_url))
        if self._plan.kill_at is not None and number >= self._plan.kill_at:
            raise Killed
        self._clock.advance(LATENCY)
        fault = self._plan.faults.get(number)
        if fault == "reset":
            raise requests.ConnectionError("reset", request=request)
        if fault in ("500", "html", "empty"):
            body = {"500": b"{}", "html": b"<html>", "empty": b"{}"}[fault]
            return _response(request, 500 if fault == "500" else 200, {}, body)
        parts = urlsplit(str(request.url))
        if number in self._plan.events:
            self._plan.events[number](self._world)
        elif "page=1" not in parts.query.split("&"):
            next(self._waiting.get(parts.path.rpartition("/")[2], iter(())), _nothing)(self._world)
        return _response(
            request,
            *self._world.handle("GET", parts.path, parts.query, {k: str(v) for k, v in request.headers.items()}),
        )

    def close(self) -> None: ...


def _response(
    request: requests.PreparedRequest, status: int, headers: Mapping[str, str], body: bytes
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers)
    response.raw = io.BytesIO(body)
    response.request = request
    response.url = str(request.url)
    return response


@cache
def _manifest(package: str) -> str:
    def shrink(node: Any) -> None:
        if isinstance(node, dict):
            if "page_size" in node:
                node["page_size"] = PAGE
            for value in node.values():
                shrink(value)
        elif isinstance(node, list):
            for value in node:
                shrink(value)

    manifest = read_manifest(package)
    shrink(manifest)
    return json.dumps(manifest)


read_manifest = kit_source.read_manifest


@contextmanager
def small_pages() -> Iterator[None]:
    """Pages of three records on both sides."""
    with (
        mock.patch.object(kit_source, "read_manifest", lambda package: json.loads(_manifest(package))),
        mock.patch("sandbox.talentio_api._PAGE", PAGE),
    ):
        yield


class Inline(Executor):
    """Sends a request in the thread that asks: with one worker the same, without the cost of changing threads."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it, also that the process died
            future.set_exception(error)
        return future


class Overtaking(Executor):
    """Several requests in flight, whose answers overtake each other: each is answered at a moment drawn by chance.

    In one thread, so that the same draws always meet the same world.
    """

    def __init__(self, draws: int) -> None:
        self._random = random.Random(draws)
        self._open: list[tuple[_Later, Callable[[], Any]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = _Later(self._answer_one)
        self._open.append((future, partial(fn, *args, **kwargs)))
        return future

    def _answer_one(self) -> None:
        future, send = self._open.pop(self._random.randrange(len(self._open)))
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(send())
        except BaseException as error:  # noqa: BLE001 - as above
            future.set_exception(error)


class _Later(Future[Any]):
    """A request that is answered while somebody waits for it, or for another one."""

    def __init__(self, answer_one: Callable[[], None]) -> None:
        super().__init__()
        self._answer_one = answer_one

    def result(self, timeout: float | None = None) -> Any:
        while not self.done():
            self._answer_one()
        return super().result(timeout)


@dataclass
class Destination:
    """A warehouse that keeps the last version of each row and commits at state messages."""

    rows: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = field(default_factory=dict)
    state: State = field(default_factory=dict)

    def commit(self, messages: list[Any], keys: Mapping[str, list[str]], *, whole: bool) -> None:
        """Take what a sync said. Of one that died, records behind their stream's last state message are lost."""
        pending: dict[str, list[dict[str, Any]]] = {}
        for message in messages:
            if isinstance(message, tuple):
                stream, state = message
                self._write(stream, pending.pop(stream, []), keys)
                self.state[stream] = copy.deepcopy(state)
            else:
                pending.setdefault(message.stream_name, []).append(dict(message.data))
        if whole:
            for stream, records in pending.items():
                self._write(stream, records, keys)

    def _write(self, stream: str, records: list[dict[str, Any]], keys: Mapping[str, list[str]]) -> None:
        table = self.rows.setdefault(stream, {})
        for record in records:
            table[tuple(record[key] for key in keys[stream])] = record


@dataclass
class Run:
    """One sync and what came of it."""

    messages: list[Any]
    requests: list[str]
    killed: bool
    failed: list[str]
    keys: dict[str, list[str]]


def run_sync(
    package: str,
    world: World,
    clock: VirtualClock,
    state: State,
    *,
    streams: tuple[str, ...] | None = None,
    plan: Plan | None = None,
    skew: float = 0.0,
    config: Mapping[str, Any] | None = None,
    draws: int | None = None,
) -> Run:
    """Read the streams of a source from `state`; with `draws`, by four workers whose answers overtake each other."""
    if draws is not None:
        config = {"num_workers": 4, **(config or {})}
    plan = plan or Plan()
    base = streams or READ_ORDER[package]
    selected = [name for stream in base for name in (stream, *DERIVED.get(stream, ()))]
    transport = WorldTransport(world, clock, plan)
    pages_are_small = kit_source.read_manifest is not read_manifest
    parts = _parts(package, pages_are_small, tuple(selected), orjson.dumps(world.configs(ORIGIN)).decode())
    messages: list[Any] = []
    settings = Settings_.from_config({**parts.config, **(config or {})}, parts.specification)
    sync = Sync(
        settings,
        new_session(settings.num_workers, transport),
        states={name: blob for name, blob in state.items() if name in selected},
        clock=KitClock(clock, skew),
    )
    if sync.settings.num_workers == 1:
        sync._pool = Inline()  # type: ignore[assignment]
    elif draws is not None:
        sync._pool = Overtaking(draws)  # type: ignore[assignment]
    # Looking for proxies in the environment takes a seventh of the time.
    sync.session.trust_env = False
    sync.selected = frozenset(selected)
    sync.emit_state = lambda stream, blob: messages.append((stream, copy.deepcopy(dict(blob))))  # type: ignore[method-assign]
    keys = parts.keys
    # Built anew for each sync they take most of its time.
    bound = ReaderRegistry(parts.retrievers, sync, AIRBYTE)
    for name, schema in parts.schemas.items():
        bound.readers[name].outputs[name].schema = schema
    failed = []
    killed = False
    try:
        for name in base:
            try:
                messages.extend(bound.readers[name].read_all())
            except Exception as error:  # noqa: BLE001 - one stream's failure is part of the play
                failed.append(f"{name}: {error!r}")
            # As the CDK does at the end of each stream, failed or not.
            for member in (name, *DERIVED.get(name, ())):
                cursor = bound.cursors.get(member)
                if cursor is not None:
                    cursor.ensure_at_least_one_state_emitted()
    except Killed:
        killed = True
    finally:
        sync.close()
    if killed and plan.unconfirmed:
        del messages[-plan.unconfirmed :]
    return Run(messages, transport.sent, killed, failed, keys)


@dataclass
class Parts:
    """What the real source builds for a selection of streams."""

    config: dict[str, Any]
    specification: Mapping[str, Any]
    retrievers: Mapping[str, StreamRetriever]
    keys: dict[str, list[str]]
    schemas: dict[str, Mapping[str, Any]]


@cache
def _parts(package: str, pages_are_small: bool, selected: tuple[str, ...], configs: str) -> Parts:
    config = {**orjson.loads(configs)[package.removeprefix("source_")], "num_workers": 1}
    source = ManifestSource(package, config=config, only=selected)
    streams = source.streams({})
    return Parts(
        config=config,
        specification=kit_source.read_manifest(package)["spec"]["connection_specification"],
        retrievers=source.retrievers,
        keys={s.name: [k for (k,) in s.as_airbyte_stream().source_defined_primary_key or []] for s in streams},
        schemas={s.name: s.get_json_schema() for s in streams},
    )
