"""What a full read must give, worked out from the sandbox's own data and from nothing of the connectors'.

Every difference between what the API sends and what a stream gives is named here, field by field. Whatever is not named
must come out exactly as the API sent it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Row = dict[str, Any]
Rows = dict[str, list[Row]]
RawData = Callable[[str], list[Row]]
"""Gives the API's own objects of a kind, by the name of the stream that reads them."""

_WALL_CLOCK = re.compile(r"(\d{4})-(\d{2})-(\d{1,2}) (\d{2}:\d{2}:\d{2})")


def wall_clock(value: Any) -> Any:
    """Talentics' zone-less times, whose day has one digit at times."""
    if value is None:
        return None
    match = _WALL_CLOCK.fullmatch(value)
    assert match is not None, value
    year, month, day, time = match.groups()
    return f"{year}-{month}-{int(day):02}T{time}"


def number(value: Any) -> Any:
    return int(value) if isinstance(value, str) else value


def text(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def listed(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


def flattened(value: Any) -> Any:
    return [pair for part in value for pair in (part if isinstance(part, list) else [part])]


CHANGES: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
    "exams": dict.fromkeys(("created_at", "updated_at", "started_at", "ended_at"), wall_clock),
    "exam_details": dict.fromkeys(("created_at", "updated_at", "started_at", "ended_at"), wall_clock),
    "tickets": dict.fromkeys(("exam.started_at", "exam.ended_at"), wall_clock),
    "jobs": dict.fromkeys(("created_at", "updated_at", "due_date"), wall_clock),
    "job_details": {
        **dict.fromkeys(("due_date", "organization.created_at", "organization.updated_at"), wall_clock),
        **dict.fromkeys(("company.created_at", "company.updated_at"), wall_clock),
        **dict.fromkeys(("min_salary", "max_salary", "min_experience"), number),
    },
    "applicants": {"access_code_expired_at": wall_clock},
    "applicant_details": {"access_code_expired_at": wall_clock},
    "employment_application_forms": {"application_time": wall_clock},
    "candidates": {"educations": listed, "customFields[].value": text},
    "candidate_details": {
        "educations": listed,
        "customFields[].value": text,
        "stages[].evaluations[].items[].input": text,
    },
    "stage_evaluations": {"items[].input": text},
    "evaluation_items": {"input": text},
    "requisition_details": {"details": flattened, "details[].value": text},
    "channels": {"employee.lastName": text, "employee.firstName": text},
}
"""By stream and path of the field (`[]` for each entry of a list): what becomes of the API's value, in this order."""


PRIMARY_KEYS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "talentics": {
        **dict.fromkeys(("exams", "exam_details", "tickets", "jobs", "job_details"), ("id",)),
        **dict.fromkeys(("applicants", "applicant_details", "employment_application_forms"), ("id",)),
        "ticket_scores": ("ticket_id",),
        "assessment_scores": ("ticket_id", "assessment_slug"),
        "aspect_scores": ("ticket_id", "assessment_slug", "aspect_slug"),
        "employment_application_answers": ("applicant_id", "name"),
    },
    "talentio": {
        **dict.fromkeys(("candidates", "candidate_stages", "candidate_details", "stage_evaluations"), ("id",)),
        **dict.fromkeys(("requisitions", "requisition_details", "job_titles", "channels"), ("id",)),
        **dict.fromkeys(("employees", "employee_groups", "workspaces"), ("id",)),
        "evaluation_items": ("evaluationId", "position"),
        "candidate_comments": ("candidateId", "createdAt", "employeeId"),
    },
}


def changed(value: Any, path: str, change: Callable[[Any], Any]) -> Any:
    """`value` with `change` applied at `path`; a field that is missing stays missing."""
    step, _, rest = path.partition(".")
    name = step.removesuffix("[]")
    if not isinstance(value, dict) or name not in value:
        return value
    inner = value[name]
    if step.endswith("[]"):
        new = [changed(entry, rest, change) for entry in inner] if inner is not None else None
    else:
        new = changed(inner, rest, change) if rest else change(inner)
    return {**value, name: new}


def finished(stream: str, rows: list[Row]) -> list[Row]:
    """The rows as they leave the source: fields changed, and without nulls at the top, which the protocol drops."""
    result = []
    for row in rows:
        for path, change in CHANGES.get(stream, {}).items():
            row = changed(row, path, change)
        result.append({name: value for name, value in row.items() if value is not None})
    return result


def expected(source: str, raw: RawData) -> Rows:
    """Every row of every stream of a source."""
    return {"talentics": _talentics, "talentio": _talentio}[source](raw)


def _talentics(raw: RawData) -> Rows:
    tickets = {ticket["id"]: ticket for ticket in raw("tickets")}
    jobs = {job["id"]: job for job in raw("jobs")}
    job_of = {applicant["id"]: applicant["job_id"] for applicant in raw("applicants")}

    def of_ticket(ticket_id: int) -> Row:
        ticket = tickets[ticket_id]
        return {
            "ticket_id": ticket_id,
            "exam_id": ticket["exam"]["id"],
            "ticket_updated_at": ticket["updated_at"],
        }

    scores = [{**score, **of_ticket(score["ticket_id"])} for score in raw("ticket_scores")]
    forms = [{**form, "job_id": job_of[form["applicant_id"]]} for form in raw("employment_application_forms")]
    plain = {name: raw(name) for name in ("exams", "exam_details", "jobs", "applicants", "applicant_details")}
    rows = {
        **plain,
        "tickets": [{**ticket, "exam_id": ticket["exam"]["id"]} for ticket in tickets.values()],
        "ticket_scores": scores,
        "assessment_scores": [
            {
                **{name: value for name, value in result.items() if name != "aspect_scores"},
                **of_ticket(score["ticket_id"]),
            }
            for score in scores
            for result in score["results"]
        ],
        "aspect_scores": [
            {
                **aspect,
                **of_ticket(score["ticket_id"]),
                "assessment_slug": result["assessment_slug"],
                "assessment_name": result["assessment_name"],
            }
            for score in scores
            for result in score["results"]
            for aspect in result["aspect_scores"]
        ],
        "job_details": [
            {**detail, "job_updated_at": wall_clock(jobs[detail["id"]]["updated_at"])} for detail in raw("job_details")
        ],
        "employment_application_forms": forms,
        "employment_application_answers": [
            {
                **answer,
                "applicant_id": form["applicant_id"],
                "job_id": form["job_id"],
                "application_time": wall_clock(form["application_time"]),
            }
            for form in forms
            for answer in form["employment_application_form"]
        ],
    }
    return {stream: finished(stream, of_stream) for stream, of_stream in rows.items()}


def _talentio(raw: RawData) -> Rows:
    candidates = raw("candidates")
    details = raw("candidate_details")
    updated = {candidate["id"]: candidate["updatedAt"] for candidate in candidates}

    def of_candidate(candidate_id: int) -> Row:
        return {"candidateId": candidate_id, "candidateUpdatedAt": updated[candidate_id]}

    evaluations = [
        (evaluation, {**of_candidate(detail["id"]), "stageId": stage["id"]}, stage["type"])
        for detail in details
        for stage in detail["stages"]
        for evaluation in stage["evaluations"]
    ]
    lists = (
        "requisitions",
        "requisition_details",
        "job_titles",
        "channels",
        "employees",
        "employee_groups",
        "workspaces",
    )
    rows = {
        **{name: raw(name) for name in lists},
        "candidates": candidates,
        "candidate_details": details,
        "candidate_stages": [
            {**stage, **of_candidate(candidate["id"])} for candidate in candidates for stage in candidate["stages"]
        ],
        "stage_evaluations": [
            {**evaluation, **keys, "stageType": stage_type} for evaluation, keys, stage_type in evaluations
        ],
        "evaluation_items": [
            {**item, **keys, "evaluationId": evaluation["id"], "position": position, **_typed_inputs(item.get("input"))}
            for evaluation, keys, _ in evaluations
            for position, item in enumerate(evaluation["items"])
        ],
        "candidate_comments": [
            {
                **comment,
                **of_candidate(comment["candidateId"]),
                "employeeId": (comment["employeeCreatedBy"] or {"id": 0})["id"],
            }
            for comment in raw("candidate_comments")
        ],
    }
    return {stream: finished(stream, of_stream) for stream, of_stream in rows.items()}


def _typed_inputs(value: Any) -> Row:
    if isinstance(value, bool):
        return {"inputBoolean": value}
    return {"inputNumber": value} if isinstance(value, (int, float)) else {}
