"""The sandbox over HTTP: a thin ASGI skin that delivers what the world answers, faults of the transport included."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.control import control_router
from sandbox.replies import Reply
from sandbox.settings import Settings
from sandbox.world import World

_DRIP_BYTES = 64
_transports: dict[tuple[str, int], asyncio.Transport] = {}
"""Open connections by the client's address: the only way from an ASGI application to the socket that it is to reset."""


class SandboxProtocol(H11Protocol):
    """uvicorn's own protocol, which also remembers its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it so too
        super().connection_made(transport)
        if self.client:
            _transports[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client:
            _transports.pop(self.client, None)
        super().connection_lost(exc)


class _Delivery(Response):
    """Sends a reply in the way that it asks for."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        super().__init__(status_code=reply.status)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        reply = self._reply
        if reply.delivery == "reset":
            _reset(scope)
            return
        if reply.delay and reply.delivery != "drip":
            await asyncio.sleep(reply.delay)
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
        if reply.stream is None and reply.status != 204:
            headers.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        for piece in self._pieces():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if reply.delivery == "drip":
                await asyncio.sleep(reply.delay)
        if reply.delivery == "truncated":
            # Ends the connection in the middle of the announced body.
            _transport(scope).close()
            return
        await send({"type": "http.response.body", "body": b""})

    def _pieces(self) -> Iterator[bytes]:
        reply = self._reply
        if reply.stream is not None:
            yield from reply.stream()
        elif reply.delivery == "drip":
            yield from (reply.body[start : start + _DRIP_BYTES] for start in range(0, len(reply.body), _DRIP_BYTES))
        elif reply.delivery == "truncated":
            yield reply.body[: len(reply.body) // 2]
        else:
            yield reply.body


def _transport(scope: Scope) -> asyncio.Transport:
    client = cast("tuple[str, int]", tuple(scope["client"]))
    return _transports[client]


def _reset(scope: Scope) -> None:
    transport = _transport(scope)
    connection: Any = transport.get_extra_info("socket")
    # Lingering for no time makes the kernel send RST and not FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def create_app(settings: Settings | None = None, *, world: World | None = None) -> FastAPI:
    """The application; its world is `app.state.world`, made from the settings unless one is given.

    Resets and truncated bodies need `SandboxProtocol` under it, as `sandbox.server` has it.
    """
    shown = world or World(settings)
    app = FastAPI(title="Sandbox of Talentics and Talentio", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.world = shown
    app.include_router(control_router(shown))

    async def serve(request: Request) -> Response:
        return _Delivery(shown.respond(request.method, request.url.path, request.url.query, request.headers))

    app.add_route("/{path:path}", serve, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
    return app
