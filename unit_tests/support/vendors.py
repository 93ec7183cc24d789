"""What the tests of the streams share: each source read in this process, against answers that stand in a table.

A test names the streams, and the one answer to each request that they may send. `Vendor.read` runs the real source and
fails unless each of those requests came exactly once, with the right credentials, and no other came at all.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from connector_kit.manifest import connection_specification
from unit_tests.support.clock import NOW, SharedClock
from unit_tests.support.outcome import Outcome, States
from unit_tests.support.run import read
from unit_tests.support.transport import Reply, Transport
from unit_tests.support.vendor_samples import VENDOR_SAMPLES, Record

# The server's clock in every answer.
DATE = "Sat, 01 Jun 2024 00:00:00 GMT"

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
    """A record as it is to come out: with its changed and added fields."""
    return {**record, **changes}


class Table:
    """A server whose answers stand in a table, by path and query."""

    def __init__(self, answers: Mapping[str, Reply]) -> None:
        self._answers = {_ordered(url): reply for url, reply in answers.items()}

    def handle(
        self, method: str, path: str, query: str, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        # Nothing that the sources would try again: a request that no test answers is to fail at once.
        reply = self._answers.get(_ordered(f"{path}?{query}"), Reply(b"no such answer", 418))
        told = {"Date": DATE, "Content-Type": "application/json", **reply.headers}
        return reply.status, told, reply.content


def _ordered(url: str) -> str:
    path, _, query = unquote(url).partition("?")
    return f"{path}?{'&'.join(sorted(query.split('&')))}"


@dataclass(frozen=True)
class Vendor:
    """One of the two sources, with the credentials that its requests are to bear."""

    package: str
    credentials: Mapping[str, Any]
    authorization: str

    @property
    def base_url(self) -> str:
        return str(connection_specification(self.package)["properties"]["base_url"]["default"])

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
        table = {**answers, **(once or {})}
        prefix = urlsplit(self.base_url).path
        server = Table({prefix + path: reply for path, reply in table.items()})
        clock = SharedClock(NOW.timestamp())
        transport = Transport(server, clock, latency=0.0)
        outcome = read(self.package, streams.split(), {**self.credentials, **config}, clock, transport, states)
        sent = sorted(_ordered(it.url) for it in transport.requests)
        assert sent == sorted(_ordered(self.base_url + path) for path in expected)
        assert {it.request.headers["Authorization"] for it in transport.requests} <= {self.authorization}
        assert fails or not outcome.failures, outcome.failures
        assert not fails or outcome.failures
        return outcome


TALENTICS = Vendor(
    "source_talentics",
    {"app_id": "an-app", "app_secret": "its-secret"},
    f"Basic {base64.b64encode(b'an-app:its-secret').decode()}",
)
TALENTIO = Vendor("source_talentio", {"access_token": "a-token"}, "Bearer a-token")
