"""One window of the server's limit: how many requests it counted, what the server said about it, and when it ends."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from connector_kit.limits.headers import LimitHeaders

# Seconds to wait after a 429 without a reset time when we have sent nothing in this window; doubled for each further
# one.
_DEFAULT_PAUSE = 60.0
# The shortest pause after a 429, however short a pause the server asks for: 429s in a row must not be answered by a
# storm of requests.
_SHORTEST_PAUSE = 1.0
# What is in flight when a 429 comes can't be called back, and is refused too. Where answers don't say how many are
# left, at most one request for each 50 of the limit is in flight: 1 for a limit of 50, and 100 for 5,000.
_UNSEEN_PART = 50
# A limit below this fraction of the configured one counts something else, such as the requests of a second.
_PLAUSIBLE_PART = 0.1
# Servers round the seconds until a reset. For a short window this would be too large a part, so the fraction caps it.
_ROUNDING = 2.0
_ROUNDED_PART = 0.01
_NEVER = float("-inf")


@dataclass
class Window:
    """What is known about one of the server's windows. All moments are by the monotonic clock.

    Args:
        configured: requests per `period`, as the user set them.
        period: in seconds.
        answered: when the requests were answered that count in this window.
        in_flight: requests that are sent and not answered.
        held: requests that were lost and are to be sent again: the server may have counted them.
        blocked_until: until when a 429 closed the window.
        closed_until: until when the server itself says that it is closed; None where it does not say.
        emptied_at: when we last cleared our count because the server's window had restarted.
        began_at: when the first answer since the last 429 came. As far as we can tell, the server's window began then.
        alone: True after a 429: a single request finds out how things stand.
        refusals_in_a_row: 429s without another answer in between.
        announced: the limit that the server named.
        remaining: requests left, as the answer at `as_of` said; None where the server does not say.
        as_of: see `remaining`.
        ends_at: when the window ends, as that answer said; None where the server does not say.
    """

    configured: int
    period: float
    answered: deque[float] = field(default_factory=deque)
    in_flight: int = 0
    held: int = 0
    blocked_until: float = 0.0
    closed_until: float | None = None
    emptied_at: float = _NEVER
    began_at: float = _NEVER
    alone: bool = False
    refusals_in_a_row: int = 0
    announced: int | None = None
    remaining: int | None = None
    as_of: float = 0.0
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
        """How many requests may be in flight while answers don't say what is left: few where a 429 costs much."""
        return max(1, self.limit // _UNSEEN_PART)

    @property
    def open(self) -> int:
        return self.in_flight + self.held

    @property
    def used(self) -> int:
        return len(self.answered) + self.open

    def plausible(self, headers: LimitHeaders, accepted: bool) -> LimitHeaders:
        """Return the headers without a limit that can't be this window's: believing it would only cost time."""
        if headers.limit is None:
            return headers
        if headers.limit >= self.configured * _PLAUSIBLE_PART and not (
            accepted and headers.limit <= len(self.answered)
        ):
            return headers
        return replace(headers, limit=None, remaining=None if accepted else headers.remaining)

    def roll_over(self, now: float) -> None:
        """Forget what belongs to a window that is over."""
        while self.answered and self.answered[0] <= now - self.period:
            self.answered.popleft()
        if self.ends_at is None or now < self.ends_at:
            return
        self.alone = self.is_used_up
        self.remaining = self.ends_at = None
        # The server knows better than our count when its window started over. But no window is shorter than the period,
        # whatever the server says, so it can't make us send more than allowed.
        if now - self.emptied_at >= self.period - self.rounding:
            self.answered.clear()
            self.emptied_at = now

    def count(self, moment: float) -> None:
        self.answered.append(moment)
        if self.began_at == _NEVER:
            self.began_at = moment

    def update(self, headers: LimitHeaders, sent: float, now: float) -> None:
        """Believe what an answer says is left, unless a later one overtook it.

        Args:
            headers: the answer's headers.
            sent: when its request was sent.
            now: the monotonic clock.
        """
        if headers.remaining is None:
            return
        if self.remaining is not None and self.remaining <= headers.remaining and sent < self.as_of:
            return
        # A `reset` of 0 describes a window that has ended.
        self.remaining, self.as_of, self.ends_at = (
            headers.remaining,
            now,
            now + headers.reset if headers.reset else None,
        )

    def on_429(self, headers: LimitHeaders, now: float) -> None:
        """Close the window until the server's starts over."""
        # Requests that were in flight when the window closed are refused as well, and say nothing more.
        first = now >= self.blocked_until
        if first:
            self.refusals_in_a_row += 1
        pause, longer = headers.pause, 2 ** min(self.refusals_in_a_row - 1, 10)
        shortest = min(_SHORTEST_PAUSE * longer, _DEFAULT_PAUSE)
        self.closed_until = None if pause is None else now + max(pause, headers.closed_for or 0.0, shortest)
        if pause is None and first:
            pause = min(_DEFAULT_PAUSE * longer, self.period)
            if self.answered and not self.remaining and self.refusals_in_a_row == 1:
                pause = max(self.answered[0], self.began_at) + self.period - now
        self.blocked_until = max(self.blocked_until, now + max(pause or 0.0, shortest))
        if headers.reset and not headers.remaining:
            self.remaining, self.ends_at = 0, now + headers.reset
        elif first:
            # Other 429s come from a gateway or answer a burst: what the window counted still counts when they end.
            self.remaining = self.ends_at = None
        self.began_at = _NEVER
        self.alone = True
