"""The value of an answer's body, within bounds, also of a body that is not quite JSON."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, NamedTuple, NoReturn

import orjson

from connector_kit.errors import BeyondBounds, UnexpectedAnswer

# A list of empty lists takes forty times the memory of its text. The largest answer that can be meant, all applicants
# of a job, holds 90,000 objects and 2,000,000 values.
_MOST_CONTAINERS, _MOST_VALUES = 500_000, 5_000_000
_PIECE = 1 << 20
_NO_BACKSLASH = re.compile(rb"[^\\]")

MARKED = "a byte order mark before the JSON, which was left out"
UNESCAPED = "line breaks, tabs or other control characters unescaped in texts; they were read as they are"
UNDECODABLE = "bytes that are not UTF-8; each stands as \ufffd in the records"


class Body(NamedTuple):
    """A parsed body.

    `clean` where no text of it holds a NUL or half a surrogate pair, and every number is finite; `repairs` tell, in
    words for the log, what is not as JSON has it.
    """

    value: Any
    clean: bool
    repairs: tuple[str, ...] = ()


def body_of(content: bytes, status: int) -> Body:
    """Parse a body.

    Raises:
        BeyondBounds: it holds more values, or goes deeper, than any answer of these APIs.
        UnexpectedAnswer: it is no JSON.
    """
    # A short one holds too few of them, however it is filled.
    if len(content) > _MOST_CONTAINERS and _holds_too_much(content):
        raise BeyondBounds(f"HTTP {status} with more values than an answer of this API can hold")
    try:
        return parsed(content)
    except orjson.JSONDecodeError as error:
        # So orjson says that it does not go down any further; its releases spell it in two ways.
        if "depth limit" in error.msg or "ecursion limit" in error.msg:
            raise BeyondBounds(f"HTTP {status} with JSON nested too deep") from None
        kind = "an HTML page" if looks_like_html(content) else "no valid JSON"
        raise UnexpectedAnswer(f"HTTP {status} with {kind}") from None


def parsed(content: bytes) -> Body:
    """The value of a JSON text, also of one that orjson is stricter about than its reader can afford.

    A byte order mark, a raw line break or a byte of another encoding in a text would cost all records of the page. So
    would a text that was cut in the middle of an emoji, which ends in half a surrogate pair, and `1e999`, which is a
    number; what normalises the values mends both, and the NUL that orjson takes where it is escaped.
    """
    plain = content.removeprefix(codecs.BOM_UTF8)
    repairs = [MARKED] if len(plain) < len(content) else []
    try:
        return Body(orjson.loads(plain), b"\\u0000" not in plain, tuple(repairs))
    except orjson.JSONDecodeError as error:
        if not re.search("surrogate|infinity|control character", error.msg):
            raise
        try:
            text = plain.decode()
        except UnicodeDecodeError:
            text = plain.decode(errors="replace")
            repairs.append(UNDECODABLE)
        try:
            value, unescaped = _loads(text)
        except (ValueError, RecursionError):
            raise error from None
        return Body(value, False, tuple(repairs + [UNESCAPED] * unescaped))


def _loads(text: str) -> tuple[Any, bool]:
    """The value, and whether a text in it holds raw control characters."""
    try:
        return json.loads(text, parse_constant=_refuse), False
    except json.JSONDecodeError as error:
        if "control character" not in error.msg:
            raise
    return json.loads(text, parse_constant=_refuse, strict=False), True


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _holds_too_much(content: bytes) -> bool:
    """Whether the JSON holds more than the bounds. Brackets and commas inside its texts are none of its structure."""
    if not _is_beyond(content.count(b"{") + content.count(b"["), content.count(b",")):
        return False
    containers = values = start = 0
    in_text = False
    while start < len(content):
        # No piece ends in a backslash, which would part it from what it escapes.
        last = _NO_BACKSLASH.search(content, min(start + _PIECE, len(content)) - 1)
        end = last.end() if last else len(content)
        parts = content[start:end].replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        structure = b"".join(parts[in_text::2])
        containers += structure.count(b"{") + structure.count(b"[")
        values += structure.count(b",")
        if _is_beyond(containers, values):
            return True
        in_text ^= len(parts) % 2 == 0
        start = end
    return False


def _is_beyond(containers: int, values: int) -> bool:
    return containers > _MOST_CONTAINERS or values > _MOST_VALUES


def looks_like_html(content: bytes) -> bool:
    """Whether a body is a page for people and no answer of an API. Headers are no help: they say what they like."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"
