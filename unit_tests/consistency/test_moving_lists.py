"""One event between two page requests, for every order a server may keep: nothing is missing one quiet sync later.

The play in `test_nothing_lost.py` finds such cases by chance; here each stands by its name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from sandbox import Settings, VirtualClock, World
from unit_tests.consistency.harness import PAGE, Destination, Plan, run_sync, small_pages
from unit_tests.consistency.machine import SIZES, create, delete, update

SMALL = {**SIZES, "exams": 7, "tickets": 2, "jobs": 1, "applicants": 1, "candidates": 10}
ORDERS = ("id", "-id", "updated_at", "-updated_at")
EVENTS = {"created": create, "updated": update, "deleted": delete}


@pytest.fixture(autouse=True)
def pages_of_three() -> Iterator[None]:
    with small_pages():
        yield


def world(order: str = "id") -> tuple[World, VirtualClock]:
    clock = VirtualClock()
    settings = Settings(**SMALL, talentics_limit=None, talentio_limit=None, talentics_order=order)  # type: ignore[arg-type]
    return World(settings, clock), clock


def assert_nothing_lost(package: str, there: World, clock: VirtualClock, destination: Destination) -> None:
    last = run_sync(package, there, clock, destination.state)
    assert not last.failed
    destination.commit(last.messages, last.keys, whole=True)
    truth = Destination()
    full = run_sync(package, there, clock, {})
    truth.commit(full.messages, full.keys, whole=True)
    for stream, rows in truth.rows.items():
        for key, row in rows.items():
            assert destination.rows.get(stream, {}).get(key) == row, f"{stream} {key}"


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("which", [0, 3, 6])
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("order", ORDERS)
def test_an_exam_between_two_pages_of_the_first_sync(order: str, event: str, which: int, at: int) -> None:
    there, clock = world(order)
    destination = Destination()
    run = run_sync("source_talentics", there, clock, {}, plan=Plan({at: EVENTS[event]("exams", which)}))
    destination.commit(run.messages, run.keys, whole=True)
    clock.advance(90_000)
    assert_nothing_lost("source_talentics", there, clock, destination)


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("which", [0, 4, 9])
@pytest.mark.parametrize("event", EVENTS)
def test_a_candidate_between_two_pages_of_the_first_sync(event: str, which: int, at: int) -> None:
    there, clock = world()
    destination = Destination()
    run = run_sync("source_talentio", there, clock, {}, plan=Plan({at: EVENTS[event]("candidates", which)}))
    destination.commit(run.messages, run.keys, whole=True)
    clock.advance(90_000)
    assert_nothing_lost("source_talentio", there, clock, destination)


@pytest.mark.parametrize("kill_at", range(0, 34, 3))
@pytest.mark.parametrize("package", ["source_talentics", "source_talentio"])
def test_a_sync_that_died_anywhere(package: str, kill_at: int) -> None:
    there, clock = world()
    destination = Destination()
    run = run_sync(package, there, clock, {}, plan=Plan(kill_at=kill_at))
    assert run.killed
    destination.commit(run.messages, run.keys, whole=False)
    assert_nothing_lost(package, there, clock, destination)


def test_a_ticket_finished_after_its_page_was_listed() -> None:
    there, clock = world()
    unfinished = [t["id"] for t in there.records("talentics", "tickets") if t["finished_at"] is None]
    destination = Destination()
    # Exams take three pages, so the tickets of the first exam are the fourth request.
    plan = Plan({5: lambda there: there.data.finish_ticket(unfinished[0])})
    run = run_sync("source_talentics", there, clock, {}, plan=plan)
    destination.commit(run.messages, run.keys, whole=True)
    assert_nothing_lost("source_talentics", there, clock, destination)
    assert (unfinished[0],) in destination.rows["ticket_scores"]


def test_a_record_that_changes_twice_in_one_second() -> None:
    there, clock = world()
    candidate = there.data.ids("candidates")[0]
    destination = Destination()
    first = run_sync("source_talentio", there, clock, {})
    destination.commit(first.messages, first.keys, whole=True)
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
    destination.commit(again.messages, again.keys, whole=True)
    assert_nothing_lost("source_talentio", there, clock, destination)


@pytest.mark.parametrize("order", ORDERS)
def test_on_a_quiet_source_the_defence_costs_no_request(order: str) -> None:
    there, clock = world(order)
    run = run_sync("source_talentics", there, clock, {}, streams=("exams", "tickets"))
    exams, tickets = SMALL["exams"], SMALL["tickets"]
    assert len(run.requests) == math.ceil(exams / PAGE) + exams * math.ceil(tickets / PAGE)
    state = {message[0]: message[1] for message in run.messages if isinstance(message, tuple)}
    again = run_sync("source_talentics", there, clock, state, streams=("exams", "tickets"))
    assert again.requests == run.requests
