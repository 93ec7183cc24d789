"""Stream `ticket_scores`: one request a ticket where `updated_at` moved, by the spelling of the route that answers."""

from __future__ import annotations

from connector_kit.state.id_sets import IdTimes
from connector_kit.times import instant
from unit_tests.support.detail_tests import DetailTests
from unit_tests.support.talentics_streams import SCORES, TICKET, TICKET_SCORES, TICKETS
from unit_tests.support.transport import Reply
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import MISSING, TALENTICS, wrapped

(ROW,) = TICKET_SCORES.rows(TICKET)
STATE = TICKET_SCORES.state(TICKET)
lists = TICKETS.answers
# Five minutes before the server's clock the state stops.
FRESH = "2024-05-31T23:58:00.000000Z"


def ticket(number: int, updated_at: str = "2024-02-01T00:00:00.000000Z") -> Record:
    return {**TICKET, "id": number, "updated_at": updated_at}


def scores(number: int) -> Reply:
    return wrapped({**SCORES, "ticket_id": number})


def row(number: int, updated_at: str = "2024-02-01T00:00:00.000000Z") -> Record:
    return {**ROW, "ticket_id": number, "ticket_updated_at": updated_at}


class TestTicketScores(DetailTests):
    stream = TICKET_SCORES


def test_a_ticket_without_scores_gives_no_row_and_is_not_asked_again() -> None:
    answers = {
        **lists(TICKET, ticket(502)),
        "/exams/tickets/501/scores": scores(501),
        "/exams/tickets/502/scores": MISSING,
    }
    outcome = TALENTICS.read("ticket_scores", answers)
    assert outcome.records == {"ticket_scores": [ROW]}
    assert "ticket_scores: no record for 1 of 2 tickets (HTTP 404)." in outcome.told
    again = TALENTICS.read("ticket_scores", lists(TICKET, ticket(502)), outcome.states)
    assert again.records == {"ticket_scores": []}


def test_the_other_spelling_is_taken_where_the_first_has_nothing_for_anybody() -> None:
    answers = {
        **lists(TICKET, ticket(502)),
        "/exams/tickets/501/scores": MISSING,
        "/exams/ticket/501/scores": scores(501),
        # Asked for once the spelling is known.
        "/exams/ticket/502/scores": scores(502),
    }
    outcome = TALENTICS.read("ticket_scores", answers)
    assert outcome.records == {"ticket_scores": [ROW, row(502)]}
    assert outcome.states == {"ticket_scores": {"ticket_updated_at": "2024-02-01T00:00:00.000000Z", "id": 502}}


def test_no_ticket_is_asked_twice_under_one_spelling_before_the_right_one_is_found() -> None:
    numbers = (501, 502, 503, 504)
    answers = {
        **lists(TICKET, *(ticket(number) for number in numbers[1:])),
        # The other spelling is tried at the 1st, the 2nd and the 4th; there it shows that it is the right one.
        **{f"/exams/tickets/{number}/scores": MISSING for number in numbers},
        **{f"/exams/ticket/{number}/scores": MISSING for number in numbers[:3]},
        "/exams/ticket/504/scores": scores(504),
    }
    outcome = TALENTICS.read("ticket_scores", answers, num_workers=1)
    assert outcome.records == {"ticket_scores": [row(504)]}
    assert "ticket_scores: no record for 3 of 4 tickets (HTTP 404)." in outcome.told
    assert outcome.states == {"ticket_scores": {"ticket_updated_at": "2024-02-01T00:00:00.000000Z", "id": 504}}


def test_tickets_that_have_no_scores_under_either_spelling_are_no_failure() -> None:
    answers = {
        **lists(TICKET, ticket(502)),
        "/exams/tickets/501/scores": MISSING,
        "/exams/tickets/502/scores": MISSING,
        "/exams/ticket/501/scores": MISSING,
        "/exams/ticket/502/scores": MISSING,
    }
    outcome = TALENTICS.read("ticket_scores", answers)
    assert outcome.records == {"ticket_scores": []}
    assert "ticket_scores: no record for 2 of 2 tickets (HTTP 404)." in outcome.told


def test_what_is_newer_than_the_states_margin_is_remembered_one_by_one() -> None:
    answers = {
        **lists(TICKET, ticket(502, FRESH)),
        "/exams/tickets/501/scores": scores(501),
        "/exams/tickets/502/scores": scores(502),
    }
    outcome = TALENTICS.read("ticket_scores", answers)
    assert outcome.records == {"ticket_scores": [ROW, row(502, FRESH)]}
    assert outcome.states == {
        "ticket_scores": {**STATE["ticket_scores"], "recent": IdTimes({502: instant(FRESH) or 0}).encode()}
    }

    again = TALENTICS.read("ticket_scores", lists(TICKET, ticket(502, FRESH)), outcome.states)
    assert again.records == {"ticket_scores": []}
    assert again.states == outcome.states

    later = "2024-05-31T23:59:00.000000Z"
    changed = {**lists(TICKET, ticket(502, later)), "/exams/tickets/502/scores": scores(502)}
    assert TALENTICS.read("ticket_scores", changed, outcome.states).records == {"ticket_scores": [row(502, later)]}


def test_scores_that_are_nowhere_for_anybody_leave_the_state_where_it_was() -> None:
    # A route that moved, or a permission that hides behind a 404: once mended, these tickets must be asked for again.
    numbers = range(600, 620)
    answers = lists(*map(ticket, numbers))
    answers |= {f"/exams/tickets/{number}/scores": MISSING for number in numbers}
    answers |= {f"/exams/ticket/{number}/scores": MISSING for number in (600, 601, 603, 607, 615)}
    outcome = TALENTICS.read("ticket_scores", answers, STATE)
    assert outcome.records == {"ticket_scores": []}
    assert outcome.states == STATE
    assert "ticket_scores: /exams/tickets/{id}/scores answered HTTP 404 for all 20 tickets." in outcome.told
