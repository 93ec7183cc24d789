"""Converts the source's state of each stream to a bookmark in Singer's state, and back.

    {"bookmarks": {"candidates": {
        "airbyte_stream_state": {...}, "replication_key": "updatedAt", "replication_key_value": T}}}

The tap reads `airbyte_stream_state`; `replication_key_value` shows people how far it is. A bookmark written by hand may
have only the latter: then everything last updated up to T counts as read.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from connector_kit import times

_BLOB, _KEY, _VALUE = "airbyte_stream_state", "replication_key", "replication_key_value"


class Refused(Exception):
    """Raised for a state or catalog that can't be used; the message says why and what to do."""


def bookmark(blob: Mapping[str, Any], cursor_field: str) -> dict[str, Any]:
    """Return the bookmark that holds a stream's state.

    Args:
        blob: the state.
        cursor_field: the stream's cursor, such as `updatedAt`; "" for one that has none.
    """
    result: dict[str, Any] = {_BLOB: dict(blob), **({_KEY: cursor_field} if cursor_field else {})}
    if cursor_field in blob:
        result[_VALUE] = _in_utc(blob[cursor_field])
    return result


def blob_of(stream: str, saved: Mapping[str, Any], cursor_field: str) -> dict[str, Any]:
    """Return a stream's state from its bookmark; empty if the bookmark is empty.

    Args:
        stream: its name, for the message.
        saved: the bookmark.
        cursor_field: the stream's cursor.

    Raises:
        Refused: it is not a bookmark of this stream.
    """
    if not saved:
        return {}
    key = saved.get(_KEY, cursor_field)
    if key != cursor_field:
        raise _unreadable(stream, f"its {_KEY} is {key!r}, and the stream's is {cursor_field!r}")
    if _BLOB in saved:
        if not isinstance(saved[_BLOB], Mapping):
            raise _unreadable(stream, f"{_BLOB} is not an object")
        return dict(saved[_BLOB])
    if _VALUE not in saved:
        raise _unreadable(stream, f"it has neither {_BLOB} nor {_VALUE}")
    return {cursor_field: saved[_VALUE]}


def bookmarks_of(state: object, label: str = "The state") -> dict[str, dict[str, Any]]:
    """Return a copy of the bookmarks in a state that was passed to the tap.

    Args:
        state: the state.
        label: what the message calls it.

    Raises:
        Refused: it is not a state of a tap of this kit.
    """
    if state in (None, {}):
        return {}
    bookmarks = state.get("bookmarks") if isinstance(state, Mapping) else None
    if not isinstance(bookmarks, Mapping):
        raise Refused(
            f'{label} has no "bookmarks" object, so this tap did not write it. Pass the value of the last STATE '
            "message, or no state to read everything again."
        )
    for stream, saved in bookmarks.items():
        if not isinstance(saved, Mapping):
            raise _unreadable(stream, "it is not an object")
    return copy.deepcopy({stream: dict(saved) for stream, saved in bookmarks.items()})


def _in_utc(time: Any) -> Any:
    moment = times.parse(time)
    try:
        return times.format_utc(moment) if moment else time
    except OverflowError:
        # The last hours of the calendar.
        return time


def _unreadable(stream: str, why: str) -> Refused:
    return Refused(
        f"The saved state of stream {stream} cannot be used: {why}. It was not written by this connector, or was "
        "edited. Restore it, or clear the stream's state to read it again in full."
    )
