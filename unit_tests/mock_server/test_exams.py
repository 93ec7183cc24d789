"""Stream `exams`: a list whose times have no zone."""

from __future__ import annotations

from unit_tests.support.list_tests import ListStream
from unit_tests.support.vendors import TALENTICS, laravel_page, output

EXAM = TALENTICS.sample("exams")
ROW = output(
    EXAM,
    started_at="2024-02-01T08:00:00",
    ended_at="2024-02-08T17:00:00",
    created_at="2024-01-20T09:15:00",
    updated_at="2024-01-21T10:30:00",
)
EXAMS = ListStream(TALENTICS, "exams", "/exams", EXAM, ROW, {"updated_at": "2024-01-21T10:30:00Z"})


def test_every_page_is_read_by_number() -> None:
    EXAMS.reads_two_pages()


def test_an_unchanged_list_gives_nothing_again() -> None:
    EXAMS.gives_nothing_twice()


def test_only_the_changed_exam_comes() -> None:
    EXAMS.gives_what_changed(
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
