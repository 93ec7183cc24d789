"""Stream `stage_evaluations`: a row for each evaluation in a candidate's stages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unit_tests.support.detail_tests import DetailTests
from unit_tests.support.talentio_streams import CANDIDATE_DETAIL, CANDIDATE_DETAILS, document
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


class TestStageEvaluations(DetailTests):
    stream = EVALUATIONS


def test_beside_its_base_stream_it_costs_no_request() -> None:
    candidate = EVALUATIONS.older
    answers = EVALUATIONS.answers(candidate)
    outcome = TALENTIO.read("stage_evaluations candidate_details", answers)
    assert outcome.records["stage_evaluations"] == rows(candidate)
    assert [row["stages"] for row in outcome.records["candidate_details"]] == [[FIRST, SECOND]]
    assert outcome.states == {**EVALUATIONS.state(candidate), **CANDIDATE_DETAILS.state(candidate)}


@pytest.mark.parametrize("stages", [[], None, [{**FIRST, "evaluations": []}, {**SECOND, "evaluations": None}]])
def test_a_candidate_without_evaluations_gives_no_row_and_is_asked_once(stages: object) -> None:
    bare = replace(EVALUATIONS, body=lambda candidate: {**document(candidate), "stages": stages}, rows=lambda _: [])
    bare.reads_oldest_first()
