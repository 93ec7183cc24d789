"""Streams that live off one answer: each changes its records in place, and none sees what another made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from unit_tests.support.talentics_streams import FORM_ANSWERS, RESULTS, TICKET, TICKET_SCORES, scores
from unit_tests.support.talentio_streams import CANDIDATE, CANDIDATE_DETAILS, CANDIDATES
from unit_tests.support.transport import Reply
from unit_tests.support.vendors import TALENTICS, TALENTIO, Vendor, counted_page

STAGE = TALENTIO.sample("candidate_stages")
CANDIDATE_LIST = {CANDIDATES.url(): counted_page([{**CANDIDATE, "stages": [STAGE, {**STAGE, "id": 82}]}])}
DOCUMENTS = CANDIDATE_DETAILS.answers(CANDIDATE)
SCORES = replace(TICKET_SCORES, body=lambda ticket: {**scores(ticket), "results": RESULTS}).answers(TICKET)
SHARED: dict[str, tuple[Vendor, Mapping[str, Reply]]] = {
    "candidates candidate_stages": (TALENTIO, CANDIDATE_LIST),
    "candidate_details stage_evaluations evaluation_items": (TALENTIO, DOCUMENTS),
    "ticket_scores assessment_scores aspect_scores": (TALENTICS, SCORES),
    "employment_application_forms employment_application_answers": (
        TALENTICS,
        FORM_ANSWERS,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["keep", "hash", "drop"])
@pytest.mark.parametrize("streams", SHARED)
def test_together_they_give_what_each_gives_alone(streams: str, mode: str) -> None:
    """A hash of a hash would join with nothing."""
    vendor, answers = SHARED[streams]
    config: dict[str, Any] = {"personal_data": mode, "personal_data_key": "a long random text"}
    alone = {name: vendor.read(name, answers, **config).records[name] for name in streams.split()}
    assert all(alone.values())
    assert vendor.read(streams, answers, **config).records == alone
    backwards = " ".join(reversed(streams.split()))
    assert vendor.read(backwards, answers, **config).records == alone
