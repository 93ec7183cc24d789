"""What the taps' tests share: an account at each vendor, and a process as it was before."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from unit_tests.support.taps import SOURCES, TapAccount


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """A tap takes over the signals of its process."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture(params=SOURCES)
def account(request: pytest.FixtureRequest) -> TapAccount:
    """Each source in turn."""
    return TapAccount(request.param)


@pytest.fixture
def talentio() -> TapAccount:
    return TapAccount("talentio")


@pytest.fixture
def talentics() -> TapAccount:
    return TapAccount("talentics")
