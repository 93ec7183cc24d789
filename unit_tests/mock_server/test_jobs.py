"""Stream `jobs`: a list whose numbers come spelled in two ways."""

from __future__ import annotations

import pytest

from unit_tests.support.list_tests import ListStream
from unit_tests.support.vendors import TALENTICS, laravel_page, output

JOB = TALENTICS.sample("jobs")
ROW = output(
    JOB,
    created_at="2023-12-01T08:00:00",
    updated_at="2024-01-05T16:20:00",
    due_date="2024-03-31T23:59:59",
)
JOBS = ListStream(TALENTICS, "jobs", "/jobs", JOB, ROW, {"updated_at": "2024-01-05T16:20:00Z"})


def test_every_page_is_read_by_number() -> None:
    JOBS.reads_two_pages()


def test_an_unchanged_list_gives_nothing_again() -> None:
    JOBS.gives_nothing_twice()


def test_only_the_changed_job_comes() -> None:
    JOBS.gives_what_changed(
        {**JOB, "id": 32, "updated_at": "2024-02-7 00:00:00"},
        {**ROW, "id": 32, "updated_at": "2024-02-07T00:00:00"},
        {"updated_at": "2024-02-07T00:00:00Z"},
    )


@pytest.mark.parametrize(("sent", "given"), [("5500000", 5500000), ("5500000.50", 5500000.5), (5500000, 5500000)])
def test_a_salary_is_a_number_however_it_is_spelled(sent: object, given: float) -> None:
    job = {**JOB, "min_salary": sent}
    outcome = TALENTICS.read("jobs", {JOBS.url(): laravel_page([job])})
    assert outcome.records == {"jobs": [{**ROW, "min_salary": given}]}
    assert not isinstance(outcome.records["jobs"][0]["min_salary"], str)
