"""Reads the rate limit from an answer's headers. Nonsense is ignored: no header may stall a sync or let it run free.

Talentics' framework sends the first two, and with a 429 all four (I); the reset is a moment. Talentio sends a span (V):

    X-RateLimit-Limit: 50              X-Remaining: 4987
    X-RateLimit-Remaining: 12          X-Reset: 1740
    Retry-After: 600
    X-RateLimit-Reset: 1718420430
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from connector_kit.clock import Clock

# From here on a reset is a moment in seconds since the epoch, below it a span in seconds.
_EPOCH_FROM = 1_000_000_000
# The longest pause in seconds, however long the server shuts us out: its clock may be wrong.
_LONGEST_PAUSE = 3600.0
# In seconds. More than a year is a mistake, and could exceed what a date can hold.
_LONGEST_RETRY_AFTER = 366 * 86400.0
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]+)?")


@dataclass(frozen=True)
class LimitHeaders:
    """What the headers of one answer say; None for what they don't.

    Args:
        limit: requests per window.
        remaining: requests left in the window.
        reset: seconds until the window ends.
        retry_after: seconds until the next request may be sent, an hour or two periods at most.
        closed_for: the same without that bound, to show to people.
    """

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    retry_after: float | None = None
    closed_for: float | None = field(default=None, compare=False)

    @property
    def pause(self) -> float | None:
        """The seconds for which a 429 closes the window.

        The longer of the two, as `Retry-After: 0` may come with a reset. Where requests are left, the reset is not the
        reason for the 429.
        """
        if self.retry_after is None or self.reset is None:
            return self.reset if self.retry_after is None else self.retry_after
        return self.retry_after if self.remaining else max(self.retry_after, self.reset)

    @classmethod
    def of(cls, headers: Mapping[str, str], period: float, clock: Clock) -> LimitHeaders:
        """Read an answer's headers.

        Args:
            headers: in any case.
            period: the period of the configured limit in seconds; a reset further away than two of them is ignored.
            clock: used where the answer has no `Date`.
        """
        lower = {name.lower(): str(value) for name, value in headers.items()}
        now = parse_http_date(lower.get("date", "")) or clock.now()
        limits = _numbers(lower, "x-ratelimit-limit")
        limit = min((number for number in limits if number >= 1), default=None)
        remaining = min(_numbers(lower, "x-ratelimit-remaining", "x-remaining"), default=None)
        if limits and limit is None:
            # A limit of 0 is no limit, so "0 left" of it means nothing.
            remaining = None
        resets = [_span(value, now) for value in _numbers(lower, "x-ratelimit-reset", "x-reset")]
        closed_for = _retry_after(lower.get("retry-after", ""), now)
        return cls(
            # More left than the whole limit: one of the two is wrong, and we go by what is left.
            limit=int(limit) if limit is not None and (remaining is None or remaining <= limit) else None,
            remaining=int(remaining) if remaining is not None else None,
            # If two disagree, the later one is safe. A reset in the past or beyond any window is ignored.
            reset=max((max(span, 0.0) for span in resets if -period <= span <= 2 * period), default=None),
            retry_after=None if closed_for is None else min(closed_for, max(2 * period, _LONGEST_PAUSE)),
            closed_for=closed_for,
        )


def _numbers(headers: Mapping[str, str], *names: str) -> list[float]:
    """Return the numbers in these headers. A header that was sent twice arrives as one text with a comma in it."""
    parts = [part.strip() for name in names for part in headers.get(name, "").split(",")]
    return [float(part) for part in parts if _NUMBER.fullmatch(part)]


def _span(value: float, now: datetime) -> float:
    # A moment is by the server's clock. Ours may be minutes off and would put the reset in the past.
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
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER)


# All answers of one second have the same date.
@lru_cache(maxsize=16)
def parse_http_date(text: str) -> datetime | None:
    """Read an HTTP date such as `Sat, 15 Jun 2024 04:30:30 GMT`; None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None
