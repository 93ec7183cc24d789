"""Stream `stage_evaluations`: a row for each evaluation in a candidate's stages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unit_tests.support.talentio_lists import CANDIDATE_DETAIL, CANDIDATE_DETAILS, document
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import TALENTIO, output

STAGE = CANDIDATE_DETAIL["stages"][0]
EVALUATION = TALENTIO.sample("stage_evaluations")
FIRST = {**STAGE, "evaluations": [EVALUATION, {**EVALUATION, "id": 92}]}
SECOND = {**STAGE, "id": 82, "type": "document", "evaluations": [{**EVALUATION, "id": 93, "items": []}]}


def with_stages(candidate: Record) -> Record:
    return {**document(candidate), "stages": [FIRST, SECOND]}


def rows(candidate: Record) -> list[Record]:
    return [
        output(
            evaluation,
            candidateId=candidate["id"],
            candidateUpdatedAt=candidate["updatedAt"],
            stageId=stage["id"],
            stageType=stage["type"],
        )
        for stage in (FIRST, SECOND)
        for evaluation in stage["evaluations"]
    ]


EVALUATIONS = replace(
    CANDIDATE_DETAILS, name="stage_evaluations", body=with_stages, rows=rows, cursor="candidateUpdatedAt"
)


def test_a_row_for_each_evaluation_with_its_stage_and_candidate() -> None:
    EVALUATIONS.reads_oldest_first()


def test_nothing_changed_costs_the_list_alone() -> None:
    EVALUATIONS.asks_nothing_twice()


def test_only_the_changed_candidate_is_asked_for() -> None:
    EVALUATIONS.asks_for_what_changed()


def test_start_date_spares_older_candidates() -> None:
    EVALUATIONS.spares_what_start_date_leaves_out()


def test_beside_its_base_stream_it_costs_no_request() -> None:
    candidate = EVALUATIONS.older
    answers = {**EVALUATIONS.list_of(candidate), **EVALUATIONS.details_of(candidate)}
    outcome = TALENTIO.read("stage_evaluations candidate_details", answers)
    assert outcome.records["stage_evaluations"] == rows(candidate)
    assert [row["stages"] for row in outcome.records["candidate_details"]] == [[FIRST, SECOND]]
    assert outcome.states == {**EVALUATIONS.state(candidate), **CANDIDATE_DETAILS.state(candidate)}


@pytest.mark.parametrize("stages", [[], None, [{**FIRST, "evaluations": []}, {**SECOND, "evaluations": None}]])
def test_a_candidate_without_evaluations_gives_no_row_and_is_asked_once(stages: object) -> None:
    bare = replace(EVALUATIONS, body=lambda candidate: {**document(candidate), "stages": stages}, rows=lambda _: [])
    bare.reads_oldest_first()
