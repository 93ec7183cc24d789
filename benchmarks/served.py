"""The sandbox with ready answers: `python -m benchmarks.served --source SOURCE --SIZE N … [--latency SECONDS]`.

The sandbox makes each answer when it is asked for, which costs more than most clients take to read it. This server asks
it once for each page and detail and keeps the bytes, so that what is measured is the client. It runs in a process of
its own until its standard input ends, announces the config of the source in one line of JSON, and counts what it is
asked: `GET /control/counts` gives the counts since the last time.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import re
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.owner import when_input_ends
from sandbox.server import listen
from sandbox.settings import COUNTS, Settings
from sandbox.world import World

_DAY = 86_400
_HEAD_END = b"\r\n\r\n"
# The parameters by which answers differ; the others filter nothing out of a first sync.
_PAGING = ("page", "per_page")
_PAGE_SIZE = 100
# More than any id of the sandbox.
_NEW_IDS = 10_000_000


@dataclass(frozen=True)
class Canned:
    """An answer but for its `Date`."""

    endpoint: str
    head: bytes
    body: bytes


class Site:
    """The answers of one source, made when first asked for, and the counts of what was asked."""

    def __init__(self, source: str, settings: Settings, times: int = 1) -> None:
        # A day ago, so that what is finished below was not touched a moment before it is read.
        self._world = World(settings, clock=lambda: time.time() - _DAY)
        config = self._world.configs("")[source]
        self._authorization = _authorization(config)
        self._prefix = str(config["base_url"])
        if source == "talentics":
            for exam in self._world.data.ids("exams"):
                for ticket in list(self._world.data.ids("tickets", exam)):
                    self._world.data.finish_ticket(ticket)
        self._times = times
        self._pages = -(-settings.candidates // _PAGE_SIZE)
        self._by_target: dict[bytes, Canned] = {}
        self._by_page: dict[tuple[str, ...], Canned] = {}
        self._requests: Counter[str] = Counter()
        self._asked: set[bytes] = set()
        self._first: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._cpu = time.process_time()

    def config(self, origin: str, source: str) -> dict[str, Any]:
        """The config with which the source reads this server."""
        return self._world.configs(origin)[source]

    def answer(self, head: bytes) -> bytes:
        """The whole answer to a request, which is given without its last two line ends."""
        target = head.split(b" ", 2)[1]
        if target == b"/control/counts":
            return _whole(200, {}, json.dumps(self._counts()).encode())
        canned = self._by_target.get(target)
        if canned is None:
            canned = self._made(target.decode("latin-1"))
            if self._times == 1:
                self._by_target[target] = canned
        if self._authorization not in head:
            return _whole(401, {}, b"")
        now = time.monotonic()
        self._requests[canned.endpoint] += 1
        self._asked.add(target)
        self._first.setdefault(canned.endpoint, now)
        self._last[canned.endpoint] = now
        return b"".join((canned.head, b"Date: ", formatdate(usegmt=True).encode(), _HEAD_END, canned.body))

    def _made(self, target: str) -> Canned:
        url = urlsplit(target)
        query = dict(parse_qsl(url.query))
        paging = {name: query[name] for name in _PAGING if name in query}
        rounds = 0
        if self._times > 1 and "page" in paging:
            rounds, page = divmod(int(paging["page"]) - 1, self._pages)
            paging["page"] = str(page + 1)
        made = self._page(url.path, paging)
        return made if self._times == 1 else self._again(made, rounds)

    def _again(self, canned: Canned, rounds: int) -> Canned:
        """The page as it is in a list that is `times` as long: after each round come the same records with new ids."""
        if rounds >= self._times:
            body = b"[]"
        else:
            records = json.loads(canned.body)
            for record in records:
                record["id"] += rounds * _NEW_IDS
            body = json.dumps(records).encode()
        total = self._times * self._pages * _PAGE_SIZE
        return Canned(canned.endpoint, _head(200, {"X-Total": str(total)}, body), body)

    def _page(self, path: str, paging: dict[str, str]) -> Canned:
        key = (path, *paging.values())
        if key not in self._by_page:
            reply = self._world.respond("GET", path, paging, {"authorization": self._authorization.decode()})
            reply.headers.pop("Date", None)
            endpoint = re.sub(r"/\d+", "/{id}", path.removeprefix(self._prefix))
            self._by_page[key] = Canned(endpoint, _head(reply.status, reply.headers, reply.body), reply.body)
        return self._by_page[key]

    def _counts(self) -> dict[str, Any]:
        cpu = time.process_time()
        counts = {
            "requests": dict(self._requests),
            "distinct": len(self._asked),
            "seconds": {endpoint: self._last[endpoint] - first for endpoint, first in self._first.items()},
            "cpu": cpu - self._cpu,
        }
        self._requests.clear()
        self._asked.clear()
        self._first.clear()
        self._last.clear()
        self._cpu = cpu
        return counts


class Connection(asyncio.Protocol):
    """One client's connection: reads heads of GET requests, writes answers, after the latency."""

    def __init__(self, site: Site, latency: float) -> None:
        self._site = site
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream socket has no other
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(_HEAD_END)) >= 0:
            answer = self._site.answer(self._received[:end])
            self._received = self._received[end + len(_HEAD_END) :]
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, partial(self._write, answer))
            else:
                self._transport.write(answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _head(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} -\r\n{lines}Content-Length: {len(body)}\r\n".encode()


def _whole(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    return _head(status, headers, body) + b"\r\n" + body


def _authorization(config: dict[str, Any]) -> bytes:
    if "access_token" in config:
        return f"Bearer {config['access_token']}".encode()
    return b"Basic " + b64encode(f"{config['app_id']}:{config['app_secret']}".encode())


async def serve(source: str, settings: Settings, latency: float, times: int) -> None:
    """Announce the config, then answer until standard input ends."""
    when_input_ends(lambda: os._exit(0))
    site = Site(source, settings, times)
    listener, origin = listen()
    server = await asyncio.get_running_loop().create_server(partial(Connection, site, latency), sock=listener)
    # Nothing here is garbage: collections would only look at the answers again and again, while a client waits.
    gc.disable()
    print(json.dumps({"config": site.config(origin, source), "control": origin}), flush=True)
    await server.serve_forever()


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.served", description=__doc__)
    parser.add_argument("--source", choices=("talentics", "talentio"), required=True)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--times", type=int, default=1, help="the list of candidates is so many times as long")
    for name in COUNTS:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(Settings, name))
    given = parser.parse_args()
    sizes = {name: getattr(given, name) for name in COUNTS}
    settings = Settings(**sizes, talentics_limit=None, talentio_limit=None)
    asyncio.run(serve(given.source, settings, given.latency, given.times))


if __name__ == "__main__":
    main()
