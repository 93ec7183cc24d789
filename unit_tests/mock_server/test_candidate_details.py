"""Stream `candidate_details`: one request a candidate, where its `updatedAt` moved."""

from __future__ import annotations

from unit_tests.support.detail_tests import DetailTests
from unit_tests.support.talentio_streams import CANDIDATE_DETAILS as DETAILS
from unit_tests.support.talentio_streams import CANDIDATES
from unit_tests.support.vendors import TALENTIO


class TestCandidateDetails(DetailTests):
    stream = DETAILS


def test_candidates_with_one_time_are_told_apart_by_their_ids() -> None:
    twin = {**DETAILS.older, "id": 102}
    answers = {**DETAILS.list_of(twin, DETAILS.older, since=True), **DETAILS.details_of(twin)}
    DETAILS.gives(DETAILS.read(answers, DETAILS.state(DETAILS.older)), [twin], DETAILS.state(twin))


def test_the_list_is_shared_with_its_own_stream() -> None:
    answers = DETAILS.answers(DETAILS.older)
    outcome = TALENTIO.read("candidates candidate_details", answers)
    assert outcome.records == {"candidates": [CANDIDATES.given], "candidate_details": DETAILS.rows(DETAILS.older)}
    assert outcome.states == {"candidates": CANDIDATES.state, **DETAILS.state(DETAILS.older)}


def test_the_filter_reaches_back_as_far_as_the_details_need() -> None:
    states = {"candidates": {"updatedAt": "2024-05-20T00:00:00Z"}, **DETAILS.state(DETAILS.older)}
    answers = {**DETAILS.list_of(DETAILS.newer, since=True), **DETAILS.details_of(DETAILS.newer)}
    outcome = TALENTIO.read("candidates candidate_details", answers, states)
    assert outcome.records == {"candidates": [], "candidate_details": DETAILS.rows(DETAILS.newer)}
    assert outcome.states == {**states, **DETAILS.state(DETAILS.newer)}
