"""Promise: as fast as allowed. The budget against a server with windows of its own, many requests in flight at a time.

Answers take random times and come in any order; nobody waits, the clock jumps from event to event.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

import pytest

from connector_kit.rate_limits import Budget

PERIOD = 900.0
LIMIT = 50
START = 1_750_000_000.0
Headers = dict[str, str]


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 0.0

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime.fromtimestamp(START + self.time, timezone.utc)

    def wait(self, seconds: float) -> bool:
        self.time += seconds
        return True

    def stop(self) -> None: ...


@dataclass
class Server:
    """Fixed windows that open with their first request.

    Args:
        headers: makes the headers of an answer: allowed or not, requests left, seconds to the reset, epoch of it.
        others: requests of each window that somebody else takes at its beginning.
        opened: when somebody else opened the first window; negative, as all begins at 0.
        key: which window a scope's requests count in.
    """

    headers: Callable[[bool, int, float, float], Headers]
    limit: int = LIMIT
    others: int = 0
    opened: float | None = None
    key: Callable[[str], str] = str
    windows: dict[str, tuple[float, int]] = field(default_factory=dict)
    accepted: Counter[tuple[str, float]] = field(default_factory=Counter)
    refused: Counter[tuple[str, float]] = field(default_factory=Counter)

    def answer(self, scope: str, now: float) -> tuple[int, Headers]:
        key = self.key(scope)
        began, used = self.windows.get(key, (now if self.opened is None else self.opened, self.others))
        if now >= began + PERIOD:
            began, used = now, self.others
        allowed = used < self.limit
        self.windows[key] = (began, used + allowed)
        (self.accepted if allowed else self.refused)[key, began] += 1
        left = max(0, self.limit - used - allowed)
        return 200 if allowed else 429, self.headers(allowed, left, began + PERIOD - now, START + began + PERIOD)


def everything(allowed: bool, left: int, seconds: float, epoch: float) -> Headers:
    """As Laravel does it: the reset with a 429 only."""
    told = {"X-RateLimit-Limit": str(LIMIT), "X-RateLimit-Remaining": str(left)}
    rounded = -int(-seconds // 1)
    return told if allowed else {**told, "Retry-After": str(rounded), "X-RateLimit-Reset": str(int(epoch) + 1)}


def seconds_left(allowed: bool, left: int, seconds: float, epoch: float) -> Headers:
    """As Talentio does it."""
    return {"X-Remaining": str(left), "X-Reset": str(-int(-seconds // 1))}


def retry_after(allowed: bool, left: int, seconds: float, epoch: float) -> Headers:
    return {} if allowed else {"Retry-After": str(-int(-seconds // 1))}


def nothing(allowed: bool, left: int, seconds: float, epoch: float) -> Headers:
    return {}


TELLING = {"everything": everything, "seconds": seconds_left, "retry-after": retry_after, "nothing": nothing}
each_server = pytest.mark.parametrize("headers", TELLING.values(), ids=TELLING)
each_number_of_workers = pytest.mark.parametrize("workers", [1, 4, 20])


def play(server: Server, work: Mapping[str, int], workers: int, limit: int = LIMIT, seed: int = 1) -> float:
    """Send so many requests a scope, `workers` at a time each, until all are answered. Gives the seconds it took."""
    chance = random.Random(seed)
    clock = Hand()
    budget = Budget(limit, PERIOD, clock)
    left = dict(work)
    flying: Counter[str] = Counter()
    # What comes next: when, in which order, and what to do then.
    events: list[tuple[float, int, Callable[[], None]]] = []
    count = iter(range(10**9))

    def at(moment: float, do: Callable[[], None]) -> None:
        heapq.heappush(events, (moment, next(count), do))

    def ask(scope: str) -> None:
        """One worker that is free: send, or come back later."""
        if not left[scope]:
            return
        pause = budget.reserve(scope)
        if pause > 0:
            at(clock.time + pause, lambda: ask(scope))
            return
        left[scope] -= 1
        sent, there, back = clock.time, chance.uniform(0.05, 1.0), chance.uniform(0.05, 1.0)
        at(sent + there, lambda: arrive(scope, sent, back))

    def arrive(scope: str, sent: float, back: float) -> None:
        status, headers = server.answer(scope, clock.time)
        at(clock.time + back, lambda: land(scope, status, headers, sent))

    def land(scope: str, status: int, headers: Headers, sent: float) -> None:
        budget.settle(scope, status, headers, sent)
        left[scope] += status == 429
        flying[scope] -= 1
        ask(scope)

    for scope in work:
        for _ in range(workers):
            ask(scope)
    while events:
        clock.time, _, do = heapq.heappop(events)
        do()
    assert not any(left.values())
    assert sum(server.accepted.values()) == sum(work.values())
    return clock.time


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


@each_server
@each_number_of_workers
def test_limits_of_several_endpoints_run_side_by_side(
    headers: Callable[[bool, int, float, float], Headers], workers: int
) -> None:
    server = Server(headers)
    work = {"tickets": 3 * LIMIT, "scores": 10 * LIMIT, "forms": 10 * LIMIT}
    assert play(server, work, workers) <= 9 * PERIOD * 1.01 + 2 * LIMIT
    assert not server.refused


@each_server
def test_who_shares_a_window_meets_one_429_in_each_at_most(
    headers: Callable[[bool, int, float, float], Headers],
) -> None:
    for seed in range(5):
        server = Server(headers, others=20)
        took = play(server, {"scores": 300}, workers=1, seed=seed)
        assert max(server.refused.values(), default=0) <= 1
        assert took <= 10 * PERIOD * 1.01 + 2 * LIMIT


@each_server
@pytest.mark.parametrize("workers", [4, 20])
def test_with_many_in_flight_the_first_surprise_alone_costs_more(
    headers: Callable[[bool, int, float, float], Headers], workers: int
) -> None:
    for seed in range(5):
        server = Server(headers, others=20)
        took = play(server, {"scores": 300}, workers, seed=seed)
        first, *later = [server.refused[window] for window in sorted(server.accepted)]
        # What was in flight when the first answer told that the window is full.
        assert first <= workers
        assert max(later) <= 1
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


@each_server
def test_a_server_that_allows_less_than_configured_is_found_out(
    headers: Callable[[bool, int, float, float], Headers],
) -> None:
    server = Server(headers, limit=30)
    took = play(server, {"scores": 300}, workers=1, limit=LIMIT)
    assert max(server.refused.values(), default=0) <= 1
    assert took <= 9 * PERIOD * 1.01 + 2 * LIMIT


def test_what_is_left_is_told_so_well_that_no_429_comes() -> None:
    for seed in range(5):
        server = Server(seconds_left, others=20)
        play(server, {"scores": 300}, workers=20, seed=seed)
        assert not server.refused


@each_server
def test_one_window_for_all_endpoints_is_found_out_by_one_429(
    headers: Callable[[bool, int, float, float], Headers],
) -> None:
    server = Server(headers, key=lambda _: "all")
    took = play(server, {"tickets": 25, "scores": 200, "forms": 100}, workers=1)
    assert sum(server.refused.values()) <= 3
    assert took <= 7 * PERIOD * 1.01 + 2 * LIMIT


def test_endpoints_with_windows_of_their_own_are_not_merged_when_somebody_shares_one() -> None:
    server = Server(retry_after, others=20)
    took = play(server, {"tickets": 25, "scores": 60, "forms": 60}, workers=1)
    assert took <= 1 * PERIOD * 1.01 + 2 * LIMIT


# --- by hand -------------------------------------------------------------------------------------------------------


def made(limit: int = LIMIT, period: float = PERIOD) -> tuple[Budget, Hand]:
    clock = Hand()
    return Budget(limit, period, clock), clock


def sent(budget: Budget, clock: Hand, status: int = 200, headers: Headers | None = None, took: float = 0.1) -> None:
    """One request and its answer."""
    assert budget.reserve("scores") == 0.0
    began = clock.time
    clock.time += took
    budget.settle("scores", status, headers or {}, began)


def test_refusals_in_a_row_are_not_answered_by_a_storm() -> None:
    budget, clock = made()
    pauses = []
    for _ in range(10):
        sent(budget, clock, 429, {"Retry-After": "0"})
        pauses.append(budget.reserve("scores"))
        clock.time += pauses[-1]
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60, 60])


def test_a_429_that_tells_nothing_at_the_start_is_asked_again_by_and_by() -> None:
    budget, clock = made()
    pauses = []
    for _ in range(6):
        sent(budget, clock, 429)
        pauses.append(budget.reserve("scores"))
        clock.time += pauses[-1]
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
        budget.lost("scores", clock.time, True)
        clock.time += 10
        assert budget.resend("scores") == 0.0
    budget.settle("scores", 200, {}, clock.time)
    assert budget.reserve("scores") == 0.0
    budget.settle("scores", 200, {}, clock.time)
    assert budget.reserve("scores") == PERIOD


def test_a_lost_request_is_not_sent_again_into_a_closed_window() -> None:
    budget, clock = made()
    sent(budget, clock)
    assert [budget.reserve("scores") for _ in range(2)] == [0.0, 0.0]
    budget.lost("scores", clock.time, True)
    assert not budget.is_closed("scores")
    budget.settle("scores", 429, {"Retry-After": "600"}, clock.time)
    assert budget.is_closed("scores")
    assert budget.resend("scores") == pytest.approx(600)
    clock.time += 600
    assert budget.resend("scores") == 0.0
    # It goes alone, to find out how things stand.
    assert budget.reserve("scores") > 0


def test_a_lost_request_waits_where_nothing_is_left() -> None:
    budget, clock = made()
    sent(budget, clock)
    assert [budget.reserve("scores") for _ in range(2)] == [0.0, 0.0]
    budget.lost("scores", clock.time, True)
    budget.settle("scores", 200, {"X-Remaining": "0", "X-Reset": "300"}, clock.time)
    assert budget.resend("scores") == pytest.approx(300)


def test_lost_requests_keep_the_pace_when_they_are_sent_again() -> None:
    budget, clock = made(limit=1000)
    sent(budget, clock)
    for _ in range(12):
        assert budget.reserve("scores") == 0.0
        clock.time += 0.1
    for _ in range(4):
        budget.lost("scores", clock.time - 0.4, True)
    clock.time += budget.resend("scores")
    assert budget.resend("scores") == 0.0
    assert budget.resend("scores") > 0.3


def test_a_slot_that_was_not_used_is_free_again() -> None:
    budget, _ = made(limit=1)
    assert budget.reserve("scores") == 0.0
    budget.release("scores")
    assert budget.reserve("scores") == 0.0


def test_a_server_that_always_tells_of_a_new_window_does_not_lift_the_limit() -> None:
    budget, clock = made()
    accepted = []
    while clock.time < 10 * PERIOD:
        pause = budget.reserve("scores")
        if pause:
            clock.time += pause
            continue
        accepted.append(clock.time)
        clock.time += 0.01
        budget.settle("scores", 200, {"X-Remaining": "9999", "X-Reset": "0"}, accepted[-1])
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
    while clock.time < 3 * period:
        if pause := budget.reserve("scores"):
            clock.time += pause
            continue
        began, number = clock.time, number + 1
        clock.time += 0.05
        status, headers = answer(number)
        budget.settle("scores", status, headers, began)
        if status == 200:
            accepted.append(clock.time)
    assert max(sum(first <= later < first + period for later in accepted) for first in accepted) <= LIMIT


def test_answers_that_come_while_the_window_is_closed_count_in_it() -> None:
    budget, clock = made()
    for _ in range(30):
        sent(budget, clock)
    assert [budget.reserve("scores") for _ in range(11)] == [0.0] * 11
    budget.settle("scores", 429, {"Retry-After": "1"}, clock.time)
    for _ in range(10):
        budget.settle("scores", 200, {}, clock.time)
    clock.time += 1
    for _ in range(10):
        sent(budget, clock)
    assert budget.reserve("scores") > 800


def test_a_lower_limit_that_is_announced_is_kept_and_told() -> None:
    budget, clock = made()
    assert budget.described("scores") == "50 per 15 min"
    sent(budget, clock, headers={"X-RateLimit-Limit": "30"})
    assert budget.described("scores") == "30 per 15 min"
    assert budget.per_window("scores") == 30
    for _ in range(29):
        sent(budget, clock)
    assert budget.reserve("scores") > 800


def test_a_higher_limit_that_is_announced_is_not_used() -> None:
    budget, clock = made()
    sent(budget, clock, headers={"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4999"})
    for _ in range(49):
        sent(budget, clock)
    assert budget.reserve("scores") > 800


def test_connections_that_are_reset_in_a_burst_halve_the_pace_once() -> None:
    budget, clock = made(limit=1000)
    sent(budget, clock)
    for _ in range(12):
        assert budget.reserve("scores") == 0.0
        clock.time += 0.1
    assert [budget.lost("scores", clock.time - 0.4, True) for _ in range(4)] == [False, True, True, True]
    slowed = budget.reserve("scores")
    assert 0.3 < slowed < 0.7


@pytest.mark.parametrize(("took", "lost"), [(0.1, 1), (4.0, 2)], ids=["now and then", "at a slow pace"])
def test_a_connection_that_is_lost_without_a_burst_is_a_fault_like_others(took: float, lost: int) -> None:
    budget, clock = made(limit=1000)
    for _ in range(20):
        sent(budget, clock, took=took)
    for _ in range(lost):
        assert budget.reserve("scores") == 0.0
        assert not budget.lost("scores", clock.time, True)
    assert budget.reserve("scores") == 0.0


def test_the_pace_is_regained_with_the_answers_that_come() -> None:
    budget, clock = made(limit=100_000)
    sent(budget, clock)
    for _ in range(12):
        assert budget.reserve("scores") == 0.0
        clock.time += 0.1
    for _ in range(2):
        budget.lost("scores", clock.time, True)
    assert budget.reserve("scores") > 0
    began = clock.time
    for _ in range(200):
        clock.time += budget.reserve("scores")
        if budget.reserve("scores") == 0.0:
            budget.settle("scores", 200, {}, clock.time)
    assert clock.time > began
    assert budget.reserve("scores") == 0.0
    assert budget.reserve("scores") == 0.0


def test_what_fitted_behind_an_early_429_is_no_rate() -> None:
    budget, clock = made()
    sent(budget, clock, 429, {"Retry-After": "600"})
    assert budget.per_window("scores") == LIMIT
    assert budget.lasts("scores", 90, 600) == pytest.approx(600 + PERIOD)


def test_what_fitted_into_a_whole_window_is_the_rate() -> None:
    budget, clock = made()
    for _ in range(30):
        sent(budget, clock)
    sent(budget, clock, 429, {"Retry-After": "897"})
    assert budget.per_window("scores") == 30
    assert budget.lasts("scores", 90, 897) == pytest.approx(897 + 2 * PERIOD)


def test_what_the_window_has_used_up_counts_in_the_estimate() -> None:
    budget, clock = made()
    for _ in range(45):
        sent(budget, clock)
    assert budget.lasts("scores", 5, 4) == 4
    assert budget.lasts("scores", 45, 4) == pytest.approx(PERIOD, abs=5)
    assert budget.lasts("scores", 100, 4) == pytest.approx(2 * PERIOD, abs=5)


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
