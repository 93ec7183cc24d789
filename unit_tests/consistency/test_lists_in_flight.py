"""Pages of a list, and lists of many parents, are in flight side by side: once each, in order, nothing lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from connector_kit.reading import pages_ahead
from sandbox import World
from sandbox.limits import Limit
from unit_tests.support.clock import SharedClock
from unit_tests.support.moving_source import SIZES, create, delete, update
from unit_tests.support.one_thread import (
    FAULTS,
    Destination,
    Event,
    Overtaking,
    Plan,
    Play,
    Run,
    assert_first_sync_loses_nothing,
    assert_nothing_lost,
    run_sync,
    small_pages,
    small_world,
)
from unit_tests.support.transport import Reply, Sent

WORKERS = 4


@pytest.fixture(autouse=True)
def pages_of_three() -> Iterator[None]:
    with small_pages():
        yield


@pytest.fixture
def in_flight(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often so many requests were in flight when one was answered."""
    counted: Counter[int] = Counter()
    monkeypatch.setattr(Overtaking, "in_flight", counted)
    return counted


def world(**more: Any) -> tuple[World, SharedClock]:
    clock = SharedClock()
    return small_world(clock, **{**SIZES, **more}), clock


def rows(run: Run) -> list[tuple[str, int]]:
    return [(message.stream_name, message.data["id"]) for message in run.messages if not isinstance(message, tuple)]


@pytest.mark.slow
@pytest.mark.parametrize("draws", range(5))
@pytest.mark.parametrize(
    ("package", "streams", "sizes"),
    [
        ("source_talentio", ("candidates",), {"candidates": 60}),
        ("source_talentics", ("exams",), {"exams": 60, "tickets": 0}),
        ("source_talentics", ("exams", "tickets"), {"exams": 30, "tickets": 2}),
        ("source_talentics", ("exams", "tickets"), {"exams": 8, "tickets": 10}),
    ],
)
def test_a_list_that_stands_still(
    package: str, streams: tuple[str, ...], sizes: dict[str, int], draws: int, in_flight: Counter[int]
) -> None:
    there, clock = world(**sizes)
    alone = run_sync(package, there, clock, {}, streams=streams)
    there, clock = world(**sizes)
    together = run_sync(package, there, clock, {}, streams=streams, draws=draws)
    assert rows(together) == rows(alone)
    assert together.states == alone.states
    assert sorted(together.requests) == sorted(alone.requests)
    assert max(Counter(together.requests).values()) == 1
    # None goes out for one that overtook the next in turn, so that four at a time is not the usual.
    assert max(in_flight) == WORKERS
    assert sum(number * times for number, times in in_flight.items()) > 2 * in_flight.total()


@pytest.mark.slow
@pytest.mark.parametrize("draws", range(20))
@pytest.mark.parametrize("order", ["id", "-id", "updated_at", "-updated_at"])
@pytest.mark.parametrize("event", [create, update, delete])
@pytest.mark.parametrize("at", [2, 4])
def test_a_list_that_moves_while_its_pages_overtake_each_other(order: Any, event: Any, at: int, draws: int) -> None:
    there, clock = world(exams=14, tickets=1, talentics_order=order)
    plan = Plan({at: event("exams", 5)})
    assert_first_sync_loses_nothing("source_talentics", there, clock, plan, ("exams",), draws)


@pytest.mark.parametrize("draws", range(30))
@pytest.mark.parametrize("at", [1, 4])
def test_a_deletion_that_only_a_page_which_is_read_again_has_seen(at: int, draws: int) -> None:
    """Two are created, one is deleted, and then the next page is answered; one that overtook it has a higher total."""
    there, clock = world(candidates=30)
    plan = Plan({at: create("candidates", 0), at + 1: create("candidates", 0), at + 2: delete("candidates", 0)})
    assert_first_sync_loses_nothing("source_talentio", there, clock, plan, ("candidates",), draws)


@pytest.mark.parametrize("draws", range(20))
@pytest.mark.parametrize(
    ("at", "events"),
    [
        # Whoever saw the deletion is forgotten, and its total is lower than any that is used.
        (5, [delete, create, create]),
        # In the order of the pages, two falls look like one.
        (3, [delete, create, delete]),
        (5, [delete, create, delete]),
    ],
)
def test_deletions_are_counted_in_the_order_in_which_answers_came(
    at: int, events: list[Callable[[str, int], Event]], draws: int
) -> None:
    there, clock = world(candidates=30)
    plan = Plan({at + number: event("candidates", 3) for number, event in enumerate(events)})
    assert_first_sync_loses_nothing("source_talentio", there, clock, plan, ("candidates",), draws)


@pytest.mark.parametrize("draws", range(40))
@pytest.mark.parametrize("at", [4, 5])
def test_a_deletion_that_only_a_404_behind_the_last_page_has_seen(at: int, draws: int) -> None:
    """Where a page is that the list no longer has; by the next answer another record makes up for it."""
    there, clock = world(exams=19, tickets=0, talentics_order="-id", past_end="404")
    plan = Plan({at: delete("exams", 4), at + 1: create("exams", 2), at + 2: delete("exams", 2)})
    assert_first_sync_loses_nothing("source_talentics", there, clock, plan, ("exams",), draws)


def test_a_list_that_grows_is_read_on_one_page_at_a_time_and_not_anew() -> None:
    """What was in flight when the total changed is asked for again: a few pages more, not the whole list."""
    there, clock = world(exams=60, tickets=0, talentics_order="-id")
    plan = Plan({6: create("exams", 0)})
    run = run_sync("source_talentics", there, clock, {}, streams=("exams",), plan=plan, draws=1)
    assert len(run.requests) <= 21 + 2 * WORKERS
    # The oldest is on the last page, which the new one has pushed further.
    assert len(set(rows(run))) >= 60


@pytest.mark.parametrize("draws", range(8))
def test_the_state_does_not_pass_lists_that_were_read_while_the_first_one_failed(draws: int) -> None:
    """The time of the exams' list caps the state, and no list of tickets is asked for before that."""
    there, clock = world(exams=6, tickets=2)
    streams = ("exams", "tickets")
    destination = Destination()
    first = run_sync("source_talentics", there, clock, {}, streams=streams)
    destination.commit(first)
    clock.advance(90_000)
    last_exam = there.data.ids("exams")[-1]

    def touched_ten_minutes_later(_: World) -> None:
        clock.advance(600)
        there.data.update("tickets", there.data.ids("tickets", last_exam)[0])
        clock.advance(600)

    # The request behind that for the exams: the first list of tickets fails, and is tried again after a while.
    plan = Plan({4: touched_ten_minutes_later}, faults={2: "500"})
    run = run_sync("source_talentics", there, clock, destination.state, streams=streams, plan=plan, draws=draws)
    destination.commit(run)
    clock.advance(90_000)
    assert_nothing_lost("source_talentics", there, clock, destination, streams=streams)


@pytest.mark.parametrize("every", [3, 10])
def test_a_list_that_grows_all_the_time_goes_on_one_page_at_a_time(every: int) -> None:
    there, clock = world(exams=180, tickets=0)
    plan = Plan({at: create("exams", 0) for at in range(5, 400, every)})
    config = {"num_workers": 20}
    run = run_sync("source_talentics", there, clock, {}, streams=("exams",), plan=plan, draws=1, config=config)
    # What was in flight at each move is lost; each halves it, and begins with twice the workers.
    assert len(run.requests) <= 60 + 60 // every + 2 * 20


@pytest.mark.parametrize("draws", range(4))
def test_pages_that_only_the_page_before_can_name_are_asked_for_one_after_another(draws: int) -> None:
    """However many there are by the total: a cursor stands in the answer before."""
    there, clock = world(exams=30, tickets=0, talentics_pages="counted-cursor")
    run = run_sync("source_talentics", there, clock, {}, streams=("exams",), draws=draws)
    assert [exam for _, exam in rows(run)] == sorted(there.data.ids("exams"))
    assert len(run.requests) == len(set(run.requests)) == 10


@pytest.mark.parametrize("draws", range(4))
@pytest.mark.parametrize("seed", range(6))
def test_a_walk_that_may_end_anywhere_asks_for_no_page_ahead(draws: int, seed: int) -> None:
    """Candidates who share their place come twice or not at all, so the list is walked through again.

    Until its beginning shows nothing new, or until none is missing.
    """
    there, clock = world(candidates=60, ties=9, seed=seed)
    run = run_sync("source_talentio", there, clock, {}, streams=("candidates",), draws=draws, config={"num_workers": 8})
    pages = [int(page) for url in run.requests for page in re.findall(r"\bpage=(\d+)", url)]
    assert sorted(pages[:20]) == list(range(1, 21))
    assert pages[20] == 1
    assert all(page in (1, before + 1) for before, page in pairwise(pages[20:]))


def in_the_order_of_reading(there: World, clock: SharedClock) -> list[int]:
    """The exams, as their tickets are asked for one after another."""
    quiet = run_sync("source_talentics", there, clock, {}, streams=("exams", "tickets"))
    return list(dict.fromkeys(int(url.split("/")[-2]) for url in quiet.requests if "/tickets?" in url))


def assert_no_deletion_is_masked(there: World, clock: SharedClock, deleted_at: int, draws: int) -> None:
    """While a long list of tickets is read, one is deleted from the list behind it, and another created there."""
    _, long, short, _ = in_the_order_of_reading(there, clock)
    for _ in range(60):
        there.data.create("tickets", long)
    clock.advance(90_000)
    first = there.data.ids("tickets", short)[0]
    plan = Plan(
        {
            deleted_at: lambda there: there.data.delete("tickets", first),
            18: lambda there: there.data.create("tickets", short),
        }
    )
    assert_first_sync_loses_nothing("source_talentics", there, clock, plan, ("exams", "tickets"), draws)


@pytest.mark.slow
@pytest.mark.parametrize("draws", range(8))
def test_a_deletion_is_not_masked_by_a_creation_while_a_longer_list_is_read(draws: int) -> None:
    """The list behind it was begun before its turn: its pages are not left for when the long one was read."""
    there, clock = world(exams=4, tickets=6)
    assert_no_deletion_is_masked(there, clock, deleted_at=8, draws=draws)


@pytest.mark.parametrize("draws", range(8))
def test_a_deletion_is_not_masked_where_pages_are_smaller_than_asked_for(draws: int) -> None:
    """How many pages the list behind has, its first one does not tell: that one is not kept until its turn."""
    there, clock = world(exams=4, tickets=3, largest_page=2)
    assert_no_deletion_is_masked(there, clock, deleted_at=12, draws=draws)


def test_a_list_too_large_to_wait_is_read_at_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one that was begun ahead the first page shows how large it is: no other page of it is kept."""
    there, clock = world(exams=6, tickets=7)
    exams = in_the_order_of_reading(there, clock)
    monkeypatch.setattr(pages_ahead, "_WAITING_BYTES", 1_000)
    run = run_sync("source_talentics", there, clock, {}, streams=("tickets",), draws=1)
    behind = [int(found[1]) for url in run.requests if (found := re.search(r"(\d+)/tickets\?.*\bpage=[23]", url))]
    assert behind == [exam for exam in exams for _ in (2, 3)]


def test_a_list_of_one_page_is_not_asked_for_again_however_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """All applicants of a job come in one answer: those that came before their turn are whole."""
    there, clock = world(jobs=8, applicants=5)
    # Each job has more than the one before, so its second page is asked for, while others have come.
    for more, job in enumerate(there.data.ids("jobs")):
        for _ in range(more):
            there.data.create("applicants", job)
    clock.advance(90_000)
    monkeypatch.setattr(pages_ahead, "_WAITING_BYTES", 8_000)
    run = run_sync("source_talentics", there, clock, {}, streams=("jobs", "applicants"), draws=1)
    assert max(Counter(run.requests).values()) == 1


@pytest.mark.parametrize("tickets", [5, 9, 20])
@pytest.mark.parametrize("workers", [4, 8])
def test_no_list_is_begun_that_the_limit_would_cut_in_two(workers: int, tickets: int) -> None:
    """After the wait its first page would be too old, and asked for again, at the cost of the next window."""
    there, clock = world(exams=30, tickets=tickets, talentics_limit=Limit(50, 900))
    config = {"num_workers": workers}
    run = run_sync("source_talentics", there, clock, {}, streams=("exams", "tickets"), draws=1, config=config)
    assert max(Counter(run.requests).values()) == 1


@pytest.mark.parametrize("workers", [4, 8])
def test_a_deletion_is_not_masked_by_a_creation_while_another_list_is_tried_again(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first page of the list behind it came before that, and its second one would go out seconds later."""
    there, clock = world(exams=5, tickets=9)
    _, failing, behind, *_ = in_the_order_of_reading(there, clock)
    clock.advance(90_000)
    first = there.data.ids("tickets", behind)[0]
    happenings: list[Callable[[], object]] = [
        lambda: None,
        lambda: there.data.delete("tickets", first),
        lambda: there.data.create("tickets", behind),
    ]

    def play(_: Play, sent: Sent) -> Reply | None:
        if f"/exams/{failing}/tickets" not in sent.path or not happenings:
            return None
        happenings.pop(0)()
        return FAULTS["500"]

    def answer_all(pool: Overtaking) -> None:
        while pool._open:
            pool._answer_one()

    original = Overtaking.__init__

    def init(self: Overtaking, draws: int) -> None:
        original(self, draws)
        # What is in flight is answered long before a wait is over.
        clock.before_wait = lambda: answer_all(self)

    monkeypatch.setattr(Overtaking, "__init__", init)
    streams = ("exams", "tickets")
    destination = Destination()
    with monkeypatch.context() as during:
        during.setattr(Play, "__call__", play)
        config = {"num_workers": workers}
        destination.commit(run_sync("source_talentics", there, clock, {}, streams=streams, draws=1, config=config))
    assert not happenings
    clock.advance(90_000)
    assert_nothing_lost("source_talentics", there, clock, destination, streams=streams)


def test_the_pages_of_the_very_first_list_are_in_flight(in_flight: Counter[int]) -> None:
    """Its first page shows that the endpoint answers; the other pages need not wait for its last one."""
    there, clock = world(exams=1, tickets=60)
    run = run_sync("source_talentics", there, clock, {}, streams=("exams", "tickets"), draws=1)
    assert max(Counter(run.requests).values()) == 1
    assert sum(number * times for number, times in in_flight.items()) > 2 * in_flight.total()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [4, 8])
def test_the_newest_list_does_not_wait_for_older_ones_that_were_begun(workers: int) -> None:
    """After a row of lists that fail the newest is tried, and long ones are in flight already."""
    there, clock = world(exams=40, tickets=9 * workers)
    exams = in_the_order_of_reading(there, clock)
    refused = exams[3:15]
    there.settings.answers = tuple((f"*/exams/{exam}/tickets", 403) for exam in refused)
    config = {"num_workers": workers}
    run = run_sync("source_talentics", there, clock, {}, streams=("tickets",), draws=1, config=config)
    assert {ticket["exam_id"] for ticket in run.rows("tickets")} == set(exams) - set(refused)
    assert max(Counter(run.requests).values()) == 1


@pytest.mark.parametrize("draws", range(4))
def test_a_page_that_nobody_needs_any_more_is_not_asked_for(draws: int) -> None:
    """While eight pages are in flight the list loses all behind its second page."""
    there, clock = world(exams=60, tickets=0)

    def drop(there: World) -> None:
        for exam in list(there.data.ids("exams"))[6:]:
            there.data.delete("exams", exam)

    config = {"num_workers": 8}
    run = run_sync(
        "source_talentics", there, clock, {}, streams=("exams",), plan=Plan({1: drop}), draws=draws, config=config
    )
    pages = [int(url.split("page=")[1].split("&")[0]) for url in run.requests]
    # Once the second page has told it, those that have not gone out yet are called back.
    assert pages[-2:] == [1, 2]
    assert pages.count(1) == 2
