"""The data follows from the seed, and changes when it is told to and then only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from sandbox import Settings, VirtualClock, World

Ask = Callable[..., tuple[int, dict[str, str], Any]]
Make = Callable[..., World]


def everything(world: World) -> dict[tuple[str, str], list[dict[str, Any]]]:
    names = world.data.stream_names()
    return {(source, name): list(world.records(source, name)) for source, streams in names.items() for name in streams}


def test_the_same_seed_gives_the_same_data_and_another_seed_other_data(clock: VirtualClock) -> None:
    first, again, other = (World(Settings.for_size("small", seed=seed), clock) for seed in (5, 5, 6))
    clock.advance(3600)
    assert everything(first) == everything(again)
    assert everything(first)["talentio", "candidates"] != everything(other)["talentio", "candidates"]


def test_seeded_records_are_days_to_years_old_and_times_in_order(clock: VirtualClock) -> None:
    world = World(Settings.for_size("small", candidates=500), clock)
    now = datetime.fromtimestamp(clock(), timezone.utc)
    ages = []
    for record in world.records("talentio", "candidates"):
        updated, registered = (datetime.fromisoformat(record[name]) for name in ("updatedAt", "registeredAt"))
        assert registered <= updated
        ages.append((now - updated).days)
    assert min(ages) >= 2
    assert 700 < max(ages) <= 3 * 365 + 4


def test_ids_have_gaps(make: Make) -> None:
    ids = make(candidates=100).data.ids("candidates")
    assert len(ids) == 100
    assert ids[-1] - ids[0] > 250


def test_a_company_is_made_without_making_its_records(clock: VirtualClock, talentio: Ask) -> None:
    world = World(Settings.for_size("company", candidates=1_000_000_000), clock)
    middle = world.data.collections["candidates"].base_id(500_000_000)
    assert talentio(world, f"/candidates/{middle}")[2]["id"] == middle


@pytest.mark.parametrize(
    ("kind", "parent_kind", "source", "stream", "cursor"),
    [
        ("exams", None, "talentics", "exams", "updated_at"),
        ("tickets", "exams", "talentics", "tickets", "updated_at"),
        ("jobs", None, "talentics", "jobs", "updated_at"),
        ("applicants", "jobs", "talentics", "applicants", None),
        ("candidates", None, "talentio", "candidates", "updatedAt"),
        ("requisitions", None, "talentio", "requisitions", "updatedAt"),
        ("employees", None, "talentio", "employees", "updatedAt"),
        ("workspaces", None, "talentio", "workspaces", "updatedAt"),
    ],
)
def test_records_are_created_updated_and_deleted(
    make: Make, clock: VirtualClock, kind: str, parent_kind: str | None, source: str, stream: str, cursor: str | None
) -> None:
    world = make()
    clock.advance(60)
    parent = world.data.ids(parent_kind)[1] if parent_kind else 0

    def shown() -> dict[int, dict[str, Any]]:
        return {record["id"]: record for record in world.records(source, stream)}

    before = shown()
    new = int(world.data.create(kind, parent))
    assert shown().keys() - before.keys() == {new}
    assert new > max(before)

    some = world.data.ids(kind, parent)[0]
    world.data.update(kind, some)
    changed = shown()
    assert changed[some] != before[some]
    if cursor is not None:
        assert changed[some][cursor] > before[some][cursor]
    assert {each: record for each, record in changed.items() if each not in (some, new)} == {
        each: record for each, record in before.items() if each != some
    }

    world.data.update(kind, some, memo_of_a_test="\U0001f600")
    assert shown()[some]["memo_of_a_test"] == "\U0001f600"

    world.data.delete(kind, some)
    assert some not in shown()
    with pytest.raises(KeyError):
        world.data.delete(kind, some)


def test_children_go_with_their_parent(make: Make, talentics: Ask) -> None:
    world = make()
    exam = world.data.ids("exams")[0]
    ticket = world.data.ids("tickets", exam)[0]
    world.data.delete("exams", exam)
    assert talentics(world, f"/exams/{exam}/tickets")[0] == 404
    assert talentics(world, f"/exams/tickets/{ticket}/scores")[0] == 404
    assert exam not in {record["exam"]["id"] for record in world.records("talentics", "tickets")}
    world.settings.missing_parent = "empty"
    assert talentics(world, f"/exams/{exam}/tickets")[2]["data"] == []


def test_random_changes_say_what_they_did(make: Make, clock: VirtualClock) -> None:
    world = make()
    before = everything(world)
    clock.advance(60)
    changed = world.changes.random(created=20, updated=20, deleted=5, seed=3)
    assert sum(map(len, changed["created"].values())) == 20
    assert sum(map(len, changed["deleted"].values())) == 5
    after = everything(world)
    candidates = {record["id"]: record for record in before["talentio", "candidates"]}
    moved = {
        record["id"] for record in after["talentio", "candidates"] if candidates.get(record["id"]) not in (None, record)
    }
    assert moved == set(changed["updated"].get("candidates", [])) - set(changed["deleted"].get("candidates", []))
    assert "comments" not in changed["created"], "a comment that moves no candidate is beyond an incremental reader"


def test_a_schedule_by_requests_changes_the_data_between_pages(make: Make, talentio: Ask) -> None:
    world = make(change_every_requests=2)
    before = everything(world)
    talentio(world, "/channels")
    assert everything(world) == before
    talentio(world, "/channels")
    assert everything(world) != before


def test_a_schedule_by_time_follows_the_clock(make: Make, talentio: Ask, clock: VirtualClock) -> None:
    world = make(change_every=10.0)
    before = everything(world)
    clock.advance(9)
    assert everything(world) == before
    clock.advance(1)
    assert everything(world) != before


def test_a_hook_may_change_data_before_each_request(make: Make, talentio: Ask) -> None:
    world = make()
    seen: list[tuple[str, str, dict[str, str]]] = []

    def hook(method: str, path: str, query: dict[str, str]) -> None:
        seen.append((method, path, query))
        world.data.create("candidates")

    world.before_request = hook
    assert talentio(world, "/candidates", page=2)[1]["X-Total"] == "121"
    assert talentio(world, "/candidates", page=2)[1]["X-Total"] == "122"
    assert seen[0] == ("GET", "/talentio/api/v1/candidates", {"page": "2"})


def test_odd_values_can_be_put_into_any_record(make: Make, talentio: Ask, talentics: Ask) -> None:
    world = make()
    talentio(world, "/candidates")
    world.set_rewrite(lambda kind, record: {**record, "kind": kind, "huge": "x" * 5_000})
    assert {(one["kind"], len(one["huge"])) for one in talentio(world, "/candidates")[2]} == {("candidates", 5_000)}
    assert talentics(world, "/exams")[2]["data"][0]["kind"] == "exam"
    world.set_rewrite(None)
    assert "kind" not in talentio(world, "/candidates")[2][0]


def test_the_log_counts_requests_by_endpoint_and_url(make: Make, talentio: Ask, talentics: Ask) -> None:
    world = make()
    for page in (1, 2, 2):
        talentio(world, "/candidates", page=page)
    talentics(world, "/exams/1")
    assert world.log.summary() == {
        "total": 4,
        "distinct_urls": 3,
        "by_status": {"200": 3, "404": 1},
        "by_endpoint": {
            "talentics.exam": {"requests": 1, "distinct_urls": 1},
            "talentio.candidates": {"requests": 3, "distinct_urls": 2},
        },
    }
    last = world.log.requests[-2]
    assert (last.method, last.path, last.query, last.status) == (
        "GET",
        "/talentio/api/v1/candidates",
        {"page": "2"},
        200,
    )
    world.log.clear()
    assert world.log.summary()["total"] == 0
