"""An answer before it is sent, and how records become its bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

# PHP writes non-ASCII as escapes, Talentio's samples are plain UTF-8.
_escaped = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
_plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def escaped_json(value: object) -> bytes:
    """JSON as Talentics sends it."""
    return _escaped(value).encode()


def plain_json(value: object) -> bytes:
    """JSON as Talentio sends it."""
    text = _plain(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair can be written as an escape alone.
        return _escaped(value).encode()


def array(fragments: Iterable[bytes]) -> bytes:
    """A JSON array of serialised records."""
    return b"[" + b",".join(fragments) + b"]"


Delivery = Literal["whole", "reset", "truncated", "drip"]


@dataclass
class Reply:
    """One answer. Names of headers are written as they go over the wire."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    delivery: Delivery = "whole"
    """How the body arrives: at once, not at all (the connection is reset), half of it, or a few bytes a second."""
    delay: float = 0.0
    """Seconds before the first byte."""
    stream: Callable[[], Iterator[bytes]] | None = None
    """Pieces of a body too large to hold; replaces `body`."""


def json_reply(status: int, value: Any, dump: Callable[[object], bytes] = plain_json) -> Reply:
    """An answer with a small JSON body."""
    return Reply(status, dump(value))
