"""One read of the source for all selected streams of a tap, turned into Singer messages in the order it came in."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    AirbyteStreamStatus,
    AirbyteTraceMessage,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    StreamDescriptor,
    SyncMode,
    TraceType,
    Type,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.errors import NO_ACCESS
from connector_kit.records.format import SINGER
from connector_kit.singer.states import blob_of, bookmark
from connector_kit.source import ManifestSource, logger

if TYPE_CHECKING:
    from connector_kit.singer.streams import ManifestStream
    from connector_kit.singer.tap import ManifestTap


def open_source(
    tap: ManifestTap, streams: Sequence[ManifestStream], sample: bool = False
) -> tuple[ManifestSource, ConfiguredAirbyteCatalog]:
    """The source that reads just these streams, from where their bookmarks say, and the catalog to read with."""
    catalog = ConfiguredAirbyteCatalog(
        streams=[
            ConfiguredAirbyteStream(
                stream=stream.declared,
                sync_mode=SyncMode.incremental if stream.is_incremental else SyncMode.full_refresh,
                destination_sync_mode=DestinationSyncMode.append,
            )
            for stream in streams
        ]
    )
    states = [
        _state_message(stream.name, blob_of(stream.name, tap.bookmarks[stream.name], str(stream.replication_key)))
        for stream in streams
        if stream.is_incremental and stream.name in tap.bookmarks
    ]
    return ManifestSource(tap.package, catalog, tap.source_config, states, record_format=SINGER, sample=sample), catalog


class SyncRun:
    """One sync of a tap.

    Args:
        tap: settings, bookmarks and the way out.
        streams: those to read, all in one go.
        most: hand on so many records of a stream at the most, and no new bookmarks: for `--test`.
    """

    def __init__(self, tap: ManifestTap, streams: Sequence[ManifestStream], most: int | None = None) -> None:
        self._tap = tap
        self._streams = {stream.name: stream for stream in streams}
        self._most = most
        # Why streams failed, by name; and whether any did not.
        self._failed: dict[str, str | None] = {}
        self._complete = False

    def run(self) -> None:
        """Read and hand on everything. Raises AirbyteTracedException at the end where streams failed."""
        source, catalog = open_source(self._tap, list(self._streams.values()), sample=self._most is not None)
        messages = source.read(logger, self._tap.source_config, catalog)
        # The first message comes when config and state are found to be good: before that nothing may be written.
        first = next(messages)
        for stream in self._streams.values():
            stream.begin()
        # Some targets take the first state that they see for what they have stored.
        self._tap.write_state()
        try:
            for message in chain([first], messages):
                self._hand_on(message)
        except AirbyteTracedException:
            # As with the source's check: a credential that may not read everything is a good one.
            if self._most is None or not self._complete or set(self._failed.values()) != {NO_ACCESS}:
                raise
            logger.warning("The test passed: streams that are closed to the credential can be deselected.")

    def _hand_on(self, message: AirbyteMessage) -> None:
        if message.type is Type.RECORD and message.record is not None:
            stream = self._streams[message.record.stream]
            if self._most is None or stream.records_taken < self._most:
                stream.take(message.record.data)
        elif message.type is Type.STATE and message.state is not None:
            self._keep(message.state)
        elif message.type is Type.TRACE and message.trace is not None:
            self._note(message.trace)
        elif message.type is Type.LOG and message.log is not None:
            logger.log(logging.getLevelName(message.log.level.value), message.log.message)

    def _keep(self, state: AirbyteStateMessage) -> None:
        """The state covers records that were handed on before; those of a batch go out now."""
        told = state.stream
        if told is None or self._most is not None:
            return
        stream = self._streams[told.stream_descriptor.name]
        if stream.is_incremental and told.stream_state is not None:
            stream.write_batches()
            self._tap.bookmarks[stream.name] = bookmark(told.stream_state.__dict__, str(stream.replication_key))
            self._tap.write_state()

    def _note(self, trace: AirbyteTraceMessage) -> None:
        if trace.type is TraceType.ERROR and trace.error is not None:
            descriptor = trace.error.stream_descriptor
            if descriptor is not None:
                self._failed[descriptor.name] = trace.error.internal_message
                self._streams[descriptor.name].logger.error("%s: %s", descriptor.name, trace.error.message)
        elif trace.type is TraceType.STREAM_STATUS and trace.stream_status is not None:
            name, status = trace.stream_status.stream_descriptor.name, trace.stream_status.status
            if status in (AirbyteStreamStatus.COMPLETE, AirbyteStreamStatus.INCOMPLETE):
                self._complete = self._complete or status is AirbyteStreamStatus.COMPLETE
                self._streams[name].end(complete=status is AirbyteStreamStatus.COMPLETE and self._most is None)


def records_of(tap: ManifestTap, stream: ManifestStream) -> Iterator[dict[str, Any]]:
    """The records of one stream. Raises AirbyteTracedException where it fails."""
    source, catalog = open_source(tap, [stream])
    for message in source.read(logger, tap.source_config, catalog):
        if message.type is Type.RECORD and message.record is not None:
            yield message.record.data


def _state_message(stream: str, blob: Mapping[str, Any]) -> AirbyteStateMessage:
    return AirbyteStateMessage(
        type=AirbyteStateType.STREAM,
        stream=AirbyteStreamState(
            stream_descriptor=StreamDescriptor(name=stream), stream_state=AirbyteStateBlob(dict(blob))
        ),
    )
