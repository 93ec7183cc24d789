"""The SDK's own tests of a tap, for both taps, against the sandbox."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from connector_kit.singer.tap import tap_class
from integration_tests.singer_programs import TINY
from sandbox import Settings, World, serve
from sandbox.server import listen

# The SDK warns where a field is null in all records, as the sandbox's jobs have no `suspended_at`; whichever tests ran
# before in this process decides whether it is heard.
pytestmark = pytest.mark.filterwarnings("ignore:No records were available to test:UserWarning")

_LISTENER, _ORIGIN = listen()
_LISTENER.close()
_WORLD = World(Settings(**TINY))
_PORT = int(_ORIGIN.rpartition(":")[2])


@pytest.fixture(scope="module", autouse=True)
def _sandbox() -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    with serve(world=_WORLD, port=_PORT):
        yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def suite(source: str) -> type[Any]:
    """The SDK's tests; it runs the tap while it makes them, and so needs the account's address beforehand."""
    made: type[Any] = get_tap_test_class(
        tap_class(f"source_{source}"),
        config=_WORLD.configs(_ORIGIN)[source],
        suite_config=SuiteConfig(max_records_limit=20),
        include_tap_tests=True,
    )
    return made


TestTalentics = suite("talentics")
TestTalentio = suite("talentio")
