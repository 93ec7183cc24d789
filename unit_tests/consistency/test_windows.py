"""Promise: as fast as allowed. Whole syncs on a virtual clock, against a server that keeps the vendors' limits."""

from __future__ import annotations

from collections import Counter

import pytest

from sandbox import Limit, Settings, VirtualClock, World
from unit_tests.consistency.harness import Run, run_sync

SCORES = ("exams", "tickets", "ticket_scores")
WINDOW = 900.0


def sync(
    streams: tuple[str, ...] = SCORES, config: dict[str, object] | None = None, **settings: object
) -> tuple[Run, World, float]:
    """One full sync of Talentics; gives the run, the world and the seconds it took on the virtual clock."""
    clock = VirtualClock()
    size = {"exams": 20, "tickets": 200, "jobs": 1, "applicants": 1}
    world = World(Settings(**{**size, **settings}), clock)  # type: ignore[arg-type]  # the settings are all named
    began = clock()
    run = run_sync("source_talentics", world, clock, {}, streams=streams, config=config)
    assert not run.failed
    return run, world, clock() - began


def statuses(world: World) -> Counter[int]:
    return Counter(request.status for request in world.log.requests)


def rows(run: Run, stream: str) -> set[int]:
    return {message.data["ticket_id"] for message in run.messages if getattr(message, "stream_name", "") == stream}


def test_four_thousand_tickets_take_the_eighty_windows_that_arithmetic_allows() -> None:
    run, world, seconds = sync()
    assert statuses(world)[429] == 0
    assert len(rows(run, "ticket_scores")) == len(list(world.records("talentics", "ticket_scores")))
    # The last window's requests go out at its beginning: 79 windows are waited for.
    assert seconds <= 80 * WINDOW * 1.01


def test_state_comes_before_every_wait() -> None:
    run, _, _ = sync()
    states = [message for message in run.messages if isinstance(message, tuple) and message[0] == "ticket_scores"]
    assert len(states) >= 79


@pytest.mark.parametrize("headers", ["all", "retry-after", "none"])
def test_who_shares_the_window_with_another_client_meets_one_429_a_window_at_most(headers: str) -> None:
    run, world, seconds = sync(tickets=30, other_client=20, talentics_limit_headers=headers)
    windows = seconds / WINDOW + 1
    assert statuses(world)[429] <= 2 * windows
    assert len(rows(run, "ticket_scores")) == len(list(world.records("talentics", "ticket_scores")))


def test_a_server_that_allows_less_than_configured_is_believed() -> None:
    run, world, seconds = sync(
        tickets=20, talentics_limit=Limit(30, 900), config={"rate_limit_requests": 50, "rate_limit_period": "PT15M"}
    )
    assert statuses(world)[429] <= seconds / WINDOW + 1
    assert len(rows(run, "ticket_scores")) == len(list(world.records("talentics", "ticket_scores")))


def test_one_window_for_all_endpoints_is_found_out() -> None:
    run, world, _ = sync(tickets=20, talentics_window="shared", talentics_limit_headers="retry-after")
    assert statuses(world)[429] <= 2
    assert len(rows(run, "ticket_scores")) == len(list(world.records("talentics", "ticket_scores")))
