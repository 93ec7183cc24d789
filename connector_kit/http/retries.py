"""How often a request that fails is tried again, and after which pauses."""

from __future__ import annotations

import random
from dataclasses import dataclass

from connector_kit.http.attempts import Attempt
from connector_kit.http.failure_table import PATIENCE, PAUSES

# A server that is down may say for how long (`Retry-After`). We honor at most this many seconds in total.
_LONGEST_RETRY_AFTER = 3600.0
# Attempts lost to our own burst don't count, up to this many; after that they do.
_MOST_FORGIVEN = 8


@dataclass
class Retries:
    """The failed attempts of one request.

    Args:
        counted: attempts that count.
        forgiven: attempts lost to our own burst.
        set_aside_after: at which number of counted attempts it is set aside again; 0 if it never was.
        failed_at: when the first attempt failed, by the monotonic clock.
        hung: seconds that the attempts after the first took.
        waited_as_asked: seconds of pauses that a `Retry-After` asked for.
        due: when a request that was set aside is sent again, by the monotonic clock.
    """

    counted: int = 0
    forgiven: int = 0
    set_aside_after: int = 0
    failed_at: float | None = None
    hung: float = 0.0
    waited_as_asked: float = 0.0
    due: float = 0.0

    def pause_after(self, attempt: Attempt, by_burst: bool, now: float) -> float | None:
        """Count an attempt that failed.

        Args:
            attempt: the attempt.
            by_burst: whether the budget blames its loss on a burst of ours.
            now: the monotonic clock.

        Returns:
            Seconds until the next attempt; None when this was the last.
        """
        if by_burst and self.forgiven < _MOST_FORGIVEN:
            self.forgiven += 1
        else:
            self.counted += 1
        if self.failed_at is None:
            self.failed_at = now
        else:
            self.hung += attempt.took
        if self.counted > len(PAUSES) or self.hung >= PATIENCE or self.waited_as_asked >= _LONGEST_RETRY_AFTER:
            return None
        pause = PAUSES[max(self.counted, 1) - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
        if attempt.retry_after:
            pause = max(pause, min(attempt.retry_after, _LONGEST_RETRY_AFTER - self.waited_as_asked))
            self.waited_as_asked += pause
        return pause
