"""How a program starts: with standard streams that are open and speak UTF-8, and without empty variables.

Without airbyte-cdk, since `spec` and `--about` start here, too.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any

_BUFFER = 1 << 17


def start() -> None:
    """Make the process what the rest of the program expects, whoever started it. Called before anything else.

    Raises SystemExit where there is no stdout to write to.
    """
    # Runners such as Meltano pass a setting that nobody has set as an empty text, and so do Compose files and CI.
    for name in [name for name, value in os.environ.items() if not value]:
        del os.environ[name]
    _open_what_is_closed()
    if isinstance(sys.stderr, io.TextIOWrapper) and sys.stderr is sys.__stderr__:
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    _widen_stdout()


def _open_what_is_closed() -> None:
    """Open stdin and stderr where they are closed: the first file or connection would get their number else."""
    if _is_closed(2):
        _open_nowhere(2, os.O_WRONLY)
        sys.stderr = sys.__stderr__ = open(2, "w", encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    if _is_closed(0):
        _open_nowhere(0, os.O_RDONLY)
        sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    if _is_closed(1):
        sys.exit("stdout is closed, and all that this program has to say goes there. Start it with an open stdout.")


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
    """Give stdout UTF-8 and a buffer for some sixty records: of 8 KB, a sync's records would take thousands of writes.

    What is flushed still leaves at once, all before it with it. Both names of stdout, since airbyte-cdk's log goes to
    the second. Where stdout was replaced already nothing is done.
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
    # Under PYTHONUNBUFFERED, which many images set, nothing stands between the text and the file.
    if isinstance(buffer, io.BufferedWriter):
        buffer.detach()
    bytes_out = io.BufferedWriter(raw, _BUFFER)
    # Half of a surrogate pair is escaped in the way that JSON has it.
    wide = io.TextIOWrapper(bytes_out, encoding="utf-8", errors="backslashreplace", line_buffering=line_buffering)
    sys.stdout = sys.__stdout__ = wide  # type: ignore[misc]  # the CDK's log looks it up by this name
