"""Stream `employee_groups`: groups of employees, read in full; the list that `check` asks for."""

from __future__ import annotations

from unit_tests.support.list_tests import ListStream
from unit_tests.support.vendors import TALENTIO, output

EMPLOYEE_GROUP = TALENTIO.sample("employee_groups")
ROW = output(EMPLOYEE_GROUP)
EMPLOYEE_GROUPS = ListStream(
    TALENTIO, "employee_groups", "/employee_groups", EMPLOYEE_GROUP, ROW, {"updatedAt": "2023-01-31T15:00:00Z"}
)


def test_every_page_is_read_by_number() -> None:
    EMPLOYEE_GROUPS.reads_two_pages()


def test_an_unchanged_list_gives_nothing_again() -> None:
    EMPLOYEE_GROUPS.gives_nothing_twice()


def test_only_the_changed_employee_group_comes() -> None:
    EMPLOYEE_GROUPS.gives_the_later_one()
