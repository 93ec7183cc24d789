"""Budgets of requests: never more than allowed in a window, and every window used from its first moment.

Neither vendor says how its window moves. Counting each request from the moment of its *answer* is right for all kinds:
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
# Where a slot frees only when another request is answered, nobody knows when that is: look again this much later.
_LOOK_AGAIN = 0.25
# A shorter pause than this ends, by a clock that counts in floats, in the moment in which it began.
_SHORTEST = 0.001


@dataclass(frozen=True)
class RateLimit:
    """So many requests per `period` seconds.

    Args:
        scope: `endpoint` where each endpoint has a window of its own, `all` where those of all count in one.
    """

    requests: int
    period: float
    scope: str

    def __post_init__(self) -> None:
        if self.scope not in _SCOPES:
            raise ValueError(f"{self.scope!r} is no scope of a rate limit; write {' or '.join(_SCOPES)}")
        if self.requests < 1 or self.period <= 0:
            raise ValueError(f"a rate limit of {self.requests} per {self.period} s lets nothing out")


class Budget:
    """How many requests may go out in each window. A window belongs to one endpoint, or to all of them.

    A slot is reserved, and then settled by its answer, lost and sent again, or released. Nothing here sleeps. All
    methods take the key of a window, which `window_for` gives.

    Args:
        clock: gives the moments.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._limits: dict[str, RateLimit] = {}
        self._windows: dict[str, Window] = {}
        self._throttle = BurstThrottle(clock)

    def window_for(self, endpoint: str, limit: RateLimit) -> str:
        """The key of the window from which requests to an endpoint draw.

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
        """The length of a window in seconds."""
        return self._limits[key].period

    def resets_in(self, key: str) -> float | None:
        """Seconds until the limit resets, as the server says it. None where it does not say."""
        with self._lock:
            until = self._windows[key].closed_until
            return None if until is None else max(0.0, until - self._clock.monotonic())

    def span(self, key: str) -> str:
        """The period in words: `15 min`."""
        minutes, seconds = divmod(self.period(key), 60)
        return f"{minutes:.0f} min" if not seconds else f"{self.period(key):g} s"

    def described(self, key: str) -> str:
        """The limit in words: `50 per 15 min`."""
        with self._lock:
            return f"{self._windows[key].limit} per {self.span(key)}"

    def lasts(self, key: str, requests: int, after: float) -> float:
        """In how many seconds so many requests will have gone out, the first of them in `after` seconds."""
        with self._lock:
            now, window = self._clock.monotonic(), self._windows[key]
            begins_anew = window.ends_at is not None and now + after >= window.ends_at
            counted = [] if begins_anew else [it for it in window.answered if it > now + after - window.period]
            beyond = requests - max(0, window.limit - len(counted) - window.open)
            if beyond <= 0:
                return after
            frees = counted[0] + window.period - now if counted else after + window.period
            return max(after, frees) + (beyond - 1) // window.limit * window.period

    def reserve(self, key: str) -> float:
        """Take a slot for one request, or say in how many seconds to ask again. 0.0 means that the slot is taken."""
        with self._lock:
            now = self._clock.monotonic()
            window = self._windows[key]
            if (pause := self._closed(window, now)) > 0:
                return pause
            if window.remaining is not None:
                # As many stay over as are under way: somebody else may be taking them at the same time.
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
        """Count an answer to a request sent at `sent`, and believe what it says of the limit."""
        told = LimitHeaders.of(headers, self.period(key), self._clock)
        with self._lock:
            now = self._clock.monotonic()
            window = self._windows[key]
            told = window.plausible(told, accepted=status != 429)
            if told.limit is not None:
                window.announced = told.limit
            window.in_flight -= 1
            if status == 429:
                window.on_429(told, now)
                return
            self._throttle.answered()
            if now < window.blocked_until:
                # It was counted before the window was full, and says nothing of how things stand since.
                window.answered.append(now)
                return
            window.alone = False
            window.refusals_in_a_row = 0
            window.update(told, sent, now)
            window.count(now)

    def release(self, key: str) -> None:
        """Give a slot back that was never used: the request was not sent."""
        with self._lock:
            self._windows[key].in_flight -= 1

    def lost(self, key: str, sent: float, was_reset: bool) -> bool:
        """No answer came, or not the whole of it; the slot is held for the next try.

        True where the connection was reset for a burst too many: the pace is slowed, and the try need not count.
        """
        with self._lock:
            window = self._windows[key]
            window.in_flight -= 1
            window.held += 1
            window.alone = False
            return was_reset and self._throttle.slow_down(sent)

    def resend(self, key: str) -> float:
        """Send the request of a held slot again: it is the same one, and is not counted twice.

        Gives the seconds after which to ask again, as `reserve` does. 0.0 means that it may go out now.
        """
        with self._lock:
            now = self._clock.monotonic()
            window = self._windows[key]
            if (pause := self._closed(window, now)) > 0:
                return pause
            if window.remaining is None and window.in_flight >= window.most_unseen:
                return _LOOK_AGAIN
            window.held -= 1
            window.in_flight += 1
            self._throttle.sent()
            return 0.0

    def is_closed(self, key: str) -> bool:
        """Whether a 429 came since the slot was taken, so that the request must not go out in it any more."""
        with self._lock:
            return self._clock.monotonic() < self._windows[key].blocked_until

    def give_up(self, key: str) -> None:
        """The request of a held slot is not sent again; the server may have counted it."""
        with self._lock:
            window = self._windows[key]
            window.held -= 1
            window.answered.append(self._clock.monotonic())

    def _closed(self, window: Window, now: float) -> float:
        """In how many seconds to ask again while nothing at all may go out; else 0.0."""
        if now < window.blocked_until:
            return max(window.blocked_until - now, _SHORTEST)
        if (pause := self._throttle.pause()) > 0:
            return max(pause, _SHORTEST)
        window.roll_over(now)
        if window.is_used_up and window.ends_at is not None:
            return max(window.ends_at - now, _SHORTEST)
        # Where nothing is left and nobody says until when, the next one finds out: a 429 tells it.
        return _LOOK_AGAIN if window.in_flight and (window.alone or window.is_used_up) else 0.0
