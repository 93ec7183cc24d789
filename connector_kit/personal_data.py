"""Reads from the schemas which fields are personal, and adapts the schemas to what happens to them.

Each field carries `x-personal-data`, its class; every class but `none` is personal. What a form's field or a custom
field reveals depends on its name, so there the name decides: `x-personal-data-by-name` lists the known names, and any
other counts as personal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector_kit.settings import Mode

Schema = Mapping[str, Any]

MARK = "x-personal-data"
# On the `value` of a `{name, value}` pair: the class of each known name.
MARK_BY_NAME = "x-personal-data-by-name"
HASHED_TYPE = ["null", "string"]

# In characters. A shorter key can be found by trying keys on hashed data.
SAFE_KEY_LENGTH = 16


def is_personal(field: Schema) -> bool:
    """Whether a leaf of a schema holds personal data. One without a mark does: somebody forgot to classify it."""
    return bool(field.get(MARK) != "none")


def is_leaf(field: Schema) -> bool:
    """Whether the field has no fields of its own, so that its mark covers all of it."""
    return "properties" not in field and "properties" not in field.get("items", ())


def is_named_value(properties: Mapping[str, Schema]) -> bool:
    """Whether an object is a `{name, value}` pair, such as a form's field, whose name says what the value reveals."""
    return "name" in properties and "value" in properties and is_personal(properties["value"])


def harmless_names(value: Schema) -> frozenset[str]:
    """Return the names for which the `value` of a pair is not personal, given the schema of `value`."""
    return frozenset(name for name, kind in value.get(MARK_BY_NAME, {}).items() if kind == "none")


def schema_for(schema: Schema, mode: Mode) -> Schema:
    """Return the schema of the records that come out in a mode.

    In `hash` a personal field becomes text; in `drop` it may be null; in `keep` nothing changes. Marks and descriptions
    stay.
    """
    if mode == "keep":
        return schema
    adapted = dict(schema)
    if "properties" in schema:
        adapted["properties"] = {
            name: _leaf_for(field, mode) if is_leaf(field) and is_personal(field) else schema_for(field, mode)
            for name, field in schema["properties"].items()
        }
    if "properties" in schema.get("items", ()):
        adapted["items"] = schema_for(schema["items"], mode)
    return adapted


def _leaf_for(field: Schema, mode: Mode) -> Schema:
    if mode == "hash":
        return {"type": HASHED_TYPE, **{key: field[key] for key in ("description", MARK, MARK_BY_NAME) if key in field}}
    types = [field["type"]] if isinstance(field["type"], str) else field["type"]
    return {**field, "type": ["null", *(kind for kind in types if kind != "null")]}
