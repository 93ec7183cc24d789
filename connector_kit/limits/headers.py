"""What an answer's headers say of the rate limit. Nonsense says nothing: a header must never stop or free a sync.

The two vendors spell it differently. Talentics' framework sends `X-RateLimit-Limit`, `X-RateLimit-Remaining` and, with
a 429, `Retry-After` and `X-RateLimit-Reset` as an epoch (I). Talentio sends `X-Remaining` and `X-Reset` in seconds (V).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from connector_kit.clock import Clock

# Reset values from here on are moments (seconds since the epoch), below it they are spans in seconds.
_EPOCH_FROM = 1_000_000_000
# A server that shuts us out for longer is asked again after this, so that a slip of its clock can't stop a sync.
_LONGEST_PAUSE = 3600.0
# Beyond a year it is a slip, and no date could hold all of it.
_LONGEST_SAID = 366 * 86400.0
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]+)?")


@dataclass(frozen=True)
class LimitHeaders:
    """What one answer tells; None for what it does not tell.

    Args:
        limit: requests a window.
        remaining: requests left in the window.
        reset: seconds until the window ends.
        retry_after: seconds until the next request may be sent.
        closed_for: the same as the server said it, however long that is; for people.
    """

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    retry_after: float | None = None
    closed_for: float | None = field(default=None, compare=False)

    @property
    def pause(self) -> float | None:
        """Seconds for which a 429 closes the window: the later of two, as a `Retry-After: 0` can stand by a reset.

        Where some requests are left the reset is not what it waits for.
        """
        if self.retry_after is None or self.reset is None:
            return self.reset if self.retry_after is None else self.retry_after
        return self.retry_after if self.remaining else max(self.retry_after, self.reset)

    @classmethod
    def of(cls, headers: Mapping[str, str], period: float, clock: Clock) -> LimitHeaders:
        """Read the headers of an answer to a request under a limit per `period` seconds."""
        lower = {name.lower(): str(value) for name, value in headers.items()}
        now = parse_http_date(lower.get("date", "")) or clock.now()
        limits = _numbers(lower, "x-ratelimit-limit")
        limit = min((number for number in limits if number >= 1), default=None)
        remaining = min(_numbers(lower, "x-ratelimit-remaining", "x-remaining"), default=None)
        if limits and limit is None:
            # A limit of nothing counts nothing, and nothing left of it says nothing.
            remaining = None
        resets = [_span(value, now) for value in _numbers(lower, "x-ratelimit-reset", "x-reset")]
        closed_for = _retry_after(lower.get("retry-after", ""), now)
        return cls(
            # More left than there is in all: one of the two is wrong, and what is left is the one to go by.
            limit=int(limit) if limit is not None and (remaining is None or remaining <= limit) else None,
            remaining=int(remaining) if remaining is not None else None,
            # Of two that disagree the later one is safe. Past, or further off than any window is long, says nothing.
            reset=max((max(span, 0.0) for span in resets if -period <= span <= 2 * period), default=None),
            retry_after=None if closed_for is None else min(closed_for, max(2 * period, _LONGEST_PAUSE)),
            closed_for=closed_for,
        )


def _numbers(headers: Mapping[str, str], *names: str) -> list[float]:
    """The numbers under these names. A header that came twice is one text with a comma in it."""
    parts = [part.strip() for name in names for part in headers.get(name, "").split(",")]
    return [float(part) for part in parts if _NUMBER.fullmatch(part)]


def _span(value: float, now: datetime) -> float:
    # Moments in headers are the server's; against our own clock, minutes off, a reset would lie in the past.
    return value - now.timestamp() if value >= _EPOCH_FROM else value


def _retry_after(text: str, now: datetime) -> float | None:
    numbers = _numbers({"retry-after": text}, "retry-after")
    if numbers:
        seconds = max(numbers)
    else:
        moment = parse_http_date(text)
        if moment is None:
            return None
        seconds = (moment - now).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_SAID)


# All answers of one second bear the same date.
@lru_cache(maxsize=16)
def parse_http_date(text: str) -> datetime | None:
    """The moment of an HTTP date header, or None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None
