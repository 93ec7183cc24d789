"""How a program ends: at once when it is told to, and quietly when nobody reads its output any more."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from _thread import start_new_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, AnyStr, NoReturn

try:
    import resource
except ImportError:
    # Windows has neither the module nor core files.
    resource = None  # type: ignore[assignment]

# What a shell shows for a process that was ended by a closed pipe: 128 and SIGPIPE.
CLOSED_PIPE = 141
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# A reader that does not read must not keep a process alive that was told to end.
_SECONDS_TO_END = 1.5


class Ended(SystemExit):
    """SIGTERM or SIGINT: the process is to end now. `code` is what shells give for the signal."""


@contextmanager
def ending_at_once(tell: Callable[[BaseException], None]) -> Iterator[None]:
    """Run a program inside; unless it succeeds, the process ends with the block, after `tell` told the user why.

    Threads that still wait for the network or for a rate limit would hold the process until they are done. What was
    read is confirmed before every wait, so there is nothing to wait for.
    """
    for number in _SIGNALS:
        signal.signal(number, _end)
    _leave_no_core()
    for handler in logging.getLogger().handlers:
        _make_quiet(handler)
    try:
        yield
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BrokenPipeError:
        code = CLOSED_PIPE
    except BaseException as error:  # noqa: BLE001 - whatever it is, the user is told in the program's own way
        tell(error)
        code = 1
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = CLOSED_PIPE
    others = set(threading.enumerate()) - {threading.current_thread()}
    if code or any(not thread.daemon for thread in others):
        os._exit(code)


@contextmanager
def signals_held() -> Iterator[None]:
    """Do inside what must be done whole or not at all: a signal that comes meanwhile counts from the block's end on."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda which, _: came.append(which)) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for which in came:
            signal.raise_signal(which)


def _leave_no_core() -> None:
    """Keep the kernel from writing this process to disk when it crashes: it holds credentials and applicants' data."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def end_soon(number: int) -> Ended:
    """What to raise for a signal; the process ends soon also where nobody raises it. Further signals change nothing."""
    for each in _SIGNALS:
        # Not `SIG_IGN`: Python would complain of a second signal that has come already.
        signal.signal(each, _let_be)
    # Not a thread of `threading`: the signal may have come in the middle of its locks.
    start_new_thread(_end_late, (128 + number,))
    return Ended(128 + number)


def _let_be(number: int, _: object) -> None:
    """The process ends already."""


def _end_late(code: int) -> None:
    time.sleep(_SECONDS_TO_END)
    os._exit(code)


def _end(number: int, _: object) -> NoReturn:
    raise end_soon(number)


def _make_quiet(handler: logging.Handler) -> None:
    """Keep a log handler from printing a traceback for each line that nobody can read any more."""
    shown = handler.handleError

    def handle(record: logging.LogRecord) -> None:
        if not isinstance(sys.exc_info()[1], BrokenPipeError):
            shown(record)
        elif threading.current_thread() is threading.main_thread():
            _hang_up()
            raise  # logging calls this inside its `except`; the main thread ends the program itself
        else:
            os._exit(CLOSED_PIPE)

    handler.handleError = handle  # type: ignore[method-assign]


def write(out: IO[AnyStr], line: AnyStr, flush: bool = False) -> None:
    """Write a line. Where nobody reads any more all that follows goes nowhere, and BrokenPipeError is raised.

    At once, before the reading that made the line is let go: it has more to say then.
    """
    try:
        out.write(line)
        if flush:
            out.flush()
    except BrokenPipeError:
        _hang_up()
        raise


def _hang_up() -> None:
    """Send what is still written on the way out, such as the last lines of the log, to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
