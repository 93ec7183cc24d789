"""Stream `employees`: the company's employees, read in full."""

from __future__ import annotations

from unit_tests.support.list_tests import ListStream, ListTests
from unit_tests.support.vendors import TALENTIO, output

EMPLOYEE = TALENTIO.sample("employees")
ROW = output(EMPLOYEE)
EMPLOYEES = ListStream(TALENTIO, "employees", "/employees", EMPLOYEE, ROW, {"updatedAt": "2023-01-31T15:00:00Z"})


class TestEmployees(ListTests):
    stream = EMPLOYEES


def test_start_date_leaves_out_older_employees_of_a_list_that_is_read_in_full() -> None:
    newer = {"id": 62, "updatedAt": "2024-03-01T09:00:00+09:00"}
    page = EMPLOYEES.page([EMPLOYEE, {**EMPLOYEE, **newer}])
    outcome = TALENTIO.read("employees", {EMPLOYEES.url(): page}, start_date="2024-03-01")
    assert outcome.records == {"employees": [{**ROW, **newer}]}
