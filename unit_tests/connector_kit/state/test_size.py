"""How large a state gets: measured on cursors that have been through a source with 100,000 records."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from itertools import accumulate

import pytest
import requests

from connector_kit import times
from connector_kit.settings import Settings
from connector_kit.state.cursors import ListCursor, StreamCursor
from connector_kit.state.detail_cursors import DetailCursor, IdCursor
from connector_kit.state.id_sets import IdSet, IdTimes
from connector_kit.sync import Sync
from unit_tests.support.clock import NOW, SharedClock

COUNT = 100_000
MOST_BYTES = 64_000


def size(made: StreamCursor) -> int:
    return len(json.dumps(dict(made.state)).encode())


def sync() -> Sync:
    return Sync(Settings("https://api.example.com", 4, "keep"), requests.Session(), clock=SharedClock(NOW.timestamp()))


def spread(number: int) -> str:
    """The time of a record: over three years, and for the last thousand within the minute before the sync."""
    minutes = 15 * (COUNT - number) if number < COUNT - 1000 else 1
    moment: datetime = NOW - timedelta(minutes=minutes)
    return moment.astimezone(timezone(timedelta(hours=9))).isoformat()


@pytest.mark.slow
@pytest.mark.parametrize("fresh", [0, 1, 1000])
def test_details_of_a_hundred_thousand_parents_leave_a_small_state(fresh: int) -> None:
    made = DetailCursor(sync(), "candidate_details", "updatedAt", timedelta(minutes=5))
    made.begin(NOW)
    sizes = []
    for number in range(COUNT - 1000 + fresh):
        text = spread(number)
        made.passed(times.instant(text), 10_000_000 + 3 * number, text, True)
        if number % 10_000 == 0:
            sizes.append(size(made))
    assert max(*sizes, size(made)) < 2_000
    # A memory that does not cover what is read at any moment would be small as well.
    assert made.state["id"] == 10_000_000 + 3 * (COUNT - 1001)
    assert len(IdTimes.decode(made.state.get("recent", ""))) == fresh


def contiguous(random_: random.Random) -> list[int]:
    return list(range(5_000_000, 5_000_000 + COUNT))


def with_gaps(random_: random.Random) -> list[int]:
    return list(accumulate((random_.randint(1, 5) for _ in range(COUNT)), initial=5_000_000))[1:]


def at_one_moment(place: int, random_: random.Random) -> int:
    return 0


def one_after_the_other(place: int, random_: random.Random) -> int:
    return place * 280 // COUNT * 1_000_000


def in_any_order(place: int, random_: random.Random) -> int:
    return random_.randrange(280) * 1_000_000


def to_the_microsecond(place: int, random_: random.Random) -> int:
    return random_.randrange(280_000_000)


@pytest.mark.slow
@pytest.mark.parametrize("ids", [contiguous, with_gaps])
@pytest.mark.parametrize(
    ("edited", "kept"),
    # Times that are pure noise cannot be written shorter; as many are kept as fit.
    [(at_one_moment, COUNT), (one_after_the_other, COUNT), (in_any_order, 25_000), (to_the_microsecond, 9_500)],
)
def test_a_bulk_edit_of_a_hundred_thousand_just_before_a_sync_leaves_a_small_state(
    ids: Callable[[random.Random], list[int]], edited: Callable[[int, random.Random], int], kept: int
) -> None:
    chance = random.Random(1)
    begin = times.instant((NOW - timedelta(minutes=4, seconds=50)).isoformat()) or 0
    parents = {number: begin + edited(place, chance) for place, number in enumerate(ids(chance))}
    made = DetailCursor(sync(), "candidate_details", "updatedAt", timedelta(minutes=5))
    made.begin(NOW)
    for number, moment in sorted(parents.items(), key=lambda parent: parent[1]):
        made.passed(moment, number, "", True)
    assert size(made) < MOST_BYTES
    again = IdTimes.decode(made.state["recent"])
    assert len(again) >= kept
    # None is claimed that was not read under this very time.
    assert len(again) == sum(again.get(number) == moment for number, moment in parents.items())


@pytest.mark.slow
def test_a_list_of_a_hundred_thousand_leaves_one_time() -> None:
    made = ListCursor(sync(), "tickets", "updated_at", timedelta(minutes=5))
    made.begin(NOW)
    for number in range(COUNT):
        made.saw(times.instant(spread(number)))
    made.complete()
    assert size(made) < 100


@pytest.mark.slow
@pytest.mark.parametrize("ids", [contiguous, with_gaps])
@pytest.mark.parametrize("share", [0.5, 0.9, 1.0])
def test_forms_of_a_hundred_thousand_applicants_are_remembered_whole(
    ids: Callable[[random.Random], list[int]], share: float
) -> None:
    chance = random.Random(1)
    applicants = ids(chance)
    with_form = {number for number in applicants if chance.random() < share}
    made = IdCursor(sync(), "employment_application_forms", "application_time", timedelta(hours=12))
    for number in with_form:
        made.passed(number, "2024-01-01 10:00:00")
    assert size(made) < MOST_BYTES
    kept = IdSet.decode(made.state["seen"])
    assert [number for number in range(applicants[0], applicants[-1] + 1) if number in kept] == sorted(with_form)


def test_more_ids_than_fit_are_forgotten_and_none_is_invented() -> None:
    ids = set(random.Random(2).sample(range(10**9), COUNT))
    made = IdCursor(sync(), "employment_application_forms", "application_time", timedelta(hours=12))
    for number in ids:
        made.passed(number, None)
    assert size(made) < MOST_BYTES
    kept = IdSet.decode(made.state["seen"])
    found = {number for number in ids if number in kept}
    # As many are kept as were added to it: none but those that were added.
    assert len(kept) == len(found)
    assert 10_000 < len(found) < COUNT


@pytest.mark.slow
def test_what_has_no_place_in_the_state_is_told(caplog: pytest.LogCaptureFixture) -> None:
    made = IdCursor(sync(), "employment_application_forms", "application_time", timedelta())
    for number in range(COUNT):
        made.passed(1000 * number + random.Random(number).randrange(1000), None)
    made.complete()
    kept = len(IdSet.decode(made.state["seen"]))
    assert 0 < kept < COUNT
    assert (
        f"employment_application_forms: the state, which stays below 64 KB, has no room for {COUNT - kept} ids "
        in caplog.text
    )
