"""Stream `assessment_scores`: a row for each assessment in a ticket's scores."""

from __future__ import annotations

from dataclasses import replace

from unit_tests.support.detail_tests import DetailTests
from unit_tests.support.talentics_streams import RESULTS, TICKET, TICKET_SCORES, scores
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import TALENTICS, output


def rows(ticket: Record) -> list[Record]:
    """Without their aspects, which have a stream of their own."""
    kept = [{name: value for name, value in result.items() if name != "aspect_scores"} for result in RESULTS]
    added = {"ticket_id": ticket["id"], "exam_id": 41, "ticket_updated_at": ticket["updated_at"]}
    return [output(result, **added) for result in kept]


ASSESSMENTS = replace(
    TICKET_SCORES, name="assessment_scores", body=lambda ticket: {**scores(ticket), "results": RESULTS}, rows=rows
)
BOTH = {**ASSESSMENTS.state(TICKET), **TICKET_SCORES.state(TICKET)}


class TestAssessmentScores(DetailTests):
    stream = ASSESSMENTS


def test_beside_its_base_stream_it_costs_no_request() -> None:
    outcome = TALENTICS.read("assessment_scores ticket_scores", ASSESSMENTS.answers(TICKET))
    assert outcome.records == {
        "assessment_scores": rows(TICKET),
        "ticket_scores": [output(TICKET_SCORES.rows(TICKET)[0], results=RESULTS)],
    }
    assert outcome.states == BOTH


def test_a_ticket_without_results_gives_no_row() -> None:
    without = replace(ASSESSMENTS, body=lambda ticket: {**scores(ticket), "results": []}, rows=lambda _: [])
    without.reads_oldest_first()


def test_a_stream_that_is_selected_later_gets_what_the_other_has_already() -> None:
    outcome = TALENTICS.read(
        "assessment_scores ticket_scores", ASSESSMENTS.answers(TICKET), TICKET_SCORES.state(TICKET)
    )
    assert outcome.records == {"assessment_scores": rows(TICKET), "ticket_scores": []}
    assert outcome.states == BOTH
