"""The pace of requests: free, until the server resets connections in a burst."""

from __future__ import annotations

import logging
from collections import deque

from connector_kit.clock import Clock

logger = logging.getLogger("airbyte.connector_kit")


class BurstThrottle:
    """How fast requests may follow each other. No limit of its own, until the server resets connections in a burst.

    Talentio was seen to do so at about four requests a second from a data centre (C). The pace is then halved, and
    regained by and by with the answers that come.
    """

    # Resets at a slower pace than this (seconds between requests) are faults like others, not an answer to a burst.
    _SLOWEST = 2.0
    _REGAINED_PER_ANSWER = 0.97
    _FREE_BELOW = 0.02
    # A rate and a burst are seen over so many seconds; a connection that is lost now and then is no burst.
    _SEEN = 3.0
    _BURST = 2

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._interval = 0.0
        self._next = 0.0
        self._slowed_at = float("-inf")
        self._recent: deque[float] = deque()
        self._lost: deque[float] = deque(maxlen=self._BURST)

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

    def slow_down(self, sent: float) -> bool:
        """Halve the pace, for a connection that was lost with a request sent at `sent`.

        False where it is the only one for a while, or the pace is so slow already that a burst can't be the reason.
        """
        now = self._clock.monotonic()
        self._lost.append(now)
        if sent <= self._slowed_at:
            # It flew with the one for which the pace was halved: one burst, one step.
            return True
        rate = len([moment for moment in self._recent if moment >= now - self._SEEN]) / self._SEEN
        in_a_row = len(self._lost) == self._BURST and self._lost[0] >= now - self._SEEN
        if not in_a_row or self._interval >= self._SLOWEST or rate < 1:
            return False
        self._interval = min(max(self._interval * 2, 2 / rate), self._SLOWEST)
        self._next = now + self._interval
        self._slowed_at = now
        logger.info(
            "The server resets connections at %.1f requests a second; sending one every %.1f s for a while.",
            rate,
            self._interval,
        )
        return True
