"""One window of the server's limit: what was counted in it, what the server said of it, and when it ends."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from connector_kit.limit_headers import LimitHeaders

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


@dataclass
class Window:
    """What is known of one window of the server's.

    Args:
        configured: requests per `period` seconds, as the user set them.
    """

    configured: int
    period: float
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
    # Whether a request was accepted when nothing was left: what this server calls "remaining" is something else.
    miscounted: bool = False
    # What the server said is left: by the answer at `told_at`, until `told_until`. None where it says nothing.
    left: int | None = None
    told_at: float = 0.0
    told_until: float = 0.0
    told_reset: bool = False
    # Whether it began with a request of ours, so that we know when; and whether we asked one too many to learn it.
    ours: bool = False
    asked: bool = False

    @property
    def limit(self) -> int:
        return self.configured if self.announced is None else min(self.configured, self.announced)

    @property
    def room(self) -> int:
        """How many requests a window has room for, by what is known so far. At least 1."""
        return max(1, min(self.limit, self.fitted) if self.seen_whole and self.fitted is not None else self.limit)

    @property
    def rounding(self) -> float:
        return min(_ROUNDING, self.period * _ROUNDED_PART)

    @property
    def most_unseen(self) -> int:
        """How many requests may be in flight while answers don't tell what is left: few where a 429 costs much."""
        if self.fitted is not None and self.used >= self.fitted:
            return 1
        return max(1, self.limit // _UNSEEN_PART)

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

    def plausible(self, told: LimitHeaders, accepted: bool) -> LimitHeaders:
        """What an answer tells, without what can't be true of this window. Believed, it would only cost time."""
        if told.limit is not None and told.limit < self.configured * _PLAUSIBLE_PART:
            told = replace(told, limit=None, left=None if accepted else told.left)
        elif told.limit is not None and accepted and told.limit <= len(self.answered):
            told = replace(told, limit=None)
        return replace(told, left=None) if accepted and self.miscounted else told

    def may_ask_until_when(self) -> bool:
        """Whether to send one request more than are left, because its 429 tells when the window ends.

        Only where nothing else tells it: somebody else opened the window, and the answers say how much is left but not
        until when. Waiting for a whole period would then waste most of the next window.
        """
        if self.told_reset or self.ours or self.asked or self.open or self.used >= self.limit:
            return False
        self.asked = True
        return True

    def turn(self, now: float) -> None:
        """Forget what belongs to a window that is over."""
        self.forget_before(now - self.period)
        if self.ends_with_block:
            self.ends_with_block = False
            self._empty(now)
        if self.left is None or now < self.told_until:
            return
        self.alone = self.left <= 0
        self.left = None
        if self.told_reset:
            self._empty(now)

    def _empty(self, now: float) -> None:
        """The server's own window has begun anew: it knows better than our count when that is.

        No window is shorter than the period, whatever the server says, so that it can't make us send more than allowed.
        """
        if now - self.emptied_at >= self.period - self.rounding:
            self.answered.clear()
            self.emptied_at = now

    def hear(self, told: LimitHeaders, sent: float, now: float) -> None:
        """Believe what an answer says is left. Answers come in another order than the server counted in."""
        if self.left is not None and self.left <= 0 and sent >= self.told_at and not told.left:
            self.miscounted, self.left = True, None
            return
        if told.left is None:
            if self.left is not None:
                self.left -= 1
            return
        until = now + told.reset if told.reset is not None else None
        if self.left is not None and sent < self.told_at:
            # Overtaken by the answer that told what is left: it can be of the same window or the one before.
            if told.left < self.left and (until is None or until >= self.told_until - self.rounding):
                self.left, self.told_at = told.left, now
            return
        anew = self.left is None or told.left > self.left
        if anew:
            self.ours, self.asked = told.left + 1 >= self.limit, False
        if until is not None:
            self.told_until = until
        elif anew:
            # It does not say until when: for a period at the longest. Our own count stays, as what is left may rise
            # for other reasons than a new window.
            self.told_until = now + self.period
        # A reset at this very moment tells of no window that we could have drawn from.
        self.left, self.told_at, self.told_reset = told.left, now, bool(told.reset)

    def refused(self, told: LimitHeaders, now: float) -> None:
        """A 429: nothing goes out until the server's window begins anew."""
        if now >= self.blocked_until:
            self.refusals_in_a_row += 1
            self.fitted = len(self.answered)
        pause = told.pause
        said = None if pause is None else max(pause, told.closed_for or 0.0)
        if now >= self.blocked_until:
            from_its_beginning = bool(self.answered) and self.answered[0] == self.began_at
            to_its_end = self.emptied_at if pause is None else now + pause - self.began_at - self.period
            self.seen_whole = from_its_beginning and to_its_end >= -self.rounding
        if pause is None and self.answered and not self.left and self.refusals_in_a_row == 1:
            pause = self.answered[0] + self.period - now
        elif pause is None and now >= self.blocked_until:
            pause = min(_UNTOLD_PAUSE * 2 ** min(self.refusals_in_a_row - 1, 10), self.period)
        shortest = min(_SHORTEST_PAUSE * 2 ** min(self.refusals_in_a_row - 1, 10), _UNTOLD_PAUSE)
        self.blocked_until = max(self.blocked_until, now + max(pause or 0.0, shortest))
        # Other 429s come from a gateway or for a burst: what was counted in the window still counts when they end.
        ends = [now + told.reset] if told.reset and not told.left else []
        if self.answered and self.answered[0] == self.began_at:
            ends.append(self.began_at + self.period)
        if ends and now + (pause or 0.0) >= min(ends) - self.rounding:
            self.ends_with_block = True
        self.closed_until = None if said is None else now + max(said, shortest)
        self.left = None
        self.alone = True
