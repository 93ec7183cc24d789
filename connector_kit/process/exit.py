"""How a program ends: at once when it is told to, and quietly when nobody reads its output any more."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
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
    """SIGTERM or SIGINT, whose number is `signal`: the process is to end now."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal = number


@contextmanager
def exit_on_signal(tell: Callable[[BaseException], None]) -> Iterator[None]:
    """Run a program inside; unless it succeeds, the process ends with the block, after `tell` told the user why.

    Threads that still wait for the network or for a rate limit would hold the process until they are done. What was
    read is confirmed before every wait, so there is nothing to wait for.
    """
    code = 0
    try:
        for number in _SIGNALS:
            signal.signal(number, _end)
        _leave_no_core()
        try:
            yield
        except Ended:
            raise
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BrokenPipeError:
            code = CLOSED_PIPE
        except BaseException as error:  # noqa: BLE001 - whatever it is, the user is told in the program's own way
            code = _code_of(partial(tell, error)) or 1
        code = _flushed() or code
    except Ended as end:
        _flushed()
        die_by(end.signal)
    others = set(threading.enumerate()) - {threading.current_thread()}
    if code or any(not thread.daemon for thread in others):
        os._exit(code)
    for number in _SIGNALS:
        # All is said: what Python still does needs nobody's patience.
        signal.signal(number, signal.SIG_DFL)


def _flushed() -> int:
    return _code_of(sys.stdout.flush) or _code_of(sys.stderr.flush)


def _code_of(say: Callable[[], None]) -> int:
    """The exit code after something was said: 0, or another where stdout takes no more."""
    try:
        say()
    except OSError as error:
        _hang_up(error)
        return CLOSED_PIPE if isinstance(error, BrokenPipeError) else 1
    return 0


def die_by(number: int) -> NoReturn:
    """End by the signal itself, which is what a parent looks for: a shell, PyAirbyte, a platform."""
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
    # The first process of a container is spared the default.
    os._exit(128 + number)


@contextmanager
def die_on_signal() -> Iterator[None]:
    """Around imports: nothing is to be written yet, and modules in C crash where a signal raises in their midst."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda which, _: die_by(which)) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_no_core() -> None:
    """Keep the kernel from writing this process to disk when it crashes: it holds credentials and applicants' data."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def begin_exit(number: int) -> Ended:
    """What to raise for a signal; the process ends soon also where nobody raises it. Further signals change nothing."""
    for each in _SIGNALS:
        # Not `SIG_IGN`: Python would complain of a second signal that has come already.
        signal.signal(each, _let_be)
    if hasattr(signal, "setitimer"):
        # Not a thread: the signal may have come in the middle of the locks of `threading`.
        signal.signal(signal.SIGALRM, lambda *_: die_by(number))
        signal.setitimer(signal.ITIMER_REAL, _SECONDS_TO_END)
    return Ended(number)


def _let_be(number: int, _: object) -> None:
    """The process ends already."""


def _end(number: int, _: object) -> NoReturn:
    raise begin_exit(number)


def quieten_log() -> None:
    """Keep the handlers of the log from printing a traceback for each line that can't be written any more."""
    for handler in logging.getLogger().handlers:
        _make_quiet(handler)


def _make_quiet(handler: logging.Handler) -> None:
    shown = handler.handleError

    def handle(record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        to_stderr = getattr(handler, "stream", None) is sys.stderr
        if not isinstance(error, OSError) or (to_stderr and not isinstance(error, BrokenPipeError)):
            shown(record)
            return
        _hang_up(error)
        if threading.current_thread() is threading.main_thread():
            raise  # logging calls this inside its `except`; the main thread ends the program itself
        os._exit(CLOSED_PIPE if isinstance(error, BrokenPipeError) else 1)

    handler.handleError = handle  # type: ignore[method-assign]


def write(out: IO[AnyStr], line: AnyStr, flush: bool = False) -> None:
    """Write a line. Where stdout takes no more all that follows goes nowhere, and the error is raised.

    At once, before the reading that made the line is let go: it has more to say then.
    """
    try:
        out.write(line)
        if flush:
            out.flush()
    except OSError as error:
        _hang_up(error)
        raise


def _hang_up(error: OSError) -> None:
    """Send what is still written on the way out, such as the last lines of the log, to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    # A reader that has gone is no failure; a full disk is.
    if not isinstance(error, BrokenPipeError):
        with suppress(OSError):
            sys.stderr.write(f"stdout cannot be written to: {error.strerror}. The output ends here.\n")
            sys.stderr.flush()
