"""Endpoints that the server counts in one window are found out; those with windows of their own never are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector_kit.rate_limits import Budget
from unit_tests.connector_kit.limited_server import (
    PERIOD,
    TELLING,
    Hand,
    Headers,
    Server,
    made,
    play,
)

Telling = Callable[[bool, int, float, float], Headers]
each_server = pytest.mark.parametrize("headers", TELLING.values(), ids=TELLING)


def merged(server: Server, work: dict[str, int], workers: int, seed: int, caplog: pytest.LogCaptureFixture) -> bool:
    caplog.clear()
    play(server, work, workers, seed=seed)
    return any("in one window" in record.getMessage() for record in caplog.records)


@each_server
@pytest.mark.parametrize("workers", [1, 4, 8])
def test_what_somebody_else_leaves_of_each_window_is_not_taken_for_a_shared_one(
    headers: Telling, workers: int, caplog: pytest.LogCaptureFixture
) -> None:
    for others in range(5, 45, 3):
        # As many of another endpoint, as would make up what is missing to the limit.
        work = {"tickets": others, "scores": 200, "forms": 60}
        assert not merged(Server(headers, others=others), work, workers, others, caplog)


@each_server
@pytest.mark.parametrize("kind", [{"limit": 30}, {"others": 20}], ids=["lower limit", "somebody else"])
@pytest.mark.parametrize("workers", [1, 4, 8])
def test_a_shared_window_with_room_for_less_than_configured_is_found_out(
    headers: Telling, kind: dict[str, int], workers: int, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(headers, key=lambda _: "all", **kind)  # type: ignore[arg-type]  # the names are the fields'
    assert merged(server, {"tickets": 25, "scores": 150, "forms": 150}, workers, 1, caplog)
    last = [server.refused[window] for window in sorted(server.accepted)][-5:]
    assert max(last) <= 1


def answered(budget: Budget, clock: Hand, scope: str, number: int, left: int | None = None) -> None:
    """So many requests with their answers, 0.1 s each; `left` is what the last one of them tells."""
    for still in range(number - 1, -1, -1):
        assert budget.reserve(scope) == 0.0
        began = clock.time
        clock.time += 0.1
        told = {} if left is None else {"X-RateLimit-Remaining": str(left + still)}
        budget.settle(scope, 200, told, began)


def refused(budget: Budget, clock: Hand, scope: str, headers: Headers | None = None) -> None:
    assert budget.reserve(scope) == 0.0
    budget.settle(scope, 429, headers or {}, clock.time)


def ends(moment: float, clock: Hand) -> Headers:
    return {"Retry-After": str(round(moment - clock.time))}


@pytest.mark.parametrize(
    ("announced", "shared"), [({}, False), ({"X-RateLimit-Limit": "30"}, True)], ids=["below", "at the announced limit"]
)
def test_the_limit_to_compare_with_is_the_announced_one(announced: Headers, shared: bool) -> None:
    budget, clock = made()
    answered(budget, clock, "tickets", 15)
    clock.time += 60
    answered(budget, clock, "scores", 15)
    refused(budget, clock, "scores", {**announced, **ends(PERIOD, clock)})
    assert budget.in_one_window("tickets", "scores") == shared


@pytest.mark.parametrize(
    ("began", "shared"),
    [(0.0, True), (62.5, False), (-300.0, False)],
    ids=["with the first of all", "with its own first", "before"],
)
def test_one_refusal_is_enough_where_its_reset_is_that_of_a_window_in_which_all_were_counted(
    began: float, shared: bool
) -> None:
    budget, clock = made()
    answered(budget, clock, "tickets", 25)
    clock.time += 60
    answered(budget, clock, "scores", 25)
    refused(budget, clock, "scores", ends(began + PERIOD, clock))
    assert budget.in_one_window("tickets", "scores") == shared


@pytest.mark.parametrize(("left", "shared"), [(25, True), (15, False)], ids=["used up since", "not used up"])
def test_one_refusal_is_enough_where_what_another_endpoint_had_left_has_gone_out_since(left: int, shared: bool) -> None:
    budget, clock = made()
    answered(budget, clock, "tickets", 25, left)
    answered(budget, clock, "scores", 25)
    refused(budget, clock, "scores")
    assert budget.in_one_window("tickets", "scores") == shared


def test_a_count_alone_needs_a_second_endpoint_that_is_refused() -> None:
    budget, clock = made()
    answered(budget, clock, "tickets", 30)
    answered(budget, clock, "scores", 20)
    refused(budget, clock, "scores")
    assert not budget.in_one_window("tickets", "scores")
    refused(budget, clock, "tickets")
    assert budget.in_one_window("tickets", "scores")


def test_an_answer_of_another_endpoint_meanwhile_disproves_it() -> None:
    budget, clock = made()
    answered(budget, clock, "tickets", 30)
    answered(budget, clock, "scores", 20)
    refused(budget, clock, "scores")
    clock.time += 1
    answered(budget, clock, "tickets", 1)
    refused(budget, clock, "tickets")
    assert not budget.in_one_window("tickets", "scores")


def test_a_gateways_429_proves_nothing() -> None:
    budget, clock = made()
    answered(budget, clock, "tickets", 30)
    clock.time += 60
    answered(budget, clock, "scores", 20)
    for scope in ("scores", "tickets"):
        refused(budget, clock, scope, {"Retry-After": "1"})
    assert not budget.in_one_window("tickets", "scores")


def test_the_announced_limit_outlasts_the_merge() -> None:
    budget, clock = made()
    answered(budget, clock, "tickets", 15)
    clock.time += 60
    answered(budget, clock, "scores", 15)
    refused(budget, clock, "scores", {"X-RateLimit-Limit": "30", **ends(PERIOD, clock)})
    assert budget.described("tickets") == "30 per 15 min"
