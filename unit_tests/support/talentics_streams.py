"""The lists of Talentics that other streams have as their parents, and the tickets' scores."""

from __future__ import annotations

from unit_tests.support.detail_tests import DetailStream
from unit_tests.support.list_tests import ListStream
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import TALENTICS, output, unpaged, wrapped

EXAM = TALENTICS.sample("exams")
EXAMS = ListStream(
    TALENTICS,
    "exams",
    "/exams",
    EXAM,
    output(
        EXAM,
        started_at="2024-02-01T08:00:00",
        ended_at="2024-02-08T17:00:00",
        created_at="2024-01-20T09:15:00",
        updated_at="2024-01-21T10:30:00",
    ),
    {"updated_at": "2024-01-21T10:30:00Z"},
)

TICKET = TALENTICS.sample("tickets")
TICKETS = ListStream(
    TALENTICS,
    "tickets",
    "/exams/41/tickets",
    TICKET,
    output(
        TICKET,
        exam_id=41,
        exam={**TICKET["exam"], "started_at": "2024-02-01T08:00:00", "ended_at": "2024-02-08T17:00:00"},
    ),
    {"updated_at": "2024-01-23T04:05:06Z"},
    around=EXAMS.answers(EXAM),
)

JOB = TALENTICS.sample("jobs")
JOBS = ListStream(
    TALENTICS,
    "jobs",
    "/jobs",
    JOB,
    output(
        JOB,
        created_at="2023-12-01T08:00:00",
        updated_at="2024-01-05T16:20:00",
        due_date="2024-03-31T23:59:59",
    ),
    {"updated_at": "2024-01-05T16:20:00Z"},
)

SCORES = TALENTICS.sample("ticket_scores")


def scores(ticket: Record) -> Record:
    """The document of a ticket's scores."""
    return {**SCORES, "ticket_id": ticket["id"]}


TICKET_SCORES = DetailStream(
    "ticket_scores",
    TICKETS,
    "/exams/tickets/{id}/scores",
    scores,
    lambda ticket: [output(scores(ticket), exam_id=41, ticket_updated_at=ticket["updated_at"])],
    "ticket_updated_at",
    time="updated_at",
    newer_at="2024-02-01T00:00:00.000000Z",
)

# Two assessments, of which the first has two aspects and the other one.
ASPECT = TALENTICS.sample("aspect_scores")
OTHER_ASPECT = {**ASPECT, "aspect_slug": "verbal", "score": 64}
ASSESSMENT = {**SCORES["results"][0], "aspect_scores": [ASPECT, OTHER_ASPECT]}
OTHER_ASSESSMENT = {
    **SCORES["results"][0],
    "assessment_slug": "typing",
    "assessment_name": "Typing",
    "aspect_scores": [ASPECT],
}
RESULTS = [ASSESSMENT, OTHER_ASSESSMENT]

# One applicant, whose form has two answers.
APPLICANT = TALENTICS.sample("applicants")
APPLICANT_LISTS = {**JOBS.answers(JOB), **unpaged("/jobs/31/applicants", [APPLICANT])}
ANSWER = TALENTICS.sample("employment_application_answers")
OTHER_ANSWER = {"name": "expected_salary", "value": 7000000}
FORM = TALENTICS.sample("employment_application_forms", employment_application_form=[ANSWER, OTHER_ANSWER])
FORM_URL = "/jobs/applicants/900/employment-application-form"
FORM_ANSWERS = {**APPLICANT_LISTS, FORM_URL: wrapped(FORM)}
