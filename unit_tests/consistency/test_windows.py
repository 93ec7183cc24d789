"""Promise: as fast as allowed. Whole syncs on a virtual clock, against a server that keeps the vendors' limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from sandbox import Limit, Settings, World
from unit_tests.support.clock import SharedClock
from unit_tests.support.one_thread import Run, run_sync

SCORES = ("exams", "tickets", "ticket_scores")
WINDOW = 900.0
each_way_of_telling = pytest.mark.parametrize("headers", ["all", "retry-after", "none"])
each_number_of_workers = pytest.mark.parametrize("workers", [1, pytest.param(4, marks=pytest.mark.long), 8])


def sync(
    streams: tuple[str, ...] = SCORES, config: Mapping[str, Any] | None = None, **settings: Any
) -> tuple[Run, World, float]:
    """One full sync of Talentics; gives the run, the world and the seconds it took on the virtual clock."""
    clock = SharedClock()
    size = {"exams": 20, "tickets": 200, "jobs": 1, "applicants": 1}
    world = World(Settings(**{**size, **settings}), clock)
    began = clock()
    run = run_sync("source_talentics", world, clock, {}, streams=streams, config=config)
    assert not run.failed
    return run, world, clock() - began


def statuses(world: World) -> Counter[int]:
    return Counter(request.status for request in world.log.requests)


def most_429s_in_a_window(world: World, endpoint: str) -> int:
    """Windows open with their first request, and 429s count in none."""
    counts: list[int] = []
    began = float("-inf")
    for request in world.log.requests:
        if request.endpoint != endpoint:
            continue
        if request.time >= began + WINDOW:
            began = request.time
            counts.append(0)
        counts[-1] += request.status == 429
    return max(counts)


def rows(run: Run, stream: str) -> set[int]:
    return {row["ticket_id"] for row in run.rows(stream)}


def windows_of(seconds: float) -> int:
    """How many windows were begun in so many seconds."""
    return int(seconds // WINDOW) + 1


@cache
def four_thousand_tickets(workers: int) -> tuple[Run, World, float]:
    return sync(config={"num_workers": workers})


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, pytest.param(4, marks=pytest.mark.long), 8])
def test_four_thousand_tickets_take_the_eighty_windows_that_arithmetic_allows(workers: int) -> None:
    run, world, seconds = four_thousand_tickets(workers)
    assert statuses(world)[429] == 0
    assert len(rows(run, "ticket_scores")) == len(list(world.records("talentics", "ticket_scores")))
    # The last window's requests go out at its beginning: 79 windows are waited for.
    assert seconds <= 80 * WINDOW * 1.01


@pytest.mark.slow
def test_state_comes_before_every_wait() -> None:
    run, _, _ = four_thousand_tickets(1)
    states = [message for message in run.messages if isinstance(message, tuple) and message[0] == "ticket_scores"]
    assert len(states) >= 79


@pytest.mark.slow
@each_way_of_telling
@each_number_of_workers
def test_who_shares_the_window_with_another_client_meets_one_429_a_window_at_most(headers: str, workers: int) -> None:
    run, world, seconds = sync(
        tickets=30, other_client=20, talentics_limit_headers=headers, config={"num_workers": workers}
    )
    assert most_429s_in_a_window(world, "talentics.scores") <= 1
    assert statuses(world)[429] <= windows_of(seconds)
    # 600 tickets at the 30 a window that the other client leaves.
    assert seconds <= 20 * WINDOW * 1.01
    assert len(rows(run, "ticket_scores")) == len(list(world.records("talentics", "ticket_scores")))


@pytest.mark.slow
@each_way_of_telling
@each_number_of_workers
def test_a_server_that_allows_less_than_configured_meets_one_429_a_window_at_most(headers: str, workers: int) -> None:
    run, world, seconds = sync(
        tickets=30,
        talentics_limit=Limit(30, 900),
        talentics_limit_headers=headers,
        config={"rate_limit_requests": 50, "rate_limit_period": "PT15M", "num_workers": workers},
    )
    assert most_429s_in_a_window(world, "talentics.scores") <= 1
    assert statuses(world)[429] <= windows_of(seconds)
    assert seconds <= 20 * WINDOW * 1.01
    assert len(rows(run, "ticket_scores")) == len(list(world.records("talentics", "ticket_scores")))


@pytest.mark.slow
@each_way_of_telling
def test_one_window_for_all_endpoints_costs_each_of_them_one_429_a_window_at_most(headers: str) -> None:
    run, world, seconds = sync(tickets=20, talentics_window="shared", talentics_limit_headers=headers)
    for endpoint in {request.endpoint for request in world.log.requests}:
        assert most_429s_in_a_window(world, endpoint) <= 1
    # 1 page of exams, 20 of tickets, 400 scores: 9 windows of 50.
    assert seconds <= 8 * WINDOW * 1.01
    assert len(rows(run, "ticket_scores")) == len(list(world.records("talentics", "ticket_scores")))
