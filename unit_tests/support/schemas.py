"""The streams as users know them, and their schemas as they ship."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from unit_tests.support.doc_pages import ROOT
from unit_tests.support.vendor_samples import VENDOR_SAMPLES

Schema = dict[str, Any]


@dataclass(frozen=True)
class Stream:
    """What users' configs, states and tables depend on: the key, the cursor, and the fields that the source adds."""

    source: str
    name: str
    key: tuple[str, ...]
    cursor: str | None
    added: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def path(self) -> Path:
        return ROOT / self.source / "schemas" / f"{self.name}.json"

    def schema(self) -> Schema:
        loaded: Schema = json.loads(self.path.read_text(encoding="utf-8"))
        return loaded

    def sample(self) -> dict[str, Any]:
        """The vendor's row, less what the stream leaves to another."""
        sample = VENDOR_SAMPLES[self.source][self.name]
        return {name: value for name, value in sample.items() if name not in self.left_out}


def row(source: str, name: str, key: str, cursor: str | None, added: str = "", left_out: str = "") -> Stream:
    """A line of the table below; names are separated by blanks."""
    return Stream(f"source_{source}", name, tuple(key.split()), cursor, tuple(added.split()), tuple(left_out.split()))


ASSESSMENT_KEY, ASPECT_KEY = "ticket_id assessment_slug", "ticket_id assessment_slug aspect_slug"
ASPECT_ADDS = "ticket_id exam_id assessment_slug assessment_name ticket_updated_at"
ITEM_ADDS = "evaluationId position stageId candidateId candidateUpdatedAt inputNumber inputBoolean"
FORM_ADDS = "applicant_id job_id application_time"
STREAMS = (
    row("talentics", "exams", "id", "updated_at"),
    row("talentics", "exam_details", "id", "updated_at"),
    row("talentics", "tickets", "id", "updated_at", "exam_id"),
    row("talentics", "ticket_scores", "ticket_id", "ticket_updated_at", "exam_id ticket_updated_at"),
    row(
        "talentics",
        "assessment_scores",
        ASSESSMENT_KEY,
        "ticket_updated_at",
        "ticket_id exam_id ticket_updated_at",
        left_out="aspect_scores",
    ),
    row("talentics", "aspect_scores", ASPECT_KEY, "ticket_updated_at", ASPECT_ADDS),
    row("talentics", "jobs", "id", "updated_at"),
    row("talentics", "job_details", "id", "job_updated_at", "job_updated_at"),
    row("talentics", "applicants", "id", None),
    row("talentics", "applicant_details", "id", None),
    row("talentics", "employment_application_forms", "id", "application_time", "job_id"),
    row("talentics", "employment_application_answers", "applicant_id name", "application_time", FORM_ADDS),
    row("talentio", "candidates", "id", "updatedAt"),
    row("talentio", "candidate_stages", "id", "candidateUpdatedAt", "candidateId candidateUpdatedAt"),
    row("talentio", "candidate_details", "id", "updatedAt"),
    row(
        "talentio", "stage_evaluations", "id", "candidateUpdatedAt", "candidateId stageId stageType candidateUpdatedAt"
    ),
    row("talentio", "evaluation_items", "evaluationId position", "candidateUpdatedAt", ITEM_ADDS),
    row(
        "talentio",
        "candidate_comments",
        "candidateId createdAt employeeId",
        "candidateUpdatedAt",
        "candidateId employeeId candidateUpdatedAt",
    ),
    row("talentio", "requisitions", "id", "updatedAt"),
    row("talentio", "requisition_details", "id", "updatedAt"),
    row("talentio", "job_titles", "id", "updatedAt"),
    row("talentio", "channels", "id", "updatedAt"),
    row("talentio", "employees", "id", "updatedAt"),
    row("talentio", "employee_groups", "id", "updatedAt"),
    row("talentio", "workspaces", "id", "updatedAt"),
)

every_stream = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: f"{stream.source}-{stream.name}")


def object_schema(field: Schema) -> Schema | None:
    """The schema that holds a field's properties: its own, or its items' where it is a list of objects."""
    holder = field.get("items", field)
    return holder if "properties" in holder else None


def walk(schema: Schema, prefix: str = "") -> Iterator[tuple[str, Schema]]:
    """Every field with its dotted path, at any depth."""
    for name, field in schema["properties"].items():
        yield f"{prefix}{name}", field
        nested = object_schema(field)
        if nested is not None:
            yield from walk(nested, f"{prefix}{name}.")


def objects(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every schema that has properties, the record's own first."""
    yield "the record", schema
    for path, field in walk(schema):
        nested = object_schema(field)
        if nested is not None:
            yield path, nested


def non_null_types(field: Schema) -> list[str]:
    declared = field["type"]
    return [kind for kind in ([declared] if isinstance(declared, str) else declared) if kind != "null"]
