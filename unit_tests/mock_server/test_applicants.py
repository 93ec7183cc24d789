"""Stream `applicants`: a list for each job, without times and mostly without pages."""

from __future__ import annotations

import pytest

from unit_tests.support.transport import Reply
from unit_tests.support.vendors import MISSING, TALENTICS, laravel_page, numbered, output, unpaged, wrapped

JOBS = "/jobs?page=1&per_page=100"
JOB = TALENTICS.sample("jobs")
ONE_JOB = {JOBS: laravel_page([JOB])}
PATH = "/jobs/31/applicants"
PAGE_1 = "/jobs/31/applicants?page=1&per_page=100"
PAGE_2 = "/jobs/31/applicants?page=2&per_page=100"
OTHER_JOB = "/jobs/32/applicants?page=1&per_page=100"
APPLICANT = TALENTICS.sample("applicants")
ROW = output(APPLICANT, access_code_expired_at="2024-04-07T00:00:00")
NO_CURSOR = {"applicants": {"__ab_no_cursor_state_message": True}}


@pytest.mark.parametrize("count", [2, 100, 260])
def test_a_list_that_tells_nothing_of_pages_and_gives_all_for_the_second_one_is_whole(count: int) -> None:
    outcome = TALENTICS.read("applicants", {**ONE_JOB, **unpaged(PATH, numbered(APPLICANT, count))})
    assert outcome.records == {"applicants": numbered(ROW, count)}
    assert outcome.states == NO_CURSOR


def test_that_is_looked_at_once_for_all_jobs() -> None:
    answers = {
        JOBS: laravel_page([JOB, {**JOB, "id": 32}]),
        **unpaged(PATH, [APPLICANT]),
        OTHER_JOB: wrapped([{**APPLICANT, "id": APPLICANT["id"] + 1}]),
    }
    assert len(TALENTICS.read("applicants", answers).records["applicants"]) == 2


@pytest.mark.parametrize("first", [0, 5])
def test_a_short_list_says_nothing_of_the_longer_ones_behind_it(first: int) -> None:
    """This server pages, tells nothing of it, and gives 15 records a page."""
    short, sent = numbered(APPLICANT, first), numbered({**APPLICANT, "id": APPLICANT["id"] + 100}, 40)
    pages = {f"/jobs/32/applicants?page={page + 1}&per_page=100": wrapped(sent[15 * page :][:15]) for page in range(4)}
    beginning = {PAGE_1: wrapped(short), **({PAGE_2: wrapped([])} if short else {})}
    jobs = {JOBS: laravel_page([JOB, {**JOB, "id": 32}])}
    once = {**jobs, **({} if short else beginning)}
    outcome = TALENTICS.read("applicants", {**pages, **(beginning if short else {})}, times=2, once=once)
    assert len(outcome.records["applicants"]) == first + 40


def test_without_a_word_of_pages_a_list_ends_with_an_empty_one() -> None:
    sent = numbered(APPLICANT, 120)
    pages = {f"{PATH}?page={page + 1}&per_page=100": wrapped(sent[50 * page :][:50]) for page in range(4)}
    # Twice, as a deletion would not be seen otherwise.
    outcome = TALENTICS.read("applicants", pages, times=2, once=ONE_JOB)
    assert outcome.records == {"applicants": numbered(ROW, 120)}


@pytest.mark.parametrize("tells", ["link", "last_page"])
def test_the_servers_word_that_there_is_more_is_enough(tells: str) -> None:
    sent = numbered(APPLICANT, 260)

    def page(number: int) -> Reply:
        link = "http://elsewhere.example.com/?page=9" if number < 3 else None
        told = {"links": {"next": link}} if tells == "link" else {"meta": {"last_page": 3}}
        return Reply({"data": sent[100 * (number - 1) :][:100], **told})

    pages = {f"{PATH}?page={number}&per_page=100": page(number) for number in (1, 2, 3)}
    outcome = TALENTICS.read("applicants", pages, times=2, once=ONE_JOB)
    assert outcome.records == {"applicants": numbered(ROW, 260)}


def test_pages_are_read_where_a_total_tells_of_them() -> None:
    applicants = numbered(APPLICANT, 101)
    pages = {PAGE_1: laravel_page(applicants[:100], 101), PAGE_2: laravel_page(applicants[100:], 101)}
    outcome = TALENTICS.read("applicants", {**ONE_JOB, **pages})
    assert outcome.records == {"applicants": numbered(ROW, 101)}


def test_the_next_sync_reads_all_again_as_applicants_tell_no_times() -> None:
    outcome = TALENTICS.read("applicants", {**ONE_JOB, **unpaged(PATH, [APPLICANT])}, NO_CURSOR)
    assert outcome.records == {"applicants": [ROW]}
    assert outcome.states == NO_CURSOR


def test_a_job_deleted_in_between_takes_nothing_along() -> None:
    others = unpaged("/jobs/32/applicants", [APPLICANT])
    outcome = TALENTICS.read("applicants", {JOBS: laravel_page([JOB, {**JOB, "id": 32}]), PAGE_1: MISSING, **others})
    assert outcome.records == {"applicants": [ROW]}
    assert "applicants: 1 parents have no such list (HTTP 404)." in outcome.told


def test_a_list_that_no_job_has_is_a_wrong_base_url() -> None:
    outcome = TALENTICS.read("applicants", {**ONE_JOB, PAGE_1: MISSING}, fails=True)
    assert (outcome.failure.stream, outcome.failure.kind) == ("applicants", "config_error")
    assert "/jobs/{id}/applicants" in outcome.failure.message


def test_start_date_leaves_out_nobody_as_applicants_tell_no_times() -> None:
    outcome = TALENTICS.read("applicants", {**ONE_JOB, **unpaged(PATH, [APPLICANT])}, start_date="2024-05-01")
    assert outcome.records == {"applicants": [ROW]}
