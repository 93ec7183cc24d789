"""Stream `employment_application_answers`: a row for each answer in an applicant's form."""

from __future__ import annotations

from connector_kit.state.id_sets import IdSet
from unit_tests.support.talentics_streams import ANSWER, APPLICANT_LISTS, FORM, FORM_ANSWERS, FORM_URL, OTHER_ANSWER
from unit_tests.support.vendors import TALENTICS, output, wrapped

ADDED = {"applicant_id": 900, "job_id": 31, "application_time": "2024-02-10T11:12:13"}
ROWS = [output(ANSWER, **ADDED), output(OTHER_ANSWER, value="7000000", **ADDED)]
STATE = {"application_time": "2024-02-10 11:12:13", "seen": IdSet([900]).encode()}
NAME, BASE = "employment_application_answers", "employment_application_forms"


def test_a_row_for_each_answer() -> None:
    outcome = TALENTICS.read(NAME, FORM_ANSWERS)
    assert outcome.records == {NAME: ROWS}
    assert outcome.states == {NAME: STATE}


def test_beside_its_base_stream_it_costs_no_request() -> None:
    outcome = TALENTICS.read(f"{NAME} {BASE}", FORM_ANSWERS)
    assert outcome.records[NAME] == ROWS
    assert [row["id"] for row in outcome.records[BASE]] == [900]
    assert outcome.states == {NAME: STATE, BASE: STATE}


def test_forms_that_were_read_cost_the_lists_alone() -> None:
    outcome = TALENTICS.read(NAME, APPLICANT_LISTS, {NAME: STATE})
    assert outcome.records == {NAME: []}
    assert outcome.states == {NAME: STATE}


def test_a_form_without_answers_is_read_once() -> None:
    outcome = TALENTICS.read(NAME, {**APPLICANT_LISTS, FORM_URL: wrapped({**FORM, "employment_application_form": []})})
    assert outcome.records == {NAME: []}
    assert outcome.states == {NAME: STATE}
