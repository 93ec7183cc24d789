"""Budgets of requests: never more than allowed in a window, and every window used from its first moment.

Neither vendor says how its window moves. Counting each request from the moment of its *answer* is right for all kinds:
the server can't have counted it later, so a slot that is free here is free there.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

from connector_kit.clock import Clock

logger = logging.getLogger("airbyte.connector_kit")

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

    @property
    def used(self) -> int:
        return len(self.answered) + self.in_flight

    def absorb(self, other: _Window) -> None:
        """Take over what another window has counted."""
        self.answered = deque(sorted([*self.answered, *other.answered]))
        self.in_flight += other.in_flight
        self.blocked_until = max(self.blocked_until, other.blocked_until)


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
        self._shared: _Window | None = None
        self._pace = Pace(clock)

    @property
    def described(self) -> str:
        """The limit in words: `50 per 15 min`."""
        minutes, seconds = divmod(self.period, 60)
        span = f"{minutes:.0f} min" if not seconds else f"{self.period:g} s"
        return f"{self.limit} per {span}"

    def reserve(self, scope: str) -> float:
        """Take a slot for one request, or say in how many seconds to ask again. 0.0 means that the slot is taken."""
        with self._lock:
            now = self._clock.monotonic()
            window = self._window(scope)
            if now < window.blocked_until:
                return window.blocked_until - now
            if (pause := self._pace.pause()) > 0:
                return pause
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
                self._pace.sent()
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
            if status == 429:
                self._suspect_sharing(scope, now)
            window = self._window(scope)
            window.in_flight -= 1
            window.answered.append(now)
            self._pace.answered()
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

    def lost(self) -> bool:
        """A connection was lost without an answer; its slot stays taken for the next try.

        True where that is taken for a burst too many: the pace is slowed, and the try need not count.
        """
        with self._lock:
            return self._pace.slow_down()

    def _suspect_sharing(self, scope: str, now: float) -> None:
        """Merge the windows of all scopes where a 429 shows that the server counts them together.

        It does where this scope alone has not reached the limit, and all of them together have.
        """
        if self._shared is not None or len(self._windows) < 2:
            return
        for window in self._windows.values():
            window.forget_before(now - self.period)
        own = self._window(scope).used
        together = sum(window.used for window in self._windows.values())
        if own < self.limit <= together:
            logger.warning(
                "The server counts the requests of all endpoints in one window: %d on this endpoint and %d in all were "
                "answered by 429 at a limit of %d. From here on they share one.",
                own,
                together,
                self.limit,
            )
            self._shared = _Window()
            for window in self._windows.values():
                self._shared.absorb(window)

    def _window(self, scope: str) -> _Window:
        return self._shared or self._windows.setdefault(scope, _Window())


class Pace:
    """How fast requests may follow each other. No limit of its own, until the server resets connections in a burst.

    Talentio was seen to do so at about four requests a second from a data centre (C). The pace is then halved, and
    regained by and by with the answers that come.
    """

    # Resets at a slower pace than this are faults like others, not an answer to a burst.
    _SLOWEST = 2.0
    _REGAINED_PER_ANSWER = 0.97
    _FREE_BELOW = 0.02
    _SEEN = 3.0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._interval = 0.0
        self._next = 0.0
        self._recent: deque[float] = deque()

    def pause(self) -> float:
        """Seconds until the next request may be sent."""
        return max(0.0, self._next - self._clock.monotonic())

    def sent(self) -> None:
        now = self._clock.monotonic()
        self._next = now + self._interval
        self._recent.append(now)
        while self._recent and self._recent[0] < now - self._SEEN:
            self._recent.popleft()

    def answered(self) -> None:
        self._interval *= self._REGAINED_PER_ANSWER
        if self._interval < self._FREE_BELOW:
            self._interval = 0.0

    def slow_down(self) -> bool:
        """Halve the pace. False where it is so slow already that a burst can't be the reason."""
        now = self._clock.monotonic()
        rate = len([moment for moment in self._recent if moment >= now - self._SEEN]) / self._SEEN
        slower = max(self._interval * 2, 2 / rate if rate else self._SLOWEST)
        if self._interval >= self._SLOWEST or rate < 1:
            return False
        self._interval = min(slower, self._SLOWEST)
        self._next = now + self._interval
        logger.info(
            "The server resets connections at %.1f requests a second; sending one every %.1f s for a while.",
            rate,
            self._interval,
        )
        return True


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
