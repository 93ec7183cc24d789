"""The one place that tells the time and waits, so that tests can replace it."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone
from typing import Protocol


class Clock(Protocol):
    """What the kit needs to know of time.

    `monotonic()` returns seconds that never go back; `now()` returns this machine's wall clock in UTC, which may be
    minutes off; `wait(seconds)` returns False if `stop()` cut the wait short.
    """

    def monotonic(self) -> float: ...

    def now(self) -> datetime: ...

    def wait(self, seconds: float) -> bool: ...

    def stop(self) -> None: ...


class SystemClock:
    """The machine's own clock. `stop()` wakes every waiter, so that a process that must end does not sleep on."""

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
