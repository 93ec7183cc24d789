"""One function per scalar type of a schema: takes what the API sent, gives that type, or raises `UnreadableError`.

Values that are right already come back as the very same object, so that a caller can see that nothing changed.
Null never comes here.
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

# What a BIGINT column holds; one bit more and destinations fail the whole batch.
SMALLEST, LARGEST = -(2**63), 2**63 - 1
# Deeper values than this are refused by the protocol's serialiser, which ends the sync.
DEEPEST = 64

_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
_WHOLE = re.compile(r"([+-]?[0-9]{1,19})(?:\.0*)?")
_NUMERAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class UnreadableError(ValueError):
    """The value can't be brought to the declared type. It carries no text: the value may be personal data."""


def clean_text(value: str) -> str:
    """Leave out what databases and serialisers refuse: NUL goes, half a surrogate pair is replaced."""
    if value.isascii():
        return value.replace("\0", "") if "\0" in value else value
    if "\0" in value:
        value = value.replace("\0", "")
    try:
        value.encode()
    except UnicodeEncodeError:
        # Over UTF-16, so that two halves that do belong together become their character.
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def clean(value: Any, depth: int = 0) -> Any:
    """Repair a value of no declared type at any depth. Integers that don't fit become text, deeper values null."""
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


def _digits(value: int) -> str | None:
    try:
        return str(value)
    except ValueError:
        # Python refuses to spell integers of more than 4,300 digits.
        return None


def to_text(value: Any) -> str:
    """JSON's spelling of whatever is no text: `true`, `12`, `["a"]`."""
    if type(value) is str:
        return clean_text(value)
    spelling = _digits(value) if type(value) is int else _ENCODE(clean(value))
    if spelling is None or spelling == "null":
        raise UnreadableError
    return spelling


def to_integer(value: Any) -> int:
    """Whole numbers alone, also as text and as `12.0`: rounding would make a value up."""
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
    """Only plain numerals are read: "5,000" is five to some, five thousand to others. Whole numbers stay integers."""
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
    """True and false, also as 1 and 0 and as the words for them."""
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
    """RFC 3339 with the offset that the API sent; what is well-formed already stays as it is, byte by byte."""
    if type(value) is str and times.is_rfc_3339(value):
        return value
    return _respelled(value, times.format_aware)


def to_utc_time(value: Any) -> str:
    """RFC 3339 in UTC with `Z`; a time without a zone is read as UTC, as everywhere in the kit."""
    if type(value) is str:
        if value.endswith("Z") and times.is_rfc_3339(value):
            return value
        if (spelled := times.quick_utc(value)) is not None:
            return spelled
    return _respelled(value, times.format_utc)


def to_naive_time(value: Any) -> str:
    """Wall clock, also of a value that names a zone: the field leaves open which zone to convert it to."""
    return _respelled(value, times.format_naive)


def to_date(value: Any) -> str:
    """Date of the wall clock, also of a value that names a time of day."""
    return _respelled(value, times.format_date)


def _respelled(value: Any, spell: Callable[[datetime], str]) -> str:
    moment = times.parse(value)
    if moment is None:
        raise UnreadableError
    try:
        spelling = spell(moment)
    except OverflowError as error:
        # The first or the last hours that a date can tell, moved to another zone.
        raise UnreadableError from error
    return value if spelling == value else spelling


_CONVERSIONS: Mapping[str, tuple[Convert, Any]] = {
    "string": (to_text, ""),
    "integer": (to_integer, 0),
    "number": (to_number, 0),
    "boolean": (to_boolean, False),
}


def conversion(kind: str, field: Mapping[str, Any], utc: bool = False) -> tuple[Convert, Any]:
    """Find the function for a field of a scalar type, and what stands in where it is a key and came empty.

    With `utc` all times are converted to it; otherwise they keep the zone, or the lack of one, that the field declares.
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
