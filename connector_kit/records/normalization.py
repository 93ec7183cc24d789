"""Brings each record to the types that its schema declares, and hides personal data on the way.

Destinations build tables from the schemas, while both APIs are loose with types: numbers come as text, PHP's empty
objects as `[]`, single objects where lists were promised.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.sources.declarative.extractors.record_selector import RecordSelector
from airbyte_cdk.sources.declarative.extractors.type_transformer import TypeTransformer
from airbyte_cdk.sources.types import Config
from airbyte_protocol_dataclasses.models import Change  # type: ignore[import-untyped]

from connector_kit.records import hashing
from connector_kit.records.compiler import Rule, RuleCompiler, Schema, key_fields
from connector_kit.records.field_warnings import FieldWarnings
from connector_kit.records.format import AIRBYTE, RecordFormat
from connector_kit.settings import mode_of


@dataclass
class SchemaNormalization(TypeTransformer):
    """A `CustomSchemaNormalization` for manifests.

    Args:
        config: the source's configuration.
        name: the stream's name, for the log.

    Raises:
        AirbyteTracedException: a config error, where `personal_data` or its key can't be used.
    """

    config: Config
    name: str = ""

    def __post_init__(self) -> None:
        mode = mode_of(self.config)
        self._hasher = hashing.Hasher(self.config["personal_data_key"]) if mode == "hash" else None
        self._mode = mode
        self._set_format(AIRBYTE)

    def bind(self, record_format: RecordFormat) -> None:
        """Write records in this format from now on."""
        if record_format != self._format:
            self._set_format(record_format)

    def _set_format(self, record_format: RecordFormat) -> None:
        self._format = record_format
        self._warnings = FieldWarnings(self.name, self._mode, record_format)
        # The schema that was compiled last, with its rules for any answers and for clean ones.
        self._compiled: tuple[Schema, list[Rule]] | None = None

    def transform(self, record: dict[str, Any], schema: Mapping[str, Any]) -> None:
        """Change the record, and the objects in it, in place to what the schema declares."""
        self._rules(schema)[False](record)
        if self._warnings.waiting:
            self._warnings.flush()

    def transform_clean(self, record: dict[str, Any], schema: Mapping[str, Any]) -> None:
        """Do the same faster, for a record of a clean answer: see `Body.clean`."""
        self._rules(schema)[True](record)
        if self._warnings.waiting:
            self._warnings.flush()

    @property
    def changes(self) -> dict[str, Change]:
        """What happened to fields of the last record, by path; clear it once it was taken."""
        return self._warnings.changes

    def same_key(self, schema: Mapping[str, Any]) -> None:
        """Warn that two rows of one answer have the same key."""
        self._warnings.same_key(key_fields(schema))

    def _rules(self, schema: Schema) -> list[Rule]:
        compiled = self._compiled
        if compiled is None or compiled[0] is not schema:
            # Some schema loaders read their file again for each partition: an equal schema is as good as the same.
            if compiled and compiled[0] == schema:
                rules = compiled[1]
            else:
                rules = [self._compile(schema, is_clean) for is_clean in (False, True)]
            self._compiled = compiled = (schema, rules)
        return compiled[1]

    def _compile(self, schema: Schema, is_clean: bool) -> Rule:
        compiler = RuleCompiler(self._mode, self._hasher, self._warnings, self._format, is_clean)
        return compiler.object_rule(schema, "")


class _CleanNormalization(TypeTransformer):
    """Sends records to `transform_clean`."""

    def __init__(self, normalization: SchemaNormalization) -> None:
        self._normalization = normalization

    def transform(self, record: dict[str, Any], schema: Mapping[str, Any]) -> None:
        self._normalization.transform_clean(record, schema)


def for_clean_answers(selector: RecordSelector, normalization: SchemaNormalization) -> RecordSelector:
    """Return a copy of the selector that normalizes records with the faster `transform_clean`."""
    other = copy(selector)
    other.schema_normalization = _CleanNormalization(normalization)
    return other
