"""Faults on demand: what networks, proxies and hostile servers do to an answer.

A fault is written `KIND[=VALUE][:RATE][:GLOB][:xCOUNT]`: `500` (always), `reset:0.05` (one request in twenty),
`html:*/candidates:x1` (once, on that list), `slow=2.5:0.1`. GLOB is matched against the whole path.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from random import Random

from sandbox import odd_json
from sandbox.replies import Reply

KINDS: dict[str, str] = {
    "reset": "the connection is reset before an answer",
    "500": "500 with a JSON body",
    "503": "503 with an HTML body",
    "403-html": "403 with an HTML page, as a firewall in front of the API sends it",
    "429": "429 whatever the limits say; =SECONDS is Retry-After",
    "truncated": "half of the body, then the end of the connection",
    "html": "200 with an HTML page",
    "empty": "200 with {}",
    "204": "204, which has no body",
    "no-body": "200 with a body of no bytes",
    "null": '200 with null; of Talentics with {"data":null}',
    "empty-data": '200 with {"data":{}}',
    "badjson": "200 with JSON that is cut short",
    "slow": "the answer comes after =SECONDS (default 5)",
    "drip": "the body comes a few bytes at a time; =SECONDS between pieces (default 0.5)",
    "same-page": "lists answer page 1 whatever page is asked for",
    "redirect": "302 to another host; =URL says where",
    "huge": "200 with a JSON body of =MEGABYTES (default 1024)",
    "deep": "200 with arrays nested =DEPTH times (default 100000)",
    "bomb": "200 with gzip that unpacks to =MEGABYTES (default 1024)",
    **odd_json.KINDS,
}
_MEGABYTE = 1 << 20


@dataclass
class Fault:
    """One rule: which requests it hits and how often it still may."""

    kind: str
    value: str | None = None
    rate: float = 1.0
    glob: str = "*"
    left: int | None = None
    hits: int = 0

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Reads `KIND[=VALUE][:RATE][:GLOB][:xCOUNT]`. ValueError says what is wrong."""
        # The value may be a URL, whose colons (after the scheme, before the port) part nothing.
        match = re.fullmatch(r"([^=:]*)(?:=(https?://[^/:]+(?::\d+)?(?:/[^:]*)?|[^:]*))?(?::(.*))?", text)
        kind, value, rest = match.groups() if match else (text, None, None)
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is not a fault; there are {', '.join(KINDS)}")
        fault = cls(kind, value or None)
        for part in filter(None, (rest or "").split(":")):
            if part[:1] == "x" and part[1:].isdecimal():
                fault.left = int(part[1:])
            elif part.replace(".", "", 1).isdecimal():
                fault.rate = float(part)
                if fault.rate > 1:
                    raise ValueError(f"{text!r}: the rate {part} is a share of the requests, from 0 to 1")
            else:
                fault.glob = part
        if value and kind != "redirect" and not value.replace(".", "", 1).isdecimal():
            raise ValueError(f"{text!r}: the value of {kind} is a number")
        if value and kind in odd_json.KINDS and fault.number(0) > 255:
            raise ValueError(f"{text!r}: the value of {kind} is a byte, from 0 to 255")
        return fault

    def number(self, default: float) -> float:
        """The rule's value as a number."""
        return default if self.value is None else float(self.value)


class Faults:
    """The rules in force. The first one that hits a request has it."""

    def __init__(self, texts: tuple[str, ...] = (), seed: int = 1) -> None:
        self.rules: list[Fault] = []
        self.replace(list(texts), seed)

    def replace(self, texts: list[str], seed: int = 1) -> None:
        """Puts other rules in the place of all; the chances start anew from the seed."""
        self.rules = [Fault.parse(text) for text in texts]
        self._chance = Random(seed).random

    def pick(self, path: str) -> Fault | None:
        """The fault of this request, counted as used; None for most."""
        for rule in self.rules:
            if rule.left != 0 and fnmatchcase(path, rule.glob) and (rule.rate >= 1 or self._chance() < rule.rate):
                rule.hits += 1
                if rule.left is not None:
                    rule.left -= 1
                return rule
        return None


def apply(
    fault: Fault, params: dict[str, str], answer: Callable[[dict[str, str]], Reply], *, wrapped: bool = False
) -> Reply:
    """The answer that a fault makes out of the true one; `wrapped` where the API puts what it sends under `data`."""
    if fault.kind == "same-page":
        return answer({**params, "page": "1"})
    if fault.kind == "null":
        return Reply(200, b'{"data":null}' if wrapped else b"null")
    if fault.kind in _INSTEAD:
        return _INSTEAD[fault.kind](fault)
    reply = answer(params)
    if fault.kind in odd_json.KINDS:
        if reply.status == 200:
            reply.body = odd_json.alter(fault.kind, reply.body, None if fault.value is None else int(fault.number(0)))
        return reply
    if fault.kind == "badjson":
        reply.body = reply.body[: len(reply.body) // 2]
    elif fault.kind == "slow":
        reply.delay = fault.number(5)
    elif fault.kind == "drip":
        reply.delivery, reply.delay = "drip", fault.number(0.5)
    elif fault.kind == "truncated":
        reply.delivery = "truncated"
    elif fault.kind == "reset":
        reply.delivery = "reset"
    return reply


def _html(status: int) -> Callable[[Fault], Reply]:
    page = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><h1>Maintenance</h1></body></html>"
    return lambda _: Reply(status, page, {"Content-Type": "text/html; charset=UTF-8"})


def _too_many(fault: Fault) -> Reply:
    reply = Reply(429, b'{"message":"Too Many Attempts."}')
    if fault.value is not None:
        reply.headers["Retry-After"] = fault.value
    return reply


def _redirect(fault: Fault) -> Reply:
    return Reply(302, b"", {"Location": fault.value or "http://elsewhere.example.com/v2/exams?page=1"})


def _huge(fault: Fault) -> Reply:
    def pieces() -> Iterator[bytes]:
        yield b"["
        for _ in range(int(fault.number(1024))):
            yield b'{"id":1},' * (_MEGABYTE // 9)
        yield b"{}]"

    return Reply(200, stream=pieces)


def _deep(fault: Fault) -> Reply:
    depth = int(fault.number(100_000))
    return Reply(200, b"[" * depth + b"]" * depth)


def _bomb(fault: Fault) -> Reply:
    return Reply(
        200, _packed(int(fault.number(1024))), {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    )


@lru_cache(maxsize=2)
def _packed(megabytes: int) -> bytes:
    """Return a JSON array of so many megabytes of blanks as gzip, without ever packing more than one of them."""
    # After a full flush a block depends on nothing before it, so the packed megabyte may be repeated.
    blanks = b" " * _MEGABYTE
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    start = packer.compress(b"[") + packer.flush(zlib.Z_FULL_FLUSH)
    middle = packer.compress(blanks) + packer.flush(zlib.Z_FULL_FLUSH)
    end = packer.compress(b"]") + packer.flush()
    checksum = zlib.crc32(b"[")
    for _ in range(megabytes):
        checksum = zlib.crc32(blanks, checksum)
    checksum = zlib.crc32(b"]", checksum)
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    size = megabytes * _MEGABYTE + 2
    return header + start + middle * megabytes + end + struct.pack("<II", checksum, size & 0xFFFFFFFF)


_INSTEAD: dict[str, Callable[[Fault], Reply]] = {
    "500": lambda _: Reply(500, b'{"message":"Server Error"}'),
    "503": _html(503),
    "403-html": _html(403),
    "429": _too_many,
    "html": _html(200),
    "empty": lambda _: Reply(200, b"{}"),
    "204": lambda _: Reply(204, headers={}),
    "no-body": lambda _: Reply(200),
    "empty-data": lambda _: Reply(200, b'{"data":{}}'),
    "redirect": _redirect,
    "huge": _huge,
    "deep": _deep,
    "bomb": _bomb,
}
