"""What a tap says of its settings and streams, made from the source's own: no Airbyte keywords, plain JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OF_A_SETTING = ("type", "title", "description", "default", "enum", "examples", "pattern", "minimum", "maximum")
_OF_A_FIELD = ("type", "format", "description")

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
    """The tap's `config_jsonschema` from the source's connection specification. Secrets are marked as such."""
    properties: dict[str, Any] = {}
    for name, field in sorted(specification["properties"].items(), key=lambda item: int(item[1]["order"])):
        setting = {key: field[key] for key in _OF_A_SETTING if key in field}
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


def stream_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A stream's schema for targets, from the source's.

    Marks of Airbyte's and of the kit's stay behind. So does `additionalProperties`: undeclared fields are not sent.
    """
    plain = {key: schema[key] for key in _OF_A_FIELD if key in schema}
    if "properties" in schema:
        plain["properties"] = {name: stream_schema(field) for name, field in schema["properties"].items()}
    if "items" in schema:
        plain["items"] = stream_schema(schema["items"])
    return plain
