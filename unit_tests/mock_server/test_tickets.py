"""Stream `tickets`: a list for each exam."""

from __future__ import annotations

import pytest

from unit_tests.support.list_tests import Later, ListTests
from unit_tests.support.talentics_streams import EXAM, EXAMS, TICKET, TICKETS
from unit_tests.support.transport import Reply
from unit_tests.support.vendors import MISSING, TALENTICS, laravel_page

ROW = TICKETS.given
STATE = {"tickets": TICKETS.state}
TWO_EXAMS = EXAMS.answers(EXAM, {**EXAM, "id": 42})
OTHER = "/exams/42/tickets?page=1&per_page=100"


class TestTickets(ListTests):
    stream = TICKETS

    def later(self) -> Later:
        return Later(
            {**TICKET, "id": 502, "updated_at": "2024-02-02T00:00:00.000000Z"},
            {**ROW, "id": 502, "updated_at": "2024-02-02T00:00:00.000000Z"},
            {"updated_at": "2024-02-02T00:00:00Z"},
        )


def test_each_exam_has_its_list_and_each_ticket_its_exam() -> None:
    answers = {**TWO_EXAMS, TICKETS.url(): laravel_page([TICKET]), OTHER: laravel_page([{**TICKET, "id": 502}])}
    outcome = TALENTICS.read("tickets", answers)
    assert outcome.records == {"tickets": [ROW, {**ROW, "id": 502, "exam_id": 42}]}
    assert outcome.states == STATE


def test_an_old_exam_is_still_asked_for_its_new_tickets() -> None:
    answers = TICKETS.answers(TICKET)
    outcome = TALENTICS.read("exams tickets", answers, {"exams": {"updated_at": "2024-05-01T00:00:00Z"}})
    assert outcome.records == {"exams": [], "tickets": [ROW]}
    assert outcome.states == {"exams": {"updated_at": "2024-05-01T00:00:00Z"}, **STATE}


@pytest.mark.parametrize("status", [404, 410])
def test_an_exam_without_its_list_is_told_and_holds_the_state_for_as_long_as_it_stands_in_its_own(status: int) -> None:
    gone = Reply({"message": "Not Found"}, status=status)
    outcome = TALENTICS.read("tickets", {**TWO_EXAMS, TICKETS.url(): laravel_page([TICKET]), OTHER: gone})
    assert outcome.records == {"tickets": [ROW]}
    assert outcome.states == {"tickets": {}}
    assert "tickets: 1 parents have no such list (HTTP 404)." in outcome.told
    # Deleted after it was listed; the list does not show it any more.
    again = TALENTICS.read("tickets", TICKETS.answers(TICKET), outcome.states)
    assert again.states == STATE


def test_what_the_exam_has_comes_once_its_list_is_there() -> None:
    late = {**TICKET, "id": 502, "updated_at": "2024-01-02T00:00:00.000000Z"}
    first = TALENTICS.read("tickets", {**TWO_EXAMS, TICKETS.url(): laravel_page([TICKET]), OTHER: MISSING})
    answers = {**TWO_EXAMS, TICKETS.url(): laravel_page([TICKET]), OTHER: laravel_page([late])}
    again = TALENTICS.read("tickets", answers, first.states)
    assert [row["id"] for row in again.records["tickets"]] == [TICKET["id"], 502]
    assert again.states == STATE


def test_a_list_that_no_exam_has_is_a_wrong_base_url() -> None:
    outcome = TALENTICS.read("tickets", {**TWO_EXAMS, TICKETS.url(): MISSING, OTHER: MISSING}, fails=True)
    assert outcome.failure.stream == "tickets"
    assert outcome.failure.kind == "config_error"
    assert "/exams/{id}/tickets" in outcome.failure.message
    assert "base_url" in outcome.failure.message


def test_start_date_leaves_out_older_tickets_but_no_exam() -> None:
    newer = {**TICKET, "id": 502, "updated_at": "2024-03-01T00:00:00.000000Z"}
    answers = TICKETS.answers(TICKET, newer)
    outcome = TALENTICS.read("tickets", answers, start_date="2024-03-01")
    assert outcome.records == {"tickets": [{**ROW, "id": 502, "updated_at": "2024-03-01T00:00:00.000000Z"}]}
