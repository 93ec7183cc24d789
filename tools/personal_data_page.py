"""docs/personal-data.md: each field of each stream with its class of personal data, from the schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from connector_kit.personal_data import MARK, MARK_BY_NAME, is_leaf
from connector_kit.source import read_manifest, stream_name
from tools import ROOT

PAGE = ROOT / "docs" / "personal-data.md"
SOURCES = ("source_talentics", "source_talentio")


def render() -> str:
    """The page as the schemas have it."""
    lines = [
        "# Personal data, field by field",
        "",
        "Written from the schemas by `make generate`; do not edit it by hand. What `keep`, `hash` and `drop` do with",
        "these fields stands in [BEHAVIOR.md](BEHAVIOR.md#personal-data-keep-hash-drop). Choose the mode before the",
        "first sync; changing it later takes [more than a full refresh](BEHAVIOR.md#changing-personal_data-later).",
        "",
        "| class | what it is |",
        "|---|---|",
        "| `identifier` | says who somebody is, or describes the person: names, identity numbers, birth dates |",
        "| `contact` | reaches somebody: e-mail and postal addresses, phone numbers |",
        "| `special` | the law protects it most: religion, health, blood type, bank accounts |",
        "| `free_text` | text that anybody may have written anything into |",
        "| `file_link` | leads to a file about somebody |",
        "| `none` | not personal; the same in every mode |",
        "",
        'A path with dots is a nested field. Fields marked "by name" are the `value` of a `{name, value}` pair: the',
        "name decides, and a name that is not in the last table of this page counts as personal.",
        "",
        "Names of jobs, groups, workspaces and exams are `none`: they name a thing of the company's, most tables are",
        "joined and filtered by them, and they are seen by applicants anyway. What is written about such a thing, in a",
        "description or a paragraph of a vacancy, is `free_text`: it may name whom to call. Who writes a person's name",
        "into the name of a job, group, workspace or exam must expect to find it there in every mode.",
    ]
    for source in SOURCES:
        lines += ["", f"## {source.replace('_', '-')}"]
        for stream in map(stream_name, read_manifest(source)["streams"]):
            lines += ["", *_stream_table(source, stream)]
    lines += [
        "",
        "## Fields of Talentics' employment form",
        "",
        "Pairs of this name, in `employment_application_forms` and `employment_application_answers`: those that the",
        "vendor's page shows. Talentio's custom fields have names of the company's own, so all of them are personal.",
        "",
        "| name | class |",
        "|---|---|",
        *(f"| `{name}` | `{kind}` |" for name, kind in _form_fields().items()),
    ]
    return "\n".join(lines) + "\n"


def _form_fields() -> Mapping[str, str]:
    path = ROOT / "source_talentics" / "schemas" / "employment_application_answers.json"
    fields: Mapping[str, str] = json.loads(path.read_text(encoding="utf-8"))["properties"]["value"][MARK_BY_NAME]
    return fields


def _stream_table(source: str, stream: str) -> Iterator[str]:
    schema = json.loads((ROOT / source / "schemas" / f"{stream}.json").read_text(encoding="utf-8"))
    fields = list(_leaves(schema))
    personal = [(path, field, by_name) for path, field, by_name in fields if field[MARK] != "none"]
    harmless = [path for path, field, _ in fields if field[MARK] == "none"]
    yield f"### {stream}"
    yield ""
    if personal:
        yield "| field | class | what it holds |"
        yield "|---|---|---|"
        for path, field, by_name in personal:
            yield f"| `{path}` | `{field[MARK]}`{', by name' if by_name else ''} | {field['description']} |"
        yield ""
        yield f"Class `none`: {', '.join(f'`{path}`' for path in harmless)}."
    else:
        yield f"No personal data. Class `none`: {', '.join(f'`{path}`' for path in harmless)}."


def _leaves(schema: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Each field without fields of its own: dotted path, schema, whether its class goes by the name beside it."""
    for name, field in schema["properties"].items():
        path = f"{prefix}{name}"
        if is_leaf(field):
            yield path, field, MARK_BY_NAME in field
        else:
            yield from _leaves(field.get("items", field), f"{path}.")
