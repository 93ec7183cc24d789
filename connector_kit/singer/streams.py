"""One stream of a tap: fits the source's stream into the SDK's catalog, stream maps and batches."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream, Tap, metrics
from singer_sdk.batch import Batcher
from singer_sdk.helpers._batch import BatchConfig, SDKBatchMessage
from singer_sdk.helpers._typing import TypeConformanceLevel
from singer_sdk.helpers._util import utc_now
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import (
    ActivateVersionMessage,
    Catalog,
    CatalogEntry,
    Metadata,
    MetadataMapping,
    RecordMessage,
    SelectionMask,
)
from singer_sdk.streams.core import REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL

from connector_kit.singer.output import MessageWriter
from connector_kit.singer.schemas import stream_schema
from connector_kit.singer.states import Refused

if TYPE_CHECKING:
    from airbyte_cdk.models import AirbyteStream
    from singer_sdk.mapper import StreamMap

# The field that says that a record is gone; the source adds it for taps by this name.
_DELETED_AT = ("properties", "_sdc_deleted_at")
_Prune = Callable[[dict[str, Any]], dict[str, Any]]


class ManifestStream(Stream):
    """A stream of the source, as a tap offers it.

    Keys, cursor and types are the source's, whatever the catalog says. The catalog selects fields and may ask for
    FULL_TABLE.

    Args:
        tap: the stream's tap.
        declared: the stream in the source's catalog.
        writer: writes the records that need no stream map and no batch.
        read_alone: reads this stream by itself and returns its records.
    """

    # The source brings every value to its declared type already.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(
        self,
        tap: Tap,
        declared: AirbyteStream,
        writer: MessageWriter,
        read_alone: Callable[[ManifestStream], Iterable[dict[str, Any]]],
    ) -> None:
        super().__init__(tap, schema=stream_schema(declared.json_schema), name=declared.name)
        self.declared = declared
        self.primary_keys = [key for (key,) in declared.source_defined_primary_key or []]
        self.replication_key = (declared.default_cursor_field or [None])[0]
        if self.replication_key is None:
            # One whose state holds ids is incremental even so, or the state would not be kept.
            is_incremental = any(mode.value == "incremental" for mode in declared.supported_sync_modes)
            self.forced_replication_method = REPLICATION_INCREMENTAL if is_incremental else REPLICATION_FULL_TABLE
        self._writer = writer
        self._read_alone = read_alone
        self._prune: _Prune | None = None
        # Records that wait for their batch, by the stream's alias.
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self._batch_config: BatchConfig | None = None
        self._direct_alias: str | None = None
        self.records_emitted = 0
        self._counter: metrics.Counter | None = None
        self._timer: metrics.Timer | None = None

    # --- catalog -------------------------------------------------------------------------------------------------

    @property
    def is_incremental(self) -> bool:
        return self.replication_method == REPLICATION_INCREMENTAL

    @property
    def metadata(self) -> MetadataMapping:
        """The standard metadata, with what the catalog selects."""
        if self._metadata is None:
            self._metadata = MetadataMapping.get_standard_metadata(
                schema=self.schema,
                replication_method=self.forced_replication_method,
                key_properties=self.primary_keys,
                valid_replication_keys=[self.replication_key] if self.replication_key else None,
                selected_by_default=True,
            )
            self._metadata.root.replication_key = self.replication_key
            if _DELETED_AT in self._metadata:
                # Without it, a row of nulls would not say why.
                self._metadata[_DELETED_AT].inclusion = Metadata.InclusionType.AUTOMATIC
            if self._tap_input_catalog is None:
                self._metadata.root.selected = True
            else:
                self._select(self._metadata, self._tap_input_catalog.get_stream(self.tap_stream_id))
        return self._metadata

    @staticmethod
    def _select(own: MetadataMapping, given: CatalogEntry | None) -> None:
        if given is None:
            own.root.selected = False
            return
        own.root.selected = given.metadata.root.selected
        own.root.selected_by_default = given.metadata.root.selected_by_default
        known = set(_breadcrumbs(given.schema.to_dict()))
        for breadcrumb, entry in own.items():
            if breadcrumb and breadcrumb in given.metadata:
                entry.selected = given.metadata[breadcrumb].selected
                entry.selected_by_default = given.metadata[breadcrumb].selected_by_default
            elif breadcrumb and known and breadcrumb not in known:
                # The field is newer than the catalog, so nobody has selected it.
                entry.selected = False

    @property
    def effective_schema(self) -> dict[str, Any]:
        return self.schema

    def apply_catalog(self, catalog: Catalog) -> None:
        self._tap_input_catalog = catalog
        entry = catalog.get_stream(self.tap_stream_id)
        if entry is None:
            return
        wanted = {entry.replication_method, entry.metadata.root.forced_replication_method} - {None}
        unknown = wanted - {REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL}
        if unknown:
            raise Refused(
                f"{self.name}: replication-method {', '.join(map(str, unknown))} is not supported. "
                f"Set it to {REPLICATION_INCREMENTAL} or {REPLICATION_FULL_TABLE}."
            )
        if REPLICATION_FULL_TABLE in wanted:
            self.forced_replication_method = REPLICATION_FULL_TABLE

    # --- messages ------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Write the SCHEMA message and prepare for records."""
        self._write_schema_message()
        self._prune = _compile_prune(self.schema, self.mask)
        self._batch_config = self.get_batch_config(self.config)
        self._direct_alias = self._alias_of_unchanged()
        if self.emit_activate_version_messages and not self.is_incremental:
            self._stream_version = self._initialized_at // 1000
        self._counter = self.get_record_counter()
        self._timer = self.get_sync_timer()
        self._counter.__enter__()
        self._timer.__enter__()

    def emit_record(self, record: dict[str, Any]) -> None:
        """Write one record of the source, or add it to a batch."""
        self.records_emitted += 1
        if self._counter is not None:
            self._counter.increment()
        if self._direct_alias is not None:
            kept = record if self._prune is None else self._prune(record)
            self._writer.write_record(self._direct_alias, kept, self._stream_version)
            return
        if self._batch_config is None:
            self._write_record_message(record)
            return
        for message in self._generate_record_messages(record):
            waiting = self._waiting.setdefault(message.stream, [])
            waiting.append(message.record)
            if len(waiting) >= self._batch_config.batch_size:
                self.write_batches()

    def _alias_of_unchanged(self) -> str | None:
        """Return the stream's name in RECORD messages; None where a stream map or a batch handles the records."""
        first, *more = self.stream_maps
        changes = more or type(first) is not SameRecordTransform or first.flattening_enabled
        return None if changes or self._batch_config is not None else first.stream_alias

    def write_batches(self) -> None:
        """Write the records that wait for their batch. Needed before a state that covers them, and at the end."""
        if self._batch_config is None:
            return
        for alias, records in self._waiting.items():
            batcher = Batcher(self.tap_name, self.name, self._batch_config)
            for manifest in batcher.get_batches(iter(records)):
                self._tap.write_message(
                    SDKBatchMessage(
                        stream=alias,
                        encoding=self._batch_config.encoding,
                        manifest=manifest,
                        version=self._stream_version,
                    )
                )
        self._waiting.clear()

    def end(self, complete: bool) -> None:
        """Finish the stream. Only after a complete read may a target delete what did not come again."""
        self.write_batches()
        if complete and self._stream_version is not None:
            for stream_map in self.stream_maps:
                self._tap.write_message(ActivateVersionMessage(stream_map.stream_alias, self._stream_version))
        if self._timer is not None and self._counter is not None:
            self._timer.tags[metrics.Tag.STATUS] = metrics.Status.SUCCEEDED if complete else metrics.Status.FAILED
            self._timer.__exit__(None, None, None)
            self._counter.__exit__(None, None, None)
            self._timer = self._counter = None

    def _generate_record_messages(self, record: dict[str, Any]) -> Generator[RecordMessage, None, None]:
        """Do what the SDK does, but with the selection compiled once, not looked up for each field of each record."""
        if self._prune is not None:
            record = self._prune(record)
        for stream_map in self.stream_maps:
            mapped = self._mapped(stream_map, record)
            if mapped is not None and stream_map.flattening_enabled:
                # Flattening turns an object into columns, but leaves one that is null under the object's own name.
                mapped = {name: mapped[name] for name in stream_map.transformed_schema["properties"] if name in mapped}
            if mapped is not None:
                yield RecordMessage(
                    stream=stream_map.stream_alias,
                    record=mapped,
                    version=self._stream_version,
                    time_extracted=utc_now(),
                )

    def _mapped(self, stream_map: StreamMap, record: dict[str, Any]) -> dict[str, Any] | None:
        try:
            return stream_map.transform(record)
        except Exception as error:  # noqa: BLE001 - whatever a user's expression raises may quote a value
            raise Refused(
                f"{self.name}: a stream map failed ({type(error).__name__}). Correct its expressions in stream_maps."
            ) from None

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[dict[str, Any]]:
        """Read this stream by itself, for callers that drive a single stream."""
        return self._read_alone(self)


def _breadcrumbs(schema: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, field in schema.get("properties", {}).items():
        yield (*above, "properties", name)
        yield from _breadcrumbs(field, (*above, "properties", name))


def _compile_prune(schema: Mapping[str, Any], mask: SelectionMask, above: tuple[str, ...] = ()) -> _Prune | None:
    """Return a function that removes a record's deselected fields; None where all are selected."""
    deselected: set[str] = set()
    nested: dict[str, _Prune] = {}
    for name, field in schema.get("properties", {}).items():
        breadcrumb = (*above, "properties", name)
        if not mask[breadcrumb]:
            deselected.add(name)
        elif prune := _compile_prune(field, mask, breadcrumb):
            nested[name] = prune
    if not deselected and not nested:
        return None

    def prune_record(record: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in record.items() if name not in deselected}
        for name, prune in nested.items():
            if isinstance(kept.get(name), dict):
                kept[name] = prune(kept[name])
        return kept

    return prune_record
