"""A server with windows of its own, and a play of many requests in flight against it.

Answers take random times and come in any order; nobody waits, the clock jumps from event to event.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from connector_kit.limits.budget import Budget, RateLimit
from unit_tests.support.clock import SharedClock

PERIOD = 900.0
LIMIT = 50
START = 1_750_000_000.0
Headers = dict[str, str]


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


def play(server: Server, work: Mapping[str, int], workers: int, limit: int = LIMIT, seed: int = 1) -> float:
    """Send so many requests a scope, `workers` at a time each, until all are answered. Gives the seconds it took."""
    chance = random.Random(seed)
    clock = SharedClock(START)
    budget = Budget(clock)
    for scope in work:
        budget.window_for(scope, RateLimit(limit, PERIOD, "endpoint"))
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
            at(clock.passed + pause, lambda: ask(scope))
            return
        left[scope] -= 1
        sent, there, back = clock.passed, chance.uniform(0.05, 1.0), chance.uniform(0.05, 1.0)
        at(sent + there, lambda: arrive(scope, sent, back))

    def arrive(scope: str, sent: float, back: float) -> None:
        status, headers = server.answer(scope, clock.passed)
        at(clock.passed + back, lambda: land(scope, status, headers, sent))

    def land(scope: str, status: int, headers: Headers, sent: float) -> None:
        budget.settle(scope, status, headers, sent)
        left[scope] += status == 429
        flying[scope] -= 1
        ask(scope)

    for scope in work:
        for _ in range(workers):
            ask(scope)
    while events:
        clock.passed, _, do = heapq.heappop(events)
        do()
    assert not any(left.values())
    assert sum(server.accepted.values()) == sum(work.values())
    return clock.passed


def made(limit: int = LIMIT, period: float = PERIOD) -> tuple[Budget, SharedClock]:
    clock = SharedClock(START)
    budget = Budget(clock)
    budget.window_for("scores", RateLimit(limit, period, "endpoint"))
    return budget, clock


def sent(
    budget: Budget, clock: SharedClock, status: int = 200, headers: Headers | None = None, took: float = 0.1
) -> None:
    """One request and its answer."""
    assert budget.reserve("scores") == 0.0
    began = clock.passed
    clock.advance(took)
    budget.settle("scores", status, headers or {}, began)
