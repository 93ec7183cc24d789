"""What all streams of one run share: clock, budget, connections, counters, messages."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import requests
from airbyte_cdk.models import (
    AirbyteEstimateTraceMessage,
    AirbyteMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    AirbyteStreamStatus,
    AirbyteStreamStatusReason,
    AirbyteStreamStatusReasonType,
    AirbyteTraceMessage,
    EstimateType,
    StreamDescriptor,
    TraceType,
    Type,
)
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message as stream_status_message

# The CDK's own `models` leave this one out.
from airbyte_protocol_dataclasses.models import (  # type: ignore[import-untyped]
    AirbyteStreamStatusRateLimitedReason,
)

from connector_kit.clock import Clock, SystemClock
from connector_kit.limits.budget import Budget
from connector_kit.settings import Settings

logger = logging.getLogger("airbyte.connector_kit")

# Clocks that somebody maintains are never this far apart.
_CLOCK_IS_OFF = timedelta(minutes=5)


class Sync:
    """One run of one source.

    Args:
        settings: the checked configuration.
        session: sends the requests; closed with the sync.
        states: saved states by stream name: `{"exams": {"updated_at": "2024-03-01T00:00:00Z"}}`.
        emit: outputs a protocol message after all records that this thread has yielded so far.
        clock: a replacement for tests.
    """

    def __init__(
        self,
        settings: Settings,
        session: requests.Session,
        *,
        states: Mapping[str, Mapping[str, Any]] | None = None,
        emit: Callable[[AirbyteMessage], None] = lambda _: None,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self.session = session
        self.clock: Clock = clock or SystemClock()
        self.budget = Budget(self.clock)
        self.states = states or {}
        self.selected: frozenset[str] | None = None
        # Streams whose destination has no field for deletions.
        self.unmarked: frozenset[str] = frozenset()
        self.checking = False
        # When a check must be done, in seconds of this process's monotonic clock; 0 before its first request.
        self.check_ends = 0.0
        self.sampling = False
        self.requests: Counter[str] = Counter()
        self.records: Counter[str] = Counter()
        self.saved: Counter[str] = Counter()
        self.filtered: set[str] = set()
        # How far the server's clock is ahead of this machine's, by the last Date header.
        self._ahead: timedelta | None = None
        self._waited = 0.0
        # Start of each wait that still goes on, by thread.
        self._waiting: dict[int, float] = {}
        # By dispatcher: the key of its budget window, and how many requests are still to send, if known.
        self.remaining: dict[object, tuple[str, Callable[[], int | None]]] = {}
        self._emit = emit
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    @property
    def pool(self) -> ThreadPoolExecutor:
        """The threads that send requests, as many as `num_workers` allows in flight."""
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.settings.num_workers, thread_name_prefix="requests")
            return self._pool

    def update_server_clock(self, server_time: datetime) -> None:
        """Note the server's time from an answer; warn at the first one if this machine's clock is far off."""
        first, self._ahead = self._ahead is None, server_time - self.clock.now()
        if first and abs(self._ahead) >= _CLOCK_IS_OFF:
            logger.warning(
                "This machine's clock is %s %s the server's. No data is lost, as the sync uses the server's clock, but "
                "times in this log and in emitted_at are wrong. Set this machine's clock.",
                timedelta(seconds=round(abs(self._ahead).total_seconds())),
                "behind" if self._ahead > timedelta() else "ahead of",
            )

    @property
    def knows_server_clock(self) -> bool:
        return self._ahead is not None

    def server_now(self) -> datetime:
        """Return the server's time; this machine's until an answer has come with it."""
        return self.clock.now() + (self._ahead or timedelta())

    def count_request(self, endpoint: str) -> None:
        with self._lock:
            self.requests[endpoint] += 1

    def count_records(self, stream: str, number: int) -> None:
        with self._lock:
            self.records[stream] += number

    def count_saved(self, why: str, number: int) -> None:
        """Count requests that were not needed; `why` ends "requests saved: 7 …" in the summary."""
        with self._lock:
            self.saved[why] += number

    def note_filter(self, endpoint: str) -> None:
        """Note that the server filtered a list by time; it does not say how many requests that saved."""
        with self._lock:
            self.filtered.add(endpoint)

    @contextmanager
    def counting_wait(self) -> Iterator[None]:
        """Count the time inside the block as waited, even before the block ends: the process may be stopped in it."""
        thread, began = threading.get_ident(), self.clock.monotonic()
        with self._lock:
            self._waiting[thread] = began
        try:
            yield
        finally:
            with self._lock:
                del self._waiting[thread]
                self._waited += self.clock.monotonic() - began

    @property
    def waited(self) -> float:
        """Seconds waited for rate limits and retries, summed over all threads."""
        with self._lock:
            now = self.clock.monotonic()
            return self._waited + sum(now - began for began in self._waiting.values())

    def emit_state(self, stream: str, state: Mapping[str, Any]) -> None:
        self._emit(
            AirbyteMessage(
                type=Type.STATE,
                state=AirbyteStateMessage(
                    type=AirbyteStateType.STREAM,
                    stream=AirbyteStreamState(
                        stream_descriptor=StreamDescriptor(name=stream), stream_state=AirbyteStateBlob(dict(state))
                    ),
                ),
            )
        )

    def emit_estimate(self, stream: str, rows: int) -> None:
        """Tell the platform how many rows a stream will have in this sync; nothing in a check or a sample."""
        if self.selected is None or self.sampling:
            return
        estimate = AirbyteEstimateTraceMessage(name=stream, type=EstimateType.STREAM, row_estimate=rows)
        now = self.clock.now().timestamp() * 1000
        trace = AirbyteTraceMessage(type=TraceType.ESTIMATE, emitted_at=now, estimate=estimate)
        self._emit(AirbyteMessage(type=Type.TRACE, trace=trace))

    def emit_rate_limited(self, streams: Iterable[str], until: datetime) -> None:
        """Tell the platform that streams are alive, waiting for their rate limit until then."""
        reason = AirbyteStreamStatusReason(
            type=AirbyteStreamStatusReasonType.RATE_LIMITED,
            # The protocol wants milliseconds.
            rate_limited=AirbyteStreamStatusRateLimitedReason(quota_reset=int(until.timestamp() * 1000)),
        )
        for stream in streams:
            self._emit(stream_status_message(StreamDescriptor(name=stream), AirbyteStreamStatus.RUNNING, [reason]))

    def close(self) -> None:
        """End the threads and connections without waiting for requests in flight."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self.session.close()

    def summary(self) -> str:
        """Return the line that ends the log of a sync: what it cost, and what it read."""
        by_endpoint = ", ".join(f"{endpoint} {count}" for endpoint, count in sorted(self.requests.items())) or "none"
        by_stream = ", ".join(f"{stream} {count}" for stream, count in sorted(self.records.items())) or "none"
        saved = ", ".join(f"{count} {why}" for why, count in sorted(self.saved.items()) if count)
        if self.filtered:
            by_filter = f"the server-side filter on {' and '.join(sorted(self.filtered))} saved"
            saved = f"{saved}; {by_filter} more" if saved else f"{by_filter} some"
        return (
            f"Sync summary: {sum(self.requests.values())} requests ({by_endpoint}); records: {by_stream}; "
            f"requests saved: {saved or 'none'}; {self.waited:.0f} s waited for rate limits and retries."
        )
