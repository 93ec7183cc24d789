"""Runs the sandbox's HTTP server on loopback: in a thread for tests, in the foreground for the program."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from sandbox.app import SandboxProtocol, create_app
from sandbox.settings import Settings
from sandbox.world import World

_START_SECONDS = 30


@dataclass(frozen=True)
class Running:
    """A sandbox that listens."""

    world: World
    origin: str
    """Scheme, host and port, such as `http://127.0.0.1:49152`."""

    @property
    def control(self) -> str:
        """Where the endpoints for tests are."""
        return f"{self.origin}/control"

    @property
    def configs(self) -> dict[str, dict[str, Any]]:
        """A config for each source, under `talentics` and `talentio`."""
        return self.world.configs(self.origin)


def loopback(host: str) -> str:
    """The host if it is a loopback address. ValueError otherwise: the sandbox's credentials are known to all."""
    if host == "localhost":
        return host
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    raise ValueError(
        f"--host {host} is not a loopback address; the sandbox listens on 127.0.0.1, ::1 or localhost only"
    )


def listen(host: str = "127.0.0.1", port: int = 0) -> tuple[socket.socket, str]:
    """A bound socket (port 0: a free one) and the origin under which it is reached."""
    host = loopback(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's delay off: 40 ms a small answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    shown = f"[{host}]" if ":" in host else host
    return listener, f"http://{shown}:{listener.getsockname()[1]}"


def http_server(world: World) -> uvicorn.Server:
    """An HTTP server over a world: without a log of requests, and with the world's `Date` in the place of its own."""
    config = uvicorn.Config(
        create_app(world=world),
        http=SandboxProtocol,
        access_log=False,
        log_level="critical",
        date_header=False,
        server_header=False,
        lifespan="off",
        backlog=256,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


@contextmanager
def serve(
    settings: Settings | None = None, *, world: World | None = None, host: str = "127.0.0.1", port: int = 0
) -> Iterator[Running]:
    """Runs a sandbox in a thread for as long as the block lasts."""
    world = world or World(settings)
    listener, origin = listen(host, port)
    server = http_server(world)
    ready = threading.Event()

    async def run() -> None:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not task.done():
            await asyncio.sleep(0.005)
        ready.set()
        await task

    thread = threading.Thread(target=asyncio.run, args=(run(),), name="sandbox", daemon=True)
    thread.start()
    if not ready.wait(_START_SECONDS) or not server.started:
        raise RuntimeError("the sandbox's HTTP server did not start")
    try:
        yield Running(world, origin)
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)
        listener.close()
