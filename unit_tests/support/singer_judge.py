"""Judges a tap's output as the pickiest target would, and more: every finding is one that breaks some target."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from jsonschema import Draft7Validator

_UTC = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# PostgreSQL's longest name.
_LONGEST_NAME = 63


class Judge:
    """Reads messages in their order; `findings` are what is wrong, each with the stream or field that it is about.

    Args:
        secrets: texts that may stand nowhere.
        activates: the output may hold ACTIVATE_VERSION, and batches.
    """

    def __init__(self, secrets: Collection[str] = ()) -> None:
        self.findings: list[str] = []
        self.state: dict[str, Any] = {}
        self.rows: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
        self._secrets = secrets
        self._schemas: dict[str, dict[str, Any]] = {}
        self._validators: dict[str, Draft7Validator] = {}
        self._uncovered: set[str] = set()

    def read(self, lines: Iterable[str]) -> Judge:
        for line in lines:
            if any(secret in line for secret in self._secrets):
                self._find("a secret on stdout")
            try:
                message = json.loads(line, parse_constant=self._no_number)
            except ValueError:
                self._find(f"no JSON: {line[:80]!r}")
                continue
            kind = message.get("type")
            handle = {"SCHEMA": self._schema, "RECORD": self._record, "STATE": self._state}.get(kind)
            if handle is not None:
                handle(message)
            elif kind in ("ACTIVATE_VERSION", "BATCH"):
                self._declared(message)
            else:
                self._find(f"unknown message type {kind}")
        return self

    def require_bookmarks(self, streams: Iterable[str]) -> Judge:
        """At the end: each of these streams has a bookmark, and no record behind the state that holds it."""
        bookmarks = self.state.get("bookmarks", {})
        for stream in streams:
            if not bookmarks.get(stream):
                self._find(f"{stream}: no bookmark")
            if stream in self._uncovered:
                self._find(f"{stream}: records behind the last state")
        return self

    def _schema(self, message: Mapping[str, Any]) -> None:
        stream, schema = message["stream"], message["schema"]
        Draft7Validator.check_schema(schema)
        self._schemas[stream] = dict(message)
        self._validators[stream] = Draft7Validator(schema)
        self.rows.setdefault(stream, {})
        properties = schema.get("properties", {})
        if not message.get("key_properties"):
            self._find(f"{stream}: no key")
        for name in [*message.get("key_properties", []), *(message.get("bookmark_properties") or [])]:
            if name not in properties:
                self._find(f"{stream}.{name}: a key or cursor that the schema lacks")
        for name in message.get("key_properties", []):
            if "null" in properties.get(name, {}).get("type", []):
                self._find(f"{stream}.{name}: a key that may be null")
        for name in (stream, *properties):
            if len(name.encode()) > _LONGEST_NAME or not re.fullmatch(r"\w+", name):
                self._find(f"{stream}: a name that some target refuses: {name}")
        for name, field in properties.items():
            self._field(f"{stream}.{name}", field)

    def _field(self, path: str, field: Mapping[str, Any]) -> None:
        types = [field["type"]] if isinstance(field.get("type"), str) else field.get("type", [])
        solid = [kind for kind in types if kind != "null"]
        if len(solid) != 1:
            self._find(f"{path}: not one type but {types}")
        if "array" in solid and not isinstance(field.get("items"), Mapping):
            self._find(f"{path}: an array of anything")
        for word in field:
            if word.startswith(("airbyte_", "x-")):
                self._find(f"{path}: a foreign keyword {word}")
        for name, inner in field.get("properties", {}).items():
            self._field(f"{path}.{name}", inner)
        if isinstance(field.get("items"), Mapping):
            self._field(f"{path}[]", field["items"])

    def _record(self, message: Mapping[str, Any]) -> None:
        if not self._declared(message):
            return
        stream, row = message["stream"], message["record"]
        self._uncovered.add(stream)
        if not _UTC.fullmatch(message.get("time_extracted", "")):
            self._find(f"{stream}: no time_extracted in UTC")
        for error in self._validators[stream].iter_errors(row):
            self._find(f"{stream}.{'.'.join(map(str, error.path))}: {error.validator}")
        self._values(stream, self._schemas[stream]["schema"], row)
        key = tuple(row.get(name) for name in self._schemas[stream]["key_properties"])
        if None in key:
            self._find(f"{stream}: a key that is missing or null")
        if key in self.rows[stream]:
            self._find(f"{stream}: a row twice")
        self.rows[stream][key] = row

    def _values(self, path: str, schema: Mapping[str, Any], value: Any) -> None:
        if isinstance(value, dict):
            fields = schema.get("properties", {})
            for name, inner in value.items():
                if name in fields:
                    self._values(f"{path}.{name}", fields[name], inner)
                else:
                    self._find(f"{path}.{name}: a field that no schema declares")
        elif isinstance(value, list):
            for inner in value:
                self._values(f"{path}[]", schema["items"], inner)
        elif isinstance(value, str):
            shape = {"date-time": _UTC, "date": _DATE}.get(schema.get("format", ""))
            if shape is not None and not shape.fullmatch(value):
                self._find(f"{path}: no {schema['format']} in UTC")
            if "\0" in value:
                self._find(f"{path}: a NUL character")
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            self._find(f"{path}: an integer of more than 64 bits")

    def _state(self, message: Mapping[str, Any]) -> None:
        self.state = message["value"]
        self._uncovered.clear()
        if not isinstance(self.state.get("bookmarks"), dict):
            self._find("a state without bookmarks")
        if "progress_markers" in json.dumps(self.state):
            self._find("a state that is half way")

    def _declared(self, message: Mapping[str, Any]) -> bool:
        if message.get("stream") in self._schemas:
            return True
        self._find(f"{message.get('stream')}: {message['type']} before SCHEMA")
        return False

    def _no_number(self, word: str) -> None:
        self._find(f"{word} is no JSON")

    def _find(self, what: str) -> None:
        if what not in self.findings:
            self.findings.append(what)
