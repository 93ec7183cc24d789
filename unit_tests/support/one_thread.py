"""A whole sync in one thread, over the sandbox's world.

The streams are those that the real source builds; they are read one endpoint after the other, so that the same plan of
events always meets the same requests. Small pages have three records: small worlds then have many pages.
"""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from typing import Any, ClassVar, TypeVar, Union
from unittest import mock

import orjson
import requests
from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.types import Record

from connector_kit import source as kit_source
from connector_kit.http.transport import new_session
from connector_kit.reading.registry import ReaderRegistry
from connector_kit.reading.retrievers import StreamRetriever
from connector_kit.reading.tombstones import DELETIONS
from connector_kit.records.format import AIRBYTE
from connector_kit.settings import Settings
from connector_kit.source import ManifestSource
from connector_kit.sync import Sync
from sandbox import World
from unit_tests.support.account import ORIGIN, world
from unit_tests.support.clock import SharedClock
from unit_tests.support.outcome import Row, States
from unit_tests.support.transport import Reply, Sent, Transport

PAGE = 3
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
Event = Callable[[World], object]
# A row, or what a stream remembers from here on.
Said = Union[Record, tuple[str, dict[str, Any]]]
Result = TypeVar("Result")


class Killed(BaseException):
    """The process died: no handler may run on it as on an error."""


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


FAULTS = {"500": Reply(b"{}", 500), "html": Reply(b"<html>"), "empty": Reply(b"{}")}


class Play:
    """The script of a plan, for one sync."""

    def __init__(self, plan: Plan, world: World) -> None:
        self._plan = plan
        self._world = world
        self._waiting = {kind: iter(happens) for kind, happens in plan.between_pages.items()}

    def __call__(self, sent: Sent) -> Reply | None:
        plan = self._plan
        if plan.kill_at is not None and sent.number >= plan.kill_at:
            raise Killed
        fault = plan.faults.get(sent.number)
        if fault == "reset":
            raise requests.ConnectionError("reset", request=sent.request)
        if fault is not None:
            return FAULTS[fault]
        if sent.number in plan.events:
            plan.events[sent.number](self._world)
        elif "page=1" not in sent.query.split("&"):
            for event in islice(self._waiting.get(sent.path.rpartition("/")[2], iter(())), 1):
                event(self._world)
        return None


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

    manifest = copy.deepcopy(read_manifest(package))
    shrink(manifest)
    return json.dumps(manifest)


read_manifest = kit_source.read_manifest


@contextmanager
def small_pages() -> Iterator[None]:
    """The sources ask for pages of three records; a `small_world` gives them."""
    with mock.patch.object(kit_source, "read_manifest", lambda package: json.loads(_manifest(package))):
        yield


def small_world(clock: SharedClock, **settings: Any) -> World:
    """A world whose lists have small pages, those of Talentio too, which nobody asks for a size."""
    return world(clock, **{"talentio_page": PAGE, **settings})


class Inline(ThreadPoolExecutor):
    """Sends a request in the thread that asks: with one worker the same, without the cost of changing threads."""

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        future: Future[Result] = Future()
        _settle(future, partial(fn, *args, **kwargs))
        return future


def _settle(future: Future[Result], send: Callable[[], Result]) -> None:
    try:
        future.set_result(send())
    except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it, also that the process died
        future.set_exception(error)


class Overtaking(ThreadPoolExecutor):
    """Several requests in flight, whose answers overtake each other: each is answered at a moment drawn by chance.

    In one thread, so that the same draws always meet the same world. `in_flight` counts how often so many requests
    were in flight when one was answered.
    """

    in_flight: ClassVar[Counter[int]] = Counter()

    def __init__(self, draws: int) -> None:
        super().__init__(1)
        self._random = random.Random(draws)
        self._open: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        future: Future[Result] = _Later(self._answer_one)
        self._open.append((future, partial(fn, *args, **kwargs)))
        return future

    def _answer_one(self) -> None:
        self.in_flight[len(self._open)] += 1
        future, send = self._open.pop(self._random.randrange(len(self._open)))
        if future.set_running_or_notify_cancel():
            _settle(future, send)


class _Later(Future[Result]):
    """A request that is answered while somebody waits for it, or for another one."""

    def __init__(self, answer_one: Callable[[], None]) -> None:
        super().__init__()
        self._answer_one = answer_one

    def result(self, timeout: float | None = None) -> Result:
        while not self.done():
            self._answer_one()
        return super().result(timeout)


@dataclass
class Destination:
    """A warehouse that keeps the last version of each row and commits at state messages."""

    rows: dict[str, dict[tuple[Any, ...], Row]] = field(default_factory=dict)
    state: States = field(default_factory=dict)

    def commit(self, run: Run) -> None:
        """Take what a sync said. Of one that died, records behind their stream's last state message are lost."""
        pending: dict[str, list[Row]] = {}
        for said in run.messages:
            if isinstance(said, tuple):
                stream, state = said
                self._write(stream, pending.pop(stream, []), run.keys)
                self.state[stream] = copy.deepcopy(state)
            else:
                pending.setdefault(said.stream_name, []).append(dict(said.data))
        if not run.killed:
            for stream, records in pending.items():
                self._write(stream, records, run.keys)

    def _write(self, stream: str, records: list[Row], keys: Mapping[str, list[str]]) -> None:
        table = self.rows.setdefault(stream, {})
        for record in records:
            table[tuple(record[key] for key in keys[stream])] = record


@dataclass
class Run:
    """One sync and what came of it."""

    messages: list[Said]
    requests: list[str]
    killed: bool
    failed: list[str]
    keys: Mapping[str, list[str]]

    def rows(self, stream: str) -> list[Row]:
        """The rows of a stream, in their order."""
        return [dict(it.data) for it in self.messages if isinstance(it, Record) and it.stream_name == stream]

    @property
    def states(self) -> States:
        """The last state of each stream."""
        return {said[0]: said[1] for said in self.messages if isinstance(said, tuple)}


@dataclass
class Parts:
    """What the real source builds for a selection of streams. Built anew for each sync they take most of its time."""

    config: Mapping[str, Any]
    specification: Mapping[str, Any]
    retrievers: Mapping[str, StreamRetriever]
    keys: Mapping[str, list[str]]
    schemas: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, source: ManifestSource, specification: Mapping[str, Any], config: Mapping[str, Any]) -> Parts:
        # The stream of deletions has no reader: it tells what the others' found out.
        streams = [stream for stream in source.streams(config) if stream.name != DELETIONS]
        return cls(
            config=config,
            specification=specification,
            retrievers=source.retrievers,
            keys={s.name: [k for (k,) in s.as_airbyte_stream().source_defined_primary_key or []] for s in streams},
            schemas={s.name: s.get_json_schema() for s in streams},
        )

    @contextmanager
    def opened(
        self,
        clock: SharedClock,
        transport: Transport,
        states: States,
        messages: list[Said],
        config: Mapping[str, Any] | None = None,
        draws: int | None = None,
    ) -> Iterator[tuple[Sync, ReaderRegistry]]:
        """A sync of these streams from their states; their new ones go into `messages`.

        With `draws`, several requests are in flight and their answers overtake each other.
        """

        def note(message: AirbyteMessage) -> None:
            told = message.state and message.state.stream
            if told and told.stream_state is not None:
                messages.append((told.stream_descriptor.name, copy.deepcopy(told.stream_state.__dict__)))

        settings = Settings.from_config({**self.config, **(config or {})}, self.specification)
        sync = Sync(settings, new_session(settings.num_workers, transport), states=states, emit=note, clock=clock)
        if settings.num_workers == 1:
            sync._pool = Inline(1)
        elif draws is not None:
            sync._pool = Overtaking(draws)
        # Looking for proxies in the environment takes a seventh of the time.
        sync.session.trust_env = False
        sync.selected = frozenset(self.schemas) | ({DELETIONS} if settings.detect_deletions else set())
        registry = ReaderRegistry(self.retrievers, sync, AIRBYTE)
        for name, schema in self.schemas.items():
            registry.readers[name].outputs[name].schema = schema
        try:
            yield sync, registry
        finally:
            sync.close()


def run_sync(
    package: str,
    world: World,
    clock: SharedClock,
    state: States,
    *,
    streams: tuple[str, ...] | None = None,
    plan: Plan | None = None,
    config: Mapping[str, Any] | None = None,
    draws: int | None = None,
) -> Run:
    """Read the streams of a source from `state`; with `draws`, by four workers whose answers overtake each other."""
    if draws is not None:
        config = {"num_workers": 4, **(config or {})}
    plan = plan or Plan()
    base = streams or READ_ORDER[package]
    selected = [name for stream in base for name in (stream, *DERIVED.get(stream, ()))]
    transport = Transport(world, clock, Play(plan, world))
    pages_are_small = kit_source.read_manifest is not read_manifest
    parts = _parts(package, pages_are_small, tuple(selected), orjson.dumps(world.configs(ORIGIN)).decode())
    saved = {name: blob for name, blob in state.items() if name in selected}
    messages: list[Said] = []
    failed = []
    killed = False
    with parts.opened(clock, transport, saved, messages, config, draws) as (_, registry):
        try:
            for name in base:
                try:
                    messages.extend(registry.readers[name].read_all())
                except Exception as error:  # noqa: BLE001 - one stream's failure is part of the play
                    failed.append(f"{name}: {error!r}")
                # As the CDK does at the end of each stream, failed or not.
                for member in (name, *DERIVED.get(name, ())):
                    cursor = registry.cursors.get(member)
                    if cursor is not None:
                        cursor.ensure_at_least_one_state_emitted()
        except Killed:
            killed = True
    if killed and plan.unconfirmed:
        del messages[-plan.unconfirmed :]
    return Run(messages, transport.sent, killed, failed, {**parts.keys, DELETIONS: ["stream", "id", "detected_at"]})


def assert_nothing_lost(
    package: str,
    there: World,
    clock: SharedClock,
    destination: Destination,
    streams: tuple[str, ...] | None = None,
) -> None:
    """One quiet sync later, everything that lives is in the destination as it is."""
    last = run_sync(package, there, clock, destination.state, streams=streams)
    assert not last.failed
    destination.commit(last)
    truth = Destination()
    truth.commit(run_sync(package, there, clock, {}, streams=streams))
    for stream, rows in truth.rows.items():
        for key, row in rows.items():
            assert destination.rows.get(stream, {}).get(key) == row, f"{stream} {key}"


def assert_first_sync_loses_nothing(
    package: str,
    there: World,
    clock: SharedClock,
    plan: Plan,
    streams: tuple[str, ...] | None = None,
    draws: int | None = None,
) -> None:
    """A first sync while things happen; a quiet one a day later, everything that lives is there as it is."""
    destination = Destination()
    destination.commit(run_sync(package, there, clock, {}, streams=streams, plan=plan, draws=draws))
    clock.advance(90_000)
    assert_nothing_lost(package, there, clock, destination, streams)


@cache
def _parts(package: str, pages_are_small: bool, selected: tuple[str, ...], configs: str) -> Parts:
    config = {**orjson.loads(configs)[package.removeprefix("source_")], "num_workers": 1}
    specification = kit_source.read_manifest(package)["spec"]["connection_specification"]
    return Parts.of(ManifestSource(package, config=config, only=selected), specification, config)
