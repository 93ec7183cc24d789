"""Connects to the server: plain http without a proxy, and answers bounded in size and time.

requests bounds neither. Its read time-out starts over with every byte, so a server that sends one byte a second could
hold a sync for weeks; and it unpacks a body to its end, however much memory that takes.
"""

from __future__ import annotations

import http.client
import io
import logging
import math
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ReadTimeoutError
from urllib3.poolmanager import PoolManager, ProxyManager

from connector_kit.errors import BeyondBounds

logger = logging.getLogger("airbyte.connector_kit")
# Its warning about a broken header quotes what the server sent: perhaps the credential, or somebody's data.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)

# In bytes. Talentics sends all applicants of a job in one answer: 90,000 of them take this much. Other pages take 2 MB.
LARGEST_BODY = 64 << 20
# The body of an error is read so that the connection can be reused, which a longer one is not worth.
_LARGEST_ERROR = 1 << 20
_PIECE = 1 << 16
# Only one body at a time may grow beyond this, although each worker may be reading one.
_LARGE = 8 << 20
_one_large_body = threading.Lock()


def new_session(connections: int, transport: BaseAdapter | None = None) -> requests.Session:
    """Return a session that keeps `connections` open. In tests, `transport` answers in place of the network."""
    session = requests.Session()
    adapter = transport or Adapter(pool_connections=1, pool_maxsize=connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    # Neither API uses cookies, and a proxy's tracking cookies would fill the jar.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


class _Deadline(threading.local):
    """When the answer that this thread is reading must be complete, by the monotonic clock."""

    end = math.inf


_deadline = _Deadline()


@contextmanager
def complete_within(seconds: float) -> Iterator[None]:
    """Limit the time of the whole answer, from status line to last byte, that this thread reads inside the block."""
    _deadline.end = time.monotonic() + seconds
    try:
        yield
    finally:
        _deadline.end = math.inf


def read_body(response: requests.Response) -> bytes:
    """Return the body of a streamed answer, unpacked.

    Raises:
        BeyondBounds: it is larger than any answer of these APIs.
        requests.RequestException: it was cut off, or did not arrive in time.
    """
    return _read(response, LARGEST_BODY)


def discard(response: requests.Response) -> bytes:
    """Return the body of an error; empty, with the connection closed, where it is too long or cut off."""
    with suppress(BeyondBounds, requests.RequestException):
        return _read(response, _LARGEST_ERROR)
    return b""


def _read(response: requests.Response, largest: int) -> bytes:
    body = bytearray()
    with ExitStack() as held:
        # Returns the connection to the pool if the whole body was read, and closes it otherwise.
        held.callback(response.close)
        alone = False
        try:
            for piece in response.iter_content(_PIECE):
                if not alone and len(body) + len(piece) > _LARGE:
                    held.enter_context(_one_large_body)
                    alone = True
                body += piece
                if len(body) > largest:
                    body.clear()
                    raise BeyondBounds(f"HTTP {response.status_code} with more than {largest >> 20} MiB")
        except requests.ConnectionError as error:
            if error.args and isinstance(error.args[0], ReadTimeoutError):
                raise requests.ReadTimeout(request=error.request) from None
            raise
        return bytes(body)


class _DeadlineReader(io.RawIOBase):
    """Reads the bytes of a connection until the deadline of the reading thread."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() > _deadline.end:
            raise TimeoutError
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """Applies the deadline from the status line on, since headers may drip as well."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach()))

    def begin(self) -> None:
        super().begin()
        if self.msg.defects:
            _warn_of_broken_header()


@cache
def _warn_of_broken_header() -> None:
    """Warn once a process."""
    logger.warning("The server sent a header line that can't be read; the lines after it are ignored too.")


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class Adapter(HTTPAdapter):
    """The adapter for http and https.

    Without a proxy it remembers a server's connection pool. requests would look it up by some thirty settings for each
    request, which takes a tenth of the request's CPU.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _apply_deadlines(self.poolmanager)
        self._pools: dict[Any, Any] = {}

    def close(self) -> None:
        self._pools.clear()
        super().close()

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        if proxies:
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        url = str(request.url)
        key = (url[: url.find("/", len("https://"))], verify, cert)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = super().get_connection_with_tls_context(request, verify, proxies, cert)
        return pool

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        return super().request_url(request, proxies) if proxies else request.path_url

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        if isinstance(manager, ProxyManager):
            # A SOCKS proxy's manager has its own kind of connections.
            _apply_deadlines(manager)
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if str(request.url).startswith("http:"):
            # Plain http only goes to this very machine. A proxy from the environment could read it.
            kwargs["proxies"] = {}
        return super().send(request, *args, **kwargs)


def _apply_deadlines(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
