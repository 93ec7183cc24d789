"""What says of a record that it is gone: its tombstone in each stream that had it, and a row of `deletions`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Optional

from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.streams.core import StreamData
from airbyte_cdk.sources.types import Record, StreamSlice

from connector_kit import times
from connector_kit.reading.list_marks import ListMarks
from connector_kit.reading.reader import Reader, StreamOutput
from connector_kit.records.compiler import key_fields
from connector_kit.records.format import RecordFormat
from connector_kit.state.cursors import ListCursor
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")

DELETIONS = "deletions"
DETECTED_AT = "detected_at"
# A time without a zone may be that of any zone. This is how far the first of them is ahead of UTC: no other record may
# have a later time than a tombstone, or a destination that deduplicates would keep that record.
_FIRST_ZONE = timedelta(hours=14)

DELETIONS_SCHEMA: Mapping[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "description": "One row per record that is gone from its list. Whatever hangs on such a record is gone with it.",
    "type": "object",
    "additionalProperties": True,
    "properties": {
        "stream": {"type": "string", "description": "The stream of the list, such as `candidates`."},
        "id": {"type": "integer", "description": "The record's `id` in that stream."},
        DETECTED_AT: {
            "type": "string",
            "format": "date-time",
            "airbyte_type": "timestamp_with_timezone",
            "description": "When a sync found that the record was gone.",
        },
    },
}


def with_deleted_at(schema: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return the schema of a stream with tombstones."""
    deleted_at = {
        "type": ["null", "string"],
        "format": "date-time",
        "airbyte_type": "timestamp_with_timezone",
        "description": "Added by the source: when a sync found that the record was gone; null for one that exists.",
    }
    return {**schema, "properties": {**schema["properties"], field: deleted_at}}


class DeletionLog(Retriever):
    """The stream `deletions`, whose rows are written by the readers of the lists.

    Args:
        sync: the run.
        cursor: the stream's cursor.
        readers: all readers of the run.
    """

    def __init__(self, sync: Sync, cursor: ListCursor, readers: Iterable[Reader]) -> None:
        self.key_fields = ["stream", "id", DETECTED_AT]
        self.cursor = cursor
        self._is_selected = sync.selected is not None and DELETIONS in sync.selected
        self._sync = sync
        self._readers = readers
        self._started = threading.Event()

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: Optional[StreamSlice] = None
    ) -> Iterable[StreamData]:
        self._started.set()
        reading = [reader for reader in self._readers if reader.selected] if self._is_selected else []
        if self._is_selected and not reading:
            logger.warning("%s: no list is selected, so nothing is found. Select those to watch as well.", DELETIONS)
        for reader in reading:
            reader.wait_until_done()
        return ()

    def wait_until_started(self) -> None:
        """Wait until rows may come: the CDK must have started the stream before."""
        if self._is_selected:
            self._started.wait()

    def rows(self, stream: str, ids: Sequence[int], found_at: datetime) -> Iterator[Record]:
        """Yield the rows, and emit the state behind them: a list's state, which forgets the ids, must come later."""
        if not self._is_selected or not ids:
            return
        text = times.format_utc(found_at)
        for number in ids:
            yield Record({"stream": stream, "id": number, DETECTED_AT: text}, DELETIONS)
        self._sync.count_records(DELETIONS, len(ids))
        self.cursor.saw(times.instant(text))
        self.cursor.complete()
        self.cursor.emit_state()


class Tombstones:
    """Makes the rows for records that are gone.

    Args:
        sync: the run.
        record_format: how they are written.
        log: the stream `deletions`.
    """

    def __init__(self, sync: Sync, record_format: RecordFormat, log: DeletionLog) -> None:
        self._sync = sync
        self._format = record_format
        self.log = log

    def mark(self, reader: Reader, marks: ListMarks, started_at: datetime, found_at: datetime) -> Iterator[Record]:
        """Yield the rows for what is gone from a reader's streams, which then forget it.

        Args:
            reader: the reader of a list, or of details of its records.
            marks: what the list has shown.
            started_at: when the list began to be read, by the server's clock.
            found_at: what that clock says now.
        """
        # The server gives its time in whole seconds.
        found_at = max(found_at, started_at)
        for output, cursor, known in reader.memories():
            gone = marks.ids.gone(known)
            if gone and output.marks_deletions:
                logger.info("%s: %d gone from the list, now marked as deleted.", output.name, len(gone))
                if output.name == marks.label:
                    yield from self.log.rows(output.name, gone, found_at)
                yield from self._of(output, gone, started_at, found_at)
                self._sync.count_records(output.name, len(gone))
            # Not before its rows are out, as a state may go out at any moment.
            cursor.forget(gone)
        marks.log_hidden()

    def _of(
        self, output: StreamOutput, ids: Sequence[int], started_at: datetime, found_at: datetime
    ) -> Iterator[Record]:
        """Yield one record of a stream for each id: its key, its time, when it was found gone, and all else null."""
        properties: Mapping[str, Any] = output.schema["properties"]
        (key,) = key_fields(output.schema)
        row: dict[str, Any] = dict.fromkeys(properties)
        if output.cursor is not None and output.cursor.cursor_field:
            row[output.cursor.cursor_field] = self._time(properties[output.cursor.cursor_field], started_at)
        row[self._format.deleted_at] = times.format_utc(found_at)
        for number in ids:
            yield Record({**row, key: number}, output.name)

    def _time(self, field: Mapping[str, Any], started_at: datetime) -> str:
        has_zone = field.get("airbyte_type") != "timestamp_without_timezone"
        moment = started_at if has_zone else started_at + _FIRST_ZONE
        return times.format_utc(moment) if has_zone or self._format.utc else times.format_naive(moment)
