"""Fields that the API sends and the schemas lack."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tools import ROOT
from verify.api import Api
from verify.report import Finding

# What any other name holds may be data, such as a person's name as the key of an object.
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_MOST_NAMED = 20


def unknown_fields(api: Api, stream: str, records: Iterable[Mapping[str, Any]]) -> Finding:
    """Name them where personal data is kept; elsewhere count them, as a name may be somebody's own."""
    records = list(records)
    path = ROOT / f"source_{api.source}" / "schemas" / f"{stream}.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    fact = f"The schema of `{stream}` has every field"
    if not records:
        return Finding(fact, "V", "no record", "not seen")
    unknown = sorted({name for record in records for name in _unknown(record, schema, "")})
    if not unknown:
        return Finding(fact, "V", "yes")
    shown = f"{len(unknown)} more"
    if api.keeps_personal_data:
        names = [f"`{name}`" for name in unknown if _PLAIN_NAME.fullmatch(name)][:_MOST_NAMED]
        if more := len(unknown) - len(names):
            names.append(f"{more} with odd names" if len(names) < _MOST_NAMED else f"{more} more")
        shown = ", ".join(names)
    return Finding(fact, "V", shown, "differs", "passed on with `keep`, left out with `hash` and `drop`")


def _unknown(value: Any, schema: Mapping[str, Any], place: str) -> Iterator[str]:
    # One object may stand for a list of one, and a list in a list is read flat.
    schema = schema.get("items", schema)
    if isinstance(value, Mapping) and value and all(map(str.isdigit, value)):
        # PHP wrote a list so.
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from _unknown(entry, schema, place)
    elif isinstance(value, Mapping) and "properties" in schema:
        for name, inner in value.items():
            if name in schema["properties"]:
                yield from _unknown(inner, schema["properties"][name], f"{place}{name}.")
            else:
                yield place + name
