"""Parses the times of both APIs and formats the times of the records.

Both APIs send ISO 8601 with quirks. Talentics sends a space for the `T`, no zone, and once, on the vendor's page, a
one-digit day (`2021-06-7 00:00:00`). Talentio sends a Japanese offset (`2024-03-01T09:00:00+09:00`).
"""

from __future__ import annotations

import re
import sys
from calendar import isleap
from datetime import datetime, timedelta, timezone
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)

_LOOSE = re.compile(
    r"""\s*
    (?P<year>[0-9]{4})[-/](?P<month>[0-9]{1,2})[-/](?P<day>[0-9]{1,2})
    (?:
        (?:[Tt]|\s+)
        (?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{1,2})(?::(?P<second>[0-9]{1,2})(?:[.,](?P<fraction>[0-9]+))?)?
        \s*(?P<zone>[Zz]|(?P<sign>[+-])(?P<zone_hour>[0-9]{2}):?(?P<zone_minute>[0-9]{2})?)?
    )?
    \s*""",
    re.VERBOSE,
)
# The shape only: it does not check whether the month has such a day.
RFC_3339 = re.compile(
    r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_LAST_DAYS = {"02": "29", "04": "30", "06": "30", "09": "30", "11": "30"}
_WITHIN_AN_HOUR = frozenset(f":{minute:02}:{second:02}" for minute in range(60) for second in range(60))
# Before Python 3.11, `fromisoformat` reads neither `Z` nor most lengths of fractions.
_PARSER_READS_ISO = sys.version_info >= (3, 11)
# The lengths of times with seconds alone, with `Z`, with an offset, and with milli- or microseconds and `Z`. Only these
# take the fast path: `fromisoformat` also reads what RFC 3339 lacks, such as week dates and seconds in an offset.
_FAST_LENGTHS = frozenset({19, 20, 24, 25, 27})


def parse(value: object) -> datetime | None:
    """Return a time, aware if the value names a zone; None if it is not text, or not a possible time.

    A date alone means midnight. A fraction is cut after the microseconds.
    """
    if not isinstance(value, str):
        return None
    if (
        _PARSER_READS_ISO
        and len(value) in _FAST_LENGTHS
        and value[4] == value[7] == "-"
        and value[10] in "T "
        and value[13] == value[16] == ":"
    ):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    return _parse_loosely(value)


def _parse_loosely(value: str) -> datetime | None:
    match = _LOOSE.fullmatch(value)
    if match is None:
        return None
    part = match.groupdict(default="0")
    try:
        return datetime(
            int(part["year"]),
            int(part["month"]),
            int(part["day"]),
            int(part["hour"]),
            int(part["minute"]),
            int(part["second"]),
            int(part["fraction"][:6].ljust(6, "0")),
            _zone(part) if match["zone"] else None,
        )
    except ValueError:
        return None


def _zone(part: dict[str, str]) -> timezone:
    offset = timedelta(hours=int(part["zone_hour"]), minutes=int(part["zone_minute"]))
    return timezone(-offset if part["sign"] == "-" else offset)


def instant(value: object) -> int | None:
    """Return the time as microseconds since the epoch; None if `parse` returns None.

    A time without a zone is read as UTC. Talentics does not say which zone it means (I), but times are only compared
    with others of the same API, where the choice cancels out.
    """
    moment = parse(value)
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    if not moment.microsecond:
        # The same as below in half the time; a float holds whole seconds exactly.
        return int(moment.timestamp()) * 1_000_000
    return (moment - _EPOCH) // _MICROSECOND


def is_rfc_3339(value: str) -> bool:
    """Whether the text is `YYYY-MM-DDTHH:MM:SS`, an optional fraction, and `Z` or an offset, of a day that exists."""
    if RFC_3339.fullmatch(value) is None:
        return False
    day = value[8:10]
    if day <= "28":
        return True
    month = value[5:7]
    return day <= _LAST_DAYS.get(month, "31") and (day + month != "2902" or isleap(int(value[:4])))


def format_naive(moment: datetime) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS` of the wall clock; a zone and a fraction are dropped, not converted."""
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def format_aware(moment: datetime) -> str:
    """Return RFC 3339 with the value's own offset (`Z` for none or zero) and its fraction, if any.

    A value without a zone is read as UTC (I): any other choice would be a zone that the API never names.
    """
    text = moment.replace(tzinfo=None).isoformat()
    return text + moment.isoformat()[-6:] if moment.utcoffset() else f"{text}Z"


def format_utc(moment: datetime) -> str:
    """Return RFC 3339 in UTC with `Z` and the value's fraction, if any; a value without a zone is read as UTC (I).

    Raises:
        OverflowError: in UTC it is outside the years 1 to 9999.
    """
    return format_aware(moment.astimezone(timezone.utc) if moment.tzinfo else moment)


def quick_utc(value: str) -> str | None:
    """Return what `format_utc` would, at a tenth of the cost, for the APIs' usual formats; None for all others.

    Those are whole seconds without a zone, or with an offset of whole hours, which leaves minutes and seconds alone.
    The date and hour are converted once and cached, as they repeat from record to record.
    """
    if value[13:19] not in _WITHIN_AN_HOUR:
        return None
    if len(value) == 25:
        hour = _utc_hour(value[:13], value[19:])
    elif len(value) == 19:
        hour = _utc_hour(value[:10] + value[10].replace(" ", "T") + value[11:13], "Z")
    else:
        return None
    return f"{hour}{value[13:19]}Z" if hour else None


@lru_cache(maxsize=1 << 15)
def _utc_hour(hour: str, offset: str) -> str | None:
    """Convert `YYYY-MM-DDTHH` to UTC; None if the offset is not in whole hours, or the result is in no valid year."""
    text = f"{hour}:00:00{offset}"
    if not is_rfc_3339(text) or not text.endswith(("Z", ":00")):
        return None
    try:
        return format_utc(_parse_loosely(text) or _EPOCH)[:13]
    except OverflowError:
        return None


def format_date(moment: datetime) -> str:
    """Return `YYYY-MM-DD` of the wall clock."""
    return moment.date().isoformat()
