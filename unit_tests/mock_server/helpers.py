"""What the tests of the streams share: each source read in this process, against answers that stand in a table.

A test names the streams, and the one answer to each request that they may send. `Vendor.read` runs the real source and
fails unless each of those requests came exactly once, with the right credentials, and no other came at all.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote

import requests_mock
from airbyte_cdk.models import AirbyteStateMessage, SyncMode
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.test.entrypoint_wrapper import read as run
from airbyte_cdk.test.state_builder import StateBuilder

from connector_kit.source import ManifestSource, read_manifest
from unit_tests.vendor_samples import VENDOR_SAMPLES, Record

States = dict[str, dict[str, Any]]

# The server's clock in every answer. The samples are older than any lookback, so that states are not held back.
NOW = datetime(2024, 6, 1, tzinfo=timezone.utc)
DATE = "Sat, 01 Jun 2024 00:00:00 GMT"


class StoppedClock:
    """Stands still but for waits, which take no time: a retry or a limit costs a test nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._passed = 0.0

    def monotonic(self) -> float:
        with self._lock:
            return self._passed

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.monotonic())

    def wait(self, seconds: float) -> bool:
        with self._lock:
            self._passed += max(0.0, seconds)
        return True

    def stop(self) -> None:
        """Nobody waits here."""


@dataclass(frozen=True)
class Reply:
    """One answer of the server; it bears `DATE` beside its own headers. A body of bytes is sent as it is."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


MISSING = Reply({"message": "Not Found"}, status=404)


def laravel_page(rows: Sequence[Record], total: int | None = None) -> Reply:
    """A page as Talentics gives it. Its link leads nowhere: whoever follows it asks for what no test answers."""
    has_next = total is not None and len(rows) == 100 < total
    nowhere = "http://elsewhere.example.com/?page=2" if has_next else None
    meta = {"current_page": 1, "per_page": "100", "total": len(rows) if total is None else total}
    return Reply({"data": list(rows), "links": {"next": nowhere}, "meta": meta})


def wrapped(record: Any) -> Reply:
    """A single document, and a list without pages, as Talentics gives them."""
    return Reply({"data": record})


def unpaged(path: str, rows: Sequence[Record]) -> dict[str, Reply]:
    """A list of Talentics' that tells nothing of pages and gives all for each: the second one is asked for, to see."""
    return {f"{path}?page={page}&per_page=100": wrapped(list(rows)) for page in (1, 2)}


def counted_page(rows: Sequence[Record], total: int | None = None) -> Reply:
    """A page as Talentio gives it."""
    return Reply(list(rows), headers={"X-Total": str(len(rows) if total is None else total)})


def bare(body: Any) -> Reply:
    """A single document, and a list without a total, as Talentio gives them."""
    return Reply(body)


def numbered(record: Record, count: int) -> list[Record]:
    """`count` copies of a record whose ids count up from its own."""
    return [{**record, "id": record["id"] + number} for number in range(count)]


def output(record: Record, **changes: Any) -> Record:
    """A record as it is to come out: with its changed and added fields, and without the fields that hold null.

    Airbyte's serializer leaves out nulls at the top of a record, never inside.
    """
    return {name: value for name, value in {**record, **changes}.items() if value is not None}


@dataclass(frozen=True)
class Failure:
    """An error that the source reported; `stream` is "" where it is the whole sync's."""

    stream: str
    kind: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """What a sync gave: the records and the last state of each stream, the errors, and the log."""

    records: dict[str, list[Record]]
    states: States
    failures: list[Failure]
    log: str

    @property
    def failure(self) -> Failure:
        """The one failure of a sync in which one thing went wrong."""
        named = [failure for failure in self.failures if failure.stream]
        # After a failed stream the CDK reports the sync as failed once more.
        (only,) = named or self.failures
        return only


@dataclass(frozen=True)
class Vendor:
    """One of the two sources, with the credentials that its requests are to bear."""

    package: str
    credentials: Mapping[str, Any]
    authorization: str

    @property
    def base_url(self) -> str:
        return str(read_manifest(self.package)["spec"]["connection_specification"]["properties"]["base_url"]["default"])

    def sample(self, stream: str, **changes: Any) -> Record:
        return {**VENDOR_SAMPLES[self.package][stream], **changes}

    def read(
        self,
        streams: str,
        answers: Mapping[str, Reply],
        states: States | None = None,
        *,
        fails: bool = False,
        times: int = 1,
        once: Mapping[str, Reply] | None = None,
        **config: Any,
    ) -> Outcome:
        """Read `streams` (names with blanks between) and check that exactly the requests of `answers` were sent.

        `answers` are by path and query below the base URL; the order of query parameters does not matter. Each is asked
        for `times` times, those in `once` once.
        """
        expected = [path for path in answers for _ in range(times)] + list(once or {})
        answers = {**answers, **(once or {})}
        server = _server({_full(self.base_url + path): reply for path, reply in answers.items()})
        names = streams.split()
        catalog_builder, state_builder = CatalogBuilder(), StateBuilder()
        for name in names:
            catalog_builder.with_stream(name, SyncMode.incremental)
        for name, state in (states or {}).items():
            state_builder.with_stream_state(name, state)
        catalog, saved = catalog_builder.build(), state_builder.build()
        full_config = {**self.credentials, **config}
        source = ManifestSource(self.package, catalog, full_config, saved, clock=StoppedClock(), transport=server)
        outcome = _outcome(names, _run(source, full_config, catalog, saved))
        sent = sorted(_full(request.url) for request in server.request_history)
        assert sent == sorted(_full(self.base_url + path) for path in expected)
        assert {request.headers["Authorization"] for request in server.request_history} <= {self.authorization}
        assert fails or not outcome.failures, outcome.failures
        assert not fails or outcome.failures
        return outcome


TALENTICS = Vendor(
    "source_talentics",
    {"app_id": "an-app", "app_secret": "its-secret"},
    f"Basic {base64.b64encode(b'an-app:its-secret').decode()}",
)
TALENTIO = Vendor("source_talentio", {"access_token": "a-token"}, "Bearer a-token")


def _run(
    source: ManifestSource, config: Mapping[str, Any], catalog: Any, state: list[AirbyteStateMessage]
) -> EntrypointOutput:
    return run(source, config, catalog, state, expecting_exception=None)


def _server(answers: Mapping[str, Reply]) -> requests_mock.Adapter:
    server = requests_mock.Adapter(case_sensitive=True)
    # Nothing that the sources would try again: a request that no test answers is to fail at once.
    server.register_uri(requests_mock.ANY, requests_mock.ANY, status_code=418, text="no such answer")
    for url, reply in answers.items():
        server.register_uri(
            "GET",
            url,
            complete_qs=True,
            status_code=reply.status,
            headers={"Date": DATE, "Content-Type": "application/json", **reply.headers},
            content=reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode(),
        )
    return server


def _full(url: str) -> str:
    path, _, query = unquote(url).partition("?")
    return f"{path}?{'&'.join(sorted(query.split('&')))}" if query else path


def _outcome(names: Sequence[str], run_output: EntrypointOutput) -> Outcome:
    records: dict[str, list[Record]] = {name: [] for name in names}
    for message in run_output.records:
        assert message.record is not None
        records[message.record.stream].append(message.record.data)
    states: States = {}
    for message in run_output.state_messages:
        assert message.state is not None
        assert message.state.stream is not None
        blob = message.state.stream.stream_state
        states[message.state.stream.stream_descriptor.name] = dict(blob.__dict__) if blob else {}
    failures = []
    for message in run_output.errors:
        assert message.trace is not None
        error = message.trace.error
        assert error is not None
        descriptor = error.stream_descriptor
        kind = error.failure_type.value if error.failure_type else ""
        failures.append(Failure(descriptor.name if descriptor else "", kind, error.message))
    log = "\n".join(message.log.message for message in run_output.logs if message.log)
    return Outcome(records, states, failures, log)
