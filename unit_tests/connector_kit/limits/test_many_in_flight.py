"""Promise: as fast as allowed. The budget against a server with windows of its own, many requests in flight."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from unit_tests.support.limited_server import (
    LIMIT,
    PERIOD,
    TELLING,
    Headers,
    Server,
    everything,
    nothing,
    play,
    retry_after,
    seconds_left,
)

each_server = pytest.mark.parametrize("headers", TELLING.values(), ids=TELLING)
KINDS: dict[str, Callable[..., Server]] = {
    "as configured": Server,
    "lower limit": partial(Server, limit=30),
    "others": partial(Server, others=20),
}
each_number_of_workers = pytest.mark.parametrize("workers", [1, 4, 8, 20])


@pytest.mark.slow
@each_server
@each_number_of_workers
def test_every_window_is_used_and_none_is_overdrawn(
    headers: Callable[[bool, int, float, float], Headers], workers: int
) -> None:
    for seed in range(5):
        server = Server(headers)
        took = play(server, {"scores": 20 * LIMIT}, workers, seed=seed)
        assert not server.refused
        assert max(server.accepted.values()) == LIMIT
        # The last window's requests go out at its beginning; a single worker needs a second for each of them.
        assert took <= 19 * PERIOD * 1.01 + 2 * LIMIT


@pytest.mark.slow
@each_server
@each_number_of_workers
def test_limits_of_several_endpoints_run_side_by_side(
    headers: Callable[[bool, int, float, float], Headers], workers: int
) -> None:
    server = Server(headers)
    work = {"tickets": 3 * LIMIT, "scores": 10 * LIMIT, "forms": 10 * LIMIT}
    assert play(server, work, workers) <= 9 * PERIOD * 1.01 + 2 * LIMIT
    assert not server.refused


@pytest.mark.slow
@each_server
@each_number_of_workers
def test_who_shares_a_window_meets_one_429_in_each_at_most(
    headers: Callable[[bool, int, float, float], Headers], workers: int
) -> None:
    for seed in range(5):
        server = Server(headers, others=20)
        took = play(server, {"scores": 300}, workers, seed=seed)
        assert max(server.refused.values(), default=0) <= 1
        assert took <= 10 * PERIOD * 1.01 + 2 * LIMIT


@each_server
@each_number_of_workers
def test_a_window_that_somebody_else_opened_is_left_when_it_ends(
    headers: Callable[[bool, int, float, float], Headers], workers: int
) -> None:
    server = Server(headers, others=20, opened=-600.0)
    took = play(server, {"scores": 31}, workers)
    if headers is nothing:
        # Nobody tells when it ends: a period after our own first request it has.
        assert took <= PERIOD * 1.01 + 2 * LIMIT
    else:
        assert took <= 300 * 1.01 + 2 * LIMIT


@pytest.mark.parametrize("headers", [everything, seconds_left])
@each_number_of_workers
def test_the_window_behind_one_that_somebody_else_opened_is_used_from_its_first_moment(
    headers: Callable[[bool, int, float, float], Headers], workers: int
) -> None:
    server = Server(headers, others=20, opened=-600.0)
    assert play(server, {"scores": 60}, workers) <= 300 * 1.01 + 2 * LIMIT


@pytest.mark.slow
@each_server
@each_number_of_workers
def test_a_server_that_allows_less_than_configured_is_found_out_by_one_429_in_each_window(
    headers: Callable[[bool, int, float, float], Headers], workers: int
) -> None:
    for seed in range(5):
        server = Server(headers, limit=30)
        took = play(server, {"scores": 300}, workers, limit=LIMIT, seed=seed)
        assert max(server.refused.values(), default=0) <= 1
        assert took <= 9 * PERIOD * 1.01 + 2 * LIMIT


def test_what_is_left_is_told_so_well_that_no_429_comes() -> None:
    for seed in range(5):
        server = Server(seconds_left, others=20)
        play(server, {"scores": 300}, workers=20, seed=seed)
        assert not server.refused


@each_server
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("workers", [1, 4, 8])
def test_a_window_that_all_endpoints_share_is_used_up_and_each_obeys_its_429s(
    headers: Callable[[bool, int, float, float], Headers], kind: Callable[..., Server], workers: int
) -> None:
    server = kind(headers, key=lambda _: "all")
    work = {"tickets": 25, "scores": 150, "forms": 150}
    took = play(server, work, workers)
    # Each endpoint learns of a full window by what it has under way then: by one request, where answers tell nothing.
    under_way = 1 if headers in (nothing, retry_after) else workers
    assert max(server.refused.values()) <= len(work) * under_way
    windows = -(-sum(work.values()) // (server.limit - server.others))
    assert took <= (windows - 1) * PERIOD * 1.01 + 2 * LIMIT


def test_endpoints_with_windows_of_their_own_do_not_wait_for_each_other_when_somebody_shares_one() -> None:
    server = Server(retry_after, others=20)
    took = play(server, {"tickets": 25, "scores": 60, "forms": 60}, workers=1)
    assert took <= 1 * PERIOD * 1.01 + 2 * LIMIT
