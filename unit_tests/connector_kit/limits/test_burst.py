"""The pace: free, until the server resets connections in a burst."""

from __future__ import annotations

import pytest

from unit_tests.support.limited_server import made, sent


def test_lost_requests_keep_the_pace_when_they_are_sent_again() -> None:
    budget, clock = made(limit=1000)
    sent(budget, clock)
    for _ in range(12):
        assert budget.reserve("scores") == 0.0
        clock.advance(0.1)
    for _ in range(4):
        budget.lost("scores", clock.passed - 0.4, True)
    clock.advance(budget.resend("scores"))
    assert budget.resend("scores") == 0.0
    assert budget.resend("scores") > 0.3


def test_connections_that_are_reset_in_a_burst_halve_the_pace_once() -> None:
    budget, clock = made(limit=1000)
    sent(budget, clock)
    for _ in range(12):
        assert budget.reserve("scores") == 0.0
        clock.advance(0.1)
    assert [budget.lost("scores", clock.passed - 0.4, True) for _ in range(4)] == [False, True, True, True]
    slowed = budget.reserve("scores")
    assert 0.3 < slowed < 0.7


@pytest.mark.parametrize(("took", "lost"), [(0.1, 1), (4.0, 2)], ids=["now and then", "at a slow pace"])
def test_a_connection_that_is_lost_without_a_burst_is_a_fault_like_others(took: float, lost: int) -> None:
    budget, clock = made(limit=1000)
    for _ in range(20):
        sent(budget, clock, took=took)
    for _ in range(lost):
        assert budget.reserve("scores") == 0.0
        assert not budget.lost("scores", clock.passed, True)
    assert budget.reserve("scores") == 0.0


def test_the_pace_is_regained_with_the_answers_that_come() -> None:
    budget, clock = made(limit=100_000)
    sent(budget, clock)
    for _ in range(12):
        assert budget.reserve("scores") == 0.0
        clock.advance(0.1)
    for _ in range(2):
        budget.lost("scores", clock.passed, True)
    assert budget.reserve("scores") > 0
    began = clock.passed
    for _ in range(200):
        clock.advance(budget.reserve("scores"))
        if budget.reserve("scores") == 0.0:
            budget.settle("scores", 200, {}, clock.passed)
    assert clock.passed > began
    assert budget.reserve("scores") == 0.0
    assert budget.reserve("scores") == 0.0
