"""Reads the source once for all selected streams of a tap, and turns its messages into Singer's, in order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
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


class SyncRun:
    """One sync of a tap.

    Args:
        package: the source's.
        config: the source's settings.
        bookmarks: the bookmark of each stream that has one; it is updated in place.
        write_state: writes a STATE message with the bookmarks.
        streams: those to read, all at once.
        record_limit: for `--test`: write at most this many records of each stream, and leave the bookmarks alone.
    """

    def __init__(
        self,
        package: str,
        config: Mapping[str, Any],
        bookmarks: dict[str, Any],
        write_state: Callable[[], None],
        streams: Sequence[ManifestStream],
        record_limit: int | None = None,
    ) -> None:
        self._package = package
        self._config = config
        self._bookmarks = bookmarks
        self._write_state = write_state
        self._streams = {stream.name: stream for stream in streams}
        self._record_limit = record_limit
        # Why streams failed, by name.
        self._failed: dict[str, str | None] = {}
        self._any_complete = False
        self._ends_with_state = True

    def messages(self) -> Iterator[AirbyteMessage]:
        """Yield the source's messages of a read of these streams, from their bookmarks on."""
        catalog = ConfiguredAirbyteCatalog(
            streams=[
                ConfiguredAirbyteStream(
                    stream=stream.declared,
                    sync_mode=SyncMode.incremental if stream.is_incremental else SyncMode.full_refresh,
                    destination_sync_mode=DestinationSyncMode.append,
                )
                for stream in self._streams.values()
            ]
        )
        states = [
            _state_message(name, blob_of(name, self._bookmarks[name], stream.replication_key or ""))
            for name, stream in self._streams.items()
            if stream.is_incremental and name in self._bookmarks
        ]
        source = ManifestSource(
            self._package, catalog, self._config, states, record_format=SINGER, sample=self._record_limit is not None
        )
        return source.read(logger, self._config, catalog)

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield only the source's records.

        Raises:
            AirbyteTracedException: a stream failed.
        """
        for message in self.messages():
            if message.type is Type.RECORD and message.record is not None:
                yield message.record.data

    def run(self) -> None:
        """Read the streams and write their messages.

        Raises:
            AirbyteTracedException: streams failed; raised after the others were read.
        """
        messages = self.messages()
        # The source yields its first message once config and state proved valid. Before that nothing may be written.
        first = next(messages)
        for stream in self._streams.values():
            stream.begin()
        # Some targets believe that they have stored what the first state covers, so it must be the old one.
        self._write_state()
        try:
            for message in chain([first], messages):
                self._convert(message)
        except AirbyteTracedException:
            self._write_last_state()
            # As in the source's check, a credential need not be able to read every stream.
            if self._record_limit is None or not self._any_complete or set(self._failed.values()) != {NO_ACCESS}:
                raise
            logger.warning("The test passed. Deselect the streams that the credential may not read.")
        else:
            self._write_last_state()

    def _convert(self, message: AirbyteMessage) -> None:
        if message.type is Type.RECORD and message.record is not None:
            stream = self._streams[message.record.stream]
            if self._record_limit is None or stream.records_emitted < self._record_limit:
                stream.emit_record(message.record.data)
                self._ends_with_state = False
        elif message.type is Type.STATE and message.state is not None:
            self._convert_state(message.state)
        elif message.type is Type.TRACE and message.trace is not None:
            self._convert_trace(message.trace)
        elif message.type is Type.LOG and message.log is not None:
            logger.log(logging.getLevelName(message.log.level.value), message.log.message)

    def _write_last_state(self) -> None:
        """Write the bookmarks once more after records of a stream without one.

        target-jsonl forgets a state as soon as a record follows, and then keeps none.
        """
        if not self._ends_with_state and self._record_limit is None:
            self._write_state()

    def _convert_state(self, message: AirbyteStateMessage) -> None:
        """Write a STATE message, after the batches of the records that it covers."""
        state = message.stream
        if state is None or self._record_limit is not None:
            return
        stream = self._streams[state.stream_descriptor.name]
        if stream.is_incremental and state.stream_state is not None:
            stream.write_batches()
            self._bookmarks[stream.name] = bookmark(state.stream_state.__dict__, stream.replication_key or "")
            self._write_state()
            self._ends_with_state = True

    def _convert_trace(self, trace: AirbyteTraceMessage) -> None:
        if trace.type is TraceType.ERROR and trace.error is not None:
            descriptor = trace.error.stream_descriptor
            if descriptor is not None:
                self._failed[descriptor.name] = trace.error.internal_message
                self._streams[descriptor.name].logger.error("%s: %s", descriptor.name, trace.error.message)
        elif trace.type is TraceType.STREAM_STATUS and trace.stream_status is not None:
            name, status = trace.stream_status.stream_descriptor.name, trace.stream_status.status
            if status in (AirbyteStreamStatus.COMPLETE, AirbyteStreamStatus.INCOMPLETE):
                is_complete = status is AirbyteStreamStatus.COMPLETE
                self._any_complete = self._any_complete or is_complete
                self._streams[name].end(complete=is_complete and self._record_limit is None)


def _state_message(stream: str, blob: Mapping[str, Any]) -> AirbyteStateMessage:
    return AirbyteStateMessage(
        type=AirbyteStateType.STREAM,
        stream=AirbyteStreamState(
            stream_descriptor=StreamDescriptor(name=stream), stream_state=AirbyteStateBlob(dict(blob))
        ),
    )
