"""Stream `employment_application_forms`: one request for each applicant whose form was not read yet."""

from __future__ import annotations

import pytest

from connector_kit.state.id_sets import IdSet
from unit_tests.support.transport import Reply
from unit_tests.support.vendors import MISSING, TALENTICS, laravel_page, numbered, output, unpaged, wrapped

APPLICANT = TALENTICS.sample("applicants")
JOBS = {"/jobs?page=1&per_page=100": laravel_page([TALENTICS.sample("jobs")])}
APPLICANTS = "/jobs/31/applicants"
FORM = TALENTICS.sample("employment_application_forms")
OTHER_FORM = {**FORM, "id": 901, "applicant_id": 901, "application_time": "2024-02-9 00:00:00"}
ROW = output(FORM, job_id=31, application_time="2024-02-10T11:12:13")
OTHER_ROW = {**ROW, "id": 901, "applicant_id": 901, "application_time": "2024-02-09T00:00:00"}
STATE = {"application_time": "2024-02-10 11:12:13", "seen": IdSet([900]).encode()}
BOTH_STATE = {**STATE, "seen": IdSet([900, 901]).encode()}


def url(applicant: int) -> str:
    return f"/jobs/applicants/{applicant}/employment-application-form"


def lists(applicants: int) -> dict[str, Reply]:
    return {**JOBS, **unpaged(APPLICANTS, numbered(APPLICANT, applicants))}


def test_one_request_an_applicant() -> None:
    outcome = TALENTICS.read(
        "employment_application_forms", {**lists(2), url(900): wrapped(FORM), url(901): wrapped(OTHER_FORM)}
    )
    assert outcome.records == {"employment_application_forms": [ROW, OTHER_ROW]}
    assert outcome.states == {"employment_application_forms": BOTH_STATE}


def test_forms_that_were_read_cost_the_lists_alone() -> None:
    outcome = TALENTICS.read("employment_application_forms", lists(1), {"employment_application_forms": STATE})
    assert outcome.records == {"employment_application_forms": []}
    assert outcome.states == {"employment_application_forms": STATE}


@pytest.mark.slow
@pytest.mark.parametrize("none_yet", [MISSING, wrapped(None), wrapped([]), wrapped({})])
def test_who_sent_no_form_yet_is_asked_again_by_the_next_sync(none_yet: Reply) -> None:
    outcome = TALENTICS.read("employment_application_forms", {**lists(2), url(900): wrapped(FORM), url(901): none_yet})
    assert outcome.records == {"employment_application_forms": [ROW]}
    assert outcome.states == {"employment_application_forms": STATE}

    again = TALENTICS.read("employment_application_forms", {**lists(2), url(901): wrapped(OTHER_FORM)}, outcome.states)
    assert again.records == {"employment_application_forms": [OTHER_ROW]}
    assert again.states == {"employment_application_forms": BOTH_STATE}


def test_start_date_leaves_out_older_forms_and_never_asks_for_them_again() -> None:
    answers = {**lists(2), url(900): wrapped(FORM), url(901): wrapped(OTHER_FORM)}
    outcome = TALENTICS.read("employment_application_forms", answers, start_date="2024-02-10")
    assert outcome.records == {"employment_application_forms": [ROW]}
    assert outcome.states == {"employment_application_forms": BOTH_STATE}
