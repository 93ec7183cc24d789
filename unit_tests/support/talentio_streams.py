"""The lists of Talentio that other streams have as their parents, and the candidates' details."""

from __future__ import annotations

from dataclasses import replace

from unit_tests.support.detail_tests import DetailStream
from unit_tests.support.list_tests import ListStream
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import TALENTIO, output

CANDIDATE = TALENTIO.sample("candidates")
CANDIDATES = ListStream(
    TALENTIO,
    "candidates",
    "/candidates",
    CANDIDATE,
    output(CANDIDATE, educations=[CANDIDATE["educations"]]),
    {"updatedAt": "2024-05-11T00:00:00Z"},
    always="includeInactiveResponsibleEmployees=true",
    # A second earlier than the state, as UTC.
    since="updatedAtFrom=2024-05-10T23:59:59",
)

REQUISITION = TALENTIO.sample("requisitions")
REQUISITIONS = ListStream(
    TALENTIO,
    "requisitions",
    "/requisitions",
    REQUISITION,
    output(REQUISITION),
    {"updatedAt": "2024-02-01T00:00:00Z"},
    since="updatedAtFrom=2024-01-31T23:59:59",
)


def parents(stream: ListStream, updated_at_from: str) -> ListStream:
    """A list as a detail's state has it asked for.

    One more second earlier than its own stream's state: parents that share the last time may be unread.
    """
    return replace(stream, since=f"updatedAtFrom={updated_at_from}")


CANDIDATE_DETAIL = TALENTIO.sample("candidate_details")


def document(candidate: Record) -> Record:
    return {**CANDIDATE_DETAIL, "id": candidate["id"], "updatedAt": candidate["updatedAt"]}


CANDIDATE_DETAILS = DetailStream(
    "candidate_details",
    parents(CANDIDATES, "2024-05-10T23:59:58"),
    "/candidates/{id}?includeInactiveResponsibleEmployees=true",
    document,
    lambda candidate: [output(document(candidate), educations=[CANDIDATE_DETAIL["educations"]])],
    "updatedAt",
)
