"""Stream `candidate_stages`: a row for each stage of a candidate, from the list of candidates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from unit_tests.support.list_tests import Later, ListTests
from unit_tests.support.talentio_streams import CANDIDATE, CANDIDATES
from unit_tests.support.vendors import TALENTIO, counted_page, numbered, output

STAGE = TALENTIO.sample("candidate_stages")
ROW = output(STAGE, candidateId=101, candidateUpdatedAt="2024-05-11T09:00:00+09:00")
STAGES = replace(
    CANDIDATES, name="candidate_stages", given=ROW, state={"candidateUpdatedAt": CANDIDATES.state["updatedAt"]}
)
STATE = {"candidate_stages": STAGES.state}


class TestCandidateStages(ListTests):
    stream = STAGES

    def later(self) -> Later:
        return Later(
            {**CANDIDATE, "id": 102, "updatedAt": "2024-05-12T09:00:00+09:00"},
            {**ROW, "candidateId": 102, "candidateUpdatedAt": "2024-05-12T09:00:00+09:00"},
            {"candidateUpdatedAt": "2024-05-12T00:00:00Z"},
        )

    def test_every_page_is_read_by_number(self) -> None:
        """With a row for each stage."""
        sent = numbered({**CANDIDATE, "stages": [STAGE, {**STAGE, "id": 82}]}, 101)
        pages = {STAGES.url(1): counted_page(sent[:100], 101), STAGES.url(2): counted_page(sent[100:], 101)}
        outcome = TALENTIO.read("candidate_stages", pages)
        rows = [{**ROW, "id": stage, "candidateId": candidate["id"]} for candidate in sent for stage in (81, 82)]
        assert outcome.records == {"candidate_stages": rows}
        assert outcome.states == STATE


def test_beside_its_base_stream_it_costs_no_request() -> None:
    outcome = TALENTIO.read("candidate_stages candidates", {STAGES.url(): counted_page([CANDIDATE])})
    assert outcome.records == {"candidate_stages": [ROW], "candidates": [CANDIDATES.given]}
    assert outcome.states == {**STATE, "candidates": CANDIDATES.state}


@pytest.mark.parametrize("spelled", [lambda rows: [rows], lambda rows: {"0": rows[0], "3": rows[1]}])
def test_a_list_in_another_shape_gives_the_rows_that_its_candidate_has(spelled: Callable[[Any], Any]) -> None:
    """In a list of its own, or with gaps as PHP spells them: the rows were lost, or one of them held all."""
    stages = [STAGE, {**STAGE, "id": 82}]
    answers = {STAGES.url(): counted_page([{**CANDIDATE, "stages": spelled(stages)}])}
    outcome = TALENTIO.read("candidate_stages candidates", answers)
    assert outcome.records["candidate_stages"] == [ROW, {**ROW, "id": 82}]
    assert [stage["id"] for stage in outcome.records["candidates"][0]["stages"]] == [81, 82]


@pytest.mark.parametrize("stages", [[], {}, None])
def test_a_candidate_without_stages_gives_no_row(stages: object) -> None:
    outcome = TALENTIO.read("candidate_stages", {STAGES.url(): counted_page([{**CANDIDATE, "stages": stages}])})
    assert outcome.records == {"candidate_stages": []}
    assert outcome.states == STATE


def test_a_stream_that_is_selected_later_gets_all_and_the_other_nothing_twice() -> None:
    # No filter: the new stream needs the whole list.
    answers = {STAGES.url(): counted_page([CANDIDATE])}
    outcome = TALENTIO.read("candidate_stages candidates", answers, {"candidates": CANDIDATES.state})
    assert outcome.records == {"candidate_stages": [ROW], "candidates": []}
    assert outcome.states == {**STATE, "candidates": CANDIDATES.state}


def test_with_two_states_the_earlier_one_is_asked_for() -> None:
    states = {**STATE, "candidates": {"updatedAt": "2024-05-20T00:00:00Z"}}
    outcome = TALENTIO.read("candidate_stages candidates", {STAGES.url(since=True): counted_page([CANDIDATE])}, states)
    assert outcome.records == {"candidate_stages": [], "candidates": []}
    assert outcome.states == states
