"""Where a list ends is the server's word: each odd way to page, and every record comes all the same."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from sandbox import World
from unit_tests.support.clock import SharedClock
from unit_tests.support.moving_source import SIZES
from unit_tests.support.one_thread import PAGE, Run, run_sync, small_pages, small_world
from unit_tests.support.outcome import log_into

COUNTS = {**SIZES, "exams": 7, "tickets": 8, "jobs": 2, "applicants": 10, "candidates": 23, "requisitions": 8}
LISTS = {
    "source_talentics": ("exams", "tickets", "jobs", "applicants"),
    "source_talentio": ("candidates", "requisitions", "workspaces", "employee_groups"),
}
TALENTICS_WAYS: dict[str, dict[str, Any]] = {
    "totals": {},
    "links alone": {"talentics_pages": "simple"},
    "cursors": {"talentics_pages": "cursor"},
    "cursors and a total": {"talentics_pages": "counted-cursor"},
    "last page alone": {"links": False},
    "nothing at all": {"links": False, "totals": False},
}
SIZES_OF_PAGES: dict[str, dict[str, Any]] = {"as asked": {}, "smaller": {"largest_page": 2}}


@pytest.fixture(autouse=True)
def pages_of_three() -> Iterator[None]:
    with small_pages():
        yield


def world(**more: Any) -> tuple[World, SharedClock]:
    clock = SharedClock()
    return small_world(clock, **{**COUNTS, "paged_applicants": True, **more}), clock


def ids(run: Run, stream: str) -> set[int]:
    return {row["id"] for row in run.rows(stream)}


def truth(there: World, package: str, stream: str) -> set[int]:
    return {record["id"] for record in there.records(package.removeprefix("source_"), stream)}


def assert_all_seen(there: World, run: Run, package: str) -> None:
    assert not run.failed
    for stream in LISTS[package]:
        assert ids(run, stream) == truth(there, package, stream), stream


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES_OF_PAGES)
@pytest.mark.parametrize("past_end", ["empty", "404", "last", "all"])
@pytest.mark.parametrize("way", TALENTICS_WAYS)
def test_talentics(way: str, past_end: str, size: str) -> None:
    there, clock = world(**TALENTICS_WAYS[way], **SIZES_OF_PAGES[size], past_end=past_end)
    assert_all_seen(
        there, run_sync("source_talentics", there, clock, {}, streams=LISTS["source_talentics"]), "source_talentics"
    )


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [0.0, 0.3])
@pytest.mark.parametrize("past_end", ["empty", "404", "last"])
@pytest.mark.parametrize("totals", [True, False])
def test_talentio(totals: bool, past_end: str, hidden: float) -> None:
    there, clock = _world_with_something_on_each_page(totals=totals, past_end=past_end, hidden=hidden)
    run = run_sync("source_talentio", there, clock, {}, streams=LISTS["source_talentio"])
    assert not run.failed
    pages = there.talentio._pages
    for stream in LISTS["source_talentio"]:
        visible = {each for each in truth(there, "source_talentio", stream) if not pages.is_hidden(each)}
        assert ids(run, stream) == visible, stream


def _world_with_something_on_each_page(**more: Any) -> tuple[World, SharedClock]:
    """An empty page ends a list that tells no total."""
    for seed in range(50):
        there, clock = world(seed=seed, **more)
        lists = [sorted(truth(there, "source_talentio", stream)) for stream in LISTS["source_talentio"]]
        pages = [found[place : place + PAGE] for found in lists for place in range(0, len(found), PAGE)]
        if all(not all(map(there.talentio._pages.is_hidden, page)) for page in pages):
            return there, clock
    raise AssertionError("no such world")


def test_a_cursor_is_taken_from_the_link_and_nothing_else() -> None:
    there, clock = world(talentics_pages="cursor", links_origin="http://elsewhere.example.com")
    run = run_sync("source_talentics", there, clock, {}, streams=("exams",))
    assert [path.partition("?")[0] for path in run.requests] == ["/talentics/v2/exams"] * 3
    assert run.requests[0].endswith("?page=1&per_page=3")
    assert all("cursor=" in path and path.endswith("&per_page=3") for path in run.requests[1:])
    assert ids(run, "exams") == truth(there, "source_talentics", "exams")


# --- ties ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ties", [5, 23])
@pytest.mark.parametrize(
    ("package", "stream", "details"),
    [("source_talentio", "candidates", "candidate_details"), ("source_talentics", "tickets", "ticket_scores")],
)
def test_records_that_share_their_place_all_come_and_what_hangs_on_them(
    package: str, stream: str, details: str, ties: int, seed: int
) -> None:
    there, clock = world(ties=ties, seed=seed, unfinished_scores="empty")
    run = run_sync(package, there, clock, {}, streams=(stream, details))
    assert not run.failed
    assert ids(run, stream) == truth(there, package, stream)
    key = "id" if details == "candidate_details" else "ticket_id"
    read = {row[key] for row in run.rows(details)}
    assert read == truth(there, package, stream)
    # Nothing is missing, so the next sync looks at what is new alone.
    clock.advance(90_000)
    again = run_sync(package, there, clock, run.states, streams=(stream, details))
    assert not [path for path in again.requests if "/scores" in path or path.partition("?")[0][-1].isdigit()]


def test_where_the_count_still_does_not_fit_it_is_told_and_the_state_stays() -> None:
    there, clock = world(hidden=0.3)
    log: list[str] = []
    logging.getLogger("airbyte").setLevel(logging.INFO)
    visible = {it for it in truth(there, "source_talentio", "candidates") if not there.talentio._pages.is_hidden(it)}
    streams = ("candidates", "candidate_details")
    with log_into(log):
        run = run_sync("source_talentio", there, clock, {}, streams=streams)
    assert any(f"shows {len(visible)} of 23 records." in line for line in log)
    assert not run.failed
    assert ids(run, "candidates") == visible
    assert run.states["candidates"] == {}
    # What was read is known; what shows up later is read, though its time is older.
    there.settings.hidden = 0.0
    clock.advance(90_000)
    again = run_sync("source_talentio", there, clock, run.states, streams=streams)
    assert ids(again, "candidates") == truth(there, "source_talentio", "candidates")
    assert ids(again, "candidate_details") == ids(again, "candidates") - visible
    assert again.states["candidates"]


def test_of_a_list_that_tells_its_total_truly_nothing_is_asked_twice() -> None:
    there, clock = world()
    run = run_sync("source_talentio", there, clock, {}, streams=("candidates",))
    assert len(run.requests) == len(set(run.requests)) == -(-23 // PAGE)


def test_an_order_that_the_api_does_not_know_is_left_out() -> None:
    there, clock = world(hidden=0.3)
    # Requisitions are asked for by an order that this server refuses.
    with mock.patch.object(there.talentio, "_sorted", _without_orders(there.talentio._sorted)):
        run = run_sync("source_talentio", there, clock, {}, streams=("requisitions",))
    assert not run.failed
    assert ids(run, "requisitions")


def _without_orders(original: Any) -> Any:
    from sandbox.talentio_filters import BadParameterError

    def refuse(endpoint: str, collection: Any, sort: str | None) -> Any:
        if sort is not None:
            raise BadParameterError("sort")
        return original(endpoint, collection, sort)

    return refuse


# --- what hangs on a record ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("totals", [True, False])
def test_comments_that_come_in_pages_all_come(totals: bool) -> None:
    there, clock = world(comments_per_page=2 if totals else PAGE, totals=totals)
    streams = ("candidates", "candidate_comments")
    run = run_sync("source_talentio", there, clock, {}, streams=streams)
    assert not run.failed
    counts = [
        len(there.data.comments.of(there.data.candidates.collection.living(candidate["id"])))
        for candidate in there.records("talentio", "candidates")
    ]
    assert max(counts) >= PAGE
    assert len(run.rows("candidate_comments")) == sum(counts)


def test_comments_of_which_fewer_came_than_their_total_tells_are_asked_for_again() -> None:
    there, clock = world()
    first = there.data.ids("candidates")[0]
    streams = ("candidate_comments",)
    there.settings.extra_headers = {"X-Total": "99"}
    there.settings.candidates = 0
    log: list[str] = []
    logging.getLogger("airbyte").setLevel(logging.INFO)
    original = there.handle

    def handle(method: str, path: str, query: Any = "", headers: Any = None) -> Any:
        status, told, body = original(method, path, query, headers)
        told["X-Total"] = "99" if path.endswith(f"/{first}/comments") else "23"
        if not path.endswith("/candidates") and not path.endswith(f"/{first}/comments"):
            del told["X-Total"]
        return status, told, body

    with mock.patch.object(there, "handle", handle), log_into(log):
        run = run_sync("source_talentio", there, clock, {}, streams=streams)
    assert not run.failed
    assert any(f"candidates, such as /talentio/api/v1/candidates/{first}/comments: fewer" in line for line in log)
    there.settings.extra_headers = {}
    clock.advance(90_000)
    again = run_sync("source_talentio", there, clock, run.states, streams=streams)
    asked = [path.partition("?")[0] for path in again.requests if "/comments" in path]
    assert set(asked) == {f"/talentio/api/v1/candidates/{first}/comments"}
