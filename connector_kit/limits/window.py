"""One window of the server's limit: what was counted in it, what the server said of it, and when it ends."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from connector_kit.limits.headers import LimitHeaders

# A 429 that says nothing, at a moment when we have used nothing: ask again after this, then after twice as long, …
_UNTOLD_PAUSE = 60.0
# However soon a 429 invites us, one refusal after another is not answered by a storm of requests.
_SHORTEST_PAUSE = 1.0
# What is under way when a 429 comes can't be called back, and is refused too. Where answers don't tell what is left,
# it may therefore be this part of the limit at the most: of 50 one request, of 5,000 more than there are workers.
_UNSEEN_PART = 50
# A limit below this part of the configured one counts something else, such as the requests of a second.
_PLAUSIBLE_PART = 0.1
# Servers round the seconds until a reset; of a short window that would be too large a part.
_ROUNDING = 2.0
_ROUNDED_PART = 0.01
# Stands for a moment that has not come yet.
_NEVER = float("-inf")


@dataclass
class Window:
    """What is known of one window of the server's.

    Args:
        configured: requests per `period` seconds, as the user set them.
    """

    configured: int
    period: float
    answered: deque[float] = field(default_factory=deque)
    in_flight: int = 0
    # Lost without an answer, to be sent again: the server may have counted them.
    held: int = 0
    blocked_until: float = 0.0
    # Until when the server itself says that it is closed. None where it does not say.
    closed_until: float | None = None
    emptied_at: float = _NEVER
    # The first answer since the last 429: with it, for all that our own count tells, the server's window began.
    began_at: float = _NEVER
    # After a 429, and at the start, one request alone finds out how things stand.
    alone: bool = True
    refusals_in_a_row: int = 0
    announced: int | None = None
    # What the server said is left, by the answer at `told_at`, and when it said that its window ends. None where it
    # says nothing.
    remaining: int | None = None
    told_at: float = 0.0
    ends_at: float | None = None

    @property
    def limit(self) -> int:
        return self.configured if self.announced is None else min(self.configured, self.announced)

    @property
    def is_used_up(self) -> bool:
        return self.remaining is not None and self.remaining <= 0

    @property
    def rounding(self) -> float:
        return min(_ROUNDING, self.period * _ROUNDED_PART)

    @property
    def most_unseen(self) -> int:
        """How many requests may be in flight while answers don't tell what is left: few where a 429 costs much."""
        return max(1, self.limit // _UNSEEN_PART)

    @property
    def open(self) -> int:
        return self.in_flight + self.held

    @property
    def used(self) -> int:
        return len(self.answered) + self.open

    def plausible(self, told: LimitHeaders, accepted: bool) -> LimitHeaders:
        """What an answer tells, without a limit that can't be this window's. Believed, it would only cost time."""
        if told.limit is None:
            return told
        if told.limit >= self.configured * _PLAUSIBLE_PART and not (accepted and told.limit <= len(self.answered)):
            return told
        return replace(told, limit=None, remaining=None if accepted else told.remaining)

    def roll_over(self, now: float) -> None:
        """Forget what belongs to a window that is over."""
        while self.answered and self.answered[0] <= now - self.period:
            self.answered.popleft()
        if self.ends_at is None or now < self.ends_at:
            return
        self.alone = self.is_used_up
        self.remaining = self.ends_at = None
        # The server's own window has begun anew: it knows better than our count when that is. But no window is shorter
        # than the period, whatever the server says, so that it can't make us send more than allowed.
        if now - self.emptied_at >= self.period - self.rounding:
            self.answered.clear()
            self.emptied_at = now

    def count(self, moment: float) -> None:
        self.answered.append(moment)
        if self.began_at == _NEVER:
            self.began_at = moment

    def update(self, told: LimitHeaders, sent: float, now: float) -> None:
        """Believe what an answer says is left. Answers come in another order than the server counted in."""
        if told.remaining is None:
            return
        if self.remaining is not None and self.remaining <= told.remaining and sent < self.told_at:
            # Overtaken by the answer that told of fewer.
            return
        # A reset at this very moment tells of no window that we could have drawn from.
        self.remaining, self.told_at, self.ends_at = told.remaining, now, now + told.reset if told.reset else None

    def on_429(self, told: LimitHeaders, now: float) -> None:
        """A 429: nothing goes out until the server's window begins anew."""
        # Those that were under way when the window closed are refused as well, and tell nothing more.
        first = now >= self.blocked_until
        if first:
            self.refusals_in_a_row += 1
        pause, longer = told.pause, 2 ** min(self.refusals_in_a_row - 1, 10)
        shortest = min(_SHORTEST_PAUSE * longer, _UNTOLD_PAUSE)
        self.closed_until = None if pause is None else now + max(pause, told.closed_for or 0.0, shortest)
        if pause is None and first:
            pause = min(_UNTOLD_PAUSE * longer, self.period)
            if self.answered and not self.remaining and self.refusals_in_a_row == 1:
                pause = max(self.answered[0], self.began_at) + self.period - now
        self.blocked_until = max(self.blocked_until, now + max(pause or 0.0, shortest))
        if told.reset and not told.remaining:
            self.remaining, self.ends_at = 0, now + told.reset
        elif first:
            # Other 429s come from a gateway or for a burst: what was counted in the window still counts when they end.
            self.remaining = self.ends_at = None
        self.began_at = _NEVER
        self.alone = True
