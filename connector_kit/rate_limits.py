"""Budgets of requests: never more than allowed in a window, and every window used from its first moment.

Neither vendor says how its window moves. Counting each request from the moment of its *answer* is right for all kinds:
the server can't have counted it later, so a slot that is free here is free there.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

from connector_kit.clock import Clock

# Where every slot is in flight and nothing has come back yet, nobody knows when one frees: look again this much later.
_LOOK_AGAIN = 0.25
# A 429 without any hint of when to come back, and with nothing of ours in the window: somebody else uses it up.
_UNTOLD_PAUSE = 60.0
# Values of reset headers above this are moments (seconds since the epoch), below it they are spans in seconds: the
# two vendors differ in this (X-RateLimit-Reset is an epoch, X-Reset a span).
_EPOCH_FROM = 1_000_000_000
_REMAINING = ("x-ratelimit-remaining", "x-remaining")
_RESET = ("x-ratelimit-reset", "x-reset")


@dataclass
class _Window:
    answered: deque[float] = field(default_factory=deque)
    in_flight: int = 0
    blocked_until: float = 0.0
    # What the server said is left, and until when that holds; None where it says nothing.
    server_left: int | None = None
    server_until: float = 0.0

    def forget_before(self, moment: float) -> None:
        while self.answered and self.answered[0] <= moment:
            self.answered.popleft()


class Budget:
    """How many requests may go out in each window. A window belongs to a scope: one endpoint, or all of them.

    Args:
        limit: requests per `period` seconds.
        clock: gives the moments; nothing here sleeps.
    """

    def __init__(self, limit: int, period: float, clock: Clock) -> None:
        self.limit = limit
        self.period = period
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[str, _Window] = {}

    def reserve(self, scope: str) -> float:
        """Take a slot for one request, or say in how many seconds to ask again. 0.0 means that the slot is taken."""
        with self._lock:
            now = self._clock.monotonic()
            window = self._window(scope)
            if now < window.blocked_until:
                return window.blocked_until - now
            window.forget_before(now - self.period)
            if window.server_left is not None and now >= window.server_until:
                # The server's own window has begun anew: it knows better than our count when that is.
                window.server_left = None
                window.answered.clear()
            own_free = self.limit - len(window.answered) - window.in_flight
            told_free = self.limit if window.server_left is None else window.server_left
            if own_free > 0 and told_free > 0:
                window.in_flight += 1
                if window.server_left is not None:
                    window.server_left -= 1
                return 0.0
            if told_free <= 0:
                return max(window.server_until - now, _LOOK_AGAIN)
            if not window.answered:
                return _LOOK_AGAIN
            return max(window.answered[0] + self.period - now, 0.001)

    def settle(self, scope: str, status: int, headers: Mapping[str, str]) -> None:
        """Count an answer and believe what it says of the limit."""
        with self._lock:
            now = self._clock.monotonic()
            window = self._window(scope)
            window.in_flight -= 1
            window.answered.append(now)
            left = _number(headers, _REMAINING)
            reset = _span(_number(headers, _RESET), headers, self.period, self._clock)
            if left is not None and left >= 0 and reset is not None:
                window.server_left = max(0, left - window.in_flight)
                window.server_until = now + reset
            if status == 429:
                retry_after = _retry_after(headers, self.period, self._clock)
                pause = retry_after if retry_after is not None else reset
                if pause is None:
                    pause = window.answered[0] + self.period - now if len(window.answered) > 1 else _UNTOLD_PAUSE
                window.blocked_until = max(window.blocked_until, now + pause)
                window.server_left = None
                window.answered.clear()

    def release(self, scope: str) -> None:
        """Give a slot back that was never used: the request was not sent."""
        with self._lock:
            self._window(scope).in_flight -= 1

    def _window(self, scope: str) -> _Window:
        return self._windows.setdefault(scope, _Window())


def _number(headers: Mapping[str, str], names: tuple[str, ...]) -> int | None:
    lower = {name.lower(): value for name, value in headers.items()}
    for name in names:
        value = lower.get(name, "").strip()
        if re.fullmatch(r"\d{1,12}(\.\d+)?", value):
            return int(float(value))
    return None


def _span(value: int | None, headers: Mapping[str, str], period: float, clock: Clock) -> float | None:
    """Seconds until the reset; None for nothing sensible (past, or further off than any window is long)."""
    if value is None:
        return None
    seconds = value - _server_now(headers, clock).timestamp() if value >= _EPOCH_FROM else float(value)
    return max(seconds, 0.0) if -period <= seconds <= 2 * period else None


def _retry_after(headers: Mapping[str, str], period: float, clock: Clock) -> float | None:
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        seconds = float(text)
    else:
        moment = parse_http_date(text)
        if moment is None:
            return None
        seconds = (moment - _server_now(headers, clock)).total_seconds()
    return min(max(seconds, 0.0), max(2 * period, 3600.0))


def _server_now(headers: Mapping[str, str], clock: Clock) -> datetime:
    # Moments in headers are the server's; against our own clock, minutes off, a reset would lie in the past.
    text = next((value for name, value in headers.items() if name.lower() == "date"), "")
    return parse_http_date(text) or clock.now()


def parse_http_date(text: str) -> datetime | None:
    """The moment of an HTTP date header, or None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo is not None else None
