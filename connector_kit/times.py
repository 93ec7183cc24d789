"""Reads the two APIs' spellings of time and writes the two spellings that the streams give out.

Both APIs send ISO 8601 with habits of their own: Talentics a blank for the `T`, no zone and once a day of one digit
(`2021-06-7 00:00:00`, on the vendor's page), Talentio an offset of its own.
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
# In shape; whether the month has such a day is not looked at.
RFC_3339 = re.compile(
    r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_LAST_DAYS = {"02": "29", "04": "30", "06": "30", "09": "30", "11": "30"}
_WITHIN_AN_HOUR = frozenset(f":{minute:02}:{second:02}" for minute in range(60) for second in range(60))
# Before 3.11 `fromisoformat` knows neither `Z` nor fractions of most lengths.
_PARSER_READS_ISO = sys.version_info >= (3, 11)
# Seconds with nothing after, with `Z`, with an offset, and with milli- or microseconds and `Z`. Only these lengths take
# the fast path: the standard parser also reads what RFC 3339 lacks, such as week dates and seconds in an offset.
_FAST_LENGTHS = frozenset({19, 20, 24, 25, 27})


def parse(value: object) -> datetime | None:
    """Read a time, aware if the value names a zone; None for what is no text or no possible time.

    A pure date is midnight. A fraction is cut after the microseconds.
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
    """Microseconds since the epoch; None where `parse` gives none.

    A time without a zone is read as UTC. Talentics does not say which zone it means (I); times of one API are only
    ever compared with each other, and there the choice cancels out.
    """
    moment = parse(value)
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    if not moment.microsecond:
        # The same in half the time; a float holds whole seconds exactly.
        return int(moment.timestamp()) * 1_000_000
    return (moment - _EPOCH) // _MICROSECOND


def is_rfc_3339(value: str) -> bool:
    """Whether the text already is `YYYY-MM-DDTHH:MM:SS`, an optional fraction, and `Z` or an offset."""
    if RFC_3339.fullmatch(value) is None:
        return False
    day = value[8:10]
    if day <= "28":
        return True
    month = value[5:7]
    return day <= _LAST_DAYS.get(month, "31") and (day + month != "2902" or isleap(int(value[:4])))


def format_naive(moment: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SS`, the wall clock as it stands: a zone and a fraction are left off, never converted."""
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def format_aware(moment: datetime) -> str:
    """RFC 3339 with the value's own offset (`Z` for none at all) and its fraction, if it has one.

    A value without a zone is read as UTC (I): the only other choice would be a zone that the API never names.
    """
    text = moment.replace(tzinfo=None).isoformat()
    return text + moment.isoformat()[-6:] if moment.utcoffset() else f"{text}Z"


def format_utc(moment: datetime) -> str:
    """RFC 3339 in UTC with `Z` and the value's fraction, if it has one; a value without a zone is read as UTC (I).

    Raises OverflowError where UTC puts it outside the years 1 to 9999.
    """
    return format_aware(moment.astimezone(timezone.utc) if moment.tzinfo else moment)


def quick_utc(value: str) -> str | None:
    """What `format_utc` gives, at a tenth of its cost, for both APIs' own spellings; None for all others.

    Those are whole seconds with an offset of whole hours, which moves the hour and what is before it alone, and whole
    seconds without a zone. Dates and hours repeat from record to record.
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
    """`YYYY-MM-DDTHH` in UTC of the like with an offset; None where that is not whole hours away, or in no year."""
    spelled = f"{hour}:00:00{offset}"
    if not is_rfc_3339(spelled) or not spelled.endswith(("Z", ":00")):
        return None
    try:
        return format_utc(_parse_loosely(spelled) or _EPOCH)[:13]
    except OverflowError:
        return None


def format_date(moment: datetime) -> str:
    """`YYYY-MM-DD` of the wall clock."""
    return moment.date().isoformat()
