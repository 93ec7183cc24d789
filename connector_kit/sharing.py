"""Whether the server counts the requests of all endpoints in one window, as its refusals show it.

One refusal is no proof: somebody else who uses the same credentials leaves as many requests of an endpoint's own window
as would be left of a shared one, now and then. A false proof would cost a multiple of the time, so two observations are
needed: a count that fits and what the server says of it, or two counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector_kit.limit_headers import LimitHeaders
from connector_kit.windows import Window

# Two moments that are no further apart may be the same one: servers round to seconds, and answers take their time.
_SAME_MOMENT = 5.0
_SAME_PART = 1 / 8
# So far from the count may be what is left by an answer, for requests that overtook it.
_OVERTAKEN = 2


@dataclass
class _Refusal:
    """A 429 below the limit: the requests answered until then on this endpoint and on all.

    Args:
        fits: whether those of all endpoints have reached the limit.
        at, until: when it came, and when the window that it speaks of ends.
    """

    own: int
    together: int
    fits: bool
    at: float
    until: float


class Sharing:
    """Watches refusals for the proof. Not safe among threads by itself: the budget's lock guards it."""

    def __init__(self, period: float) -> None:
        self._period = period
        self._same = min(_SAME_MOMENT, period * _SAME_PART)
        self._last: dict[str, _Refusal] = {}

    def proven_by(self, scope: str, windows: Mapping[str, Window], told: LimitHeaders, now: float) -> bool:
        """Note a 429 for a request of `scope`, still in flight by the count. True where it completes the proof."""
        for window in windows.values():
            window.forget_before(now - self._period)
        earlier = self._last.pop(scope, None)
        own, limit = windows[scope], windows[scope].limit
        firsts = [window.answered[0] for window in windows.values() if window.answered]
        together = sum(len(window.answered) for window in windows.values())
        # Of those under way, but for the refused one itself, the server may have counted some and not others.
        under_way = sum(window.open for window in windows.values()) - 1
        if not firsts or len(own.answered) >= limit or together > limit:
            return False
        began = min(firsts)
        told_began = None if told.pause is None else now + told.pause - self._period
        if told_began is not None and abs(told_began - began) > self._same:
            # A window that began at another moment is not the one in which all were counted; one that ends soon after
            # it began is none: a gateway's 429.
            return False
        left = [
            (window.left, sum(moment > window.told_at for it in windows.values() for moment in it.answered))
            for name, window in windows.items()
            if name != scope and window.left is not None and now < window.told_until
        ]
        if not all(since - _OVERTAKEN <= was_left <= since + under_way + _OVERTAKEN for was_left, since in left):
            # What another endpoint was told is left would have gone out since, on all of them together.
            return False
        fits = limit <= together + under_way
        own_began = own.answered[0] if own.answered else now
        # What the server says tells more than the count only where it would say something else of a window of its own.
        by_left = any(was_left > 2 * _OVERTAKEN for was_left, _ in left)
        by_reset = told_began is not None and told_began < own_began - self._same
        if fits and (by_left or by_reset):
            return True
        refusal = self._last[scope] = _Refusal(len(own.answered), together, fits, now, began + self._period)
        if fits and any(other.fits and other.own != refusal.own for other in self._last.values()):
            # Where they are equal it may as well be that somebody else leaves as many in the window of each.
            return True
        # Of a limit that nobody announced: in another window as many fitted again, and others of them were this one's.
        return (
            earlier is not None
            and now >= earlier.until - self._same
            and (earlier.together, earlier.own != refusal.own) == (together, True)
        )

    def answered(self, scope: str, sent: float) -> None:
        """Note an answer that is no 429: it disproves what a window that is closed for all would have refused."""
        for refused, it in [*self._last.items()]:
            if refused != scope and it.at < sent < it.until - self._same:
                del self._last[refused]
