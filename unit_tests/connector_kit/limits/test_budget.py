"""The budget by hand: one request after another, and what the server's answers make of the next."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector_kit.limits.budget import Budget, RateLimit
from unit_tests.support.clock import SharedClock
from unit_tests.support.limited_server import LIMIT, PERIOD, START, Headers, made, sent


def test_refusals_in_a_row_are_not_answered_by_a_storm() -> None:
    budget, clock = made()
    pauses = []
    for _ in range(10):
        sent(budget, clock, 429, {"Retry-After": "0"})
        pauses.append(budget.reserve("scores"))
        clock.advance(pauses[-1])
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60, 60])


def test_a_429_that_tells_nothing_at_the_start_is_asked_again_by_and_by() -> None:
    budget, clock = made()
    pauses = []
    for _ in range(6):
        sent(budget, clock, 429)
        pauses.append(budget.reserve("scores"))
        clock.advance(pauses[-1])
    assert pauses == pytest.approx([60, 120, 240, 480, 900, 900])


def test_a_429_while_plenty_is_left_is_not_taken_for_the_end_of_the_window() -> None:
    budget, clock = made(5000, 3600)
    for left in (4990, 4989):
        sent(budget, clock, headers={"X-Remaining": str(left), "X-Reset": "3000"})
    sent(budget, clock, 429)
    assert budget.reserve("scores") == 60


def test_a_connection_that_is_lost_and_sent_again_counts_once() -> None:
    budget, clock = made(limit=2)
    assert budget.reserve("scores") == 0.0
    for _ in range(5):
        budget.lost("scores", clock.passed, True)
        clock.advance(10)
        assert budget.resend("scores") == 0.0
    budget.settle("scores", 200, {}, clock.passed)
    assert budget.reserve("scores") == 0.0
    budget.settle("scores", 200, {}, clock.passed)
    assert budget.reserve("scores") == PERIOD


def test_a_lost_request_is_not_sent_again_into_a_closed_window() -> None:
    budget, clock = made(limit=1000)
    sent(budget, clock)
    assert [budget.reserve("scores") for _ in range(2)] == [0.0, 0.0]
    budget.lost("scores", clock.passed, True)
    assert not budget.is_closed("scores")
    budget.settle("scores", 429, {"Retry-After": "600"}, clock.passed)
    assert budget.is_closed("scores")
    assert budget.resend("scores") == pytest.approx(600)
    clock.advance(600)
    assert budget.resend("scores") == 0.0
    # It goes alone, to find out how things stand.
    assert budget.reserve("scores") > 0


def test_a_lost_request_waits_where_nothing_is_left() -> None:
    budget, clock = made(limit=1000)
    sent(budget, clock)
    assert [budget.reserve("scores") for _ in range(2)] == [0.0, 0.0]
    budget.lost("scores", clock.passed, True)
    budget.settle("scores", 200, {"X-Remaining": "0", "X-Reset": "300"}, clock.passed)
    assert budget.resend("scores") == pytest.approx(300)


def test_a_slot_that_was_not_used_is_free_again() -> None:
    budget, _ = made(limit=1)
    assert budget.reserve("scores") == 0.0
    budget.release("scores")
    assert budget.reserve("scores") == 0.0


@pytest.mark.parametrize(("reset", "idle"), [("0", 0.0), ("1", 2.0)], ids=["at once", "between two requests"])
def test_a_server_that_always_tells_of_a_new_window_does_not_lift_the_limit(reset: str, idle: float) -> None:
    budget, clock = made()
    accepted = []
    while clock.passed < 10 * PERIOD:
        pause = budget.reserve("scores")
        if pause:
            clock.advance(pause)
            continue
        accepted.append(clock.passed)
        clock.advance(0.01)
        budget.settle("scores", 200, {"X-Remaining": "9999", "X-Reset": reset}, accepted[-1])
        clock.advance(idle)
    # The first reset that is told is believed.
    assert len(accepted) <= 11 * LIMIT


def every_40th(headers: Headers) -> Callable[[int], tuple[int, Headers]]:
    return lambda number: (200, {}) if number % 40 else (429, headers)


@pytest.mark.parametrize("period", [7.0, PERIOD])
@pytest.mark.parametrize(
    "answer",
    [
        lambda number: (200, {"X-RateLimit-Remaining": str(10 - number % 2)}),
        lambda _: (200, {"X-Remaining": "40", "X-Reset": "0"}),
        every_40th({"Retry-After": "0"}),
        every_40th({"Retry-After": "1", "X-Remaining": "30", "X-Reset": "1"}),
    ],
    ids=["what is left goes up and down", "always reset", "a gateway's 429s", "429s while some are left"],
)
def test_nothing_that_a_server_says_lifts_the_limit(
    answer: Callable[[int], tuple[int, Headers]], period: float
) -> None:
    budget, clock = made(period=period)
    accepted: list[float] = []
    number = 0
    while clock.passed < 3 * period:
        if pause := budget.reserve("scores"):
            clock.advance(pause)
            continue
        began, number = clock.passed, number + 1
        clock.advance(0.05)
        status, headers = answer(number)
        budget.settle("scores", status, headers, began)
        if status == 200:
            accepted.append(clock.passed)
    assert max(sum(first <= later < first + period for later in accepted) for first in accepted) <= LIMIT


def test_answers_that_come_while_the_window_is_closed_count_in_it() -> None:
    budget, clock = made()
    for left in range(49, 20, -1):
        sent(budget, clock, headers={"X-RateLimit-Remaining": str(left)})
    assert [budget.reserve("scores") for _ in range(11)] == [0.0] * 11
    budget.settle("scores", 429, {"Retry-After": "1"}, clock.passed)
    for _ in range(10):
        budget.settle("scores", 200, {}, clock.passed)
    clock.advance(1)
    for _ in range(11):
        sent(budget, clock)
    assert budget.reserve("scores") > 800


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "0", "X-RateLimit-Reset": str(int(START) + 600)}, 600),
        ({"Retry-After": "Sun, 15 Jun 2025 15:00:00 GMT", "X-RateLimit-Reset": str(int(START) + 600)}, 600),
        ({"Retry-After": "30", "X-Remaining": "20", "X-Reset": "600"}, 30),
        ({"Retry-After": "120, 120"}, 120),
    ],
    ids=["0 beside a reset", "a past date beside a reset", "some are left", "twice"],
)
def test_a_429_closes_the_window_until_the_later_of_what_it_tells(headers: Headers, pause: float) -> None:
    budget, clock = made()
    sent(budget, clock, 429, headers)
    assert budget.reserve("scores") == pytest.approx(pause, abs=0.2)


@pytest.mark.parametrize("limit", [50, 200, 5000])
def test_the_first_request_of_a_sync_finds_out_alone_how_things_stand(limit: int) -> None:
    budget, _ = made(limit=limit)
    assert budget.reserve("scores") == 0.0
    assert budget.reserve("scores") > 0


def test_a_first_request_that_was_lost_keeps_no_other_waiting() -> None:
    budget, clock = made(limit=5000)
    assert budget.reserve("scores") == 0.0
    budget.lost("scores", clock.passed, False)
    assert [budget.reserve("scores") for _ in range(3)] == [0.0] * 3


@pytest.mark.parametrize(("limit", "in_flight"), [(50, 1), (200, 4), (5000, 100)])
def test_another_window_does_not_wait_for_its_own_first_answer_where_a_429_costs_little(
    limit: int, in_flight: int
) -> None:
    budget, clock = made(limit=limit)
    sent(budget, clock)
    other = budget.window_for("forms", RateLimit(limit, PERIOD, "endpoint"))
    assert [budget.reserve(other) for _ in range(in_flight)] == [0.0] * in_flight
    assert budget.reserve(other) > 0


@pytest.mark.parametrize(("limit", "in_flight"), [(50, 1), (200, 4), (5000, 100)])
def test_where_nobody_tells_what_is_left_few_can_be_refused_at_once(limit: int, in_flight: int) -> None:
    budget, clock = made(limit=limit)
    sent(budget, clock)
    assert [budget.reserve("scores") for _ in range(in_flight)] == [0.0] * in_flight
    assert budget.reserve("scores") > 0


def test_as_many_as_are_under_way_stay_over_for_somebody_else() -> None:
    budget, clock = made()
    sent(budget, clock, headers={"X-RateLimit-Remaining": "6"})
    assert [budget.reserve("scores") for _ in range(3)] == [0.0] * 3
    assert budget.reserve("scores") > 0


def test_one_request_that_was_lost_is_sent_again_alone() -> None:
    budget, clock = made()
    sent(budget, clock)
    assert budget.reserve("scores") == 0.0
    budget.lost("scores", clock.passed, False)
    assert budget.reserve("scores") == 0.0
    assert budget.resend("scores") > 0
    budget.settle("scores", 200, {}, clock.passed)
    assert budget.resend("scores") == 0.0


def test_each_window_has_a_limit_and_a_period_of_its_own() -> None:
    clock = SharedClock()
    budget = Budget(clock)
    few, many = RateLimit(2, 900, "endpoint"), RateLimit(3, 7, "endpoint")
    assert budget.window_for("/scores", few) == budget.window_for("/scores", few) == "/scores"
    key = budget.window_for("/pages", many)
    assert (budget.describe_limit("/scores"), budget.describe_limit(key)) == ("2 per 15 min", "3 per 7 s")
    for window, requests, period in (("/scores", 2, 900), (key, 3, 7)):
        for _ in range(requests):
            assert budget.reserve(window) == 0.0
            budget.settle(window, 200, {}, clock.passed)
        assert budget.reserve(window) == period


def test_all_endpoints_share_one_window_or_none_does() -> None:
    budget = Budget(SharedClock())
    everywhere = RateLimit(3, 7, "all")
    assert budget.window_for("/pages", everywhere) == budget.window_for("/details", everywhere)
    with pytest.raises(ValueError, match=r"^/scores: rate limits of scope `endpoint` and `all` side by side"):
        budget.window_for("/scores", RateLimit(2, 900, "endpoint"))


@pytest.mark.parametrize(("requests", "period"), [(0, 900), (-1, 900), (50, 0)])
def test_a_limit_that_lets_nothing_out_is_refused(requests: int, period: float) -> None:
    with pytest.raises(ValueError, match="lets nothing out"):
        RateLimit(requests, period, "endpoint")


def test_one_window_has_one_limit() -> None:
    budget = Budget(SharedClock())
    budget.window_for("/scores", RateLimit(50, 900, "endpoint"))
    with pytest.raises(ValueError, match="/scores: two rate limits"):
        budget.window_for("/scores", RateLimit(50, 3600, "endpoint"))


@pytest.mark.parametrize("scope", ["everything", "", "All"])
def test_a_scope_that_is_none_is_named(scope: str) -> None:
    with pytest.raises(ValueError, match=f"^'{scope}' is not a scope"):
        RateLimit(50, 900, scope)


def test_an_answer_of_the_window_before_does_not_close_the_next_one() -> None:
    budget, clock = made(limit=5000, period=3600)
    sent(budget, clock, headers={"X-Remaining": "3", "X-Reset": "10"})
    assert budget.reserve("scores") == 0.0
    slow = clock.passed
    clock.advance(11)
    sent(budget, clock, headers={"X-Remaining": "4999", "X-Reset": "3600"})
    budget.settle("scores", 200, {"X-Remaining": "0", "X-Reset": "1"}, slow)
    assert budget.reserve("scores") <= 1


def test_where_nobody_says_until_when_nothing_is_left_one_request_at_a_time_finds_out() -> None:
    budget, clock = made()
    for _ in range(5):
        sent(budget, clock, headers={"X-RateLimit-Remaining": "0"})
    assert budget.reserve("scores") == 0.0
    assert budget.reserve("scores") > 0
    budget.settle("scores", 429, {"Retry-After": "300"}, clock.passed)
    assert budget.reserve("scores") == 300


def test_several_429s_at_once_that_tell_nothing_are_one_while_plenty_is_left() -> None:
    budget, clock = made(limit=5000, period=3600)
    for left in (4990, 4989):
        sent(budget, clock, headers={"X-Remaining": str(left), "X-Reset": "3000"})
    assert [budget.reserve("scores") for _ in range(4)] == [0.0] * 4
    for _ in range(4):
        budget.settle("scores", 429, {}, clock.passed)
    assert budget.reserve("scores") == 60
