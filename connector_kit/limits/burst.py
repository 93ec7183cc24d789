"""Slows requests down when the server resets connections in a burst."""

from __future__ import annotations

import logging
from collections import deque

from connector_kit.clock import Clock

logger = logging.getLogger("airbyte.connector_kit")


class BurstThrottle:
    """Spaces requests out after a burst of resets; before that it adds no pause.

    Talentio was seen to reset connections at about four requests a second from a data centre (C). The pace is then
    halved, and recovers with each answer.
    """

    # The longest interval in seconds. Resets at a slower pace are ordinary failures, not an answer to a burst.
    _SLOWEST = 2.0
    # Each answer multiplies the interval by this; below the second value there is none.
    _RECOVERY_PER_ANSWER = 0.97
    _FREE_BELOW = 0.02
    # This many resets within this many seconds are a burst; the rate is measured over the same span.
    _BURST = 2
    _SPAN = 3.0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._interval = 0.0
        self._next = 0.0
        self._slowed_at = float("-inf")
        self._recent: deque[float] = deque()
        self._lost: deque[float] = deque(maxlen=self._BURST)

    def pause(self) -> float:
        """Return the seconds until the next request may be sent."""
        return max(0.0, self._next - self._clock.monotonic())

    def sent(self) -> None:
        """Note a request that goes out now."""
        now = self._clock.monotonic()
        self._next = now + self._interval
        self._recent.append(now)
        while self._recent and self._recent[0] < now - self._SPAN:
            self._recent.popleft()

    def answered(self) -> None:
        """Speed up a little, for an answer that came."""
        self._interval *= self._RECOVERY_PER_ANSWER
        if self._interval < self._FREE_BELOW:
            self._interval = 0.0

    def slow_down(self, sent: float) -> bool:
        """Halve the pace after a reset, if it belongs to a burst.

        Args:
            sent: when the request was sent whose connection was reset, by the monotonic clock.

        Returns:
            Whether a burst explains the reset. Not where it is the only one for a while, or the pace is slow already.
        """
        now = self._clock.monotonic()
        self._lost.append(now)
        if sent <= self._slowed_at:
            # Sent before the pace was last halved: each burst halves it only once.
            return True
        rate = len([moment for moment in self._recent if moment >= now - self._SPAN]) / self._SPAN
        is_burst = len(self._lost) == self._BURST and self._lost[0] >= now - self._SPAN
        if not is_burst or self._interval >= self._SLOWEST or rate < 1:
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
