"""`--story`: persons, scores, marks and outcomes belong together, and nothing of it is in the data without it."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.clock import VirtualClock
from sandbox.settings import Settings
from sandbox.story import StoryCandidates
from sandbox.world import World

Record = dict[str, Any]


@pytest.fixture(scope="module")
def world() -> World:
    return World(Settings.for_size("small", story=True, candidates=600, tickets=100), VirtualClock())


@pytest.fixture(scope="module")
def details(world: World) -> list[Record]:
    return list(world.records("talentio", "candidate_details"))


@pytest.fixture(scope="module")
def addresses(details: list[Record]) -> dict[str, Record]:
    return {candidate["email"]: candidate for candidate in details if candidate["email"]}


def address(world: World, candidate_id: int) -> str:
    assert isinstance(world.data.candidates, StoryCandidates)
    return world.data.candidates.address(candidate_id)


def evaluations(candidate: Record) -> Iterator[tuple[Record, Record]]:
    return ((stage, mark) for stage in candidate["stages"] for mark in stage["evaluations"])


@pytest.mark.slow
def test_one_address_stands_in_both_vendors_data(world: World, addresses: dict[str, Record]) -> None:
    applicants = {applicant["email"] for applicant in world.records("talentics", "applicants")}
    tested = {ticket["email"] for ticket in world.records("talentics", "tickets")}

    assert tested <= addresses.keys() | applicants | {
        None if candidate["email"] else address(world, candidate["id"])
        for candidate in world.records("talentio", "candidates")
    }
    assert tested & addresses.keys()
    assert tested & applicants
    assert applicants & addresses.keys()


def test_hires_follow_scores_and_marks(world: World, details: list[Record], addresses: dict[str, Record]) -> None:
    scores: dict[str, list[float | None]] = defaultdict(list)
    marks: dict[str, list[float | None]] = defaultdict(list)
    for ticket in world.records("talentics", "ticket_scores"):
        if ticket["email"] in addresses:
            status = addresses[ticket["email"]]["status"]
            scores[status].extend(result["total_score"] for result in ticket["results"] if result["total_score"])
    for candidate in details:
        for _, mark in evaluations(candidate):
            marks[candidate["status"]].extend(item["input"] for item in mark["items"] if item["type"] == "5level")

    def mean(values: list[float | None]) -> float:
        return statistics.mean(value for value in values if value is not None)

    assert mean(scores["pass"]) > mean(scores["fail"]) + 5
    assert mean(marks["pass"]) > mean(marks["fail"]) + 0.5


def test_what_happens_to_a_candidate_happens_in_order(details: list[Record]) -> None:
    for candidate in details:
        assert candidate["appliedAt"] <= candidate["registeredAt"]
        times = [time for stage in candidate["stages"] for time in (stage["createdAt"], stage["fixedAt"]) if time]
        assert times == sorted(times)
        assert times[-1] <= candidate["updatedAt"]
        for stage, mark in evaluations(candidate):
            assert mark["finished"] == (mark["evaluatedAt"] is not None)
            if mark["finished"]:
                assert stage["scheduledAtEnd"] < mark["evaluatedAt"]
                assert stage["fixedAt"] is None or mark["evaluatedAt"] <= stage["fixedAt"]


def test_the_status_is_what_the_last_stage_says(details: list[Record]) -> None:
    for candidate in details:
        last = candidate["stages"][-1]["status"]
        assert (last == "pass") == (candidate["status"] == "pass") == (candidate["joinedAt"] is not None)
        assert (candidate["status"] == "ongoing") == (candidate["stages"][-1]["fixedAt"] is None)


def test_channels_differ(details: list[Record]) -> None:
    def passed(kind: str) -> float:
        decided = [one for one in details if one["channelType"] == kind and one["status"] in ("pass", "fail", "reject")]
        return len([one for one in decided if one["status"] == "pass"]) / len(decided)

    assert passed("employee") > passed("site") + 0.1


def test_imports_and_bulk_edits_share_their_times(details: list[Record]) -> None:
    assert len({candidate["registeredAt"] for candidate in details}) < len(details) * 0.9
    assert len({candidate["updatedAt"] for candidate in details[:40]}) == 1


def test_an_edit_moves_a_selection_on(world: World) -> None:
    ongoing = next(one for one in world.records("talentio", "candidates") if one["status"] == "ongoing")
    stages = len(ongoing["stages"])

    world.data.update("candidates", ongoing["id"])

    [edited] = [one for one in world.records("talentio", "candidates") if one["id"] == ongoing["id"]]
    assert edited["stages"][stages - 1]["status"] == "pass"
    assert edited["stages"][stages - 1]["fixedAt"] == edited["updatedAt"]
