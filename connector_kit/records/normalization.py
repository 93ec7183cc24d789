"""Brings each record to the types that its schema declares, and acts on personal data on the way.

Destinations build tables from the schemas, while both APIs are loose with types: numbers come as text, PHP's empty
objects as `[]`, single objects where lists were promised. A schema is compiled once into one function per field; most
values that are right already cost one type check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from operator import is_
from typing import Any

from airbyte_cdk.sources.declarative.extractors.record_selector import RecordSelector
from airbyte_cdk.sources.declarative.extractors.type_transformer import TypeTransformer
from airbyte_cdk.sources.types import Config

from connector_kit.errors import UnreadableKey
from connector_kit.records import hashing, personal_data
from connector_kit.records.field_warnings import FieldWarnings
from connector_kit.records.format import AIRBYTE, RecordFormat
from connector_kit.records.scalars import (
    LARGEST,
    SMALLEST,
    UnreadableError,
    clean,
    clean_text,
    conversion,
    to_aware_time,
    to_integer,
    to_number,
    to_text,
)
from connector_kit.records.shapes import UNREADABLE, has_fields, objects_in, only_object, unkeyed
from connector_kit.settings import Mode, mode_of
from connector_kit.times import RFC_3339

Schema = Mapping[str, Any]
# Takes a value that is not null; gives the very same object where nothing is to change, or where that was changed.
Rule = Callable[[Any], Any]


@dataclass
class SchemaNormalization(TypeTransformer):
    """A `CustomSchemaNormalization` for manifests; `name` is the stream's, for the log.

    Raises a config error where `personal_data` or its key can't be used.
    """

    config: Config
    name: str = ""

    def __post_init__(self) -> None:
        mode = mode_of(self.config)
        self._hasher = hashing.Hasher(self.config["personal_data_key"]) if mode == "hash" else None
        self._mode = mode
        self._take(AIRBYTE)

    def bind(self, record_format: RecordFormat) -> None:
        """Spell the records so from now on."""
        if record_format != self._format:
            self._take(record_format)

    def _take(self, record_format: RecordFormat) -> None:
        self._format = record_format
        self._warnings = FieldWarnings(self.name, self._mode, record_format)
        # The rules of one schema, for texts and numbers of any kind and for clean ones.
        self._compiled: tuple[Schema, list[Rule]] | None = None

    def transform(self, record: dict[str, Any], schema: Mapping[str, Any]) -> None:
        """Change the record to what the schema declares, and the objects in it: they are the stream's own."""
        self._rules(schema)[False](record)
        if self._warnings.waiting:
            self._warnings.flush()

    def transform_clean(self, record: dict[str, Any], schema: Mapping[str, Any]) -> None:
        """The same for an answer of which no text holds a NUL or half a surrogate pair, and no number is infinite."""
        self._rules(schema)[True](record)
        if self._warnings.waiting:
            self._warnings.flush()

    def same_key(self, schema: Mapping[str, Any]) -> None:
        """Told that two rows of one answer have the same key."""
        self._warnings.same_key(key_fields(schema))

    def _rules(self, schema: Schema) -> list[Rule]:
        compiled = self._compiled
        if compiled is None or compiled[0] is not schema:
            # Some schema loaders read their file anew for each partition: an equal schema is as good as the same.
            if compiled and compiled[0] == schema:
                rules = compiled[1]
            else:
                rules = [
                    _Compiler(self._mode, self._hasher, self._warnings, self._format, clean).object_rule(schema, "")
                    for clean in (False, True)
                ]
            self._compiled = compiled = (schema, rules)
        return compiled[1]


class _ForClean(TypeTransformer):
    """A normalization, for records of clean answers."""

    def __init__(self, normalization: SchemaNormalization) -> None:
        self._normalization = normalization

    def transform(self, record: dict[str, Any], schema: Mapping[str, Any]) -> None:
        self._normalization.transform_clean(record, schema)


def for_clean_answers(selector: RecordSelector) -> RecordSelector:
    """The same selector, for records of clean answers: it looks at less."""
    if not isinstance(selector.schema_normalization, SchemaNormalization):
        return selector
    other = copy(selector)
    other.schema_normalization = _ForClean(selector.schema_normalization)
    return other


class _Compiler:
    """Turns schemas into rules, for one mode of personal data, one record_format, and clean values or any."""

    def __init__(
        self,
        mode: Mode,
        hasher: hashing.Hasher | None,
        warnings: FieldWarnings,
        record_format: RecordFormat,
        clean: bool,
    ) -> None:
        self._clean = clean
        self._mode = mode
        self._hasher = hasher
        self._warnings = warnings
        self._record_format = record_format

    def object_rule(self, schema: Schema, path: str) -> Rule:
        """For an object, which is changed in place."""
        prefix = f"{path}." if path else ""
        properties: Mapping[str, Schema] = schema.get("properties", {})
        # Each field that may be seen, with the type of the values that are right as they are.
        visible: list[tuple[str, type | None, Rule]] = []
        defaults: list[tuple[str, Any]] = []
        personal: list[str] = []
        hides: list[hashing.Rule] = []
        by_name = self._mode != "keep" and personal_data.is_named_value(properties)
        keys = key_fields(schema)
        for name, field in properties.items():
            field_rule, default = self._typed_rule(field, prefix + name)
            if name in keys:
                field_rule = self._key_rule(field, prefix + name)
            if by_name and name == "value":
                hides.append(self._value_by_name_rule(field, field_rule))
            elif self._hides(field):
                personal.append(name)
            else:
                visible.append((name, self._plain_type(field), field_rule))
            if name in keys:
                defaults.append((name, default))
        if personal:
            hides.append(self._hide_rule(personal))
        warnings = self._warnings
        take_unknown = self._unknown_rule(prefix)
        declared = len(properties)

        def rule(value: Any) -> Any:
            if type(value) is not dict:
                value = only_object(value)
                if value is None:
                    return None
                if value is UNREADABLE:
                    return warnings.unreadable(path, "object")
            absent = 0
            # Before all else, as the API sent it: what is not a known name until it is repaired is not a known name.
            # Most objects have nothing of either kind, and to see that costs less than a loop.
            if hides:
                for hide in hides:
                    absent += hide(value)
            get = value.get
            for name, right, field_rule in visible:
                entry = get(name)
                if type(entry) is right:
                    continue
                if entry is None:
                    absent += name not in value
                    continue
                new = field_rule(entry)
                if new is not entry:
                    value[name] = new
            if len(value) + absent != declared:
                for name in [name for name in value if name not in properties]:
                    take_unknown(value, name)
            if defaults:
                for name, default in defaults:
                    if get(name) is None:
                        warnings.empty_key(prefix + name, default)
                        value[name] = default
            return value

        return rule

    def _hides(self, field: Schema) -> bool:
        """Whether a field's values must not be seen in this mode."""
        return self._mode != "keep" and personal_data.is_leaf(field) and personal_data.is_personal(field)

    def _plain_type(self, field: Schema) -> type | None:
        """The type whose values a field takes as they are; None where more than the type must be looked at."""
        if not self._clean or "format" in field:
            return None
        return {"string": str, "boolean": bool, "number": float}.get(_kind_of(field))

    def _typed_rule(self, field: Schema, path: str) -> tuple[Rule, Any]:
        kind = _kind_of(field)
        if kind == "object":
            return self.object_rule(field, path), {}
        if kind == "array":
            return self._array_rule(field["items"], path), []
        return self._scalar_rule(kind, field, path)

    def _hide_rule(self, names: Sequence[str]) -> hashing.Rule:
        """Hash or drop these fields of an object."""
        if self._hasher is not None:
            return self._hasher.rule(names)

        def drop(target: dict[str, Any]) -> int:
            absent = 0
            for name in names:
                if name in target:
                    target[name] = None
                else:
                    absent += 1
            return absent

        return drop

    def _value_by_name_rule(self, field: Schema, harmless: Rule) -> hashing.Rule:
        """For a `{name, value}` object: what its value reveals is told by its name."""
        harmless_names = personal_data.harmless_names(field)
        hasher = self._hasher

        def rule(pair: dict[str, Any]) -> int:
            value = pair.get("value")
            if value is None:
                return "value" not in pair
            name = pair.get("name")
            if type(name) is str and name in harmless_names:
                pair["value"] = harmless(value)
            elif hasher is not None:
                hasher.named(name if type(name) is str else "")(pair)
            else:
                pair["value"] = None
            return 0

        return rule

    def _unknown_rule(self, prefix: str) -> Callable[[dict[str, Any], str], None]:
        """Deal with a field that the schema lacks: unless `keep`, it counts as personal and is left out."""
        warnings, keep = self._warnings, self._mode == "keep" and self._record_format.unknown_fields

        def take(target: dict[str, Any], name: str) -> None:
            warnings.unknown(prefix, name)
            if not keep:
                del target[name]
                return
            plain = clean_text(name.replace("\0", "\ufffd"))
            if plain == name:
                target[name] = clean(target[name])
                return
            entry = target.pop(name)
            while plain in target:
                plain += "\ufffd"
            target[plain] = clean(entry)

        return take

    def _array_rule(self, items: Schema, path: str) -> Rule:
        item_rule, _ = self._typed_rule(items, path)
        of_objects = "object" in items["type"]
        warnings = self._warnings

        def rule(value: Any) -> Any:
            if of_objects and isinstance(value, (list, dict)):
                entries = objects_in(value)
            elif isinstance(value, list):
                entries = value
            elif isinstance(value, dict):
                entries = unkeyed(value)
            elif of_objects or value == "":
                return warnings.unreadable(path, "array")
            else:
                entries = [value]
            # Nulls are left out: most targets refuse them inside a list.
            result = [new for entry in entries if entry is not None and (new := item_rule(entry)) is not None]
            same = entries is value and len(result) == len(value) and all(map(is_, result, value))
            return value if same else result

        return rule

    def _key_rule(self, field: Schema, path: str) -> Rule:
        """For a key, which is never made up: only where the API leaves it empty does anything stand in for it."""
        stream, kind = self._warnings.stream, _wanted(_kind_of(field), field)
        is_text = kind == "string"
        convert, _ = conversion(_kind_of(field), field, utc=self._record_format.utc)

        def rule(value: Any) -> Any:
            if not is_text and isinstance(value, str) and not value.strip():
                return None
            try:
                new = None if isinstance(value, bool) else convert(value)
            except UnreadableError:
                new = None
            if new is None:
                raise UnreadableKey(stream, path, kind)
            return new

        return rule

    def _scalar_rule(self, kind: str, field: Schema, path: str) -> tuple[Rule, Any]:
        convert, default = conversion(kind, field, utc=self._record_format.utc)
        wanted = _wanted(kind, field)
        warnings = self._warnings

        def rule(value: Any) -> Any:
            try:
                return convert(value)
            except UnreadableError:
                return warnings.unreadable(path, wanted)

        if convert is to_aware_time:
            in_shape = RFC_3339.fullmatch

            def time_rule(value: Any) -> Any:
                # Every month has these days.
                right = type(value) is str and in_shape(value) and value[8:10] <= "28"
                return value if right else rule(value)

            return time_rule, default
        if convert is to_integer or convert is to_number:

            def integer_rule(value: Any) -> Any:
                return value if type(value) is int and SMALLEST <= value <= LARGEST else rule(value)

            return integer_rule, default
        if convert is not to_text:
            return rule, default
        hides = self._mode != "keep"

        def text_rule(value: Any) -> Any:
            # Most fields are text and right: spare them three calls.
            if type(value) is str and value.isascii() and "\0" not in value:
                return value
            if hides and has_fields(value):
                # Fields that nobody has classed, in the place of a text that was.
                return warnings.unreadable(path, wanted)
            return rule(value)

        return text_rule, default


def key_fields(schema: Schema) -> tuple[str, ...]:
    """The fields of an object that may not be null: in a stream's schema, its primary key."""
    return tuple(name for name, field in schema.get("properties", {}).items() if "null" not in field["type"])


def _wanted(kind: str, field: Schema) -> str:
    return f"{kind} of format {field['format']}" if "format" in field else kind


def _kind_of(field: Schema) -> str:
    """The JSON type of a field, beside null."""
    (kind,) = {field["type"]} if isinstance(field["type"], str) else set(field["type"]) - {"null"}
    return str(kind)
