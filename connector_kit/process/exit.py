"""Ends a program: at once on a signal, and quietly when nobody reads its output any more."""

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

# The exit code that a shell shows for a process that ended by SIGPIPE: 128 + 13.
CLOSED_PIPE = 141
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# A reader that stopped reading must not keep the process alive after a signal.
_SECONDS_TO_END = 1.5


class Ended(SystemExit):
    """Raised by SIGTERM and SIGINT to end the process; `signal` is the number."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal = number


@contextmanager
def exit_on_signal(report: Callable[[BaseException], None]) -> Iterator[None]:
    """Run a program inside the block, and end the process with it unless the program succeeds.

    Threads that still wait for the network or a rate limit are not waited for: states go out before every wait.

    Args:
        report: tells the user why the program failed.
    """
    code = 0
    try:
        for number in _SIGNALS:
            signal.signal(number, _end)
        if hasattr(signal, "pthread_sigmask"):
            # The image starts with both blocked, so that none is lost before somebody handles it.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        _disable_core_dumps()
        try:
            yield
        except Ended:
            raise
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BrokenPipeError:
            code = CLOSED_PIPE
        except BaseException as error:  # noqa: BLE001 - whatever it is, `report` tells the user
            code = _exit_code_after(partial(report, error)) or 1
        code = _flush() or code
    except Ended as end:
        _flush()
        die_by(end.signal)
    others = set(threading.enumerate()) - {threading.current_thread()}
    if code or any(not thread.daemon for thread in others):
        os._exit(code)
    for number in _SIGNALS:
        # Everything is written, so a signal may end the interpreter's shutdown.
        signal.signal(number, signal.SIG_DFL)


def _flush() -> int:
    return _exit_code_after(sys.stdout.flush) or _exit_code_after(sys.stderr.flush)


def _exit_code_after(write_something: Callable[[], None]) -> int:
    """Return 0, or the exit code for a stdout that can't be written to."""
    try:
        write_something()
    except OSError as error:
        _discard_output(error)
        return CLOSED_PIPE if isinstance(error, BrokenPipeError) else 1
    return 0


def die_by(number: int) -> NoReturn:
    """End by the signal itself, which is what a parent process checks: a shell, PyAirbyte, a platform."""
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
    # The kernel protects the first process of a container from the default action.
    os._exit(128 + number)


@contextmanager
def die_on_signal() -> Iterator[None]:
    """Die at once on a signal inside the block. For imports: C modules crash if a signal handler raises in them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda which, _: die_by(which)) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _disable_core_dumps() -> None:
    """Disable core dumps: this process holds credentials and applicants' data."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def begin_exit(number: int) -> Ended:
    """Prepare to end by a signal; further signals are ignored.

    Returns:
        The exception to raise. If nobody does, the process still ends after `_SECONDS_TO_END`.
    """
    for each in _SIGNALS:
        # Not `SIG_IGN`, about which Python complains if a second signal is pending already.
        signal.signal(each, _ignore)
    if hasattr(signal, "setitimer"):
        # Not a thread: the signal may have interrupted code that holds a lock of `threading`.
        signal.signal(signal.SIGALRM, lambda *_: die_by(number))
        signal.setitimer(signal.ITIMER_REAL, _SECONDS_TO_END)
    return Ended(number)


def _ignore(number: int, _: object) -> None:
    """Do nothing: the process is ending already."""


def _end(number: int, _: object) -> NoReturn:
    raise begin_exit(number)


def silence_log_errors() -> None:
    """Keep log handlers from printing a traceback for each line that can't be written any more."""
    for handler in logging.getLogger().handlers:
        _silence(handler)


def _silence(handler: logging.Handler) -> None:
    print_traceback = handler.handleError

    def handle(record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        to_stderr = getattr(handler, "stream", None) is sys.stderr
        if not isinstance(error, OSError) or (to_stderr and not isinstance(error, BrokenPipeError)):
            print_traceback(record)
            return
        _discard_output(error)
        if threading.current_thread() is threading.main_thread():
            raise  # logging calls this inside its `except`; the main thread ends the program itself
        os._exit(CLOSED_PIPE if isinstance(error, BrokenPipeError) else 1)

    handler.handleError = handle  # type: ignore[method-assign]


def write(out: IO[AnyStr], line: AnyStr, flush: bool = False) -> None:
    """Write a line.

    Raises:
        OSError: stdout can't be written to. Whatever is written later, such as the log of the streams that end now, is
            discarded.
    """
    try:
        out.write(line)
        if flush:
            out.flush()
    except OSError as error:
        _discard_output(error)
        raise


def _discard_output(error: OSError) -> None:
    """Redirect stdout to nowhere, for what is still written on the way out."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    # A reader that has gone is not a failure; a full disk is.
    if not isinstance(error, BrokenPipeError):
        with suppress(OSError):
            sys.stderr.write(f"stdout cannot be written to: {error.strerror}. The output ends here.\n")
            sys.stderr.flush()
