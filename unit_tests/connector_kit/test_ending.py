"""A program that is told to end ends once, whatever else it is told meanwhile."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connector_kit import ending

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Those of the tests' own process come back."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Callable[..., None], Any]]:
    """What would be run in a thread of its own: here nothing ends this process."""
    started: list[tuple[Callable[..., None], Any]] = []
    monkeypatch.setattr(ending, "start_new_thread", lambda *call: started.append(call))
    return started


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_first_signal_counts_and_no_other(late: list[Any], number: int, code: int) -> None:
    assert ending.end_soon(number).code == code
    for further in SIGNALS:
        signal.raise_signal(further)
    assert [arguments for _, arguments in late] == [(code,)]


@pytest.mark.parametrize("second", SIGNALS)
def test_a_second_signal_in_the_middle_of_the_first_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, second: int
) -> None:
    monkeypatch.setattr(ending, "start_new_thread", lambda *_: signal.raise_signal(second))
    assert ending.end_soon(signal.SIGTERM).code == 143


def test_a_signal_in_the_middle_of_starting_a_thread_ends_the_process_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`threading` holds a lock there, and would wait for itself."""
    ended: list[int] = []
    known = threading.Event()

    def end(code: int) -> None:
        ended.append(code)
        known.set()

    monkeypatch.setattr(ending, "_end_late", end)
    with threading._active_limbo_lock:  # type: ignore[attr-defined]
        ending.end_soon(signal.SIGTERM)
        assert known.wait(60)
    assert ended == [143]
