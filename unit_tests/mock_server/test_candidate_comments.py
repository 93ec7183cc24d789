"""Stream `candidate_comments`: one request a candidate, where the candidate's `updatedAt` moved."""

from __future__ import annotations

from dataclasses import replace

from unit_tests.support.detail_tests import DetailTests
from unit_tests.support.talentio_streams import CANDIDATE_DETAILS as DETAILS
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import TALENTIO, output

COMMENT = TALENTIO.sample("candidate_comments")
NOBODYS = {**COMMENT, "employeeCreatedBy": None, "createdAt": "2024-05-04T09:00:00+09:00"}


def rows(candidate: Record) -> list[Record]:
    added = {"candidateId": candidate["id"], "candidateUpdatedAt": candidate["updatedAt"]}
    return [output(COMMENT, employeeId=61, **added), output(NOBODYS, employeeId=0, **added)]


COMMENTS = replace(
    DETAILS,
    name="candidate_comments",
    path="/candidates/{id}/comments",
    body=lambda candidate: [COMMENT, NOBODYS],
    rows=rows,
    cursor="candidateUpdatedAt",
)


class TestCandidateComments(DetailTests):
    stream = COMMENTS


def test_a_candidate_without_comments_is_asked_once() -> None:
    replace(COMMENTS, body=lambda candidate: [], rows=lambda candidate: []).reads_oldest_first()


def test_an_author_in_a_list_of_one_is_the_author() -> None:
    """The key said that nobody had written it, the comment beside it who had."""
    listed = {**COMMENT, "employeeCreatedBy": [COMMENT["employeeCreatedBy"]]}
    replace(COMMENTS, body=lambda candidate: [listed, NOBODYS]).reads_oldest_first()


def test_beside_the_details_the_list_is_asked_for_once() -> None:
    candidate = COMMENTS.older
    answers = {
        **COMMENTS.list_of(candidate),
        **COMMENTS.details_of(candidate),
        **DETAILS.details_of(candidate),
    }
    outcome = TALENTIO.read("candidate_comments candidate_details", answers)
    assert outcome.records == {
        "candidate_comments": rows(candidate),
        "candidate_details": DETAILS.rows(candidate),
    }
    assert outcome.states == {**COMMENTS.state(candidate), **DETAILS.state(candidate)}
