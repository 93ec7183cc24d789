"""Time as the connectors see it: one place that tells it and one that waits, so that a test can bring its own."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone
from typing import Protocol


class Clock(Protocol):
    """What the kit needs of time.

    `monotonic()` is in seconds and never goes back; `now()` is this machine's wall clock in UTC, which may be minutes
    off; `wait(seconds)` returns False when the wait was cut short because the process is to stop.
    """

    def monotonic(self) -> float: ...

    def now(self) -> datetime: ...

    def wait(self, seconds: float) -> bool: ...

    def stop(self) -> None: ...


class SystemClock:
    """The machine's own clock. `stop()` wakes every waiter: a process that is asked to end must not sleep on."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def wait(self, seconds: float) -> bool:
        return not self._stopped.wait(max(0.0, seconds))

    def stop(self) -> None:
        self._stopped.set()
