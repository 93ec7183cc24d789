"""Stream `aspect_scores`: a row for each aspect of each assessment in a ticket's scores."""

from __future__ import annotations

from unit_tests.support.vendors import TALENTICS, laravel_page, output, wrapped

LISTS = {
    "/exams?page=1&per_page=100": laravel_page([TALENTICS.sample("exams")]),
    "/exams/41/tickets?page=1&per_page=100": laravel_page([TALENTICS.sample("tickets")]),
}
SCORES = TALENTICS.sample("ticket_scores")
ASPECT = TALENTICS.sample("aspect_scores")
OTHER_ASPECT = {**ASPECT, "aspect_slug": "verbal", "score": 64}
SECOND = {**SCORES["results"][0], "assessment_slug": "typing", "assessment_name": "Typing"}
RESULTS = [{**SCORES["results"][0], "aspect_scores": [ASPECT, OTHER_ASPECT]}, {**SECOND, "aspect_scores": [ASPECT]}]
ADDED = {"ticket_id": 501, "exam_id": 41, "ticket_updated_at": "2024-01-23T04:05:06.000000Z"}
GENERAL = {"assessment_slug": "general-ability", "assessment_name": "General ability"}
ROWS = [
    output(ASPECT, **GENERAL, **ADDED),
    output(OTHER_ASPECT, **GENERAL, **ADDED),
    output(ASPECT, assessment_slug="typing", assessment_name="Typing", **ADDED),
]
ANSWERS = {**LISTS, "/exams/tickets/501/scores": wrapped({**SCORES, "results": RESULTS})}
STATE = {"ticket_updated_at": "2024-01-23T04:05:06.000000Z", "id": 501}


def test_a_row_for_each_aspect_with_its_assessment() -> None:
    outcome = TALENTICS.read("aspect_scores", ANSWERS)
    assert outcome.records == {"aspect_scores": ROWS}
    assert outcome.states == {"aspect_scores": STATE}


def test_beside_its_base_stream_and_its_sibling_it_costs_no_request() -> None:
    names = "ticket_scores assessment_scores aspect_scores"
    outcome = TALENTICS.read(names, ANSWERS)
    assert outcome.records["aspect_scores"] == ROWS
    assert [len(outcome.records[name]) for name in names.split()] == [1, 2, 3]
    assert outcome.records["ticket_scores"][0]["results"] == RESULTS
    assert outcome.states == dict.fromkeys(names.split(), STATE)


def test_an_assessment_without_aspects_gives_no_row() -> None:
    results = [{**RESULTS[0], "aspect_scores": []}, {**SECOND, "aspect_scores": None}]
    answers = {**LISTS, "/exams/tickets/501/scores": wrapped({**SCORES, "results": results})}
    assert TALENTICS.read("aspect_scores", answers).records == {"aspect_scores": []}


def test_nothing_changed_costs_the_lists_alone() -> None:
    outcome = TALENTICS.read("aspect_scores", LISTS, {"aspect_scores": STATE})
    assert outcome.records == {"aspect_scores": []}
    assert outcome.states == {"aspect_scores": STATE}
