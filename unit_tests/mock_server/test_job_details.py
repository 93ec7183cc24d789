"""Stream `job_details`: one request a job, with the list's time, as a detail has none of its own."""

from __future__ import annotations

from unit_tests.support.vendors import MISSING, TALENTICS, laravel_page, output, wrapped

LIST = "/jobs?page=1&per_page=100"
JOB = TALENTICS.sample("jobs")
NEWER = {**JOB, "id": 32, "updated_at": "2024-02-01 00:00:00"}
DETAIL = TALENTICS.sample("job_details")
COMPANY = {
    **DETAIL["company"],
    "created_at": "2022-05-01T07:00:00",
    "updated_at": "2022-05-02T07:00:00",
}
ROW = output(
    DETAIL,
    due_date="2024-03-31T23:59:59",
    company=COMPANY,
    organization=COMPANY,
    job_updated_at="2024-01-05T16:20:00",
)
NEWER_ROW = {**ROW, "id": 32, "job_updated_at": "2024-02-01T00:00:00"}
STATE = {"job_details": {"job_updated_at": "2024-01-05 16:20:00", "id": 31}}
NEWER_STATE = {"job_details": {"job_updated_at": "2024-02-01 00:00:00", "id": 32}}


def test_one_request_a_job_with_the_time_of_the_list() -> None:
    answers = {LIST: laravel_page([JOB, NEWER]), "/jobs/31": wrapped(DETAIL), "/jobs/32": wrapped({**DETAIL, "id": 32})}
    outcome = TALENTICS.read("job_details", answers)
    assert outcome.records == {"job_details": [ROW, NEWER_ROW]}
    assert outcome.states == NEWER_STATE


def test_nothing_changed_costs_the_list_alone() -> None:
    outcome = TALENTICS.read("job_details", {LIST: laravel_page([JOB])}, STATE)
    assert outcome.records == {"job_details": []}
    assert outcome.states == STATE


def test_only_the_changed_job_is_asked_for() -> None:
    answers = {LIST: laravel_page([JOB, NEWER]), "/jobs/32": wrapped({**DETAIL, "id": 32})}
    outcome = TALENTICS.read("jobs job_details", answers, {**STATE, "jobs": {"updated_at": "2024-01-05T16:20:00Z"}})
    assert outcome.records["job_details"] == [NEWER_ROW]
    assert [row["id"] for row in outcome.records["jobs"]] == [32]
    assert outcome.states == {**NEWER_STATE, "jobs": {"updated_at": "2024-02-01T00:00:00Z"}}


def test_a_job_deleted_in_between_gives_no_row() -> None:
    answers = {LIST: laravel_page([JOB, NEWER]), "/jobs/31": wrapped(DETAIL), "/jobs/32": MISSING}
    outcome = TALENTICS.read("job_details", answers)
    assert outcome.records == {"job_details": [ROW]}
    assert "job_details: no record for 1 of 2 jobs (HTTP 404)." in outcome.told
