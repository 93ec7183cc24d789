"""A whole source over the sandbox, on a clock that stands but for waits; what a test says happens to its requests.

In one read the same thing happens to several endpoints; the streams of all others must come out as if nothing had
happened.
"""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    StreamDescriptor,
    SyncMode,
)
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from requests.adapters import BaseAdapter

from connector_kit.http.failure_table import PAUSES
from connector_kit.source import ManifestSource
from sandbox import Settings, VirtualClock, World
from unit_tests.consistency.harness import KitClock
from unit_tests.test_docs import PAGES, section

SIZES = {
    "exams": 2, "tickets": 4, "jobs": 2, "applicants": 3, "candidates": 6, "requisitions": 3,
    "unfinished_scores": "empty", "talentics_limit": None, "talentio_limit": None,
}  # fmt: skip


TRIES = len(PAUSES) + 1


@dataclass(frozen=True)
class Group:
    """Endpoints that can fail without taking each other along.

    Args:
        source: the source.
        fails: the streams of each endpoint that fails, by a pattern of its path.
        survives: streams of other endpoints.
    """

    source: str
    fails: Mapping[str, tuple[str, ...]]
    survives: tuple[str, ...]

    @property
    def failing(self) -> set[str]:
        return {stream for streams in self.fails.values() for stream in streams}

    def __str__(self) -> str:
        return f"{self.source}-{next(iter(self.fails.values()))[0]}"


GROUPS = [
    # A list, a detail of a list, and scores, which hang on tickets, which hang on exams.
    Group(
        "talentics",
        {
            r"/jobs$": ("jobs",),
            r"/exams/\d+$": ("exam_details",),
            r"/scores$": ("ticket_scores", "assessment_scores", "aspect_scores"),
        },
        ("exams", "tickets"),
    ),
    # A list for each record of a list, and both children of applicants, which hang on jobs.
    Group(
        "talentics",
        {
            r"/exams/\d+/tickets$": ("tickets",),
            r"/jobs/applicants/\d+$": ("applicant_details",),
            r"/employment-application-form$": ("employment_application_forms", "employment_application_answers"),
        },
        ("exams", "exam_details", "jobs", "job_details", "applicants"),
    ),
    # A list, and both children of candidates with the rows made from them.
    Group(
        "talentio",
        {
            r"/requisitions$": ("requisitions",),
            r"/candidates/\d+/comments$": ("candidate_comments",),
            r"/candidates/\d+$": ("candidate_details", "stage_evaluations", "evaluation_items"),
        },
        ("candidates", "candidate_stages", "employees", "job_titles"),
    ),
]


LISTS = {"jobs", "tickets", "requisitions"}


each_group = pytest.mark.parametrize("group", GROUPS, ids=str)


Happening = Callable[[requests.PreparedRequest], requests.Response]


def answer(
    request: requests.PreparedRequest, status: int, body: bytes = b"{}", headers: Mapping[str, str] | None = None
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers or {})
    response.raw = io.BytesIO(body)
    response.request = request
    response.url = str(request.url)
    return response


def answers(status: int, body: bytes = b"{}", **headers: str) -> Happening:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: answer(request, status, body, named)


def raises(error: type[requests.RequestException]) -> Happening:
    def happen(request: requests.PreparedRequest) -> requests.Response:
        raise error(request=request)

    return happen


class Transport(BaseAdapter):
    """The world; at paths that match, what happens there in its place, so many times each or always."""

    def __init__(self, world: World, clock: VirtualClock, happens: Mapping[str, Happening], times: int | None) -> None:
        super().__init__()
        self._clock = clock
        self._world = world
        self._happens = happens
        self._times = times
        self.asked: Counter[str] = Counter()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        self.asked[parts.path] += 1
        # So slow that nobody takes a reset for the answer to a burst.
        self._clock.advance(4.0)
        for pattern, happen in self._happens.items():
            if re.search(pattern, parts.path) and (self._times is None or self.asked[parts.path] <= self._times):
                return happen(request)
        headers = {name: str(value) for name, value in request.headers.items()}
        status, told, body = self._world.handle("GET", parts.path, parts.query, headers)
        return answer(request, status, body, told)

    def close(self) -> None: ...


@dataclass
class Outcome:
    """A read, by stream: records, last states, final status, errors; its log; and how often each path was asked for."""

    asked: Counter[str]
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    errors: dict[str, tuple[str, str]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    error: AirbyteTracedException | None = None

    @property
    def ended(self) -> str | None:
        """The words with which the sync failed."""
        return self.error and self.error.message

    def note(self, message: AirbyteMessage) -> None:
        if message.record:
            self.records.setdefault(message.record.stream, []).append(dict(message.record.data))
        elif message.state and message.state.stream:
            blob = message.state.stream.stream_state
            self.states[message.state.stream.stream_descriptor.name] = dict(blob.__dict__) if blob else {}
        elif message.trace and message.trace.stream_status:
            status = message.trace.stream_status
            self.statuses[status.stream_descriptor.name] = status.status.value
        elif message.trace and message.trace.error and message.trace.error.stream_descriptor:
            error = message.trace.error
            assert error.failure_type is not None
            self.errors[error.stream_descriptor.name] = (error.failure_type.value, error.message)

    def asked_of(self, pattern: str) -> list[int]:
        return [count for path, count in self.asked.items() if re.search(pattern, path)]

    def pauses(self, stream: str) -> list[int]:
        found = [re.match(rf"{stream}: .* Trying again in (\d+) s\.$", line) for line in self.log]
        return [int(match[1]) for match in found if match]


@contextmanager
def log_into(lines: list[str]) -> Iterator[None]:
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("airbyte")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def read(
    source: str,
    streams: set[str],
    happens: Mapping[str, Happening] | None = None,
    times: int | None = None,
    states: Mapping[str, Mapping[str, Any]] | None = None,
    **config: Any,
) -> Outcome:
    """Read the streams of a source, from `states` if there are any, while these things happen to its requests."""
    clock = VirtualClock()
    world = World(Settings(**SIZES), clock)  # type: ignore[arg-type]  # all of them are named
    clock.advance(3600)
    builder = CatalogBuilder()
    for name in sorted(streams):
        builder = builder.with_stream(name, SyncMode.incremental)
    catalog = builder.build()
    given = {**world.configs("https://api.test")[source], **config}
    transport = Transport(world, clock, happens or {}, times)
    outcome = Outcome(transport.asked)
    saved = [
        AirbyteStateMessage(
            type=AirbyteStateType.STREAM,
            stream=AirbyteStreamState(
                stream_descriptor=StreamDescriptor(name=name), stream_state=AirbyteStateBlob(dict(blob))
            ),
        )
        for name, blob in (states or {}).items()
    ]
    made = ManifestSource(f"source_{source}", catalog, given, saved, clock=KitClock(clock), transport=transport)
    with log_into(outcome.log):
        try:
            for message in made.read(logging.getLogger("airbyte"), given, catalog, saved):
                outcome.note(message)
        except AirbyteTracedException as error:
            outcome.error = error
    return outcome


@cache
def undisturbed(source: str) -> Outcome:
    """What a read gives to which nothing happens."""
    streams = {stream for group in GROUPS if group.source == source for stream in (*group.failing, *group.survives)}
    outcome = read(source, streams)
    assert outcome.ended is None
    return outcome


def assert_complete(outcome: Outcome, source: str, streams: tuple[str, ...] | set[str]) -> None:
    """These streams came out as if nothing had happened."""
    wanted = undisturbed(source)
    for stream in streams:
        assert sorted(map(str, outcome.records[stream])) == sorted(map(str, wanted.records[stream])), stream
        assert outcome.states[stream] == wanted.states[stream], stream
        assert outcome.statuses[stream] == "COMPLETE", stream
        assert stream not in outcome.errors


def assert_failed(outcome: Outcome, group: Group, kind: str, words: str) -> None:
    """The failing streams failed so, with documented words, and nothing else did."""
    assert outcome.errors.keys() == group.failing
    page = section(PAGES[f"source_{group.source}"], "Troubleshooting")
    for pattern, streams in group.fails.items():
        for stream in streams:
            failure_type, message = outcome.errors[stream]
            assert failure_type == kind, stream
            assert re.search(words, message), message
            (path,) = set(re.findall(r"/talenti\w+/\S+?(?=[ :)])", message.partition("Check base_url")[0]))
            assert re.search(pattern, path)
            assert as_documented(group.source, path, message) in page, message
            assert outcome.statuses[stream] == "INCOMPLETE"
    assert outcome.ended is not None
    assert all(stream in outcome.ended for stream in group.failing)
    assert not any(stream in re.findall(r"\w+", outcome.ended) for stream in group.survives)
    assert_complete(outcome, group.source, group.survives)


def as_documented(source: str, path: str, message: str) -> str:
    """The message with the path and the address of the documentation's examples."""
    example, base_url = {
        "talentics": ("/v2/exams", "https://api.talentics.id/v2"),
        "talentio": ("/api/v1/candidates", "https://talentio.com/api/v1"),
    }[source]
    return re.sub(r"https://api\.test/\S+(?=\.)", base_url, message.replace(path, example))
