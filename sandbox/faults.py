"""Faults on demand: what networks, proxies and hostile servers do to an answer.

A fault is written `KIND[=VALUE][:RATE][:GLOB][:xCOUNT]`: `500` (always), `reset:0.05` (one request in twenty),
`html:*/candidates:x1` (once, on that list), `slow=2.5:0.1`. GLOB is matched against the whole path.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random

from sandbox.replies import Reply

KINDS: dict[str, str] = {
    "reset": "the connection is reset before an answer",
    "500": "500 with a JSON body",
    "503": "503 with an HTML body",
    "429": "429 whatever the limits say; =SECONDS is Retry-After",
    "truncated": "half of the body, then the end of the connection",
    "html": "200 with an HTML page",
    "empty": "200 with {}",
    "badjson": "200 with JSON that is cut short",
    "slow": "the answer comes after =SECONDS (default 5)",
    "drip": "the body comes a few bytes at a time; =SECONDS between pieces (default 0.5)",
    "same-page": "lists answer page 1 whatever page is asked for",
    "redirect": "302 to another host; =URL says where",
    "huge": "200 with a JSON body of =MEGABYTES (default 1024)",
    "deep": "200 with arrays nested =DEPTH times (default 100000)",
    "bomb": "200 with gzip that unpacks to =MEGABYTES (default 1024)",
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
        # A redirect's value is a URL with colons of its own, so it takes all the text.
        if text.startswith("redirect="):
            return cls("redirect", text.removeprefix("redirect="))
        head, *rest = text.split(":")
        kind, _, value = head.partition("=")
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is not a fault; there are {', '.join(KINDS)}")
        fault = cls(kind, value or None)
        for part in rest:
            if part[:1] == "x" and part[1:].isdecimal():
                fault.left = int(part[1:])
            elif part.replace(".", "", 1).isdecimal():
                fault.rate = float(part)
            else:
                fault.glob = part
        if value and kind != "redirect":
            float(value)
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


def apply(fault: Fault, params: dict[str, str], answer: Callable[[dict[str, str]], Reply]) -> Reply:
    """The answer that a fault makes out of the true one."""
    if fault.kind == "same-page":
        return answer({**params, "page": "1"})
    if fault.kind in _INSTEAD:
        return _INSTEAD[fault.kind](fault)
    reply = answer(params)
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
    return lambda fault: Reply(status, page, {"Content-Type": "text/html; charset=UTF-8"})


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
    # Gzip may hold many members: one packed megabyte, repeated, is cheap here and dear to whoever unpacks it.
    member = gzip.compress(b" " * _MEGABYTE)
    body = gzip.compress(b"[") + member * int(fault.number(1024)) + gzip.compress(b"]")
    return Reply(200, body, {"Content-Type": "application/json", "Content-Encoding": "gzip"})


_INSTEAD: dict[str, Callable[[Fault], Reply]] = {
    "500": lambda fault: Reply(500, b'{"message":"Server Error"}'),
    "503": _html(503),
    "429": _too_many,
    "html": _html(200),
    "empty": lambda fault: Reply(200, b"{}"),
    "redirect": _redirect,
    "huge": _huge,
    "deep": _deep,
    "bomb": _bomb,
}
