"""Compiles a schema into one function per field, which brings a value to its type and hides personal data.

Compiling happens once per stream, so that most values that are right already cost a single type check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import is_
from typing import Any

from connector_kit import personal_data
from connector_kit.errors import UnreadableKey
from connector_kit.records import hashing
from connector_kit.records.field_warnings import FieldWarnings
from connector_kit.records.format import RecordFormat
from connector_kit.records.scalars import (
    LARGEST,
    SMALLEST,
    UnreadableError,
    clean,
    clean_text,
    conversion,
    loses,
    to_aware_time,
    to_integer,
    to_number,
    to_text,
)
from connector_kit.records.shapes import UNREADABLE, has_fields, objects_in, only_object, unkeyed
from connector_kit.settings import Mode
from connector_kit.times import RFC_3339

Schema = Mapping[str, Any]
# Takes a value that is not null. Returns the very same object if nothing had to change or it was changed in place.
Rule = Callable[[Any], Any]


class RuleCompiler:
    """Turns schemas into rules.

    Args:
        mode: what becomes of personal data.
        hasher: hashes it in mode `hash`; None in the other modes.
        warnings: where odd values are reported.
        record_format: how times are written, and whether unknown fields pass through.
        is_clean: whether the values come from clean answers: see `Body.clean`.
    """

    def __init__(
        self,
        mode: Mode,
        hasher: hashing.Hasher | None,
        warnings: FieldWarnings,
        record_format: RecordFormat,
        is_clean: bool,
    ) -> None:
        self._mode = mode
        self._hasher = hasher
        self._warnings = warnings
        self._record_format = record_format
        self._is_clean = is_clean

    def object_rule(self, schema: Schema, path: str) -> Rule:
        """Return the rule for an object, which it changes in place.

        Args:
            schema: the object's schema.
            path: where it is in the record, such as `stages.evaluations`; "" for the record itself.
        """
        prefix = f"{path}." if path else ""
        properties: Mapping[str, Schema] = schema.get("properties", {})
        # Each field that stays readable, with the type of the values that need no change.
        visible: list[tuple[str, type | None, Rule]] = []
        defaults: list[tuple[str, Any]] = []
        personal: list[str] = []
        hiding: list[hashing.Rule] = []
        by_name = self._mode != "keep" and personal_data.is_named_value(properties)
        keys = key_fields(schema)
        for name, field in properties.items():
            field_rule, default = self._typed_rule(field, prefix + name)
            if name in keys:
                field_rule = self._key_rule(field, prefix + name)
            if by_name and name == "value":
                hiding.append(self._value_by_name_rule(field, field_rule, prefix + name))
            elif self._must_hide(field):
                personal.append(name)
            else:
                visible.append((name, self._unchanged_type(field), field_rule))
            if name in keys:
                defaults.append((name, default))
        if personal:
            hiding.append(self._hiding_rule(personal, prefix))
        warnings = self._warnings
        handle_unknown = self._unknown_rule(prefix)
        declared = len(properties)

        def rule(value: Any) -> Any:
            if type(value) is not dict:
                value = only_object(value)
                if value is None:
                    return None
                if value is UNREADABLE:
                    return warnings.unreadable(path, "object")
            absent = 0
            # First, while names are as the API sent them: a name that needs repair must not pass for a known one.
            # The `if` saves most objects an empty loop.
            if hiding:
                for hide in hiding:
                    absent += hide(value)
            get = value.get
            for name, unchanged_type, field_rule in visible:
                entry = get(name)
                if type(entry) is unchanged_type:
                    continue
                if entry is None:
                    absent += name not in value
                    continue
                new = field_rule(entry)
                if new is not entry:
                    value[name] = new
            if len(value) + absent != declared:
                for name in [name for name in value if name not in properties]:
                    handle_unknown(value, name)
            if defaults:
                for name, default in defaults:
                    if get(name) is None:
                        warnings.empty_key(prefix + name, default)
                        value[name] = default
            return value

        return rule

    def _must_hide(self, field: Schema) -> bool:
        return self._mode != "keep" and personal_data.is_leaf(field) and personal_data.is_personal(field)

    def _unchanged_type(self, field: Schema) -> type | None:
        """Return the type whose values a field takes unchanged; None where more than the type must be checked."""
        if not self._is_clean or "format" in field:
            return None
        return {"string": str, "boolean": bool, "number": float}.get(_kind_of(field))

    def _typed_rule(self, field: Schema, path: str) -> tuple[Rule, Any]:
        kind = _kind_of(field)
        if kind == "object":
            return self.object_rule(field, path), {}
        if kind == "array":
            return self._array_rule(field["items"], path), []
        return self._scalar_rule(kind, field, path)

    def _hiding_rule(self, names: Sequence[str], prefix: str) -> hashing.Rule:
        """Return a rule that hashes or drops these fields of an object."""
        if self._hasher is not None:
            return self._hasher.rule(names, lambda name: self._warnings.nulled(prefix + name))

        def drop(target: dict[str, Any]) -> int:
            absent = 0
            for name in names:
                if name in target:
                    target[name] = None
                else:
                    absent += 1
            return absent

        return drop

    def _value_by_name_rule(self, field: Schema, harmless: Rule, path: str) -> hashing.Rule:
        """Return the rule for the value of a `{name, value}` object, whose name decides what the value reveals."""
        harmless_names = personal_data.harmless_names(field)
        hasher, warnings = self._hasher, self._warnings

        def rule(pair: dict[str, Any]) -> int:
            value = pair.get("value")
            if value is None:
                return "value" not in pair
            name = pair.get("name")
            if type(name) is str and name in harmless_names:
                pair["value"] = harmless(value)
            elif hasher is not None:
                hasher.named(name if type(name) is str else "")(pair)
                if pair["value"] is None and value not in ([], {}):
                    warnings.nulled(path)
            else:
                pair["value"] = None
            return 0

        return rule

    def _unknown_rule(self, prefix: str) -> Callable[[dict[str, Any], str], None]:
        """Return what handles a field that the schema lacks: unless `keep`, it counts as personal and is left out."""
        warnings, keep = self._warnings, self._mode == "keep" and self._record_format.unknown_fields

        def handle(target: dict[str, Any], name: str) -> None:
            warnings.unknown(prefix, name)
            if not keep:
                del target[name]
                return
            if loses(target[name]):
                (warnings.cut if isinstance(target[name], (dict, list)) else warnings.nulled)(prefix + name)
            clean_name = clean_text(name.replace("\0", "\ufffd"))
            if clean_name == name:
                target[name] = clean(target[name])
                return
            entry = target.pop(name)
            while clean_name in target:
                clean_name += "\ufffd"
            target[clean_name] = clean(entry)

        return handle

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
            # Without nulls: most targets refuse them inside a list.
            result = [new for entry in entries if entry is not None and (new := item_rule(entry)) is not None]
            if len(result) < len(entries) and path in warnings.changes:
                # What became null is an entry, which is left out.
                warnings.cut(path)
            is_same = entries is value and len(result) == len(value) and all(map(is_, result, value))
            return value if is_same else result

        return rule

    def _key_rule(self, field: Schema, path: str) -> Rule:
        """Return the rule for a key. An unreadable key raises `UnreadableKey` instead of becoming null."""
        stream, kind = self._warnings.stream, _described(_kind_of(field), field)
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
        described = _described(kind, field)
        warnings = self._warnings

        def rule(value: Any) -> Any:
            try:
                return convert(value)
            except UnreadableError:
                return warnings.unreadable(path, described)

        if convert is to_aware_time:
            in_shape = RFC_3339.fullmatch

            def time_rule(value: Any) -> Any:
                # Every month has 28 days.
                is_valid = type(value) is str and in_shape(value) and value[8:10] <= "28"
                return value if is_valid else rule(value)

            return time_rule, default
        if convert is to_integer or convert is to_number:

            def integer_rule(value: Any) -> Any:
                return value if type(value) is int and SMALLEST <= value <= LARGEST else rule(value)

            return integer_rule, default
        if convert is not to_text:
            return rule, default
        is_hiding = self._mode != "keep"

        def text_rule(value: Any) -> Any:
            # Most fields hold plain text: save them three calls.
            if type(value) is str and value.isascii() and "\0" not in value:
                return value
            if is_hiding and has_fields(value):
                # An object in place of a text may hold fields that are personal.
                return warnings.unreadable(path, described)
            if type(value) is not str and loses(value):
                warnings.cut(path)
            return rule(value)

        return text_rule, default


def key_fields(schema: Schema) -> tuple[str, ...]:
    """Return the fields of an object that may not be null: in a stream's schema, its primary key."""
    return tuple(name for name, field in schema.get("properties", {}).items() if "null" not in field["type"])


def _described(kind: str, field: Schema) -> str:
    """Return what a field holds in words: `integer`, `string of format date-time`."""
    return f"{kind} of format {field['format']}" if "format" in field else kind


def _kind_of(field: Schema) -> str:
    """Return the JSON type of a field, apart from null."""
    (kind,) = {field["type"]} if isinstance(field["type"], str) else set(field["type"]) - {"null"}
    return str(kind)
