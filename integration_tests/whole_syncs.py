"""Whole syncs of a source in this process, over HTTP against a sandbox, and what each of them asked for.

The sandbox and the source share a clock that stands still but for waits, so no test waits for a limit or for a change
to settle; only the delay that a test puts into the server's answers is real, and makes streams meet at one request.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteMessage, AirbyteStateMessageSerializer, Type

from connector_kit.source import ManifestSource, read_manifest, stream_name
from sandbox import Running, Settings, World, serve
from sandbox.request_log import Request
from unit_tests.support.clock import SharedClock
from unit_tests.support.outcome import States, log_into
from unit_tests.support.run import catalog_of

HOUR = 3600.0
# A race that shows once in twenty is a defect. With one worker, only the streams can meet, as they do with eight.
RACES = pytest.mark.parametrize(
    ("workers", "time"),
    [
        pytest.param(workers, time, marks=pytest.mark.long if workers == 1 and time >= 4 else ())
        for workers in (1, 8)
        for time in range(20)
    ],
)


@dataclass
class Outcome:
    """One sync: its messages, and the requests that the sandbox had from it."""

    messages: list[AirbyteMessage]
    requests: list[Request]
    log: list[str] = field(default_factory=list)

    @property
    def by_endpoint(self) -> dict[str, int]:
        """Requests by the sandbox's name of the endpoint."""
        return dict(Counter(request.endpoint.partition(".")[2] for request in self.requests))

    @property
    def per_url(self) -> float:
        """Requests divided by distinct URLs."""
        return len(self.requests) / len({request.url for request in self.requests})

    def asked(self, endpoint: str) -> set[int]:
        """The ids of the records that an endpoint was asked about."""
        return {
            int(next(part for part in reversed(request.path.split("/")) if part.isdecimal()))
            for request in self.requests
            if request.endpoint.partition(".")[2] == endpoint
        }

    @property
    def records(self) -> dict[str, list[dict[str, Any]]]:
        """The records by stream."""
        found: dict[str, list[dict[str, Any]]] = {}
        for message in self.messages:
            if message.record is not None:
                found.setdefault(message.record.stream, []).append(dict(message.record.data))
        return found

    @property
    def states(self) -> States:
        """The last state of each stream."""
        found: States = {}
        for message in self.messages:
            if message.type == Type.STATE and message.state is not None and message.state.stream is not None:
                blob = message.state.stream.stream_state
                found[message.state.stream.stream_descriptor.name] = dict(blob.__dict__) if blob else {}
        return found


@dataclass
class Company:
    """A source, and the sandbox that it reads."""

    source: str
    running: Running
    clock: SharedClock

    @property
    def world(self) -> World:
        return self.running.world

    def ids(self, kind: str) -> list[int]:
        """The ids of all living records of a kind."""
        return list(self.world.data.collections[kind].all_ids())

    def streams(self) -> list[str]:
        """The names of all streams."""
        return [stream_name(stream) for stream in read_manifest(f"source_{self.source}")["streams"]]

    def sync(
        self,
        *streams: str,
        workers: int = 4,
        states: States | None = None,
        config: Mapping[str, Any] | None = None,
        after: float = HOUR,
    ) -> Outcome:
        """Read the streams, all without a name, `after` so many seconds."""
        self.clock.advance(after)
        names = streams or tuple(self.streams())
        settings = {**self.running.configs[self.source], "num_workers": workers, **(config or {})}
        catalog = catalog_of(names)
        state = [
            AirbyteStateMessageSerializer.load(
                {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": blob}}
            )
            for name, blob in (states or {}).items()
        ]
        source = ManifestSource(f"source_{self.source}", catalog, settings, state, clock=self.clock)
        self.world.log.clear()
        lines: list[str] = []
        with log_into(lines):
            messages = list(source.read(logging.getLogger("airbyte"), settings, catalog, state))
        return Outcome(messages, self.world.log.requests, lines)


@contextmanager
def company(source: str, **settings: Any) -> Iterator[Company]:
    """A sandbox without limits, with a score for every ticket, its sizes and switches set by `settings`."""
    clock = SharedClock()
    defaults = {"talentics_limit": None, "talentio_limit": None, "unfinished_scores": "empty"}
    with serve(world=World(Settings.for_size("small", **{**defaults, **settings}), clock)) as running:
        yield Company(source, running, clock)
