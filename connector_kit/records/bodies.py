"""Parses an answer's body, within bounds, even if it is not quite JSON."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, NamedTuple, NoReturn

import orjson

from connector_kit.errors import BeyondBounds, UnexpectedAnswer

# A list of empty lists takes forty times the memory of its text. The largest legitimate answer, all applicants of a
# job, holds 90,000 objects and 2,000,000 values.
_MOST_CONTAINERS, _MOST_VALUES = 500_000, 5_000_000
_PIECE = 1 << 20
_NO_BACKSLASH = re.compile(rb"[^\\]")

MARKED = "a byte order mark before the JSON, which was skipped"
UNESCAPED = "unescaped line breaks, tabs or other control characters in texts; they were read as they are"
UNDECODABLE = "bytes that are not UTF-8; each appears as \ufffd in the records"


class Body(NamedTuple):
    """A parsed body.

    `clean` is True where no text in it holds a NUL or half a surrogate pair, and every number is finite. `repairs` says
    in words for the log what was not valid JSON.
    """

    value: Any
    clean: bool
    repairs: tuple[str, ...] = ()


def body_of(content: bytes, status: int) -> Body:
    """Parse the body of an answer, within bounds.

    Args:
        content: its bytes.
        status: the answer's HTTP status, for the message.

    Raises:
        BeyondBounds: it holds more values, or nests deeper, than any answer of these APIs.
        UnexpectedAnswer: it is not JSON.
    """
    # A shorter body can't hold that many containers.
    if len(content) > _MOST_CONTAINERS and _holds_too_much(content):
        raise BeyondBounds(f"HTTP {status} with more values than an answer of this API can hold")
    try:
        return parsed(content)
    except orjson.JSONDecodeError as error:
        # The two messages of orjson's releases for JSON that is nested too deep.
        if "depth limit" in error.msg or "ecursion limit" in error.msg:
            raise BeyondBounds(f"HTTP {status} with JSON nested too deep") from None
        kind = "an HTML page" if looks_like_html(content) else "no valid JSON"
        raise UnexpectedAnswer(f"HTTP {status} with {kind}") from None


def parsed(content: bytes) -> Body:
    """Parse JSON, including some that orjson is too strict about: else one odd text would cost a whole page of records.

    Repaired here: a byte order mark, a raw line break or an undecodable byte in a text. Left for the normalization to
    repair: half a surrogate pair (an emoji that was cut in two), `1e999`, and an escaped NUL.

    Raises:
        orjson.JSONDecodeError: it is not JSON.
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
    """Return the value, and whether a text in it holds raw control characters."""
    try:
        return json.loads(text, parse_constant=_reject_constant), False
    except json.JSONDecodeError as error:
        if "control character" not in error.msg:
            raise
    return json.loads(text, parse_constant=_reject_constant, strict=False), True


def _reject_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _holds_too_much(content: bytes) -> bool:
    """Whether the JSON exceeds the bounds. Brackets and commas inside its texts don't count."""
    if not _is_beyond(content.count(b"{") + content.count(b"["), content.count(b",")):
        return False
    containers = values = start = 0
    in_text = False
    while start < len(content):
        # A piece must not end in a backslash, which would be separated from what it escapes.
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
    """Whether a body is a web page and not an API's answer. Its headers can't be trusted to tell."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"
