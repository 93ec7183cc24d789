"""Stream `exam_details`: one request an exam, where its `updated_at` moved."""

from __future__ import annotations

from unit_tests.support.vendors import TALENTICS, laravel_page, output, wrapped

EXAMS = "/exams?page=1&per_page=100"
EXAM = TALENTICS.sample("exams")
NEWER = {**EXAM, "id": 40, "updated_at": "2024-02-01 00:00:00"}
ROW = output(
    TALENTICS.sample("exam_details"),
    started_at="2024-02-01T08:00:00",
    ended_at="2024-02-08T17:00:00",
    created_at="2024-01-20T09:15:00",
    updated_at="2024-01-21T10:30:00",
)
STATE = {"exam_details": {"updated_at": "2024-01-21 10:30:00", "id": 41}}


def test_one_request_an_exam_oldest_first() -> None:
    outcome = TALENTICS.read(
        "exam_details",
        {EXAMS: laravel_page([NEWER, EXAM]), "/exams/40": wrapped(NEWER), "/exams/41": wrapped(EXAM)},
    )
    assert outcome.records == {"exam_details": [ROW, {**ROW, "id": 40, "updated_at": "2024-02-01T00:00:00"}]}
    assert outcome.states == {"exam_details": {"updated_at": "2024-02-01 00:00:00", "id": 40}}


def test_nothing_changed_costs_the_list_alone() -> None:
    outcome = TALENTICS.read("exam_details", {EXAMS: laravel_page([EXAM])}, STATE)
    assert outcome.records == {"exam_details": []}
    assert outcome.states == STATE


def test_only_the_changed_exam_is_asked_for() -> None:
    outcome = TALENTICS.read("exam_details", {EXAMS: laravel_page([EXAM, NEWER]), "/exams/40": wrapped(NEWER)}, STATE)
    assert outcome.records == {"exam_details": [{**ROW, "id": 40, "updated_at": "2024-02-01T00:00:00"}]}
    assert outcome.states == {"exam_details": {"updated_at": "2024-02-01 00:00:00", "id": 40}}


def test_exams_with_one_time_are_told_apart_by_their_ids() -> None:
    twin = {**EXAM, "id": 42}
    outcome = TALENTICS.read("exam_details", {EXAMS: laravel_page([twin, EXAM]), "/exams/42": wrapped(twin)}, STATE)
    assert outcome.records == {"exam_details": [{**ROW, "id": 42}]}
    assert outcome.states == {"exam_details": {"updated_at": "2024-01-21 10:30:00", "id": 42}}


def test_the_list_is_shared_with_its_own_stream() -> None:
    outcome = TALENTICS.read("exams exam_details", {EXAMS: laravel_page([EXAM]), "/exams/41": wrapped(EXAM)})
    assert outcome.records == {"exams": [ROW], "exam_details": [ROW]}
    assert outcome.states == {"exams": {"updated_at": "2024-01-21T10:30:00Z"}, **STATE}


def test_start_date_spares_the_details_of_older_exams() -> None:
    answers = {EXAMS: laravel_page([EXAM, NEWER]), "/exams/40": wrapped(NEWER)}
    outcome = TALENTICS.read("exam_details", answers, start_date="2024-01-31T00:00:00Z")
    assert [row["id"] for row in outcome.records["exam_details"]] == [40]
