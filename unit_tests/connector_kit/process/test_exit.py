"""A program that is told to end ends once, whatever else it is told meanwhile."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from connector_kit.process import exit as ending

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Those of the tests' own process come back."""
    before = {number: signal.getsignal(number) for number in (*SIGNALS, signal.SIGALRM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def timer() -> Iterator[None]:
    """Here nothing ends this process later."""
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_counts_and_no_other(number: int) -> None:
    ended = ending.begin_exit(number)
    for further in SIGNALS:
        signal.raise_signal(further)
    assert (ended.signal, ended.code) == (number, 128 + number)


def test_the_process_ends_soon_also_where_nobody_raises_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that waits for a reader is not left by an exception that is held back until it is done."""
    died: list[int] = []
    known = threading.Event()

    def die_by(number: int) -> None:
        died.append(number)
        known.set()

    monkeypatch.setattr(ending, "die_by", die_by)
    monkeypatch.setattr(ending, "_SECONDS_TO_END", 0.01)
    # What `threading` holds while it starts a thread: whoever wants it in a signal's handler waits for himself.
    with threading._active_limbo_lock:  # type: ignore[attr-defined]  # typeshed leaves it out
        ending.begin_exit(signal.SIGTERM)
        assert known.wait(60)
    assert died == [signal.SIGTERM]
