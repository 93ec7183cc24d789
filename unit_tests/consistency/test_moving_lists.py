"""One event between two page requests, for every order a server may keep: nothing is missing one quiet sync later.

The play in `test_nothing_lost.py` finds such cases by chance; here each stands by its name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import World
from unit_tests.support.clock import SharedClock
from unit_tests.support.moving_source import SIZES, create, delete, edit_all, update
from unit_tests.support.one_thread import (
    PAGE,
    Destination,
    Plan,
    assert_first_sync_loses_nothing,
    assert_nothing_lost,
    run_sync,
    small_pages,
    small_world,
)

SMALL = {**SIZES, "exams": 7, "tickets": 2, "jobs": 1, "applicants": 1, "candidates": 10}
SCORES = ("exams", "tickets", "ticket_scores")
ORDERS = ("id", "-id", "updated_at", "-updated_at")
EVENTS = {"created": create, "updated": update, "deleted": delete}


@pytest.fixture(autouse=True)
def pages_of_three() -> Iterator[None]:
    with small_pages():
        yield


def world(order: str = "id", **more: Any) -> tuple[World, SharedClock]:
    clock = SharedClock()
    return small_world(clock, **{**SMALL, "talentics_order": order, **more}), clock


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("which", [0, 3, 6])
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("order", ORDERS)
def test_an_exam_between_two_pages_of_the_first_sync(order: str, event: str, which: int, at: int) -> None:
    there, clock = world(order)
    assert_first_sync_loses_nothing("source_talentics", there, clock, Plan({at: EVENTS[event]("exams", which)}))


@pytest.mark.slow
@pytest.mark.parametrize("at", [2, 3])
@pytest.mark.parametrize("deleted", [0, 4, 11])
@pytest.mark.parametrize("updated", [1, 7, 10])
def test_an_exam_that_is_updated_while_another_is_deleted(updated: int, deleted: int, at: int) -> None:
    there, clock = world("-updated_at", exams=12, tickets=1)
    streams = ("exams", "tickets")
    destination = Destination()
    first = run_sync("source_talentics", there, clock, {}, streams=streams)
    destination.commit(first)
    clock.advance(90_000)
    exams = list(there.data.ids("exams"))
    for exam in exams:
        there.data.update("tickets", there.data.ids("tickets", exam)[0])
    clock.advance(1200)
    # The newest ticket, of another exam: the state goes up to it.
    there.data.update("tickets", there.data.ids("tickets", exams[5])[0])
    clock.advance(3600)

    def updated_and_deleted(there: World) -> None:
        there.data.update("exams", exams[updated])
        there.data.delete("exams", exams[deleted])

    plan = Plan({at: updated_and_deleted})
    second = run_sync("source_talentics", there, clock, destination.state, streams=streams, plan=plan)
    destination.commit(second)
    clock.advance(90_000)
    assert_nothing_lost("source_talentics", there, clock, destination, streams)


@pytest.mark.parametrize("place", range(4))
def test_a_ticket_that_moves_to_a_page_of_its_own_does_not_make_its_list_one_page(place: int) -> None:
    there, clock = world("updated_at", exams=5, tickets=4, totals=False, links=False)
    streams = ("exams", "tickets")

    quiet = run_sync("source_talentics", there, clock, {}, streams=streams)
    read_first = int(next(url for url in quiet.requests if "/tickets?" in url).split("/")[-2])

    def updated(there: World) -> None:
        there.data.update("tickets", there.data.ids("tickets", read_first)[place])

    plan = Plan(between_pages={"tickets": [updated]})
    assert_first_sync_loses_nothing("source_talentics", there, clock, plan, streams)


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("which", [0, 4, 9])
@pytest.mark.parametrize("event", EVENTS)
def test_a_candidate_between_two_pages_of_the_first_sync(event: str, which: int, at: int) -> None:
    there, clock = world()
    assert_first_sync_loses_nothing("source_talentio", there, clock, Plan({at: EVENTS[event]("candidates", which)}))


@pytest.mark.slow
@pytest.mark.parametrize("kill_at", range(0, 34, 3))
@pytest.mark.parametrize("package", ["source_talentics", "source_talentio"])
def test_a_sync_that_died_anywhere(package: str, kill_at: int) -> None:
    there, clock = world()
    destination = Destination()
    run = run_sync(package, there, clock, {}, plan=Plan(kill_at=kill_at))
    assert run.killed
    destination.commit(run)
    assert_nothing_lost(package, there, clock, destination)


def test_a_ticket_finished_after_its_page_was_listed() -> None:
    there, clock = world()
    unfinished = [t["id"] for t in there.records("talentics", "tickets") if t["finished_at"] is None]
    destination = Destination()
    # Exams take three pages, so the tickets of the first exam are the fourth request.
    plan = Plan({5: lambda there: there.data.finish_ticket(unfinished[0])})
    run = run_sync("source_talentics", there, clock, {}, plan=plan)
    destination.commit(run)
    assert_nothing_lost("source_talentics", there, clock, destination)
    assert (unfinished[0],) in destination.rows["ticket_scores"]


@pytest.mark.parametrize("at", [4, 5, 13])
def test_a_candidate_edited_between_its_list_and_its_detail(at: int) -> None:
    there, clock = world()
    oldest = min(there.records("talentio", "candidates"), key=lambda candidate: candidate["updatedAt"])["id"]
    destination = Destination()
    # The candidates take four pages, then come the details, oldest first.
    plan = Plan({at: lambda there: there.data.update("candidates", oldest)})
    run = run_sync("source_talentio", there, clock, {}, plan=plan)
    assert f"/candidates/{oldest}?" in run.requests[4]
    destination.commit(run)
    assert_nothing_lost("source_talentio", there, clock, destination)


def test_a_record_that_changes_twice_in_one_second() -> None:
    there, clock = world()
    candidate = there.data.ids("candidates")[0]
    destination = Destination()
    first = run_sync("source_talentio", there, clock, {})
    destination.commit(first)
    there.data.update("candidates", candidate)
    pages = math.ceil(SMALL["candidates"] / PAGE)
    assert pages > 1
    # Right after its detail was read, in the same second: the list will tell the same time again.
    again = run_sync(
        "source_talentio",
        there,
        clock,
        destination.state,
        plan=Plan({2: lambda there: there.data.update("candidates", candidate)}),
    )
    destination.commit(again)
    assert_nothing_lost("source_talentio", there, clock, destination)


@pytest.mark.slow
@pytest.mark.parametrize("without", [(), ("X-Total",)], ids=["with totals", "without totals"])
@pytest.mark.parametrize("kind", ["candidates", "requisitions", "employees"])
@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("which", [0, 2])
def test_a_deletion_between_two_pages_of_a_list_that_tells_no_total(
    without: tuple[str, ...], kind: str, at: int, which: int
) -> None:
    # The total is known of candidates alone. Where it is missing, a second walk finds what was pulled out of sight.
    there, clock = world(employees=7, requisitions=7, extra_headers=dict.fromkeys(without))
    streams = (kind, f"{kind[:-1]}_details") if kind != "employees" else (kind,)
    assert_first_sync_loses_nothing("source_talentio", there, clock, Plan({at: delete(kind, which)}), streams)


@pytest.mark.parametrize(
    ("skew", "pause"),
    [
        pytest.param(600.0, 0.0, id="our clock is ten minutes fast"),
        pytest.param(0.0, 7200.0, id="the list took two hours"),
    ],
)
def test_without_a_date_header_details_go_by_our_clock_when_the_list_began_less_an_hour(
    skew: float, pause: float
) -> None:
    there, clock = world(exams=3, date_header=False)
    clock.skew = skew
    first = run_sync("source_talentics", there, clock, {}, streams=SCORES)
    destination = Destination()
    destination.commit(first)
    clock.advance(90_000)
    in_order = [int(path.split("/")[4]) for path in first.requests if "/tickets?" in path]
    early, late, _ = (there.data.ids("tickets", exam)[0] for exam in in_order)

    def touched(there: World) -> None:
        # One ticket behind the reader's back, another that it will list.
        there.data.update("tickets", early)
        clock.advance(2)
        there.data.update("tickets", late)

    # The exams and the tickets of three exams are a request each.
    plan = Plan({2: touched, 3: lambda there: clock.advance(pause)})
    second = run_sync("source_talentics", there, clock, destination.state, streams=SCORES, plan=plan)
    destination.commit(second)
    assert {row["id"] for row in second.rows("tickets")} == {late}
    assert_nothing_lost("source_talentics", there, clock, destination, SCORES)


@pytest.mark.parametrize("streams", [("tickets",), SCORES], ids=["tickets alone", "with their parents and scores"])
def test_an_exam_made_with_its_ticket_while_the_first_ticket_page_waits(streams: tuple[str, ...]) -> None:
    there, clock = world(exams=3)
    destination = Destination()
    first = run_sync("source_talentics", there, clock, {}, streams=streams)
    destination.commit(first)
    clock.advance(90_000)

    def made_and_touched(there: World) -> None:
        # The ticket of an exam that this sync does not know, then a newer one that it lists; all older than the margin.
        known = [there.data.ids("tickets", exam)[0] for exam in there.data.ids("exams")]
        clock.advance(60)
        there.data.create("exams", 0)
        there.data.create("tickets", max(there.data.ids("exams")))
        clock.advance(240)
        for ticket in known:
            there.data.update("tickets", ticket)
        clock.advance(600)

    plan = Plan({1: made_and_touched})
    second = run_sync("source_talentics", there, clock, destination.state, streams=streams, plan=plan)
    assert "/tickets?" in second.requests[1]
    destination.commit(second)
    clock.advance(90_000)
    assert_nothing_lost("source_talentics", there, clock, destination, streams)


def test_an_exam_that_was_deleted_between_its_list_and_its_tickets() -> None:
    there, clock = world()
    exam = there.data.ids("exams")[1]
    run = run_sync(
        "source_talentics",
        there,
        clock,
        {},
        streams=SCORES,
        plan=Plan({3: lambda there: there.data.delete("exams", exam)}),
    )
    assert not run.failed
    destination = Destination()
    destination.commit(run)
    assert_nothing_lost("source_talentics", there, clock, destination, SCORES)


def test_a_bulk_edit_costs_its_details_once() -> None:
    there, clock = world()
    streams = ("candidates", "candidate_details", "candidate_comments")
    first = run_sync("source_talentio", there, clock, {}, streams=streams)
    edit_all("candidates")(there)
    clock.advance(1)
    second = run_sync("source_talentio", there, clock, first.states, streams=streams)
    third = run_sync("source_talentio", there, clock, {**first.states, **second.states}, streams=streams)
    pages = math.ceil(SMALL["candidates"] / PAGE)
    # Comments may fill a page of three, and are then asked for a second one.
    assert (
        len({path.replace("/comments?page=2", "/comments") for path in second.requests})
        == pages + 2 * SMALL["candidates"]
    )
    assert len(third.requests) == pages


def test_a_stream_that_joins_later_makes_its_fellows_forget_nothing() -> None:
    there, clock = world()
    streams = ("candidate_details",)
    edit_all("candidates")(there)
    clock.advance(30)
    kept = run_sync("source_talentio", there, clock, {}, streams=streams).states
    del kept["stage_evaluations"]
    clock.advance(30)
    joined = run_sync("source_talentio", there, clock, kept, streams=streams)
    # All is near the start of the sync, so each detail is remembered by itself.
    assert joined.rows("candidate_details") == []
    clock.advance(30)
    third = run_sync("source_talentio", there, clock, {**kept, **joined.states}, streams=streams)
    assert len(third.requests) == math.ceil(SMALL["candidates"] / PAGE)


def test_a_stream_that_waits_for_its_parents_is_heard_meanwhile() -> None:
    there, clock = world(exams=4)
    first = run_sync("source_talentics", there, clock, {}, streams=("ticket_scores",))
    # The exams take two pages, then come the tickets of each: ten minutes before each of two of these.
    plan = Plan({at: lambda there: clock.advance(600) for at in (3, 4)}, kill_at=5)
    second = run_sync("source_talentics", there, clock, first.states, streams=("ticket_scores",), plan=plan)
    assert second.killed
    assert "/tickets?" in second.requests[-1]
    told = [said for said in second.messages if isinstance(said, tuple) and said[0] == "ticket_scores"]
    assert told == [("ticket_scores", first.states["ticket_scores"])] * 2


@pytest.mark.parametrize("which", [3, 4])
def test_a_404_in_place_of_the_last_page_is_a_deletion_though_the_total_is_the_same_again(which: int) -> None:
    """The last page is gone when it is asked for; by the time when the list is read again, another was created."""
    there, clock = world("-id", exams=6 * PAGE + 1, tickets=0, past_end="404")
    plan = Plan({6: delete("exams", which), 7: create("exams", 0)})
    assert_first_sync_loses_nothing("source_talentics", there, clock, plan, ("exams",))


@pytest.mark.slow
@pytest.mark.parametrize("draws", [None, 1, 2, 3])
@pytest.mark.parametrize("at", [2, 3])
@pytest.mark.parametrize("which", [0, 5])
@pytest.mark.parametrize(
    ("package", "kind"), [("source_talentics", "exams"), ("source_talentio", "candidates")], ids=["exams", "candidates"]
)
def test_a_deletion_that_takes_away_the_last_page_of_a_list_whose_end_is_a_404(
    package: str, kind: str, which: int, at: int, draws: int | None
) -> None:
    """Nothing but the next walk's total shows it, and what was deleted is among what was seen."""
    there, clock = world(exams=3 * PAGE + 1, past_end="404")
    plan = Plan({at: delete(kind, which)})
    assert_first_sync_loses_nothing(package, there, clock, plan, (kind,), draws)


@pytest.mark.slow
@pytest.mark.parametrize("broken", range(3, 9))
@pytest.mark.parametrize("created", range(3, 9))
@pytest.mark.parametrize("seed", range(4))
def test_a_record_that_an_order_shows_before_it_breaks_off_takes_no_ones_place(
    seed: int, created: int, broken: int
) -> None:
    """One of a bulk import is missing. The walk that looks for it finds a new one, which no total has counted yet."""
    there, clock = world(ties=4, seed=seed)
    plan = Plan({at: create("candidates", 0) for at in (0, created) if at != broken}, faults={broken: "reset"})
    assert_first_sync_loses_nothing("source_talentio", there, clock, plan, ("candidates",))


# --- the price -------------------------------------------------------------------------------------------------------

LISTS = {
    "source_talentics": {"exams": "", "tickets": "exams", "jobs": "", "applicants": "jobs"},
    "source_talentio": dict.fromkeys(
        ("candidates", "requisitions", "job_titles", "channels", "employees", "employee_groups", "workspaces"), ""
    ),
}
MANY: dict[str, Any] = {
    **dict.fromkeys(("exams", "jobs"), 10),
    **dict.fromkeys(("tickets", "applicants"), 4),
    **dict.fromkeys(LISTS["source_talentio"], 10),
}


def pages_of(there: World, package: str, kind: str) -> int:
    """How many requests a list takes at the least: its full pages, for each parent."""
    parent = LISTS[package][kind]
    sizes = [len(there.data.ids(kind, each)) for each in (there.data.ids(parent) if parent else [0])]
    return sum(max(1, math.ceil(size / PAGE)) for size in sizes)


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("package", "kind"), [(package, kind) for package, kinds in LISTS.items() for kind in kinds])
def test_on_a_quiet_source_the_defence_costs_no_request_on_any_list(package: str, kind: str, order: str) -> None:
    there, clock = world(order, paged_applicants=True, **MANY)
    parent = LISTS[package][kind]
    least = pages_of(there, package, kind) + (pages_of(there, package, parent) if parent else 0)
    assert least > 3
    full = run_sync(package, there, clock, {}, streams=(kind,))
    assert len(full.requests) == len(set(full.requests)) == least
    clock.advance(90_000)
    again = run_sync(package, there, clock, full.states, streams=(kind,))
    # Where the server filters, nothing comes: one page.
    assert len(again.requests) == (1 if kind in ("candidates", "requisitions") else least)
    changed = there.data.ids(kind, there.data.ids(parent)[0] if parent else 0)
    for number in changed:
        there.data.update(kind, number)
    clock.advance(90_000)
    news = run_sync(package, there, clock, {**full.states, **again.states}, streams=(kind,))
    assert len(news.requests) == least
    assert {row["id"] for row in news.rows(kind)} >= set(changed)


@pytest.mark.parametrize("event", ["created", "deleted"])
@pytest.mark.parametrize(("package", "kind"), [("source_talentics", "exams"), ("source_talentio", "employees")])
def test_a_record_that_comes_or_goes_meanwhile_costs_three_requests_at_the_most(
    package: str, kind: str, event: str
) -> None:
    there, clock = world(**{**MANY, "exams": 20, "employees": 20})
    run = run_sync(package, there, clock, {}, streams=(kind,), plan=Plan({4: EVENTS[event](kind, 0)}))
    # After a deletion the list's beginning is read again: another record may have moved there meanwhile.
    assert len(run.requests) <= math.ceil(20 / PAGE) + (3 if event == "deleted" else 2)


@pytest.mark.parametrize(
    "odd", [{"talentics_pages": "simple"}, {"totals": False, "links": False}], ids=["links", "none"]
)
@pytest.mark.parametrize("past_end", ["empty", "404", "last"])
def test_a_deletion_that_empties_the_last_page_of_a_list_without_a_total(odd: dict[str, Any], past_end: str) -> None:
    there, clock = world(exams=PAGE + 1, past_end=past_end, **odd)
    destination = Destination()
    plan = Plan(between_pages={"exams": [delete("exams", 0)]})
    run = run_sync("source_talentics", there, clock, {}, streams=("exams",), plan=plan)
    destination.commit(run)
    assert_nothing_lost("source_talentics", there, clock, destination, ("exams",))
