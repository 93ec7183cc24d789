"""Stream `employment_application_answers`: a row for each answer in an applicant's form."""

from __future__ import annotations

from connector_kit.state.id_sets import IdSet
from unit_tests.support.vendors import TALENTICS, laravel_page, output, unpaged, wrapped

LISTS = {
    "/jobs?page=1&per_page=100": laravel_page([TALENTICS.sample("jobs")]),
    **unpaged("/jobs/31/applicants", [TALENTICS.sample("applicants")]),
}
URL = "/jobs/applicants/900/employment-application-form"
ANSWER = TALENTICS.sample("employment_application_answers")
SECOND = {"name": "expected_salary", "value": 7000000}
FORM = TALENTICS.sample("employment_application_forms", employment_application_form=[ANSWER, SECOND])
ADDED = {"applicant_id": 900, "job_id": 31, "application_time": "2024-02-10T11:12:13"}
ROWS = [output(ANSWER, **ADDED), output(SECOND, value="7000000", **ADDED)]
ANSWERS = {**LISTS, URL: wrapped(FORM)}
STATE = {"application_time": "2024-02-10 11:12:13", "seen": IdSet([900]).encode()}
NAME, BASE = "employment_application_answers", "employment_application_forms"


def test_a_row_for_each_answer() -> None:
    outcome = TALENTICS.read(NAME, ANSWERS)
    assert outcome.records == {NAME: ROWS}
    assert outcome.states == {NAME: STATE}


def test_beside_its_base_stream_it_costs_no_request() -> None:
    outcome = TALENTICS.read(f"{NAME} {BASE}", ANSWERS)
    assert outcome.records[NAME] == ROWS
    assert [row["id"] for row in outcome.records[BASE]] == [900]
    assert outcome.states == {NAME: STATE, BASE: STATE}


def test_forms_that_were_read_cost_the_lists_alone() -> None:
    outcome = TALENTICS.read(NAME, LISTS, {NAME: STATE})
    assert outcome.records == {NAME: []}
    assert outcome.states == {NAME: STATE}


def test_a_form_without_answers_is_read_once() -> None:
    outcome = TALENTICS.read(NAME, {**LISTS, URL: wrapped({**FORM, "employment_application_form": []})})
    assert outcome.records == {NAME: []}
    assert outcome.states == {NAME: STATE}
