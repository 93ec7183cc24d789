"""`candidate_filter`: which candidates belong to the sync, with all that hangs on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from unit_tests.support.account import Account
from unit_tests.support.list_tests import ListStream
from unit_tests.support.outcome import Outcome
from unit_tests.support.talentio_streams import CANDIDATE, CANDIDATES
from unit_tests.support.transport import Reply
from unit_tests.support.vendors import TALENTIO, counted_page, numbered

STREAMS = [
    *("candidates", "candidate_stages", "candidate_details", "stage_evaluations", "evaluation_items"),
    "candidate_comments",
]
OFTEN = ["ongoing", "pass"]


def url(more: str, stream: ListStream = CANDIDATES) -> str:
    return f"{stream.url()}&{more}"


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"requisition_ids": [2, 1, 2]}, "requisitionIds=1,2"),
        ({"job_title_ids": [5]}, "jobTitleIds=5"),
        ({"stage_statuses": ["pass", "evaluated_all"]}, "stageStatuses=evaluated_all,pass"),
        ({"applied_from": "2024-01-31"}, "appliedAtFrom=2024/01/31"),
        ({"applied_to": "2024-12-01"}, "appliedAtTo=2024/12/01"),
        ({"joined_from": "2024-04-01", "joined_to": "2024-04-01"}, "joinedAtFrom=2024/04/01&joinedAtTo=2024/04/01"),
        ({"status": ["pass"], "requisition_ids": [], "applied_from": ""}, "status=pass"),
        ({"status": ["pass"], "job_title_ids": [5]}, "status=pass&jobTitleIds=5"),
    ],
)
def test_the_list_is_asked_for_with_what_is_configured(given: Mapping[str, Any], asked: str) -> None:
    answers = {url(asked): counted_page([CANDIDATE])}
    assert len(TALENTIO.read("candidates", answers, candidate_filter=given).records["candidates"]) == 1


@pytest.mark.parametrize("nothing", [{}, None])
def test_a_filter_of_nothing_changes_no_request_and_no_state(nothing: Mapping[str, Any] | None) -> None:
    answers = {CANDIDATES.url(): counted_page([CANDIDATE])}
    assert TALENTIO.read("candidates", answers, candidate_filter=nothing).states == {"candidates": CANDIDATES.state}


def test_each_status_is_a_list_of_its_own_and_their_records_come_together() -> None:
    first, second = numbered(CANDIDATE, 102)[:101], numbered(CANDIDATE, 102)[101:]
    answers = {
        f"{CANDIDATES.url(1)}&status=ongoing": counted_page(first[:100], 101),
        f"{CANDIDATES.url(2)}&status=ongoing": counted_page(first[100:], 101),
        url("status=pass"): counted_page(second),
    }
    outcome = TALENTIO.read("candidates", answers, candidate_filter={"status": OFTEN})
    assert [row["id"] for row in outcome.records["candidates"]] == [row["id"] for row in [*first, *second]]


def account() -> Account:
    one = Account("talentio", {"candidates": 60, "requisitions": 4})
    one.later()
    return one


def ids(outcome: Outcome, stream: str) -> set[int]:
    return {row["candidateId"] if "candidateId" in row else row["id"] for row in outcome.records[stream]}


def test_what_hangs_on_candidates_follows() -> None:
    """No row and no request of another candidate's."""
    source = account()
    everything = source.read(STREAMS)
    outcome = source.read(STREAMS, candidate_filter={"status": ["pass"]})
    wanted = {row["id"] for row in everything.records["candidates"] if row["status"] == "pass"}
    assert 0 < len(wanted) < 60
    assert ids(outcome, "candidates") == wanted
    for stream in STREAMS[1:]:
        assert ids(outcome, stream) == ids(everything, stream) & wanted, stream
    assert outcome.asked.total() == 1 + 2 * len(wanted)


def test_the_same_filter_reads_only_what_changed_however_it_is_written() -> None:
    source = account()
    before = source.read(STREAMS, candidate_filter={"status": OFTEN, "requisition_ids": [3, 1]})
    source.later()
    same = {"requisition_ids": [1, 3, 3], "status": OFTEN[::-1], "job_title_ids": []}
    after = source.read(STREAMS, states=before.states, candidate_filter=same)
    assert after.asked.total() == 2
    assert after.states == before.states
    assert "candidate_filter" not in after.told


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"status": ["pass"]}, {"status": OFTEN}),
        ({"status": OFTEN}, {"status": ["pass"]}),
        ({}, {"applied_from": "2000-01-01"}),
        ({"applied_from": "2000-01-01"}, {}),
    ],
)
def test_after_a_change_everything_is_read_again_and_the_log_says_so(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    source = account()
    first = source.read([*STREAMS, "requisitions"], candidate_filter=before)
    source.later()
    again = source.read([*STREAMS, "requisitions"], states=first.states, candidate_filter=after)
    whole = source.read(STREAMS, candidate_filter=after)
    said = [line for line in again.log if "candidate_filter" in line]
    assert said == [f"{stream}: candidate_filter was changed; reading everything again." for stream in STREAMS]
    for stream in STREAMS:
        assert len(again.records[stream]) == len(whole.records[stream]) > 0
    assert again.records["requisitions"] == []


def test_a_read_that_was_stopped_after_a_change_goes_on() -> None:
    """The state says which filter it is of as soon as there is one."""
    source = account()
    first = source.read(["candidate_details"], candidate_filter={"status": ["fail"]})
    failing = source.read(
        ["candidate_details"],
        lambda sent: Reply(b"{}", 401) if sent.number == 5 else None,
        first.states,
        latency=0,
        candidate_filter={"status": OFTEN},
        num_workers=1,
    )
    assert failing.errors
    source.later()
    last = source.read(["candidate_details"], states=failing.states, candidate_filter={"status": OFTEN})
    whole = source.read(["candidate_details"], candidate_filter={"status": OFTEN})
    assert "candidate_filter" not in last.told
    assert len(failing.records["candidate_details"]) == 3
    assert len(last.records["candidate_details"]) == len(whole.records["candidate_details"]) - 3


def test_one_list_that_shows_too_few_holds_the_state_although_the_other_is_whole() -> None:
    source = account()
    outcome = source.read(
        ["candidates"],
        lambda sent: counted_page([], 1) if "status=pass" in sent.query else None,
        candidate_filter={"status": OFTEN},
    )
    assert outcome.records["candidates"]
    assert set(outcome.states["candidates"]) == {"filter"}
    assert "shows 0 of 1 records" in outcome.told


def test_a_state_of_a_stream_that_has_no_filter_may_not_name_one() -> None:
    state = {"requisitions": {"updatedAt": "2024-02-01T00:00:00Z", "filter": "0123456789ab"}}
    failure = TALENTIO.read("requisitions", {}, state, fails=True).failure
    assert (failure.kind, "unknown keys filter" in failure.message) == ("config_error", True)


def test_values_that_the_server_refuses_are_the_configs_fault() -> None:
    refused = {url("stageStatuses=nonsense"): Reply({"error": "stageStatuses"}, 400)}
    given = {"stage_statuses": ["nonsense"]}
    failure = TALENTIO.read("candidates", refused, fails=True, candidate_filter=given).failure
    assert failure.kind == "config_error"
    assert failure.message == (
        "/api/v1/candidates: the server refused the request (HTTP 400). Check the values of candidate_filter, which "
        "are part of it."
    )
