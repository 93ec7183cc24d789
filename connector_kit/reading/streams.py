"""Makes the CDK's streams of what was bound to a run: each with one partition and the kit's cursor."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from airbyte_cdk.models import AirbyteStream, SyncMode
from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.declarative.schema import InlineSchemaLoader
from airbyte_cdk.sources.declarative.stream_slicers.declarative_partition_generator import (
    DeclarativePartitionFactory,
    StreamSlicerPartitionGenerator,
)
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor, CursorField, FinalStateCursor
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream

from connector_kit.config_errors import config_error
from connector_kit.personal_data import schema_for
from connector_kit.reading.registry import ReaderRegistry
from connector_kit.reading.retrievers import StreamRetriever
from connector_kit.reading.tombstones import DELETIONS, DELETIONS_SCHEMA, DeletionLog, with_deleted_at
from connector_kit.records.format import RecordFormat
from connector_kit.state.cursors import NO_STATE_KEYS, StreamCursor
from connector_kit.state.known_ids import IDS
from connector_kit.sync import Sync


class _RememberingStream(DefaultStream):
    """A stream without a cursor whose state holds ids: Airbyte passes states only to streams that are incremental."""

    def as_airbyte_stream(self) -> AirbyteStream:
        stream = super().as_airbyte_stream()
        stream.supported_sync_modes = [SyncMode.full_refresh, SyncMode.incremental]
        stream.source_defined_cursor = stream.is_resumable = True
        return stream


class StreamBuilder:
    """Builds streams of one partition.

    One, because a reader itself keeps several requests in flight, in order, and shares their answers among streams; the
    CDK's slices can do neither.

    Args:
        registry: the cursors of the run.
        sync: the run.
        record_format: how values are written in the records.
        messages: where the CDK's parts of a stream put theirs.
    """

    def __init__(
        self, registry: ReaderRegistry, sync: Sync, record_format: RecordFormat, messages: MessageRepository
    ) -> None:
        self._registry = registry
        self._sync = sync
        self._format = record_format
        self._messages = messages

    def stream(self, declared: DefaultStream, retriever: StreamRetriever) -> DefaultStream:
        """Return a stream of the manifest with the kit's cursor, and the schema for this `personal_data` mode.

        Raises:
            AirbyteTracedException: the stream has a saved state, but none that it could use.
        """
        own_cursor = self._registry.cursors.get(declared.name)
        cursor: Cursor = own_cursor or FinalStateCursor(declared.name, None, self._messages)
        if own_cursor is None and set(self._sync.states.get(declared.name, {})) - NO_STATE_KEYS - {IDS}:
            raise config_error(
                f"The saved state of stream {declared.name} cannot be used: this stream has no cursor and keeps no "
                "state. It was not written by this connector, or was edited. Clear the stream's state."
            )
        schema = declared.get_json_schema()
        # The retriever gets the schema as written; the catalog shows the types after hashing.
        shown = schema_for(schema, self._sync.settings.personal_data)
        if self._sync.settings.detect_deletions and retriever.marks_deletions:
            shown = with_deleted_at(shown, self._format.deleted_at)
        kind = DefaultStream if own_cursor is None or own_cursor.cursor_field else _RememberingStream
        return self._build(kind, declared.name, shown, retriever.key_fields, retriever, cursor, schema)

    def deletions(self, log: DeletionLog) -> DefaultStream:
        """Return the stream of deletions, which no manifest declares."""
        return self._build(DefaultStream, DELETIONS, DELETIONS_SCHEMA, log.key_fields, log, log.cursor)

    def _build(
        self,
        kind: type[DefaultStream],
        name: str,
        shown: Mapping[str, Any],
        primary_key: list[str],
        retriever: Retriever,
        cursor: Cursor,
        schema: Mapping[str, Any] | None = None,
    ) -> DefaultStream:
        """Return a stream; `shown` is the schema in the catalog, and `schema` the retriever's."""
        field = cursor.cursor_field if isinstance(cursor, StreamCursor) else ""
        loader = InlineSchemaLoader(schema=dict(schema or shown), parameters={})
        return kind(
            partition_generator=StreamSlicerPartitionGenerator(
                DeclarativePartitionFactory(name, loader, retriever, self._messages), cursor
            ),
            name=name,
            json_schema=shown,
            primary_key=primary_key,
            cursor_field=CursorField(field) if field else None,
            logger=logging.getLogger(f"airbyte.{name}"),
            cursor=cursor,
        )
