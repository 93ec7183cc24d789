"""Makes the tap's schemas of settings and streams from the source's: plain JSON schema, without Airbyte's keywords."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The keywords to keep.
_SETTING_KEYWORDS = ("type", "title", "description", "default", "enum", "examples", "pattern", "minimum", "maximum")
_FIELD_KEYWORDS = ("type", "format", "description")

_ACTIVATE_VERSION = {
    "type": "boolean",
    "title": "Emit ACTIVATE_VERSION messages",
    "description": (
        "After a complete read of a stream without incremental replication, tell the target that rows which did not "
        "come again were deleted at the source. The target then hides or deletes them."
    ),
    "default": False,
}


def settings_schema(specification: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tap's `config_jsonschema`, with secrets marked, from the source's connection specification."""
    properties: dict[str, Any] = {}
    for name, field in sorted(specification["properties"].items(), key=lambda item: int(item[1]["order"])):
        setting = _setting(field)
        if field.get("airbyte_secret"):
            setting |= {"secret": True, "writeOnly": True}
        properties[name] = setting
    properties["emit_activate_version_messages"] = _ACTIVATE_VERSION
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "required": list(specification["required"]),
        "properties": properties,
        "additionalProperties": True,
    }


def _setting(field: Mapping[str, Any]) -> dict[str, Any]:
    setting = {key: field[key] for key in _SETTING_KEYWORDS if key in field}
    if "properties" in field:
        setting["properties"] = {name: _setting(part) for name, part in field["properties"].items()}
    if "items" in field:
        setting["items"] = _setting(field["items"])
    return setting


def stream_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stream's schema for targets, from the source's.

    Only `_FIELD_KEYWORDS` and the structure remain. `additionalProperties` goes too: undeclared fields are never sent.
    """
    plain = {key: schema[key] for key in _FIELD_KEYWORDS if key in schema}
    if "properties" in schema:
        plain["properties"] = {name: stream_schema(field) for name, field in schema["properties"].items()}
    if "items" in schema:
        plain["items"] = stream_schema(schema["items"])
    return plain
