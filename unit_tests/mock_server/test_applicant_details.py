"""Stream `applicant_details`: one request an applicant in every sync, as applicants tell no times."""

from __future__ import annotations

from unit_tests.support.vendors import MISSING, TALENTICS, laravel_page, numbered, output, unpaged, wrapped

LISTS = {
    "/jobs?page=1&per_page=100": laravel_page([TALENTICS.sample("jobs")]),
    **unpaged("/jobs/31/applicants", numbered(TALENTICS.sample("applicants"), 2)),
}
DETAIL = TALENTICS.sample("applicant_details")
ROW = output(DETAIL, access_code_expired_at="2024-04-07T00:00:00")
ANSWERS = {
    **LISTS,
    "/jobs/applicants/900": wrapped(DETAIL),
    "/jobs/applicants/901": wrapped({**DETAIL, "id": 901}),
}
NO_CURSOR = {"__ab_no_cursor_state_message": True}


def test_one_request_an_applicant() -> None:
    outcome = TALENTICS.read("applicant_details", ANSWERS)
    assert outcome.records == {"applicant_details": numbered(ROW, 2)}
    assert outcome.states == {"applicant_details": NO_CURSOR}


def test_the_next_sync_reads_all_again() -> None:
    outcome = TALENTICS.read("applicant_details", ANSWERS, {"applicant_details": NO_CURSOR})
    assert outcome.records == {"applicant_details": numbered(ROW, 2)}


def test_the_list_is_shared_with_its_own_stream() -> None:
    outcome = TALENTICS.read("applicant_details applicants", ANSWERS)
    assert outcome.records == {"applicant_details": numbered(ROW, 2), "applicants": numbered(ROW, 2)}
    assert outcome.states == {"applicant_details": NO_CURSOR, "applicants": NO_CURSOR}


def test_an_applicant_deleted_in_between_gives_no_row() -> None:
    outcome = TALENTICS.read("applicant_details", {**ANSWERS, "/jobs/applicants/900": MISSING})
    assert outcome.records == {"applicant_details": [{**ROW, "id": 901}]}
    assert "applicant_details: no record for 1 of 2 applicants (HTTP 404)." in outcome.told
