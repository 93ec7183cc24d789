"""Runs a source with PyAirbyte into one schema of a DuckDB file, and shows on the terminal what happens meanwhile.

PyAirbyte keeps the source's state in tables of the same schema: the next sync into the same file is incremental.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import textwrap
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from demo.program import Failed
from demo.streams import Stream

_HEARTBEAT_SECONDS = 10.0
_WIDTH = 110

_STREAM_READ = re.compile(r"Read (\d+) records from (\w+) stream")
# Lines that the CDK logs of itself, one or more a stream: next to the records of the stream they tell a reader nothing.
_INTERNAL = re.compile(
    r"MemoryMonitor|Starting syncing|Syncing stream|Marking stream|Finished syncing|Exception while syncing|\{"
)
# Log lines about an error, which also comes as a message of its own.
_ABOUT_ERRORS = re.compile(r"(?s)During the sync, the following streams did not sync|.*Traceback \(most recent")


class SyncFailed(Failed):
    """The source or the client gave up; the text says why."""


class AirbyteClient:
    """PyAirbyte, kept at home: no telemetry, no registry, its files and logs in one directory of ours."""

    def __init__(self, directory: Path) -> None:
        """Loads PyAirbyte, which takes seconds. It reads these settings once, when it is imported."""
        directory.mkdir(parents=True, exist_ok=True)
        self.logs = directory / "logs"
        os.environ.update(
            AIRBYTE_OFFLINE_MODE="1",
            DO_NOT_TRACK="1",
            AIRBYTE_PROJECT_DIR=str(directory),
            AIRBYTE_LOGGING_ROOT=str(self.logs),
            # Its live view stays silent where there is no terminal, and never shows what the source logs.
            NO_LIVE_PROGRESS="1",
        )
        # Google's libraries, which come along, announce when they will drop this version of Python.
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\.")
        import airbyte
        from airbyte.caches import DuckDBCache
        from airbyte.exceptions import PyAirbyteError

        self._airbyte = airbyte
        self._cache = DuckDBCache
        self._error = PyAirbyteError
        self._own_output = directory / "pyairbyte.log"

    def sync(self, source: str, config: dict[str, Any], database: Path, schema: str) -> list[Stream]:
        """Syncs all streams of a source into one schema of the file. Raises SyncFailed."""
        name = f"source-{source}"
        terminal = sys.stdout
        with (
            self._own_output.open("a", encoding="utf-8") as output,
            # What PyAirbyte prints of itself goes to a file: the lines of the source are shown in its place.
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(output),
        ):
            program = Path(sys.executable).parent / name
            connector = self._airbyte.get_source(name, local_executable=program, install_if_missing=False)
            # Not before: a new source takes all handlers from its logger.
            with _shown(name, terminal) as progress:
                try:
                    return self._sync(connector, config, database, schema)
                except self._error as problem:
                    reason = "\n".join(progress.errors or [cannot_start(problem, program) or problem.get_message()])
                    raise SyncFailed(f"{name}: {reason}\nMore in its logs: {self.logs / name}") from problem

    def _sync(self, connector: Any, config: dict[str, Any], database: Path, schema: str) -> list[Stream]:
        # The source checks its config itself, and in better words.
        connector.set_config(config, validate=False)
        connector.select_all_streams()
        with contextlib.closing(self._cache(db_path=database, schema_name=schema)) as cache:
            connector.read(cache=cache)
        return [
            Stream(stream.name, incremental=bool(stream.default_cursor_field))
            for stream in connector.discovered_catalog.streams
        ]


def cannot_start(problem: BaseException, program: Path) -> str | None:
    """Why the program did not start, where that is what led to the problem; PyAirbyte says "Connector failed." only."""
    cause: BaseException | None = problem
    while cause:
        if isinstance(cause, OSError) and str(cause.filename) == str(program):
            return (
                f"{program} cannot be started: {cause.strerror} (it, or the Python that its first line names); "
                f"delete {program.parent.parent} and run make again"
            )
        cause = cause.__cause__ or cause.__context__
    return None


class _Progress(logging.Handler):
    """Shows what a source logs: a line a stream that was read, waits and warnings; and time passing in between.

    Errors are kept for the end, each once: streams that share a list fail with the same words.
    """

    def __init__(self, terminal: TextIO) -> None:
        super().__init__(logging.INFO)
        self.errors: list[str] = []
        self._terminal = terminal
        self._start = self._last = time.monotonic()
        self._ended = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if record.levelno >= logging.ERROR:
            if message not in self.errors and not _ABOUT_ERRORS.match(message):
                self.errors.append(message)
            return
        read = _STREAM_READ.fullmatch(message)
        if read:
            self._show(f"  {read[2]:<32}{int(read[1]):>9,} records")
        elif not _INTERNAL.match(message) and not _ABOUT_ERRORS.match(message):
            self._show(textwrap.fill(message, _WIDTH, initial_indent="  ", subsequent_indent="    "))

    def tick(self) -> None:
        """Says that work goes on wherever nothing else was shown for a while; returns after `end`."""
        while not self._ended.wait(1):
            now = time.monotonic()
            if now - self._last >= _HEARTBEAT_SECONDS:
                self._show(f"  … still at work after {now - self._start:.0f} s")

    def end(self) -> None:
        self._ended.set()

    def _show(self, text: str) -> None:
        print(text, file=self._terminal, flush=True)
        self._last = time.monotonic()


@contextlib.contextmanager
def _shown(name: str, terminal: TextIO) -> Iterator[_Progress]:
    # PyAirbyte hands each message that the source logs to the logger of this name.
    logger = logging.getLogger(f"airbyte.{name}")
    progress = _Progress(terminal)
    ticker = threading.Thread(target=progress.tick, daemon=True)
    logger.addHandler(progress)
    ticker.start()
    try:
        yield progress
    finally:
        logger.removeHandler(progress)
        progress.end()
        ticker.join()
