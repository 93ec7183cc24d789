"""Endpoints that the server counts in one window are found out, and those with their own are not taken for it."""

from __future__ import annotations

import pytest

from unit_tests.connector_kit.limited_server import Headers, made


@pytest.mark.parametrize(
    ("each", "told", "refusal", "merged"),
    [
        (25, {}, {"Retry-After": "890"}, True),
        (25, {}, {}, True),
        (25, {}, {"Retry-After": "1"}, False),
        (15, {"X-RateLimit-Limit": "30"}, {"Retry-After": "890"}, True),
        (15, {}, {"Retry-After": "890"}, False),
    ],
    ids=["to the end", "nothing told", "a gateway's", "the announced limit", "below the limit"],
)
def test_windows_are_merged_by_a_429_that_closes_a_whole_window_at_its_limit(
    each: int, told: Headers, refusal: Headers, merged: bool
) -> None:
    budget, clock = made()
    for scope in ("tickets", "scores"):
        for _ in range(each):
            assert budget.reserve(scope) == 0.0
            clock.time += 0.1
            budget.settle(scope, 200, told, clock.time)
    assert budget.reserve("scores") == 0.0
    budget.settle("scores", 429, refusal, clock.time)
    assert budget.in_one_window("tickets", "scores") == merged
