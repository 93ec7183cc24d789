"""Unpacks objects and lists that have another shape than their schema.

PHP writes an empty object as `[]` and a list with gaps as `{"0": a, "2": b}` (I).
"""

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
    """Return the object itself or the only one in a list; None for an empty list, UNREADABLE for anything else."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list):
        return UNREADABLE
    if not value:
        return None
    return value[0] if len(value) == 1 and isinstance(value[0], dict) else UNREADABLE


def objects_in(value: list[Any] | dict[str, Any]) -> list[Any]:
    """Return the entries of a list of objects in any shape; the very same list where it is flat already."""
    return flat(value if isinstance(value, list) else unkeyed(value))


def unkeyed(value: dict[str, Any]) -> list[Any]:
    """Return the list that an object stands for: its values where its names are numbers, else the object alone."""
    return list(value.values()) if all(map(str.isdigit, value)) else [value]


def flat(entries: list[Any]) -> list[Any]:
    """Unpack lists inside a list, at any depth, in order; return the very same list where there are none."""
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
