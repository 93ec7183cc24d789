"""Budgets of requests: never more than allowed in a window, and no slot left unused once a window opens.

Neither vendor says how its window moves. Counting each request from the moment of its *answer* is safe for every kind:
the server can't have counted it later, so a slot that is free here is free there.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from connector_kit.clock import Clock
from connector_kit.limits.burst import BurstThrottle
from connector_kit.limits.headers import LimitHeaders
from connector_kit.limits.window import Window

_SCOPES = ("endpoint", "all")
# If a slot is freed only by another answer, check again after this many seconds.
_LOOK_AGAIN = 0.25
# A clock that counts in floats may not notice a shorter pause.
_SHORTEST = 0.001


@dataclass(frozen=True)
class RateLimit:
    """`requests` per `period` seconds.

    Args:
        requests: how many.
        period: in seconds.
        scope: `endpoint` where each endpoint has its own window, `all` where all endpoints share one.
    """

    requests: int
    period: float
    scope: str

    def __post_init__(self) -> None:
        if self.scope not in _SCOPES:
            raise ValueError(f"{self.scope!r} is not a scope of a rate limit; write {' or '.join(_SCOPES)}")
        if self.requests < 1 or self.period <= 0:
            raise ValueError(f"a rate limit of {self.requests} per {self.period} s lets nothing out")


class Budget:
    """How many requests may go out in each window. A window belongs to one endpoint, or to all of them.

    A slot is reserved, and then settled by its answer, lost and sent again, or released. No method sleeps. All take the
    key of a window, which `window_for` returns, and moments by the clock's `monotonic()`.

    Args:
        clock: tells the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._limits: dict[str, RateLimit] = {}
        self._windows: dict[str, Window] = {}
        self._throttle = BurstThrottle(clock)
        # True until a request was answered, or lost: nobody knows yet what an earlier sync has left.
        self._alone = True

    def window_for(self, endpoint: str, limit: RateLimit) -> str:
        """Return the key of the window that requests to an endpoint draw from.

        Raises:
            ValueError: the window has another limit, or other endpoints have another scope.
        """
        key = "all endpoints" if limit.scope == "all" else endpoint
        with self._lock:
            scopes = {known.scope for known in self._limits.values()} | {limit.scope}
            if len(scopes) > 1:
                raise ValueError(f"{endpoint}: rate limits of scope `endpoint` and `all` side by side")
            known = self._limits.setdefault(key, limit)
            if known != limit:
                raise ValueError(f"{key}: two rate limits for one window, {known} and {limit}")
            self._windows.setdefault(key, Window(limit.requests, limit.period))
        return key

    def period(self, key: str) -> float:
        """Return the length of a window in seconds."""
        return self._limits[key].period

    def resets_in(self, key: str) -> float | None:
        """Return the seconds until the limit resets, as the server said; None where it did not say."""
        with self._lock:
            until = self._windows[key].closed_until
            return None if until is None else max(0.0, until - self._clock.monotonic())

    def describe_period(self, key: str) -> str:
        """Return the period in words: `15 min`."""
        minutes, seconds = divmod(self.period(key), 60)
        return f"{minutes:.0f} min" if not seconds else f"{self.period(key):g} s"

    def describe_limit(self, key: str) -> str:
        """Return the limit in words: `50 per 15 min`."""
        with self._lock:
            return f"{self._windows[key].limit} per {self.describe_period(key)}"

    def seconds_to_send(self, key: str, requests: int, pause: float) -> float:
        """Estimate the seconds until `requests` have gone out, the first of them in `pause` seconds."""
        with self._lock:
            now, window = self._clock.monotonic(), self._windows[key]
            is_reset = window.ends_at is not None and now + pause >= window.ends_at
            counted = [] if is_reset else [moment for moment in window.answered if moment > now + pause - window.period]
            beyond = requests - max(0, window.limit - len(counted) - window.open)
            if beyond <= 0:
                return pause
            next_slot = counted[0] + window.period - now if counted else pause + window.period
            return max(pause, next_slot) + (beyond - 1) // window.limit * window.period

    def slots_left(self, key: str) -> int:
        """Return how many requests may still go out before a window is full, as far as anybody knows."""
        with self._lock:
            window = self._windows[key]
            window.roll_over(self._clock.monotonic())
            left = window.limit - window.used
            return left if window.remaining is None else min(left, window.remaining - window.open)

    def reserve(self, key: str) -> float:
        """Take a slot for one request.

        Returns:
            0.0 when the slot is taken, else the seconds after which to ask again.
        """
        with self._lock:
            now = self._clock.monotonic()
            window = self._windows[key]
            if (pause := self._closed_for(window, now)) > 0:
                return pause
            if window.remaining is not None:
                # Leave as many as are under way: another program may be using them up.
                if 0 < window.remaining <= 2 * window.open:
                    return _LOOK_AGAIN
            elif window.in_flight >= window.most_unseen:
                return _LOOK_AGAIN
            if window.used >= window.limit:
                return max(window.answered[0] + window.period - now, _SHORTEST) if window.answered else _LOOK_AGAIN
            window.in_flight += 1
            self._throttle.sent()
            return 0.0

    def settle(self, key: str, status: int, headers: Mapping[str, str], sent: float) -> None:
        """Count an answer, and believe what it says about the limit.

        Args:
            key: the window.
            status: the HTTP status.
            headers: as the server sent them.
            sent: when the request was sent.
        """
        limit_headers = LimitHeaders.of(headers, self.period(key), self._clock)
        with self._lock:
            now = self._clock.monotonic()
            window = self._windows[key]
            limit_headers = window.plausible(limit_headers, accepted=status != 429)
            if limit_headers.limit is not None:
                window.announced = limit_headers.limit
            window.in_flight -= 1
            if status == 429:
                window.on_429(limit_headers, now)
                return
            self._throttle.answered()
            if now < window.blocked_until:
                # The server counted it before the window was full, so it says nothing about the state since.
                window.answered.append(now)
                return
            window.alone = False
            self._alone = False
            window.refusals_in_a_row = 0
            window.update(limit_headers, sent, now)
            window.count(now)

    def release(self, key: str) -> None:
        """Return a slot that was never used, because the request was not sent."""
        with self._lock:
            self._windows[key].in_flight -= 1

    def lost(self, key: str, sent: float, was_reset: bool) -> bool:
        """Hold the slot of a request whose answer did not arrive, or not all of it, for the next attempt.

        Args:
            key: the window.
            sent: when the request was sent.
            was_reset: whether the server reset the connection.

        Returns:
            True where a burst of ours explains the reset: the pace is halved, and the attempt need not count.
        """
        with self._lock:
            window = self._windows[key]
            window.in_flight -= 1
            window.held += 1
            window.alone = False
            self._alone = False
            return was_reset and self._throttle.slow_down(sent)

    def resend(self, key: str) -> float:
        """Use a held slot for the next attempt at its request, which is not counted twice.

        Returns:
            0.0 when it may go out now, else the seconds after which to ask again.
        """
        with self._lock:
            now = self._clock.monotonic()
            window = self._windows[key]
            if (pause := self._closed_for(window, now)) > 0:
                return pause
            if window.remaining is None and window.in_flight >= window.most_unseen:
                return _LOOK_AGAIN
            window.held -= 1
            window.in_flight += 1
            self._throttle.sent()
            return 0.0

    def is_closed(self, key: str) -> bool:
        """Whether a 429 came since the slot was taken, so that the request must not go out any more."""
        with self._lock:
            return self._clock.monotonic() < self._windows[key].blocked_until

    def give_up(self, key: str) -> None:
        """Count a held slot as used: its request is not sent again, but the server may have counted it."""
        with self._lock:
            window = self._windows[key]
            window.held -= 1
            window.answered.append(self._clock.monotonic())

    def _closed_for(self, window: Window, now: float) -> float:
        """Return the seconds after which to ask again while nothing at all may go out, else 0.0."""
        if now < window.blocked_until:
            return max(window.blocked_until - now, _SHORTEST)
        if (pause := self._throttle.pause()) > 0:
            return max(pause, _SHORTEST)
        window.roll_over(now)
        if window.is_used_up and window.ends_at is not None:
            return max(window.ends_at - now, _SHORTEST)
        # Where nothing is left and the server did not say until when, one request alone finds out: by its 429.
        alone = self._alone or window.alone or window.is_used_up
        return _LOOK_AGAIN if window.in_flight and alone else 0.0
