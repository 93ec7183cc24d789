"""dbt_recruiting/models/staging: a model and its descriptions for each stream, from the manifests and the schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from connector_kit.personal_data import MARK
from connector_kit.source import read_manifest, stream_name
from tools import ROOT

FOLDER = ROOT / "dbt_recruiting" / "models" / "staging"
SOURCES = ("talentics", "talentio")

COMES_WHOLE: Mapping[str, str] = {
    "assessment_scores": "ticket_id",
    "aspect_scores": "ticket_id",
    "employment_application_answers": "applicant_id",
    "candidate_stages": "candidateId",
    "stage_evaluations": "candidateId",
    "evaluation_items": "candidateId",
    "candidate_comments": "candidateId",
}
"""Streams whose rows of one parent come all together, and the field that names the parent: older rows are gone."""

_KINDS = {"integer": "integer", "number": "number", "boolean": "boolean", "object": "json", "array": "json"}
_RESERVED = {"groups": "employee_groups"}
_GENERATED = "Written by `make generate` from the manifests and schemas; do not edit it by hand."


def files() -> dict[Path, str]:
    """The text of every file by its path."""
    found = {}
    for source in SOURCES:
        streams = list(_streams(source))
        for stream in streams:
            found[FOLDER / source / f"{model_name(source, stream['name'])}.sql"] = _model(source, stream)
        found[FOLDER / source / f"_{source}.yml"] = _descriptions(source, streams)
    return found


def model_name(source: str, stream: str) -> str:
    """The staging model of a stream."""
    return f"stg_{source}__{stream}"


def column_name(field: str) -> str:
    """A field's name as columns are written: candidateUpdatedAt is candidate_updated_at."""
    name = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", field).lower()
    return _RESERVED.get(name, name)


def _streams(source: str) -> Iterator[dict[str, Any]]:
    package = f"source_{source}"
    for declared in read_manifest(package)["streams"]:
        name = stream_name(declared)
        schema = json.loads((ROOT / package / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
        cursor = declared.get("incremental_sync", {}).get("cursor_field")
        yield {"name": name, "key": declared["primary_key"], "cursor": cursor, **schema}


def _kind(field: Mapping[str, Any]) -> str:
    types = field["type"] if isinstance(field["type"], list) else [field["type"]]
    kind = next(one for one in types if one != "null")
    if kind == "string" and field.get("format") == "date":
        return "date"
    if kind == "string" and field.get("format") == "date-time":
        return "wall_clock" if field["airbyte_type"] == "timestamp_without_timezone" else "instant"
    return _KINDS.get(kind, "text")


def _model(source: str, stream: Mapping[str, Any]) -> str:
    columns = ",\n".join(
        f"    ['{field}', '{column_name(field)}', '{_kind(schema)}']" for field, schema in stream["properties"].items()
    )
    arguments = [f"key={[column_name(field) for field in stream['key']]}"]
    if stream["cursor"]:
        arguments.append(f"cursor='{column_name(stream['cursor'])}'")
    if parent := COMES_WHOLE.get(stream["name"]):
        arguments.append(f"parent='{column_name(parent)}'")
    return (
        f"{{# {_GENERATED} #}}\n"
        f"{{{{ config(enabled=var('{source}')) }}}}\n\n"
        f"{{{{ dbt_recruiting.staged(\n    '{source}', '{stream['name']}', {', '.join(arguments)},\n"
        f"    columns=[\n{columns}\n]) }}}}\n"
    )


def _descriptions(source: str, streams: list[dict[str, Any]]) -> str:
    document = {
        "version": 2,
        "sources": [
            {
                "name": source,
                "description": f"What source-{source} or tap-{source} wrote.",
                "database": f"{{{{ var('{source}_database', none) or target.database }}}}",
                "schema": f"{{{{ var('{source}_schema') }}}}",
                "tables": [{"name": stream["name"], "description": stream["description"]} for stream in streams],
            }
        ],
        "models": [_described(source, stream) for stream in streams],
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return f"# {_GENERATED}\n{text}"


def _described(source: str, stream: Mapping[str, Any]) -> dict[str, Any]:
    key = [column_name(field) for field in stream["key"]]
    columns = []
    for field, schema in stream["properties"].items():
        name = column_name(field)
        column: dict[str, Any] = {"name": name, "description": schema["description"]}
        if schema.get(MARK, "none") != "none":
            column["config"] = {"meta": {"personal_data": schema[MARK]}}
        if name in key:
            column["data_tests"] = ["not_null", "unique"] if len(key) == 1 else ["not_null"]
        columns.append(column)
    columns.append({"name": "extracted_at", "description": "When the loader got the row; null where it does not say."})
    model: dict[str, Any] = {
        "name": model_name(source, stream["name"]),
        "description": f"{stream['description']} One row a key, the newest; without rows that are known to be gone.",
        "columns": columns,
    }
    if len(key) > 1:
        model["data_tests"] = [{"unique_together": {"arguments": {"columns": key}}}]
    return model
