"""Faults within the JSON of an answer: what PHP, careless exports and a change of the API do to records.

Only answers of 200 are changed, and headers such as `X-Total` stay as they were.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sandbox.replies import escaped_json

KINDS: dict[str, str] = {
    "bom": "a byte order mark before the JSON",
    "control-char": "a raw control character inside each record's name or text; =CODE says which (default 9, a tab)",
    "bad-utf8": "a byte inside each record's name or text that is no UTF-8; =CODE says which (default 255)",
    "php-list": "lists as objects with the keys 0, 2, 3, …, as PHP writes a list that was filtered",
    "null-records": "nulls among the records: after the first and at the end",
    "uuid-ids": "every id is the text of a UUID",
}
"""`php-list` and `null-records` take the list of records; where the answer is one record, the lists in it."""

_NAMES = ("title", "name", "content", "lastName", "channelName")
# Stands for the odd byte until the record is written: no sample has a character of the private use area.
_MARK = "\ue000"
_WRITTEN_MARK = escaped_json(_MARK)[1:-1]

_Change = Callable[[Any], Any]


def alter(kind: str, body: bytes, code: int | None) -> bytes:
    """The body with one of the faults in it."""
    if kind == "bom":
        return b"\xef\xbb\xbf" + body
    answer = json.loads(body)
    if kind in _ODD_BYTES:
        odd = bytes([_ODD_BYTES[kind] if code is None else code])
        return escaped_json(_content(answer, _marked)).replace(_WRITTEN_MARK, odd)
    return escaped_json(_content(answer, _CHANGES[kind]))


def _content(answer: Any, change: _Change) -> Any:
    """Talentics puts records and lists under `data`, Talentio sends them bare."""
    if isinstance(answer, dict) and "data" in answer:
        return {**answer, "data": change(answer["data"])}
    return change(answer)


def _marked(content: Any) -> Any:
    if isinstance(content, list):
        return [_marked(record) for record in content]
    name = next((name for name in _NAMES if isinstance(content.get(name), str)), None)
    return content if name is None else {**content, name: content[name] + _MARK}


def _of_lists(change: Callable[[list[Any]], Any]) -> _Change:
    def changed(content: Any) -> Any:
        if isinstance(content, list):
            return change(content)
        return {name: change(value) if isinstance(value, list) else value for name, value in content.items()}

    return changed


def _numbered(records: list[Any]) -> Any:
    # PHP writes an empty array as one.
    return {str(index + (index > 0)): record for index, record in enumerate(records)} or []


def _with_nulls(records: list[Any]) -> list[Any]:
    return [*records[:1], None, *records[1:], None] if records else []


def _with_uuids(value: Any, name: str = "") -> Any:
    if isinstance(value, list):
        return [_with_uuids(each) for each in value]
    if isinstance(value, dict):
        return {key: _with_uuids(each, key) for key, each in value.items()}
    if isinstance(value, int) and (name == "id" or name.endswith(("_id", "Id"))):
        return str(UUID(int=value, version=4))
    return value


_ODD_BYTES = {"control-char": 9, "bad-utf8": 255}
_CHANGES: dict[str, _Change] = {
    "php-list": _of_lists(_numbered),
    "null-records": _of_lists(_with_nulls),
    "uuid-ids": _with_uuids,
}
