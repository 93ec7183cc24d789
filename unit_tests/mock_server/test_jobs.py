"""Stream `jobs`: a list whose numbers come spelled in two ways."""

from __future__ import annotations

import pytest

from unit_tests.support.list_tests import Later, ListTests
from unit_tests.support.talentics_streams import JOB, JOBS
from unit_tests.support.vendors import TALENTICS, laravel_page

ROW = JOBS.given


class TestJobs(ListTests):
    stream = JOBS

    def later(self) -> Later:
        return Later(
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
