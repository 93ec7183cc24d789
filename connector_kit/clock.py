"""The one place that tells the time and waits, so that tests can replace it."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Protocol


class Clock(Protocol):
    """What the kit needs to know of time.

    `monotonic()` returns seconds that never go back; `now()` returns this machine's wall clock in UTC, which may be
    minutes off; `wait(seconds)` returns after that long, at once if it is negative.
    """

    def monotonic(self) -> float: ...

    def now(self) -> datetime: ...

    def wait(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def wait(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))
