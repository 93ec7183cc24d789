"""Objects and lists that came in another shape than the schema has them."""

from __future__ import annotations

from typing import Any

UNREADABLE = object()


def has_fields(value: Any) -> bool:
    """Whether a value is an object, or a list with one in it at any depth."""
    waiting = [value]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, dict):
            return True
        if isinstance(entry, list):
            waiting.extend(entry)
    return False


def only_object(value: Any) -> Any:
    """The object, taken out of a list of one; null for the empty list, which is how PHP spells an empty object.

    UNREADABLE where there is no such object.
    """
    if isinstance(value, dict):
        return value
    if not isinstance(value, list):
        return UNREADABLE
    if not value:
        return None
    return value[0] if len(value) == 1 and isinstance(value[0], dict) else UNREADABLE


def objects_in(value: list[Any] | dict[str, Any]) -> list[Any]:
    """The entries of a list of objects, in whichever shape it came; the same list comes back where it is flat."""
    return flat(value if isinstance(value, list) else unkeyed(value))


def unkeyed(value: dict[str, Any]) -> list[Any]:
    """The list that an object stands for: itself alone, or its values where numbers are its names.

    That is how PHP spells a list with gaps (I).
    """
    return list(value.values()) if all(map(str.isdigit, value)) else [value]


def flat(entries: list[Any]) -> list[Any]:
    """Unpack lists inside a list, at any depth, in order; the same list comes back where there are none."""
    if list not in map(type, entries):
        return entries
    unpacked: list[Any] = []
    waiting = entries[::-1]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, list):
            waiting.extend(reversed(entry))
        else:
            unpacked.append(entry)
    return unpacked
