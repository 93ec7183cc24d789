"""Stream `assessment_scores`: a row for each assessment in a ticket's scores."""

from __future__ import annotations

from unit_tests.support.transport import Reply
from unit_tests.support.vendors import TALENTICS, laravel_page, output, wrapped

LISTS = {
    "/exams?page=1&per_page=100": laravel_page([TALENTICS.sample("exams")]),
    "/exams/41/tickets?page=1&per_page=100": laravel_page([TALENTICS.sample("tickets")]),
}
SCORES = TALENTICS.sample("ticket_scores")
FIRST = SCORES["results"][0]
SECOND = {**FIRST, "assessment_slug": "typing", "assessment_name": "Typing", "aspect_scores": []}
ADDED = {"ticket_id": 501, "exam_id": 41, "ticket_updated_at": "2024-01-23T04:05:06.000000Z"}
KEPT = [{name: value for name, value in result.items() if name != "aspect_scores"} for result in (FIRST, SECOND)]
ROWS = [{**result, **ADDED} for result in KEPT]
STATE = {"ticket_updated_at": "2024-01-23T04:05:06.000000Z", "id": 501}


def answers(**changes: object) -> dict[str, Reply]:
    document = {**SCORES, "results": [FIRST, SECOND], **changes}
    return {**LISTS, "/exams/tickets/501/scores": wrapped(document)}


def test_a_row_for_each_assessment_without_its_aspects() -> None:
    outcome = TALENTICS.read("assessment_scores", answers())
    assert outcome.records == {"assessment_scores": ROWS}
    assert all("aspect_scores" not in row for row in outcome.records["assessment_scores"])
    assert outcome.states == {"assessment_scores": STATE}


def test_beside_its_base_stream_it_costs_no_request() -> None:
    outcome = TALENTICS.read("assessment_scores ticket_scores", answers())
    assert outcome.records["assessment_scores"] == ROWS
    assert outcome.records["ticket_scores"] == [
        output(SCORES, results=[FIRST, SECOND], exam_id=41, ticket_updated_at=ADDED["ticket_updated_at"])
    ]
    assert outcome.states == {"assessment_scores": STATE, "ticket_scores": STATE}


def test_a_ticket_without_results_gives_no_row() -> None:
    outcome = TALENTICS.read("assessment_scores", answers(results=[]))
    assert outcome.records == {"assessment_scores": []}
    assert outcome.states == {"assessment_scores": STATE}


def test_nothing_changed_costs_the_lists_alone() -> None:
    outcome = TALENTICS.read("assessment_scores", LISTS, {"assessment_scores": STATE})
    assert outcome.records == {"assessment_scores": []}
    assert outcome.states == {"assessment_scores": STATE}


def test_a_stream_that_is_selected_later_gets_what_the_other_has_already() -> None:
    outcome = TALENTICS.read("assessment_scores ticket_scores", answers(), {"ticket_scores": STATE})
    assert outcome.records == {"assessment_scores": ROWS, "ticket_scores": []}
    assert outcome.states == {"assessment_scores": STATE, "ticket_scores": STATE}
