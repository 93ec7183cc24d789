"""Each mechanism is needed: switched off, the play finds a record that was lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from connector_kit.paging import PageNumbers
from connector_kit.state import StreamCursor
from unit_tests.consistency.machine import machine


def total_ignored() -> AbstractContextManager[Any]:
    """A list ends with its first page that is not full; nobody looks at the total."""
    return mock.patch.object(PageNumbers, "total", return_value=None)


def cursor_capped_nowhere() -> AbstractContextManager[Any]:
    """The state is the greatest time that was seen, as the CDK has it."""
    return mock.patch.object(StreamCursor, "begin")


def lookback_zero() -> AbstractContextManager[Any]:
    """The state goes right up to the start of the sync, whatever zone the times are in."""
    original = StreamCursor.begin

    def begin(self: StreamCursor, server_time: Any) -> None:
        self._lookback = type(self._lookback)(0)
        original(self, server_time)

    return mock.patch.object(StreamCursor, "begin", begin)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("package", "mutation"),
    [
        ("source_talentics", total_ignored),
        ("source_talentics", cursor_capped_nowhere),
        ("source_talentio", cursor_capped_nowhere),
        ("source_talentics", lookback_zero),
    ],
)
def test_without_it_records_are_lost(package: str, mutation: Callable[[], AbstractContextManager[Any]]) -> None:
    play = seed(1)(machine(package))
    tried = settings(
        max_examples=400,
        stateful_step_count=8,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    with mutation(), pytest.raises(AssertionError, match=r"missing|stale"):
        run_state_machine_as_test(play, settings=tried)
