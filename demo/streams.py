"""Which requests belong to which stream, and which rows show a change of which record, in the sandbox's own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SOURCES = ("talentics", "talentio")

MADE_FROM = {
    "talentics": {
        "assessment_scores": "ticket_scores",
        "aspect_scores": "ticket_scores",
        "employment_application_answers": "employment_application_forms",
    },
    "talentio": {
        "candidate_stages": "candidates",
        "stage_evaluations": "candidate_details",
        "evaluation_items": "candidate_details",
    },
}
"""By source, the streams that are other readings of another stream's responses, and cost no request of their own."""

LISTS = {
    "talentics": {
        "exams": "exams",
        "tickets": "tickets",
        "jobs": "jobs",
        "applicants": "applicants",
        "employment_application_forms": "forms",
    },
    "talentio": {
        name: name
        for name in (
            "candidates",
            "requisitions",
            "job_titles",
            "channels",
            "employees",
            "employee_groups",
            "workspaces",
        )
    },
}
"""By source and stream, the kind of record in the sandbox: a changed record is a changed row of the same `id`."""

CHILDREN = {
    "talentics": {
        "exam_details": ("exams", "id"),
        "ticket_scores": ("tickets", "ticket_id"),
        "assessment_scores": ("tickets", "ticket_id"),
        "aspect_scores": ("tickets", "ticket_id"),
        "job_details": ("jobs", "id"),
        "applicant_details": ("applicants", "id"),
        "employment_application_answers": ("employment_application_forms", "applicant_id"),
    },
    "talentio": {
        # PyAirbyte writes column names in lower case.
        "candidate_stages": ("candidates", "candidateid"),
        "candidate_details": ("candidates", "id"),
        "stage_evaluations": ("candidates", "candidateid"),
        "evaluation_items": ("candidates", "candidateid"),
        "candidate_comments": ("candidates", "candidateid"),
        "requisition_details": ("requisitions", "id"),
    },
}
"""By source and stream, the stream of its parents and the column that names them: other parents' rows don't change."""

_ENDPOINTS = {
    "exam_details": "exam",
    "ticket_scores": "scores",
    "job_details": "job",
    "applicant_details": "applicant",
    "employment_application_forms": "form",
    "candidate_details": "candidate",
    "candidate_comments": "comments",
    "requisition_details": "requisition",
}


DELETIONS = "deletions"
"""The stream that tells what is gone from all lists; it costs no request of its own."""


@dataclass(frozen=True)
class Stream:
    """A stream that was synced."""

    name: str
    incremental: bool


def key_of(source: str, stream: str) -> str | None:
    """The column that names the record which a row of the stream belongs to; None for rows of many lists."""
    if stream == DELETIONS:
        return None
    return "id" if stream in LISTS[source] else CHILDREN[source][stream][1]


def requests_of(source: str, stream: str, by_endpoint: Mapping[str, Mapping[str, int]]) -> int:
    """How many requests a stream caused. Takes `by_endpoint` of the sandbox's summary of requests."""
    counts = by_endpoint.get(f"{source}.{_ENDPOINTS.get(stream, stream)}", {})
    return counts.get("requests", 0)
