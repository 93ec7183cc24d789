"""Rate limits as both APIs keep them: fixed windows that open with the first request.

`Windows` counts; what the headers look like is each API's own matter.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

_UNITS = {"s": 1, "m": 60, "h": 3600, "": 1}


@dataclass(frozen=True)
class Limit:
    """So many requests in so many seconds."""

    requests: int
    seconds: float

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Reads `50/15m`, `50/7s`, `5000/3600s` or `5000/1h`. ValueError says what is wrong."""
        match = re.fullmatch(r"(\d+)/(\d+(?:\.\d+)?)([smh]?)", text.strip())
        if not match or float(match[2]) <= 0:
            raise ValueError(f"{text!r} is not a limit; write requests/period, for example 50/15m or 50/7s")
        return cls(int(match[1]), float(match[2]) * _UNITS[match[3]])

    @property
    def duration(self) -> str:
        """The period as an ISO 8601 duration."""
        for unit, length in (("H", 3600), ("M", 60)):
            if self.seconds % length == 0:
                return f"PT{self.seconds // length:g}{unit}"
        return f"PT{self.seconds:g}S"


@dataclass(frozen=True)
class Decision:
    """What a limit says of one request."""

    allowed: bool
    limit: int
    remaining: int
    resets_at: float
    """Epoch seconds."""


class Bursts:
    """Counts the requests of the last second."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def is_burst(self, most: int, now: float) -> bool:
        """Notes a request; true where it is one more than `most` within a second."""
        while self._times and not now - 1 < self._times[0] <= now:
            self._times.popleft()
        self._times.append(now)
        return len(self._times) > most


class Windows:
    """The open windows by key. A request over the limit is refused and not counted, as Laravel's throttle does."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[float, int]] = {}

    def take(self, key: str, limit: Limit, now: float, *, others: int = 0) -> Decision:
        """Counts one request. `others` of each new window are gone already: somebody else uses the same credentials."""
        started, used = self._open.get(key, (now, others))
        if not started <= now < started + limit.seconds:
            started, used = now, others
        allowed = used < limit.requests
        used += allowed
        self._open[key] = (started, used)
        return Decision(allowed, limit.requests, max(0, limit.requests - used), started + limit.seconds)

    def clear(self) -> None:
        """Forgets all windows."""
        self._open.clear()
