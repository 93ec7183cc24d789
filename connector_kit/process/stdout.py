"""Starts a program: opens its standard streams, makes them UTF-8, and removes empty environment variables.

It must not import airbyte-cdk, because `spec` and `--about` start here too.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any

_BUFFER = 1 << 17


def start() -> None:
    """Prepare the process. Call this before anything else.

    Raises:
        SystemExit: stdout is closed.
    """
    # Meltano, Compose files and CI pass a setting that nobody has set as an empty variable.
    for name in [name for name, value in os.environ.items() if not value]:
        del os.environ[name]
    _open_what_is_closed()
    if isinstance(sys.stderr, io.TextIOWrapper) and sys.stderr is sys.__stderr__:
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    _widen_stdout()


def _open_what_is_closed() -> None:
    """Open stdin and stderr if they are closed; else the first file or socket would get their descriptor."""
    if _is_closed(2):
        _open_nowhere(2, os.O_WRONLY)
        sys.stderr = sys.__stderr__ = open(2, "w", encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    if _is_closed(0):
        _open_nowhere(0, os.O_RDONLY)
        sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    if _is_closed(1):
        sys.exit("stdout is closed, but this program writes its output there. Start it with an open stdout.")


def _is_closed(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return True
    return False


def _open_nowhere(number: int, mode: int) -> None:
    opened = os.open(os.devnull, mode)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)


def _widen_stdout() -> None:
    """Give stdout UTF-8 and a buffer for some sixty records: with 8 KB a sync would take thousands of writes.

    Flushes still take effect at once. `sys.stdout` and `sys.__stdout__` are both replaced, because airbyte-cdk's log
    goes to the second; a stdout that was replaced before is left alone.
    """
    text = sys.__stdout__
    if sys.stdout is not text or not isinstance(text, io.TextIOWrapper):
        return
    raw: Any = text.buffer
    if isinstance(raw, io.BufferedWriter):
        raw = raw.raw
    if not isinstance(raw, io.FileIO):
        return
    line_buffering = text.line_buffering
    text.flush()
    buffer = text.detach()
    # Under PYTHONUNBUFFERED, which many images set, there is no buffer to detach.
    if isinstance(buffer, io.BufferedWriter):
        buffer.detach()
    bytes_out = io.BufferedWriter(raw, _BUFFER)
    # Escapes half of a surrogate pair as JSON does.
    wide = io.TextIOWrapper(bytes_out, encoding="utf-8", errors="backslashreplace", line_buffering=line_buffering)
    sys.stdout = sys.__stdout__ = wide  # type: ignore[misc]  # the CDK's log looks it up by this name
