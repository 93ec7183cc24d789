"""Stream `employee_groups`: groups of employees, read in full; the list that `check` asks for."""

from __future__ import annotations

from unit_tests.support.list_tests import ListStream, ListTests
from unit_tests.support.vendors import TALENTIO, output

EMPLOYEE_GROUP = TALENTIO.sample("employee_groups")
ROW = output(EMPLOYEE_GROUP)
EMPLOYEE_GROUPS = ListStream(
    TALENTIO, "employee_groups", "/employee_groups", EMPLOYEE_GROUP, ROW, {"updatedAt": "2023-01-31T15:00:00Z"}
)


class TestEmployeeGroups(ListTests):
    stream = EMPLOYEE_GROUPS
