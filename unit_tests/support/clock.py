"""The one clock of the tests: the sandbox reads it, the kit reads it and waits by it, and no time passes but by it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone

from sandbox import VirtualClock

# When a test says nothing of time: the vendors' samples are older than any lookback, so that no state is held back.
NOW = datetime(2024, 6, 1, tzinfo=timezone.utc)


class SharedClock(VirtualClock):
    """Stands still but for `advance` and for waits, which take no time: they move it.

    Args:
        start: epoch seconds at which it begins.
        skew: seconds by which the kit's wall clock is ahead of the world's.
    """

    def __init__(self, start: float = 1_750_000_000.0, *, skew: float = 0.0) -> None:
        super().__init__(start)
        self.skew = skew
        # Called when somebody begins to wait.
        self.before_wait: Callable[[], object] = lambda: None
        self._lock = threading.Lock()

    def advance(self, seconds: float) -> None:
        with self._lock:
            super().advance(seconds)

    def monotonic(self) -> float:
        return self.passed

    def now(self) -> datetime:
        return datetime.fromtimestamp(self() + self.skew, timezone.utc)

    def wait(self, seconds: float) -> None:
        self.before_wait()
        self.advance(max(0.0, seconds))
        if 0 < seconds < 1:
            # A look at what another thread has in hand, which must get on, or hours pass while it sends one request.
            time.sleep(0.001)
