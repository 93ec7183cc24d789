"""Stream `evaluation_items`: a row for each item of each evaluation of a candidate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from unit_tests.support.detail_tests import DetailTests
from unit_tests.support.talentio_streams import CANDIDATE_DETAIL, CANDIDATE_DETAILS, document
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import TALENTIO, output

ITEM = TALENTIO.sample("evaluation_items")
STAGE = CANDIDATE_DETAIL["stages"][0]
EVALUATION = STAGE["evaluations"][0]
INPUTS: list[Any] = ["高い", 4, True]


def with_items(candidate: Record) -> Record:
    items = [{**ITEM, "input": value} for value in INPUTS]
    evaluations = [{**EVALUATION, "items": items}, {**EVALUATION, "id": 92, "items": [ITEM]}]
    return {**document(candidate), "stages": [{**STAGE, "evaluations": evaluations}]}


def row(candidate: Record, evaluation: int, position: int, **item: Any) -> Record:
    return output(
        {**ITEM, "inputNumber": None, "inputBoolean": None, **item},
        evaluationId=evaluation,
        position=position,
        stageId=81,
        candidateId=candidate["id"],
        candidateUpdatedAt=candidate["updatedAt"],
    )


def rows(candidate: Record) -> list[Record]:
    return [
        row(candidate, 91, 0, input="高い"),
        row(candidate, 91, 1, input="4", inputNumber=4),
        row(candidate, 91, 2, input="true", inputBoolean=True),
        row(candidate, 92, 0, input="高い"),
    ]


ITEMS = replace(CANDIDATE_DETAILS, name="evaluation_items", body=with_items, rows=rows, cursor="candidateUpdatedAt")


class TestEvaluationItems(DetailTests):
    stream = ITEMS


def test_beside_its_base_stream_and_its_sibling_it_costs_no_request() -> None:
    names = "evaluation_items stage_evaluations candidate_details"
    candidate = ITEMS.older
    outcome = TALENTIO.read(names, ITEMS.answers(candidate))
    assert outcome.records["evaluation_items"] == rows(candidate)
    assert [len(outcome.records[name]) for name in names.split()] == [4, 2, 1]
    same = ITEMS.state(candidate)["evaluation_items"]
    assert outcome.states == {**CANDIDATE_DETAILS.state(candidate), "stage_evaluations": same, "evaluation_items": same}


@pytest.mark.parametrize(
    ("sent", "given"),
    [
        (0, {"input": "0", "inputNumber": 0}),
        (3.5, {"input": "3.5", "inputNumber": 3.5}),
        (False, {"input": "false", "inputBoolean": False}),
        ("5", {"input": "5"}),
        (None, {"input": None}),
    ],
)
def test_an_input_is_text_with_its_number_or_boolean_beside_it(sent: object, given: Record) -> None:
    evaluation = {**EVALUATION, "items": [{**ITEM, "input": sent}]}
    one = replace(
        ITEMS,
        body=lambda candidate: {**document(candidate), "stages": [{**STAGE, "evaluations": [evaluation]}]},
        rows=lambda candidate: [row(candidate, 91, 0, **given)],
    )
    one.reads_oldest_first()
