"""One function per scalar type of a schema: converts what the API sent to that type, or raises `UnreadableError`.

A value that needs no change is returned as the very same object, so that the caller can tell. Null is never passed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from connector_kit import times

Convert = Callable[[Any], Any]

# The range of a BIGINT column; one value beyond it makes destinations fail the whole batch.
SMALLEST, LARGEST = -(2**63), 2**63 - 1
# The protocol's serializer fails, and with it the sync, on values that are nested deeper.
DEEPEST = 64

_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
_WHOLE = re.compile(r"([+-]?[0-9]{1,19})(?:\.0*)?")
_NUMERAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class UnreadableError(ValueError):
    """Raised for a value that can't be converted. It carries no text, because the value may be personal data."""


def clean_text(value: str) -> str:
    """Remove what databases and serializers reject: NUL is dropped, half a surrogate pair is replaced."""
    if value.isascii():
        return value.replace("\0", "") if "\0" in value else value
    if "\0" in value:
        value = value.replace("\0", "")
    try:
        value.encode()
    except UnicodeEncodeError:
        # By way of UTF-16, which joins two halves that belong together.
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def clean(value: Any, depth: int = 0) -> Any:
    """Repair a value of undeclared type, at any depth. Integers beyond BIGINT become text, values too deep null."""
    kind = type(value)
    if kind is str:
        return clean_text(value)
    if kind is int:
        return value if SMALLEST <= value <= LARGEST else _digits(value)
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is dict or kind is list:
        if depth == DEEPEST:
            return None
        if kind is list:
            return [clean(entry, depth + 1) for entry in value]
        return {clean_text(name): clean(entry, depth + 1) for name, entry in value.items()}
    return value


def loses(value: Any, depth: int = 0) -> bool:
    """Whether `clean` makes null of a value, or of one inside it."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, (dict, list)):
        inner = value.values() if isinstance(value, dict) else value
        return depth == DEEPEST or any(loses(entry, depth + 1) for entry in inner)
    return type(value) is int and not SMALLEST <= value <= LARGEST and _digits(value) is None


def _digits(value: int) -> str | None:
    try:
        return str(value)
    except ValueError:
        # Python refuses to print integers of more than 4,300 digits.
        return None


def to_text(value: Any) -> str:
    """Return text, or the JSON of any other value: `true`, `12`, `["a"]`."""
    if type(value) is str:
        return clean_text(value)
    text = _digits(value) if type(value) is int else _ENCODE(clean(value))
    if text is None or text == "null":
        raise UnreadableError
    return text


def to_integer(value: Any) -> int:
    """Return a whole number, also from text and from `12.0`. Nothing is rounded: that would invent a value."""
    if type(value) is int:
        whole = value
    elif isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        whole = int(value)
    elif isinstance(value, str) and (match := _WHOLE.fullmatch(value.strip())):
        whole = int(match[1])
    else:
        raise UnreadableError
    if not SMALLEST <= whole <= LARGEST:
        raise UnreadableError
    return whole


def to_number(value: Any) -> int | float:
    """Return a number, also from a plain numeral: "5,000" is ambiguous and unreadable. Whole numbers stay integers."""
    if isinstance(value, str):
        try:
            return to_integer(value)
        except UnreadableError:
            if not _NUMERAL.fullmatch(value.strip()):
                raise
            number = float(value)
    elif isinstance(value, bool):
        return int(value)
    elif isinstance(value, int):
        if SMALLEST <= value <= LARGEST:
            return value
        try:
            number = float(value)
        except OverflowError as error:
            raise UnreadableError from error
    elif isinstance(value, float):
        number = value
    else:
        raise UnreadableError
    if not math.isfinite(number):
        raise UnreadableError
    return number


def to_boolean(value: Any) -> bool:
    """Return a boolean, also from 1 and 0 and from the words in `_BOOLEANS`."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        known = _BOOLEANS.get(value.strip().lower())
    else:
        known = bool(value) if isinstance(value, (int, float)) and value in (0, 1) else None
    if known is None:
        raise UnreadableError
    return known


def to_aware_time(value: Any) -> str:
    """Return RFC 3339 with the offset that the API sent; a well-formed value stays unchanged."""
    if type(value) is str and times.is_rfc_3339(value):
        return value
    return _reformatted(value, times.format_aware)


def to_utc_time(value: Any) -> str:
    """Return RFC 3339 in UTC with `Z`; a time without a zone is read as UTC, as everywhere in the kit."""
    if type(value) is str:
        if value.endswith("Z") and times.is_rfc_3339(value):
            return value
        if (quick := times.quick_utc(value)) is not None:
            return quick
    return _reformatted(value, times.format_utc)


def to_naive_time(value: Any) -> str:
    """Return the wall clock without a zone. A zone is dropped, not converted: the field does not say to which."""
    return _reformatted(value, times.format_naive)


def to_date(value: Any) -> str:
    """Return the date of the wall clock. A time of day is dropped."""
    return _reformatted(value, times.format_date)


def _reformatted(value: Any, format_time: Callable[[datetime], str]) -> str:
    moment = times.parse(value)
    if moment is None:
        raise UnreadableError
    try:
        text = format_time(moment)
    except OverflowError as error:
        # The first or last hours of the calendar, moved to another zone.
        raise UnreadableError from error
    return value if text == value else text


_CONVERSIONS: Mapping[str, tuple[Convert, Any]] = {
    "string": (to_text, ""),
    "integer": (to_integer, 0),
    "number": (to_number, 0),
    "boolean": (to_boolean, False),
}


def conversion(kind: str, field: Mapping[str, Any], utc: bool = False) -> tuple[Convert, Any]:
    """Find out how to convert a scalar field.

    Args:
        kind: its JSON type.
        field: its schema.
        utc: convert all times to UTC; otherwise they keep the zone, or lack of one, that the field declares.

    Returns:
        The function, and the value to use where the field is a key and the API left it empty.
    """
    if kind == "string" and field.get("format") == "date":
        return to_date, "1970-01-01"
    if kind == "string" and field.get("format") == "date-time":
        if utc:
            return to_utc_time, "1970-01-01T00:00:00Z"
        if field.get("airbyte_type") == "timestamp_without_timezone":
            return to_naive_time, "1970-01-01T00:00:00"
        return to_aware_time, "1970-01-01T00:00:00Z"
    return _CONVERSIONS[kind]
