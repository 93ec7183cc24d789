"""Stream `applicants`: a list for each job, without times and mostly without pages."""

from __future__ import annotations

from unit_tests.mock_server.helpers import MISSING, TALENTICS, laravel_page, numbered, output, wrapped

JOBS = "/jobs?page=1&per_page=100"
JOB = TALENTICS.sample("jobs")
ONE_JOB = {JOBS: laravel_page([JOB])}
PAGE_1 = "/jobs/31/applicants?page=1&per_page=100"
PAGE_2 = "/jobs/31/applicants?page=2&per_page=100"
OTHER_JOB = "/jobs/32/applicants?page=1&per_page=100"
APPLICANT = TALENTICS.sample("applicants")
ROW = output(APPLICANT, access_code_expired_at="2024-04-07T00:00:00")
NO_CURSOR = {"applicants": {"__ab_no_cursor_state_message": True}}


def test_an_answer_without_total_is_the_whole_list() -> None:
    outcome = TALENTICS.read("applicants", {**ONE_JOB, PAGE_1: wrapped(numbered(APPLICANT, 100))})
    assert outcome.records == {"applicants": numbered(ROW, 100)}
    assert outcome.states == NO_CURSOR


def test_pages_are_read_where_a_total_tells_of_them() -> None:
    applicants = numbered(APPLICANT, 101)
    pages = {PAGE_1: laravel_page(applicants[:100], 101), PAGE_2: laravel_page(applicants[100:], 101)}
    outcome = TALENTICS.read("applicants", {**ONE_JOB, **pages})
    assert outcome.records == {"applicants": numbered(ROW, 101)}


def test_the_next_sync_reads_all_again_as_applicants_tell_no_times() -> None:
    outcome = TALENTICS.read("applicants", {**ONE_JOB, PAGE_1: wrapped([APPLICANT])}, NO_CURSOR)
    assert outcome.records == {"applicants": [ROW]}
    assert outcome.states == NO_CURSOR


def test_a_job_deleted_in_between_takes_nothing_along() -> None:
    answers = {JOBS: laravel_page([JOB, {**JOB, "id": 32}]), PAGE_1: MISSING, OTHER_JOB: wrapped([APPLICANT])}
    assert TALENTICS.read("applicants", answers).records == {"applicants": [ROW]}


def test_a_list_that_no_job_has_is_a_wrong_base_url() -> None:
    outcome = TALENTICS.read("applicants", {**ONE_JOB, PAGE_1: MISSING}, fails=True)
    assert (outcome.failure.stream, outcome.failure.kind) == ("applicants", "config_error")
    assert "/jobs/{id}/applicants" in outcome.failure.message


def test_start_date_leaves_out_nobody_as_applicants_tell_no_times() -> None:
    outcome = TALENTICS.read("applicants", {**ONE_JOB, PAGE_1: wrapped([APPLICANT])}, start_date="2024-05-01")
    assert outcome.records == {"applicants": [ROW]}
