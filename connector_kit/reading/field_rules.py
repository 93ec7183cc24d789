"""Refuses what a manifest says of fields that a schema lacks: they would be null in every row, or do nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airbyte_cdk.sources.declarative.transformations import AddFields, RemoveFields
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream

from connector_kit.reading.parents import ParentFields
from connector_kit.reading.retrievers import DerivedRetriever, StreamRetriever
from connector_kit.records.extractor import RowExtractor

# A step of a RemoveFields pointer that holds one of these is a pattern, as in file names.
_PATTERN = set("*?[")


def refuse_missing(stream: AbstractStream, fields: Iterable[str], what: str) -> None:
    """Refuse fields that no record of a stream has.

    Args:
        stream: whose schema must have them.
        fields: their names.
        what: where the manifest names them, for the message: `scores: primary_key`.

    Raises:
        ValueError: naming those that the schema lacks.
    """
    _refuse(set(fields) - _properties(stream.get_json_schema()).keys(), what, f"the schema of {stream.name}")


def check_fields(stream: AbstractStream, retriever: StreamRetriever, cursor_field: str | None) -> None:
    """Refuse fields that a stream's declaration names and no record has.

    Raises:
        ValueError: naming the stream, the line and the fields.
    """
    name = stream.name
    nested: Mapping[str, Any] = {}
    named = [*retriever.key_fields, *([cursor_field] if cursor_field else [])]
    refuse_missing(stream, named, f"{name}: primary_key or cursor_field")
    extractor = retriever.record_selector.extractor
    if isinstance(retriever, DerivedRetriever) and isinstance(extractor, RowExtractor):
        nested = _descend(extractor, retriever.stream, stream)
    schema = stream.get_json_schema()
    own: Mapping[str, Any] = {"type": "object", "properties": _properties(schema)}
    raw: Mapping[str, Any] = {"type": "object", "properties": {**_properties(schema), **nested}}
    for part in retriever.record_selector.transformations:
        if isinstance(part, ParentFields):
            _check_paths([[field] for field in part.fields], own, f"{name}: fields", name)
        elif isinstance(part, AddFields):
            _check_paths([field.path for field in part.fields], own, f"{name}: fields", name)
        elif isinstance(part, RemoveFields):
            _check_paths(part.field_pointers, raw, f"{name}: field_pointers", name, patterns=True)


def _check_paths(
    paths: Iterable[Sequence[str]], schema: Mapping[str, Any], what: str, name: str, patterns: bool = False
) -> None:
    """Refuse paths that lead to nothing that a schema has, and a line that names none."""
    paths = list(paths)
    if not paths or not all(paths):
        raise ValueError(f"{what} must name a field")
    _refuse({".".join(path) for path in paths if not _leads_on(path, schema, patterns)}, what, f"the schema of {name}")


def _leads_on(path: Sequence[str], schema: Mapping[str, Any], patterns: bool) -> bool:
    """Return whether a schema has what a path names: fields of objects, and positions in arrays."""
    for step in path:
        if patterns and _PATTERN & set(step):
            # What it finds only a record can tell.
            return True
        if "items" in schema and step.isdecimal():
            schema = schema["items"]
        elif step in schema.get("properties", {}):
            schema = schema["properties"][step]
        else:
            # An object without properties may hold anything.
            return "properties" not in schema and "object" in schema.get("type", ())
    return True


def _descend(extractor: RowExtractor, source: AbstractStream, stream: AbstractStream) -> Mapping[str, Any]:
    """Follow `expand` through the schema of the stream that a row comes from. Returns the fields of what it ends in."""
    name, own = stream.name, _properties(stream.get_json_schema())
    outer: Mapping[str, Any] = _properties(source.get_json_schema())
    carried: set[str] = set()
    for at, step in enumerate(extractor.expand):
        keep: Mapping[str, str] = step.get("keep") or {}
        _refuse({step["field"]} - outer.keys(), f"{name}: field of expand", f"the schema of {source.name}")
        _refuse(set(keep.values()) - outer.keys() - carried, f"{name}: keep", f"the schema of {source.name}")
        if at + 1 < len(extractor.expand):
            used = set((extractor.expand[at + 1].get("keep") or {}).values())
            _refuse(set(keep) - used, f"{name}: keep", "the next step of expand")
        else:
            _refuse(set(keep) - own.keys(), f"{name}: keep", f"the schema of {name}")
        outer, carried = _properties(outer[step["field"]]), set(keep)
    _refuse({extractor.position} - {None} - own.keys(), f"{name}: position", f"the schema of {name}")
    return outer


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the properties of an object, or of those that an array holds."""
    while "items" in schema:
        schema = schema["items"]
    properties: Mapping[str, Any] = schema.get("properties", {})
    return properties


def _refuse(missing: Iterable[str | None], what: str, where: str) -> None:
    if names := sorted(map(str, missing)):
        raise ValueError(f"{what} names {', '.join(names)}, which {where} does not have")
