"""Stream `job_details`: one request a job, with the list's time, as a detail has none of its own."""

from __future__ import annotations

from unit_tests.support.detail_tests import DetailStream, DetailTests
from unit_tests.support.talentics_streams import JOB, JOBS
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import TALENTICS, output

DETAIL = TALENTICS.sample("job_details")
COMPANY = {
    **DETAIL["company"],
    "created_at": "2022-05-01T07:00:00",
    "updated_at": "2022-05-02T07:00:00",
}


def document(job: Record) -> Record:
    return {**DETAIL, "id": job["id"]}


def rows(job: Record) -> list[Record]:
    return [
        output(
            document(job),
            due_date="2024-03-31T23:59:59",
            company=COMPANY,
            organization=COMPANY,
            job_updated_at=job["updated_at"].replace(" ", "T"),
        )
    ]


DETAILS = DetailStream(
    "job_details",
    JOBS,
    "/jobs/{id}",
    document,
    rows,
    "job_updated_at",
    time="updated_at",
    newer_at="2024-02-01 00:00:00",
)


class TestJobDetails(DetailTests):
    stream = DETAILS


def test_beside_the_list_only_the_changed_job_is_asked_for() -> None:
    answers = {**DETAILS.list_of(JOB, DETAILS.newer), **DETAILS.details_of(DETAILS.newer)}
    outcome = TALENTICS.read("jobs job_details", answers, {**DETAILS.state(JOB), "jobs": JOBS.state})
    assert outcome.records["job_details"] == rows(DETAILS.newer)
    assert [row["id"] for row in outcome.records["jobs"]] == [DETAILS.newer["id"]]
    assert outcome.states == {**DETAILS.state(DETAILS.newer), "jobs": {"updated_at": "2024-02-01T00:00:00Z"}}
