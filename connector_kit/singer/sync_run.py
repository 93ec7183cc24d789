"""One read of the source for all selected streams of a tap, turned into Singer messages in the order it came in."""

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
        bookmarks: of each stream that has one; what is put here goes out with the next state.
        write_state: writes a STATE message with the bookmarks.
        streams: those to read, all in one go.
        most: hand on so many records of a stream at the most, and no new bookmarks: for `--test`.
    """

    def __init__(
        self,
        package: str,
        config: Mapping[str, Any],
        bookmarks: dict[str, Any],
        write_state: Callable[[], None],
        streams: Sequence[ManifestStream],
        most: int | None = None,
    ) -> None:
        self._package = package
        self._config = config
        self._bookmarks = bookmarks
        self._write_state = write_state
        self._streams = {stream.name: stream for stream in streams}
        self._most = most
        # Why streams failed, by name; and whether any did not.
        self._failed: dict[str, str | None] = {}
        self._complete = False

    def messages(self) -> Iterator[AirbyteMessage]:
        """What the source says when it reads just these streams, from where their bookmarks say."""
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
            _state_message(name, blob_of(name, self._bookmarks[name], str(stream.replication_key)))
            for name, stream in self._streams.items()
            if stream.is_incremental and name in self._bookmarks
        ]
        source = ManifestSource(
            self._package, catalog, self._config, states, record_format=SINGER, sample=self._most is not None
        )
        return source.read(logger, self._config, catalog)

    def records(self) -> Iterator[dict[str, Any]]:
        """The records alone, as the source gives them. Raises AirbyteTracedException where a stream fails."""
        for message in self.messages():
            if message.type is Type.RECORD and message.record is not None:
                yield message.record.data

    def run(self) -> None:
        """Read and hand on everything. Raises AirbyteTracedException at the end where streams failed."""
        messages = self.messages()
        # The first message comes when config and state are found to be good: before that nothing may be written.
        first = next(messages)
        for stream in self._streams.values():
            stream.begin()
        # Some targets take the first state that they see for what they have stored.
        self._write_state()
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
            self._bookmarks[stream.name] = bookmark(told.stream_state.__dict__, str(stream.replication_key))
            self._write_state()

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


def _state_message(stream: str, blob: Mapping[str, Any]) -> AirbyteStateMessage:
    return AirbyteStateMessage(
        type=AirbyteStateType.STREAM,
        stream=AirbyteStreamState(
            stream_descriptor=StreamDescriptor(name=stream), stream_state=AirbyteStateBlob(dict(blob))
        ),
    )
