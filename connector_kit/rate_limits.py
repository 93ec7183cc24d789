"""Budgets of requests: never more than allowed in a window, and every window used from its first moment.

Neither vendor says how its window moves. Counting each request from the moment of its *answer* is right for all kinds:
the server can't have counted it later, so a slot that is free here is free there.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from connector_kit.clock import Clock
from connector_kit.limit_headers import LimitHeaders
from connector_kit.pace import Pace
from connector_kit.windows import Window

# Where a slot frees only when another request is answered, nobody knows when that is: look again this much later.
_LOOK_AGAIN = 0.25
# A shorter pause than this ends, by a clock that counts in floats, in the moment in which it began.
_SHORTEST = 0.001


class Budget:
    """How many requests may go out in each window. A window belongs to a scope: one endpoint, or all of them.

    A slot is reserved, and then settled by its answer, lost and sent again, or released. Nothing here sleeps.

    Args:
        limit: requests per `period` seconds.
        clock: gives the moments.
    """

    def __init__(self, limit: int, period: float, clock: Clock) -> None:
        self.limit = limit
        self.period = period
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[str, Window] = {}
        self._pace = Pace(clock)

    def resets_in(self, scope: str) -> float | None:
        """Seconds until the limit resets, as the server says it. None where it does not say."""
        with self._lock:
            until = self._window(scope).closed_until
            return None if until is None else max(0.0, until - self._clock.monotonic())

    @property
    def span(self) -> str:
        """The period in words: `15 min`."""
        minutes, seconds = divmod(self.period, 60)
        return f"{minutes:.0f} min" if not seconds else f"{self.period:g} s"

    def described(self, scope: str) -> str:
        """The limit in words: `50 per 15 min`."""
        with self._lock:
            return f"{self._window(scope).limit} per {self.span}"

    def lasts(self, scope: str, requests: int, after: float) -> float:
        """In how many seconds so many requests will have gone out, the first of them in `after` seconds."""
        with self._lock:
            now, window = self._clock.monotonic(), self._window(scope)
            begins_anew = window.ends_at is not None and now + after >= window.ends_at
            counted = [] if begins_anew else [it for it in window.answered if it > now + after - self.period]
            beyond = requests - max(0, window.limit - len(counted) - window.open)
            if beyond <= 0:
                return after
            frees = counted[0] + self.period - now if counted else after + self.period
            return max(after, frees) + (beyond - 1) // window.limit * self.period

    def reserve(self, scope: str) -> float:
        """Take a slot for one request, or say in how many seconds to ask again. 0.0 means that the slot is taken."""
        with self._lock:
            now = self._clock.monotonic()
            window = self._window(scope)
            if (pause := self._closed(window, now)) > 0:
                return pause
            if window.left is not None:
                # As many stay over as are under way: somebody else may be taking them at the same time.
                if 0 < window.left <= 2 * window.open:
                    return _LOOK_AGAIN
            elif window.in_flight >= window.most_unseen:
                return _LOOK_AGAIN
            if window.used >= window.limit:
                return max(window.answered[0] + self.period - now, _SHORTEST) if window.answered else _LOOK_AGAIN
            window.in_flight += 1
            self._pace.sent()
            return 0.0

    def settle(self, scope: str, status: int, headers: Mapping[str, str], sent: float) -> None:
        """Count an answer to a request sent at `sent`, and believe what it says of the limit."""
        told = LimitHeaders.of(headers, self.period, self._clock)
        with self._lock:
            now = self._clock.monotonic()
            window = self._window(scope)
            told = window.plausible(told, accepted=status != 429)
            if told.limit is not None:
                window.announced = told.limit
            window.in_flight -= 1
            if status == 429:
                window.refused(told, now)
                return
            self._pace.answered()
            if now < window.blocked_until:
                # It was counted before the window was full, and says nothing of how things stand since.
                window.answered.append(now)
                return
            window.alone = False
            window.refusals_in_a_row = 0
            window.hear(told, sent, now)
            window.count(now)

    def release(self, scope: str) -> None:
        """Give a slot back that was never used: the request was not sent."""
        with self._lock:
            self._window(scope).in_flight -= 1

    def lost(self, scope: str, sent: float, was_reset: bool) -> bool:
        """No answer came, or not the whole of it; the slot is held for the next try.

        True where the connection was reset for a burst too many: the pace is slowed, and the try need not count.
        """
        with self._lock:
            window = self._window(scope)
            window.in_flight -= 1
            window.held += 1
            window.alone = False
            return was_reset and self._pace.slow_down(sent)

    def resend(self, scope: str) -> float:
        """Send the request of a held slot again: it is the same one, and is not counted twice.

        Gives the seconds after which to ask again, as `reserve` does. 0.0 means that it may go out now.
        """
        with self._lock:
            now = self._clock.monotonic()
            window = self._window(scope)
            if (pause := self._closed(window, now)) > 0:
                return pause
            if window.left is None and window.in_flight >= window.most_unseen:
                return _LOOK_AGAIN
            window.held -= 1
            window.in_flight += 1
            self._pace.sent()
            return 0.0

    def is_closed(self, scope: str) -> bool:
        """Whether a 429 came since the slot was taken, so that the request must not go out in it any more."""
        with self._lock:
            return self._clock.monotonic() < self._window(scope).blocked_until

    def give_up(self, scope: str) -> None:
        """The request of a held slot is not sent again; the server may have counted it."""
        with self._lock:
            window = self._window(scope)
            window.held -= 1
            window.answered.append(self._clock.monotonic())

    def _closed(self, window: Window, now: float) -> float:
        """In how many seconds to ask again while nothing at all may go out; else 0.0."""
        if now < window.blocked_until:
            return max(window.blocked_until - now, _SHORTEST)
        if (pause := self._pace.pause()) > 0:
            return max(pause, _SHORTEST)
        window.turn(now)
        if window.nothing_left and window.ends_at is not None:
            return max(window.ends_at - now, _SHORTEST)
        # Where nothing is left and nobody says until when, the next one finds out: a 429 tells it.
        return _LOOK_AGAIN if window.in_flight and (window.alone or window.nothing_left) else 0.0

    def _window(self, scope: str) -> Window:
        return self._windows.setdefault(scope, Window(self.limit, self.period))
