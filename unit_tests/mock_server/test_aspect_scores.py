"""Stream `aspect_scores`: a row for each aspect of each assessment in a ticket's scores."""

from __future__ import annotations

from dataclasses import replace

from unit_tests.support.detail_tests import DetailTests
from unit_tests.support.talentics_streams import (
    ASPECT,
    ASSESSMENT,
    OTHER_ASPECT,
    OTHER_ASSESSMENT,
    RESULTS,
    TICKET,
    TICKET_SCORES,
    scores,
)
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import TALENTICS, output


def rows(ticket: Record) -> list[Record]:
    """Each with its assessment."""
    added = {"ticket_id": ticket["id"], "exam_id": 41, "ticket_updated_at": ticket["updated_at"]}
    general = {"assessment_slug": "general-ability", "assessment_name": "General ability"}
    return [
        output(ASPECT, **general, **added),
        output(OTHER_ASPECT, **general, **added),
        output(ASPECT, assessment_slug="typing", assessment_name="Typing", **added),
    ]


ASPECTS = replace(
    TICKET_SCORES, name="aspect_scores", body=lambda ticket: {**scores(ticket), "results": RESULTS}, rows=rows
)


class TestAspectScores(DetailTests):
    stream = ASPECTS


def test_beside_its_base_stream_and_its_sibling_it_costs_no_request() -> None:
    names = "ticket_scores assessment_scores aspect_scores"
    outcome = TALENTICS.read(names, ASPECTS.answers(TICKET))
    assert outcome.records["aspect_scores"] == rows(TICKET)
    assert [len(outcome.records[name]) for name in names.split()] == [1, 2, 3]
    assert outcome.records["ticket_scores"][0]["results"] == RESULTS
    assert outcome.states == dict.fromkeys(names.split(), ASPECTS.state(TICKET)["aspect_scores"])


def test_an_assessment_without_aspects_gives_no_row() -> None:
    results = [{**ASSESSMENT, "aspect_scores": []}, {**OTHER_ASSESSMENT, "aspect_scores": None}]
    without = replace(ASPECTS, body=lambda ticket: {**scores(ticket), "results": results}, rows=lambda _: [])
    without.reads_oldest_first()
