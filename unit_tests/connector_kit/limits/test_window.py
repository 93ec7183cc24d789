"""What a window has room for, by what the server announces."""

from __future__ import annotations

import pytest

from unit_tests.support.limited_server import LIMIT, PERIOD, Headers, made, sent


def test_a_slot_is_counted_from_its_answer() -> None:
    budget, clock = made()
    for _ in range(LIMIT - 1):
        sent(budget, clock)
    sent(budget, clock, took=60)
    clock.advance(PERIOD - 59)
    # A period after the last one went out, but not yet after it was answered.
    for _ in range(LIMIT - 1):
        sent(budget, clock)
    assert 50 < budget.reserve("scores") < 60


def test_the_estimate_goes_by_the_limit_behind_an_early_429() -> None:
    budget, clock = made()
    sent(budget, clock, 429, {"Retry-After": "600"})
    assert budget.seconds_to_send("scores", 90, 600) == pytest.approx(600 + PERIOD)


def test_what_the_window_has_used_up_counts_in_the_estimate() -> None:
    budget, clock = made()
    for _ in range(45):
        sent(budget, clock)
    assert budget.seconds_to_send("scores", 5, 4) == 4
    assert budget.seconds_to_send("scores", 45, 4) == pytest.approx(PERIOD, abs=5)
    assert budget.seconds_to_send("scores", 100, 4) == pytest.approx(2 * PERIOD, abs=5)


def test_a_lower_limit_that_is_announced_is_kept_and_told() -> None:
    budget, clock = made()
    assert budget.describe_limit("scores") == "50 per 15 min"
    sent(budget, clock, headers={"X-RateLimit-Limit": "30"})
    assert budget.describe_limit("scores") == "30 per 15 min"
    for _ in range(29):
        sent(budget, clock)
    assert budget.reserve("scores") > 800


def test_a_higher_limit_that_is_announced_is_not_used() -> None:
    budget, clock = made()
    sent(budget, clock, headers={"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4999"})
    for _ in range(49):
        sent(budget, clock)
    assert budget.reserve("scores") > 800


@pytest.mark.parametrize(
    "told",
    [
        {"X-RateLimit-Limit": "0", "X-RateLimit-Remaining": "0"},
        {"X-RateLimit-Limit": "1"},
        {"X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "0"},
        {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "60"},
        {"X-RateLimit-Limit": "1e9", "X-RateLimit-Remaining": "1e9"},
        {"X-RateLimit-Remaining": "0"},
        {"X-RateLimit-Remaining": "-1"},
        {"X-RateLimit-Remaining": "0, 49"},
    ],
    ids=str,
)
@pytest.mark.parametrize("each", [1, 10], ids=["always", "now and then"])
def test_nonsense_makes_no_sync_slow(told: Headers, each: int) -> None:
    budget, clock = made()
    for number in range(LIMIT):
        sent(budget, clock, headers=told if number % each == 0 else {})
    assert clock.passed < 60
    assert budget.reserve("scores") > 800


def test_a_limit_below_what_was_accepted_is_none() -> None:
    budget, clock = made()
    for _ in range(20):
        sent(budget, clock)
    sent(budget, clock, headers={"X-RateLimit-Limit": "10"})
    assert budget.describe_limit("scores") == "50 per 15 min"
