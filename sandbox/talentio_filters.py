"""The query parameters of Talentio's lists: which there are, what they mean, which values are refused."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.clock import parse_zoneless
from sandbox.records import Row
from sandbox.settings import Settings
from sandbox.talentio_candidates import STAGE_STATUSES, STATUSES, Candidates
from sandbox.talentio_data import ROLES, Record, TalentioCatalogue

Test = Callable[[Row], bool]

QUERY_NAMES: dict[str, frozenset[str]] = {
    "candidates": frozenset({
        "page", "sort", "status", "requisitionIds", "jobTitleIds", "stageStatuses", "appliedAtFrom", "appliedAtTo",
        "joinedAtFrom", "joinedAtTo", "updatedAtFrom", "updatedAtTo", "includeInactiveResponsibleEmployees",
    }),
    "candidate": frozenset({"includeInactiveResponsibleEmployees"}),
    "requisitions": frozenset({"page", "sort", "status", "updatedAtFrom", "updatedAtTo"}),
    "job_titles": frozenset({"page", "sort", "status"}),
    "channels": frozenset({"page", "sort"}),
    "employees": frozenset({"page", "sort", "status", "role"}),
    "employee_groups": frozenset({"page", "sort"}),
    "workspaces": frozenset({"page", "sort", "status"}),
}  # fmt: skip

_MOMENT, _DATE = "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d"
_ACTIVITY = ("active", "inactive")


class BadParameterError(Exception):
    """A query parameter that the endpoint cannot read."""


class Filters:
    """Turns query parameters into tests of rows."""

    def __init__(self, settings: Settings, catalogue: TalentioCatalogue, candidates: Candidates) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._candidates = candidates

    def of_others(self, endpoint: str, params: dict[str, str], make: Callable[[Row], Record]) -> list[Test]:
        """The tests that a list other than candidates is to pass; `make` gives the record of a row."""
        tests: list[Test] = []
        known = QUERY_NAMES[endpoint]
        if endpoint == "requisitions":
            tests += self._range(params, "updatedAt", _MOMENT, lambda row: row.updated)
            if status := _choice(params, "status", _ACTIVITY):
                tests.append(lambda row: self._catalogue.requisition_active(row) == (status == "active"))
            return tests
        for name, choices in (("status", _ACTIVITY), ("role", ROLES)):
            if name in known and (choice := _choice(params, name, choices)):
                tests.append(_equals(make, name, choice))
        return tests

    def of_candidates(self, params: dict[str, str], everybody: bool) -> list[Test]:
        """The tests that candidates are to pass; `everybody`: deactivated responsible employees hide none."""
        candidates, catalogue = self._candidates, self._catalogue
        tests = self._range(params, "updatedAt", _MOMENT, lambda row: row.updated)
        tests += self._range(params, "appliedAt", _DATE, candidates.applied)
        tests += self._range(params, "joinedAt", _DATE, candidates.joined)
        if status := _choice(params, "status", STATUSES):
            tests.append(lambda row: candidates.status(row) == status)
        if requisitions := _numbers(params, "requisitionIds"):
            tests.append(lambda row: candidates.requisition_id(row) in requisitions)
        if titles := _numbers(params, "jobTitleIds"):
            tests.append(
                lambda row: (
                    (found := candidates.requisition_id(row)) is not None
                    and catalogue.requisition_job_title(found) in titles
                )
            )
        if stages := set(filter(None, params.get("stageStatuses", "").split(","))):
            if not stages <= set(STAGE_STATUSES):
                raise BadParameterError("stageStatuses: 不正な値です")
            tests.append(lambda row: bool(candidates.stage_statuses(row) & stages))
        if self._settings.inactive_hides_candidates and not everybody:
            tests.append(lambda row: not candidates.has_inactive_responsible(row))
        return tests

    def _range(self, params: dict[str, str], field: str, pattern: str, of: Callable[[Row], int | None]) -> list[Test]:
        """Both bounds are inclusive; a `To` date means the whole day."""
        tests: list[Test] = []
        whole = 86_399 if pattern == _DATE else 0
        for end in ("From", "To"):
            text = params.get(field + end)
            if text is None:
                continue
            try:
                bound = parse_zoneless(text, pattern, self._settings.filter_zone_hours)
            except ValueError:
                raise BadParameterError(f"{field}{end}: 日時の形式が不正です") from None
            tests.append(_at_least(of, bound) if end == "From" else _at_most(of, bound + whole))
        return tests


def _at_least(of: Callable[[Row], int | None], bound: int) -> Test:
    return lambda row: (moment := of(row)) is not None and moment >= bound


def _at_most(of: Callable[[Row], int | None], bound: int) -> Test:
    return lambda row: (moment := of(row)) is not None and moment <= bound


def _equals(make: Callable[[Row], Record], field: str, value: str) -> Test:
    return lambda row: make(row).get(field) == value


def _choice(params: dict[str, str], name: str, choices: tuple[str, ...]) -> str | None:
    value = params.get(name)
    if value is not None and value not in choices:
        raise BadParameterError(f"{name}: 不正な値です")
    return value


def _numbers(params: dict[str, str], name: str) -> set[int]:
    try:
        return {int(part) for part in params.get(name, "").split(",") if part}
    except ValueError:
        raise BadParameterError(f"{name}: 整数を指定してください") from None
