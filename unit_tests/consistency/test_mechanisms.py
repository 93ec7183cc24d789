"""Each mechanism is needed: switched off, the play finds a record that was lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from connector_kit.reading.page_walk import PageWalk
from connector_kit.reading.paginators import PageSignals
from connector_kit.reading.seen_records import SeenRecords
from connector_kit.state.cursors import StreamCursor
from unit_tests.support.moving_source import machine


def total_ignored() -> AbstractContextManager[Any]:
    """A list is read to its end, but nobody looks at whether the total shrank."""
    original = PageWalk.counts

    def counts(self: PageWalk, page: int, rows: int, signals: PageSignals) -> bool:
        self._total = None
        return original(self, page, rows, signals)

    switched_off = ExitStack()
    switched_off.enter_context(mock.patch.object(PageWalk, "counts", counts))
    switched_off.enter_context(mock.patch.object(SeenRecords, "total_was"))
    return switched_off


def cursor_capped_nowhere() -> AbstractContextManager[Any]:
    """The state is the greatest time that was seen, as the CDK has it."""
    return mock.patch.object(StreamCursor, "begin")


def margin_zero() -> AbstractContextManager[Any]:
    """The state goes right up to the start of the sync, whatever zone the times are in."""
    original = StreamCursor.begin

    def begin(self: StreamCursor, server_time: Any) -> None:
        self._margin = type(self._margin)(0)
        original(self, server_time)

    return mock.patch.object(StreamCursor, "begin", begin)


def short_pages_are_last() -> AbstractContextManager[Any]:
    """A page that is not full ends a list, whatever the server says."""
    original = PageWalk.next

    def following(self: PageWalk, rows: int, counted: bool, *more: Any) -> int | None:
        return None if counted and rows < self._asked_size else original(self, rows, counted, *more)

    return mock.patch.object(PageWalk, "next", following)


def count_ignored() -> AbstractContextManager[Any]:
    """Nobody compares what was seen with the total."""
    return mock.patch.object(SeenRecords, "lacks", return_value=False)


# Whoever ignores the count loses nothing for good where each sync reads the whole list, as all of Talentics' do.
CASES = [
    (package, mutation)
    for package in ("source_talentics", "source_talentio")
    for mutation in (total_ignored, cursor_capped_nowhere, margin_zero, short_pages_are_last, count_ignored)
    if (package, mutation) != ("source_talentics", count_ignored)
]
# Plays that find it within seconds; those of seed 1 take up to twenty.
SEEDS = {
    ("source_talentics", total_ignored): 6,
    ("source_talentio", cursor_capped_nowhere): 3,
    ("source_talentio", margin_zero): 3,
    ("source_talentio", short_pages_are_last): 3,
}
LONG = ("source_talentics", margin_zero)


@pytest.mark.timeout(900)
@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "mutation"),
    # Talentics' margin covers zones that a play seldom draws: hundreds of plays, four minutes.
    [pytest.param(*case, marks=[pytest.mark.long] if case == LONG else []) for case in CASES],
)
def test_without_it_records_are_lost(package: str, mutation: Callable[[], AbstractContextManager[Any]]) -> None:
    play = seed(SEEDS.get((package, mutation), 1))(
        machine(package, odd=mutation in (short_pages_are_last, count_ignored))
    )
    tried = settings(
        max_examples=2000,
        stateful_step_count=4,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    with mutation(), pytest.raises(AssertionError, match=r"missing|stale"):
        run_state_machine_as_test(play, settings=tried)
