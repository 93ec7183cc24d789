"""A record that exists may be out of sight in one read of a list, or where nobody expects it: where the list alone says
what is gone, it must be missing twice.
"""

from __future__ import annotations

from typing import Any

import pytest

from connector_kit.state import cursors
from sandbox.records import Row as Stored
from unit_tests.support.deletions import Synced, gone, patched
from unit_tests.support.transport import Script, Sent

FILTER: dict[str, Any] = {"candidate_filter": {"status": ["ongoing"]}}
TWO: dict[str, Any] = {"candidate_filter": {"status": ["ongoing", "pass"]}}


def once(query: str, event: Any) -> Script:
    """Lets something happen before the first request with this in its query."""
    left = [event]

    def script(sent: Sent) -> None:
        if query in sent.query.split("&") and left:
            left.pop()()

    return script


@pytest.mark.parametrize(
    ("source", "kind", "details", "sizes"),
    [
        ("talentio", "employees", [], {"employees": 150}),
        ("talentics", "tickets", ["ticket_scores"], {"exams": 1, "tickets": 150}),
    ],
)
def test_a_record_that_a_deletion_and_a_creation_push_out_of_sight_is_not_marked(
    source: str, kind: str, details: list[str], sizes: dict[str, int]
) -> None:
    parents = ["exams"] if kind == "tickets" else []
    synced = Synced(source, [*parents, kind, *details], **sizes)
    parent = synced.ids("exams")[0] if parents else 0
    ids = synced.ids(kind, parent)
    deleted = ids[0]

    def replace() -> None:
        synced.delete(kind, deleted)
        synced.account.world.data.create(kind, parent)

    # The first record of the second page slips to the first page, which was read already.
    found = synced.read(once("page=2", replace))
    assert [gone(found, kind), *(gone(found, name, "ticket_id") for name in details)] == [[] for _ in (kind, *details)]
    assert gone(synced.read(), kind) == [deleted]


def test_a_list_of_several_pages_is_read_once_more_where_something_is_missing_and_only_there() -> None:
    synced = Synced("talentio", ["employees", "channels"], employees=150)
    assert synced.read().asked.total() == 3
    synced.delete("employees", synced.ids("employees")[5])
    synced.delete("channels", synced.ids("channels")[0])
    found = synced.read()
    assert len(gone(found, "employees")) == len(gone(found, "channels")) == 1
    assert found.asked["/talentio/api/v1/employees"] == 4
    assert found.asked["/talentio/api/v1/channels"] == 1


def test_a_candidate_who_changes_between_the_lists_of_two_statuses_has_not_left_the_filter() -> None:
    synced = Synced("talentio", ["candidates", "candidate_details", "deletions"], candidates=12)
    numbers = synced.ids("candidates")
    for number in numbers:
        patched(synced, number, "pass")
    synced.states.clear()
    synced.read(**TWO)
    mover, leaver = numbers[4], numbers[7]
    patched(synced, leaver, "fail")
    found = synced.read(once("status=pass", lambda: patched(synced, mover, "ongoing")), **TWO)
    assert mover not in {*gone(found, "candidates"), *gone(found, "candidate_details")}
    after = synced.read(**TWO)
    assert gone(found, "candidates") + gone(after, "candidates") == [leaver]
    assert mover in {row["id"] for row in [*found.records["candidates"], *after.records["candidates"]]}


def test_a_candidate_whom_others_push_out_of_sight_has_not_left_the_filter() -> None:
    synced = Synced("talentio", ["candidates", "deletions"], candidates=250)
    numbers = synced.ids("candidates")
    for number in numbers:
        patched(synced, number, "ongoing" if number != numbers[-1] else "fail")
    synced.states.clear()
    synced.account.later(90_000)
    synced.read(**FILTER)
    deleted, leaver = numbers[210], numbers[0]
    synced.delete("candidates", deleted)

    def replace() -> None:
        patched(synced, leaver, "fail")
        patched(synced, numbers[-1], "ongoing")

    found = synced.read(once("page=2", replace), **FILTER)
    after = synced.read(**FILTER)
    assert sorted(gone(found, "candidates") + gone(after, "candidates")) == [leaver, deleted]


def test_each_status_of_a_filter_is_counted_with_a_request_and_its_list_is_not_read_in_full() -> None:
    synced = Synced("talentio", ["candidates", "deletions"], candidates=1_000)
    synced.states.clear()
    belong = [row["id"] for row in synced.read(**TWO).records["candidates"]]
    assert len(belong) > 300
    assert synced.read(**TWO).asked.total() == 2 + 2
    synced.delete("candidates", belong[50])
    assert gone(synced.read(**TWO), "candidates") == [belong[50]]
    assert synced.read(**TWO).asked.total() == 2 + 2


@pytest.mark.slow
def test_a_record_without_room_in_the_state_that_changes_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursors, "MOST_CHARACTERS", 400)
    synced = Synced("talentio", ["candidates", "candidate_details"], candidates=1_000)
    forgotten = synced.known("candidates").forgotten
    assert forgotten > 100
    synced.account.world.data.update("candidates", synced.ids("candidates")[3])
    assert synced.read().asked["/talentio/api/v1/candidates"] == 2
    assert synced.read().asked["/talentio/api/v1/candidates"] == 2
    highest = synced.ids("candidates")[-1]
    synced.delete("candidates", highest)
    assert gone(synced.read(), "candidates") == [highest]
    quiet = synced.read()
    assert quiet.asked["/talentio/api/v1/candidates"] == 2
    assert "no longer listed" not in quiet.told
    assert len(synced.known("candidates")) == 999


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["candidates", "requisitions"])
def test_of_a_bulk_import_whose_order_changes_from_request_to_request_what_is_gone_is_found(kind: str) -> None:
    synced = Synced("talentio", [kind], **{kind: 250}, ties=150)
    assert not synced.first.failures
    deleted = synced.ids(kind)[20]
    synced.delete(kind, deleted)
    found = synced.read()
    assert gone(found, kind) == [deleted]
    assert synced.read().asked[f"/talentio/api/v1/{kind}"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("config", [FILTER, {}], ids=["filter", "all"])
@pytest.mark.parametrize(("late", "deleted"), [(10, 350), (499, 700)], ids=["far off", "a pair at a border of pages"])
def test_a_candidate_who_is_registered_later_than_the_id_says_is_not_marked_in_place_of_one_who_is_gone(
    late: int, deleted: int, config: dict[str, Any]
) -> None:
    synced = Synced("talentio", ["candidates", "deletions"], candidates=1_000)
    numbers = synced.ids("candidates")
    collection = synced.account.world.data.collections["candidates"]
    for place, number in enumerate(numbers):
        row = collection.living(number)
        created = collection.living(numbers[500]).created + 1 if place == late else row.created
        collection._rows[number] = Stored(number, 0, created, row.updated, patch={"status": "ongoing"})
    collection._moved(membership=True)
    synced.states.clear()
    synced.read(**config)
    synced.delete("candidates", numbers[deleted])
    assert gone(synced.read(**config), "candidates") == [numbers[deleted]]
    assert synced.read(**config).asked["/talentio/api/v1/candidates"] == 2


def test_a_candidate_who_is_left_out_for_a_deactivated_employee_is_not_gone() -> None:
    synced = Synced("talentio", ["candidates", "candidate_details"], employees=10, inactive_hides_candidates=True)
    config: dict[str, Any] = {"include_inactive_responsible_employees": False}
    data = synced.account.world.data
    for number in synced.ids("employees"):
        data.update("employees", number, status="active")
    synced.states.clear()
    assert len(synced.read(**config).records["candidates"]) == 6
    for number in synced.ids("employees"):
        data.update("employees", number, status="inactive")
    found = synced.read(**config)
    assert gone(found, "candidates") == gone(found, "candidate_details") == []
    # The others have no responsible employee.
    assert "candidates: 4 no longer listed" in found.told
