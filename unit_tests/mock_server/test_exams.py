"""Stream `exams`: a list whose times have no zone."""

from __future__ import annotations

from unit_tests.support.list_tests import Later, ListTests
from unit_tests.support.talentics_streams import EXAM, EXAMS
from unit_tests.support.vendors import TALENTICS, laravel_page

ROW = EXAMS.given


class TestExams(ListTests):
    stream = EXAMS

    def later(self) -> Later:
        return Later(
            {**EXAM, "id": 42, "updated_at": "2024-03-1 00:00:00"},
            {**ROW, "id": 42, "updated_at": "2024-03-01T00:00:00"},
            {"updated_at": "2024-03-01T00:00:00Z"},
        )


def test_the_state_stays_half_a_day_behind_the_servers_clock() -> None:
    fresh = {**EXAM, "updated_at": "2024-05-31 23:00:00"}
    outcome = TALENTICS.read("exams", {EXAMS.url(): laravel_page([fresh])})
    assert outcome.states == {"exams": {"updated_at": "2024-05-31T11:55:00Z"}}
    again = TALENTICS.read("exams", {EXAMS.url(): laravel_page([fresh])}, outcome.states)
    assert again.records == {"exams": [{**ROW, "updated_at": "2024-05-31T23:00:00"}]}
    assert again.states == outcome.states


def test_an_empty_list_is_no_failure() -> None:
    outcome = TALENTICS.read("exams", {EXAMS.url(): laravel_page([])})
    assert outcome.records == {"exams": []}
    assert outcome.states == {"exams": {}}


def test_start_date_leaves_out_what_was_updated_before_it() -> None:
    exams = [EXAM, {**EXAM, "id": 42, "updated_at": "2024-01-22 00:00:00"}]
    outcome = TALENTICS.read("exams", {EXAMS.url(): laravel_page(exams)}, start_date="2024-01-22")
    assert outcome.records == {"exams": [{**ROW, "id": 42, "updated_at": "2024-01-22T00:00:00"}]}
    assert outcome.states == {"exams": {"updated_at": "2024-01-22T00:00:00Z"}}
