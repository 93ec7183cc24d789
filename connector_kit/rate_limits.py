"""Budgets of requests: never more than allowed in a window, and every window used from its first moment.

Neither vendor says how its window moves. Counting each request from the moment of its *answer* is right for all kinds:
the server can't have counted it later, so a slot that is free here is free there.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from connector_kit.clock import Clock
from connector_kit.limit_headers import LimitHeaders
from connector_kit.pace import Pace

logger = logging.getLogger("airbyte.connector_kit")

# Where a slot frees only when another request is answered, nobody knows when that is: look again this much later.
_LOOK_AGAIN = 0.25
# A shorter pause than this ends, by a clock that counts in floats, in the moment in which it began.
_SHORTEST = 0.001
# A 429 that says nothing, at a moment when we have used nothing: ask again after this, then after twice as long, …
_UNTOLD_PAUSE = 60.0
# However soon a 429 invites us, one refusal after another is not answered by a storm of requests.
_SHORTEST_PAUSE = 1.0
# Servers round the seconds until a reset; of a short window that would be too large a part.
_ROUNDING = 2.0
_ROUNDED_PART = 0.01


@dataclass
class _Window:
    """What is known of one window of the server's."""

    answered: deque[float] = field(default_factory=deque)
    # The first answer since nothing was counted: with it, for all that our own count tells, the server's window began.
    began_at: float = float("-inf")
    in_flight: int = 0
    # Lost without an answer, to be sent again: the server may have counted them.
    held: int = 0
    blocked_until: float = 0.0
    # Whether the server's window begins anew when the block of a 429 ends.
    ends_with_block: bool = False
    # Until when the server itself says that it is closed. None where it does not say.
    closed_until: float | None = None
    emptied_at: float = float("-inf")
    # After a 429, and at the start, one request alone finds out how things stand.
    alone: bool = True
    refusals_in_a_row: int = 0
    # How many of ours fitted into a window that ended in a 429: more are tried one by one only.
    fitted: int | None = None
    # Whether that window was ours from its beginning, so that the next ones will take as many.
    seen_whole: bool = False
    announced: int | None = None
    # What the server said is left: by the answer at `told_at`, until `told_until`. None where it says nothing.
    left: int | None = None
    told_at: float = 0.0
    told_until: float = 0.0
    told_reset: bool = False
    # Whether it began with a request of ours, so that we know when; and whether we asked one too many to learn it.
    ours: bool = False
    asked: bool = False

    @property
    def open(self) -> int:
        return self.in_flight + self.held

    @property
    def used(self) -> int:
        return len(self.answered) + self.open

    def forget_before(self, moment: float) -> None:
        while self.answered and self.answered[0] <= moment:
            self.answered.popleft()

    def count(self, moment: float) -> None:
        if not self.answered:
            self.began_at = moment
        self.answered.append(moment)

    def absorb(self, other: _Window) -> None:
        """Take over what another window has counted."""
        self.answered = deque(sorted([*self.answered, *other.answered]))
        self.began_at = self.answered[0] if self.answered else self.began_at
        self.in_flight += other.in_flight
        self.held += other.held
        self.blocked_until = max(self.blocked_until, other.blocked_until)


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
        self._windows: dict[str, _Window] = {}
        self._shared: _Window | None = None
        self._rounding = min(_ROUNDING, period * _ROUNDED_PART)
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
            return f"{self._limit(self._window(scope))} per {self.span}"

    def per_window(self, scope: str) -> int:
        """How many requests a window has room for, by what is known so far. At least 1."""
        with self._lock:
            return self._room(self._window(scope))

    def lasts(self, scope: str, requests: int, after: float) -> float:
        """In how many seconds so many requests will have gone out, the first of them in `after` seconds."""
        with self._lock:
            now, window = self._clock.monotonic(), self._window(scope)
            room = self._room(window)
            begins_anew = window.ends_with_block or (
                window.left is not None and window.told_reset and now + after >= window.told_until
            )
            counted = [] if begins_anew else [it for it in window.answered if it > now + after - self.period]
            beyond = requests - max(0, room - len(counted) - window.open)
            if beyond <= 0:
                return after
            frees = counted[0] + self.period - now if counted else after + self.period
            return max(after, frees) + (beyond - 1) // room * self.period

    def in_one_window(self, scope: str, other: str) -> bool:
        """Whether two scopes draw from the same window."""
        with self._lock:
            return self._window(scope) is self._window(other)

    def reserve(self, scope: str) -> float:
        """Take a slot for one request, or say in how many seconds to ask again. 0.0 means that the slot is taken."""
        with self._lock:
            now = self._clock.monotonic()
            window = self._window(scope)
            if (pause := self._closed(window, now)) > 0:
                return pause
            if window.left is not None:
                if window.left <= 0 and not self._may_ask_until_when(window):
                    return max(window.told_until - now, _LOOK_AGAIN)
                if 0 < window.left <= window.open:
                    return _LOOK_AGAIN
            elif window.fitted is not None and window.used >= window.fitted and window.in_flight:
                return _LOOK_AGAIN
            if window.used >= self._limit(window):
                return max(window.answered[0] + self.period - now, _SHORTEST) if window.answered else _LOOK_AGAIN
            window.in_flight += 1
            self._pace.sent()
            return 0.0

    def settle(self, scope: str, status: int, headers: Mapping[str, str], sent: float) -> None:
        """Count an answer to a request sent at `sent`, and believe what it says of the limit."""
        told = LimitHeaders.of(headers, self.period, self._clock)
        with self._lock:
            now = self._clock.monotonic()
            if status == 429:
                self._suspect_sharing(scope, told, now)
            window = self._window(scope)
            window.in_flight -= 1
            if told.limit is not None:
                window.announced = told.limit
            if status == 429:
                self._refused(window, told, now)
                return
            self._pace.answered()
            if now < window.blocked_until:
                # It was counted before the window was full, and is gone with that window if the block ends it.
                window.fitted = (window.fitted or 0) + 1
                window.count(now)
                return
            window.alone = False
            window.refusals_in_a_row = 0
            self._hear(window, told, sent, now)
            window.count(now)
            if window.fitted is not None and len(window.answered) > window.fitted:
                window.fitted = len(window.answered) if len(window.answered) < self._limit(window) else None

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
            if window.left is not None and window.left <= 0:
                return max(window.told_until - now, _LOOK_AGAIN)
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
            window.count(self._clock.monotonic())

    def _may_ask_until_when(self, window: _Window) -> bool:
        """Whether to send one request more than are left, because its 429 tells when the window ends.

        Only where nothing else tells it: somebody else opened the window, and the answers say how much is left but not
        until when. Waiting for a whole period would then waste most of the next window.
        """
        if window.told_reset or window.ours or window.asked or window.open or window.used >= self._limit(window):
            return False
        window.asked = True
        return True

    def _closed(self, window: _Window, now: float) -> float:
        """In how many seconds to ask again while nothing at all may go out; else 0.0."""
        if now < window.blocked_until:
            return max(window.blocked_until - now, _SHORTEST)
        if (pause := self._pace.pause()) > 0:
            return max(pause, _SHORTEST)
        self._turn(window, now)
        return _LOOK_AGAIN if window.alone and window.in_flight else 0.0

    def _turn(self, window: _Window, now: float) -> None:
        """Forget what belongs to a window that is over."""
        window.forget_before(now - self.period)
        if window.ends_with_block:
            window.ends_with_block = False
            self._empty(window, now)
        if window.left is None or now < window.told_until:
            return
        window.alone = window.left <= 0
        window.left = None
        if window.told_reset:
            self._empty(window, now)

    def _empty(self, window: _Window, now: float) -> None:
        """The server's own window has begun anew: it knows better than our count when that is.

        No window is shorter than the period, whatever the server says, so that it can't make us send more than allowed.
        """
        if now - window.emptied_at >= self.period - self._rounding:
            window.answered.clear()
            window.emptied_at = now

    def _hear(self, window: _Window, told: LimitHeaders, sent: float, now: float) -> None:
        """Believe what an answer says is left. Answers come in another order than the server counted in."""
        if told.left is None:
            if window.left is not None:
                window.left -= 1
            return
        until = now + told.reset if told.reset is not None else None
        if window.left is not None and sent < window.told_at:
            # Overtaken by the answer that told what is left: it can be of the same window or the one before.
            if told.left < window.left and (until is None or until >= window.told_until - self._rounding):
                window.left, window.told_at = told.left, now
            return
        anew = window.left is None or told.left > window.left
        if anew:
            window.ours, window.asked = told.left + 1 >= self._limit(window), False
        if until is not None:
            window.told_until = until
        elif anew:
            # It does not say until when: for a period at the longest. Our own count stays, as what is left may rise
            # for other reasons than a new window.
            window.told_until = now + self.period
        # A reset at this very moment tells of no window that we could have drawn from.
        window.left, window.told_at, window.told_reset = told.left, now, bool(told.reset)

    def _refused(self, window: _Window, told: LimitHeaders, now: float) -> None:
        """A 429: nothing goes out until the server's window begins anew."""
        if now >= window.blocked_until:
            window.refusals_in_a_row += 1
            window.fitted = len(window.answered)
        pause = told.pause
        said = None if pause is None else max(pause, told.closed_for or 0.0)
        if now >= window.blocked_until:
            from_its_beginning = bool(window.answered) and window.answered[0] == window.began_at
            to_its_end = window.emptied_at if pause is None else now + pause - window.began_at - self.period
            window.seen_whole = from_its_beginning and to_its_end >= -self._rounding
        if pause is None and window.answered and not window.left and window.refusals_in_a_row == 1:
            pause = window.answered[0] + self.period - now
        elif pause is None and now >= window.blocked_until:
            pause = min(_UNTOLD_PAUSE * 2 ** min(window.refusals_in_a_row - 1, 10), self.period)
        shortest = min(_SHORTEST_PAUSE * 2 ** min(window.refusals_in_a_row - 1, 10), _UNTOLD_PAUSE)
        window.blocked_until = max(window.blocked_until, now + max(pause or 0.0, shortest))
        # Other 429s come from a gateway or for a burst: what was counted in the window still counts when they end.
        ends = [now + told.reset] if told.reset and not told.left else []
        if window.answered and window.answered[0] == window.began_at:
            ends.append(window.began_at + self.period)
        if ends and now + (pause or 0.0) >= min(ends) - self._rounding:
            window.ends_with_block = True
        window.closed_until = None if said is None else now + max(said, shortest)
        window.left = None
        window.alone = True

    def _suspect_sharing(self, scope: str, told: LimitHeaders, now: float) -> None:
        """Merge the windows of all scopes where a 429 shows that the server counts them together.

        It does where this scope alone has not reached the limit, and all of them together have reached just that.
        """
        if self._shared is not None or len(self._windows) < 2:
            return
        windows = self._windows.values()
        for window in windows:
            window.forget_before(now - self.period)
        # A window that ends soon after it began is none: a gateway's 429 says nothing of who counts together.
        pause = told.pause
        began = min((window.answered[0] for window in windows if window.answered), default=now)
        if pause is not None and now + pause - began < self.period / 2:
            return
        limit = self._limit(self._window(scope))
        own = len(self._window(scope).answered)
        together = sum(len(window.answered) for window in windows)
        # Of those under way, but for the refused one itself, the server may have counted some and not others.
        under_way = sum(window.open for window in windows) - 1
        if own < limit and together <= limit <= together + under_way:
            logger.warning(
                "The server counts the requests of all endpoints in one window: with %d answered on this endpoint and "
                "%d on all, the next one was refused (HTTP 429) at a limit of %d. From here on they share one.",
                own,
                together,
                limit,
            )
            self._shared = _Window()
            for window in windows:
                self._shared.absorb(window)

    def _room(self, window: _Window) -> int:
        limit = self._limit(window)
        return max(1, min(limit, window.fitted) if window.seen_whole and window.fitted is not None else limit)

    def _limit(self, window: _Window) -> int:
        return self.limit if window.announced is None else min(self.limit, window.announced)

    def _window(self, scope: str) -> _Window:
        return self._shared or self._windows.setdefault(scope, _Window())
