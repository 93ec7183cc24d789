"""The network of the tests: requests go to a server in this process, as a rule to the sandbox's world."""

from __future__ import annotations

import io
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from sandbox import VirtualClock

LATENCY = 0.3


@dataclass(frozen=True)
class Reply:
    """An answer. A body of bytes is sent as it is, any other as JSON."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Sent:
    """A request as it went out, and its number, from 0."""

    number: int
    request: requests.PreparedRequest
    timeout: object = None

    @property
    def url(self) -> str:
        return str(self.request.url)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> str:
        return urlsplit(self.url).query


class Server(Protocol):
    """What answers: the sandbox's `World` is one."""

    def handle(
        self, method: str, path: str, query: str, headers: Mapping[str, str], /
    ) -> tuple[int, Mapping[str, str], bytes]: ...


Script = Callable[[Sent], "Reply | None"]
"""Told of each request before the server: gives an answer in the server's place, raises an error, or None."""


def nothing_happens(sent: Sent) -> None: ...


class Transport(BaseAdapter):
    """Gives each request to the server, `latency` seconds of the clock after it was sent."""

    def __init__(
        self, server: Server, clock: VirtualClock, script: Script = nothing_happens, latency: float = LATENCY
    ) -> None:
        super().__init__()
        self.requests: list[Sent] = []
        self._server = server
        self._clock = clock
        self._script = script
        self._latency = latency
        self._lock = threading.Lock()

    @property
    def sent(self) -> list[str]:
        """Path and query of each request."""
        return [str(sent.request.path_url) for sent in self.requests]

    @property
    def asked(self) -> Counter[str]:
        """How often each path was asked for."""
        return Counter(sent.path for sent in self.requests)

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, timeout: object = None, *_: Any, **__: Any
    ) -> requests.Response:
        with self._lock:
            sent = Sent(len(self.requests), request, timeout)
            self.requests.append(sent)
        self._clock.advance(self._latency)
        reply = self._script(sent)
        if reply is not None:
            return _response(request, reply.status, reply.headers, reply.content)
        headers = {name: str(value) for name, value in request.headers.items()}
        return _response(request, *self._server.handle("GET", sent.path, sent.query, headers))

    def close(self) -> None: ...


def _response(
    request: requests.PreparedRequest, status: int, headers: Mapping[str, str], content: bytes
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers)
    response.raw = io.BytesIO(content)
    response.request = request
    response.url = str(request.url)
    return response
