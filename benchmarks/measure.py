"""Runs a program to its end and tells what it cost.

Imports little: a child's peak memory starts at that of the process that started it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# `ru_maxrss` counts KiB, on macOS bytes.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
_PIECE = 1 << 20
_RECORD = b'{"type":"RECORD"'
# As a user has it: without the settings of whoever runs this, which turn off byte code and buffers.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds, seconds of CPU (user and system), bytes of peak memory; and what it did."""

    wall: float
    cpu: float
    rss: int
    records: int
    asked: Mapping[str, int] = field(default_factory=dict)
    """Requests by endpoint."""
    repeated: int = 0
    """Requests for a URL that was asked for before."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """From the first request to the last, by endpoint."""
    server_cpu: float = 0.0

    @property
    def requests(self) -> int:
        """All requests."""
        return sum(self.asked.values())


class FailedError(Exception):
    """A program ended with an error."""


@dataclass(frozen=True)
class Server:
    """A running `benchmarks.served`."""

    config: dict[str, Any]
    control: str

    def counts(self) -> dict[str, Any]:
        """What was asked since the last call."""
        connection = HTTPConnection(self.control.removeprefix("http://"), timeout=60)
        connection.request("GET", "/control/counts")
        counts: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return counts


@contextmanager
def running_server(options: Sequence[str]) -> Iterator[Server]:
    """`python -m benchmarks.served` with the options, for as long as the block lasts."""
    command = [sys.executable, "-m", "benchmarks.served", *options]
    # The pipe's end tells the server that we are gone, even where we were killed.
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=_ENVIRONMENT, text=True, **pipes) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            announced = json.loads(process.stdout.readline())
            yield Server(announced["config"], announced["control"])
        finally:
            process.terminate()


def run(command: Sequence[str], server: Server | None = None) -> Cost:
    """One run. Its stdout is drained and its records are counted here, for every program alike.

    Raises:
        FailedError: it ended with an error.
    """
    if server is not None:
        server.counts()
    with tempfile.TemporaryFile() as errors:
        started = time.monotonic()
        with subprocess.Popen(command, cwd=ROOT, env=_ENVIRONMENT, stdout=subprocess.PIPE, stderr=errors) as process:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            records = _counted(process.stdout.fileno())
            # The usage of this child and its own children; `getrusage` would add up all children so far.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        if process.returncode:
            errors.seek(0)
            told = errors.read()[-2000:].decode(errors="replace")
            raise FailedError(f"{' '.join(command)} ended with exit code {process.returncode}\n{told}")
    asked: dict[str, Any] = {"requests": {}, "distinct": 0, "seconds": {}, "cpu": 0.0}
    if server is not None:
        asked = server.counts()
    return Cost(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        rss=usage.ru_maxrss * _RSS_UNIT,
        records=records,
        asked=asked["requests"],
        repeated=sum(asked["requests"].values()) - asked["distinct"],
        seconds=asked["seconds"],
        server_cpu=asked["cpu"],
    )


def output_of(command: Sequence[str]) -> str:
    """What a program prints. Raises FailedError."""
    done = subprocess.run(
        command, cwd=ROOT, env=_ENVIRONMENT, capture_output=True, check=False, text=True, encoding="utf-8"
    )
    if done.returncode:
        raise FailedError(f"{' '.join(command)} ended with exit code {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def _counted(descriptor: int) -> int:
    """Read a pipe to its end. Gives the number of RECORD messages, or what a COUNT at the end says."""
    records, tail = 0, b"\n"
    while piece := os.read(descriptor, _PIECE):
        # What may be the beginning of a line's first words is looked at again with the next piece.
        seen = tail + piece
        records += seen.count(b"\n" + _RECORD)
        tail = seen[-len(_RECORD) :]
        if b'{"type": "COUNT"' in piece:
            return int(json.loads(piece[piece.index(b'{"type": "COUNT"') :].splitlines()[0])["records"])
    return records
