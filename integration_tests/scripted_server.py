"""A server that a test scripts byte by byte, for what no decent server does; and runs of programs, measured."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from integration_tests.processes import PATIENCE, Run
from integration_tests.warm_programs import is_ours, run_warm

# `ru_maxrss` counts KiB, on macOS bytes.
_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Request:
    """What a client asked for; names of headers in lower case."""

    target: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


# Gives an answer piece by piece; the connection ends after the last one, or when the client goes.
Answers = Callable[[Request], Iterable[bytes]]


@dataclass
class ScriptedServer:
    """A server that listens. `requests` are all that came."""

    origin: str
    requests: list[Request] = field(default_factory=list)

    @property
    def credentials(self) -> list[str]:
        """The credentials that came, whatever header bore them."""
        names = ("authorization", "proxy-authorization", "cookie")
        return [request.headers[name] for request in self.requests for name in names if name in request.headers]


@contextmanager
def serving(answers: Answers, tls: ssl.SSLContext | None = None) -> Iterator[ScriptedServer]:
    """Answers as told, each connection in a thread of its own, for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = ScriptedServer(f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}")

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError, ValueError):
                secured = tls.wrap_socket(connection, server_side=True) if tls else connection
                with secured, secured.makefile("rb") as received:
                    request = _request(received)
                    server.requests.append(request)
                    for piece in answers(request):
                        secured.sendall(piece)
                    # Both directions are done before it closes: a reset would take away what the client has not read.
                    secured.shutdown(socket.SHUT_WR)
                    received.read()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield server
        finally:
            listener.close()


def _request(received: Iterable[bytes]) -> Request:
    lines = iter(received)
    # Nothing comes where the client ended between connecting and asking: a ValueError, as for any other junk.
    _, target, _ = next(lines, b"").decode("latin-1").split(" ", 2)
    headers = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").rstrip("\r\n").partition(":")
        if not colon:
            break
        headers[name.lower()] = value.strip()
    return Request(target, headers)


def reply(body: Any = None, status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer. `body` is sent as it is if it is bytes, else as JSON; `_` in a header's name stands for `-`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    all_headers = {"Content-Type": "application/json", "Connection": "close", "Content-Length": str(len(content))}
    all_headers |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in all_headers.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + content


# A process begins with the peak of the one that starts it, and that of the tests is large: a small one stands between.
_LAUNCHER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
with open(sys.argv[1], "w") as file:
    file.write(f"{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss}")
"""


@dataclass(frozen=True)
class Measured(Run):
    """What a program did, and the most memory that it held, in MB."""

    peak: float


def run_measured(
    command: Sequence[str], *arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> Measured:
    """Runs a program to its end, with no more of this environment than it needs, and `env` beside.

    Ours begin behind their imports: see `warm_programs`.
    """
    words, environment = [*command, *map(str, arguments)], {**plain(), **(env or {})}
    if is_ours(words, env):
        warm = run_warm(words, cwd, environment, PATIENCE)
        return Measured(warm.exit_code, warm.stdout, warm.stderr, warm.peak * _UNIT / 1e6)
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr, tempfile.NamedTemporaryFile() as usage:
        launcher = [sys.executable, "-c", _LAUNCHER, usage.name]
        subprocess.run(
            [*launcher, *words],
            cwd=cwd,
            env=environment,
            stdout=stdout,
            stderr=stderr,
            check=True,
        )
        code, peak = map(int, usage.read().split())
        return Measured(code, _text_of(stdout), _text_of(stderr), peak * _UNIT / 1e6)


def _text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def plain() -> dict[str, str]:
    """This environment without what a test must decide itself: proxies, certificates, levels of logs, test runners."""
    own = ("PYTEST_", "COV_", "LOG", "TAP_", "SINGER_")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(own)
        and not name.lower().endswith("_proxy")
        and name not in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC")
    }
