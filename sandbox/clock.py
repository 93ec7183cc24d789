"""The sandbox's own clock and the ways both APIs write a time.

Everything in the sandbox that needs "now" asks one callable that returns epoch seconds, so a test can put its own
clock in and no time passes but by its will. Stored times are whole epoch seconds: neither API shows more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import formatdate

Clock = Callable[[], float]
"""Returns the present as epoch seconds."""

DAY = 86_400
JST = timezone(timedelta(hours=9))


class ShiftedClock:
    """Real time moved to another start, and movable while it runs."""

    def __init__(self, start: float | None = None) -> None:
        self._offset = 0.0 if start is None else start - time.time()

    def __call__(self) -> float:
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Jumps by `seconds`; a negative number goes back."""
        self._offset += seconds


class VirtualClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, start: float = 1_750_000_000.0) -> None:
        self.start = start
        # Counted from 0, so that sums of a few seconds stay exact.
        self.passed = 0.0

    def __call__(self) -> float:
        return self.start + self.passed

    def advance(self, seconds: float) -> None:
        """Jumps by `seconds`; a negative number goes back."""
        self.passed += seconds


def iso_microseconds(moment: int) -> str:
    """Talentics' ticket times: `2020-05-27T13:12:50.000000Z`."""
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def zoneless(moment: int, zone_hours: float, *, one_digit_day: bool = False) -> str:
    """Talentics' other times: `2020-05-23 00:54:00`, in its server's zone, the day perhaps without its zero."""
    local = datetime.fromtimestamp(moment + int(zone_hours * 3600), timezone.utc)
    if one_digit_day:
        return f"{local:%Y-%m}-{local.day} {local:%H:%M:%S}"
    return local.strftime("%Y-%m-%d %H:%M:%S")


def japanese(moment: int) -> str:
    """Talentio's times: `2022-01-01T00:00:00+09:00`."""
    return datetime.fromtimestamp(moment, JST).isoformat()


def date_header(moment: float) -> str:
    """The HTTP `Date` header."""
    return formatdate(moment, usegmt=True)


def parse_zoneless(text: str, pattern: str, zone_hours: float) -> int:
    """Epoch seconds of a zone-less time read in a zone. Raises ValueError where it does not fit the pattern."""
    return int(datetime.strptime(text, pattern).replace(tzinfo=timezone.utc).timestamp() - zone_hours * 3600)
