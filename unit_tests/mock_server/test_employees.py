"""Stream `employees`: the company's employees, read in full."""

from __future__ import annotations

from unit_tests.support.list_tests import ListStream
from unit_tests.support.vendors import TALENTIO, output

EMPLOYEE = TALENTIO.sample("employees")
ROW = output(EMPLOYEE)
EMPLOYEES = ListStream(TALENTIO, "employees", "/employees", EMPLOYEE, ROW, {"updatedAt": "2023-01-31T15:00:00Z"})


def test_every_page_is_read_by_number() -> None:
    EMPLOYEES.reads_two_pages()


def test_an_unchanged_list_gives_nothing_again() -> None:
    EMPLOYEES.gives_nothing_twice()


def test_only_the_changed_employee_comes() -> None:
    EMPLOYEES.gives_the_later_one()


def test_start_date_leaves_out_older_employees_of_a_list_that_is_read_in_full() -> None:
    newer = {"id": 62, "updatedAt": "2024-03-01T09:00:00+09:00"}
    page = EMPLOYEES.page([EMPLOYEE, {**EMPLOYEE, **newer}])
    outcome = TALENTIO.read("employees", {EMPLOYEES.url(): page}, start_date="2024-03-01")
    assert outcome.records == {"employees": [{**ROW, **newer}]}
