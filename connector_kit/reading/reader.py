"""One answer, many streams: each URL is requested once, and every selected stream that is made from it gets its rows.

A `Reader` makes all requests to one endpoint in one sync. The streams that the manifest builds from that endpoint are
its outputs: `ticket_scores`, `assessment_scores` and `aspect_scores` are three outputs of one reader. The CDK reads
each stream in its own thread; the last thread to arrive reads for all outputs while the others wait. So nothing has to
be stored for later, neither in memory nor on disk.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.sources.declarative.extractors.record_selector import RecordSelector
from airbyte_cdk.sources.types import Record, StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.errors import UnreadableKey, unforeseen
from connector_kit.http.dispatcher import Dispatcher
from connector_kit.http.parent_failures import ParentFailures
from connector_kit.http.requester import Answer, Requester
from connector_kit.reading.list_filter import ListFilter
from connector_kit.records.changes import attach
from connector_kit.records.compiler import key_fields
from connector_kit.records.extractor import BodyExtractor, RowExtractor
from connector_kit.records.normalization import SchemaNormalization, for_clean_answers
from connector_kit.state.cursors import StreamCursor
from connector_kit.state.known_ids import KnownIds
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")


@dataclass
class StreamOutput:
    """One stream of a reader: how its rows are selected and shaped, and the cursor that keeps its state."""

    name: str
    selector: RecordSelector
    cursor: StreamCursor | None
    schema: Mapping[str, Any] = field(default_factory=dict)
    # Whether a tombstone can take the place of a row.
    marks_deletions: bool = False
    # Why this stream ended early, while the reader's other outputs go on.
    error: AirbyteTracedException | None = None
    normalization: SchemaNormalization = field(init=False)

    def __post_init__(self) -> None:
        normalization = self.selector.schema_normalization
        if not isinstance(normalization, SchemaNormalization):
            # Any other would let personal data through.
            raise TypeError(f"{self.name}: the schema_normalization of its record_selector must be SchemaNormalization")
        self.normalization = normalization
        self._selector_for_clean = for_clean_answers(self.selector, normalization)

    def records(self, found: Iterable[dict[str, Any]], stream_slice: StreamSlice, clean: bool) -> Iterator[Record]:
        """Yield the stream's rows from the records `found` in one answer, changing them in place.

        `clean` is the answer's: True if its values need no repair. Raises UnreadableKey if a row's key can't be read.
        """
        extractor = self.selector.extractor
        if isinstance(extractor, RowExtractor):
            found = (row for record in found for row in extractor.rows(record))
        selector = self._selector_for_clean if clean else self.selector
        rows = self._with_changes(selector.filter_and_transform(found, {}, self.schema, stream_slice))
        keys = key_fields(self.schema)
        if not keys:
            yield from rows
            return
        key_of, seen = itemgetter(*keys), set()
        for row in rows:
            key = key_of(row.data)
            if key in seen:
                self.normalization.same_key(self.schema)
            seen.add(key)
            yield row

    def _with_changes(self, rows: Iterable[Record]) -> Iterator[Record]:
        """Yield the rows, with those of their values that became null or lost a part on the way."""
        changes = self.normalization.changes
        for row in rows:
            if changes:
                attach(row, changes)
                changes.clear()
            yield row


class Reader(ABC):
    """All requests to one endpoint in one sync, and the streams that are made from the answers."""

    def __init__(self, sync: Sync, requester: Requester, extractor: RecordExtractor) -> None:
        if not isinstance(extractor, BodyExtractor):
            raise TypeError(f"{requester.endpoint}: the extractor of a stream with an endpoint must be BodyExtractor")
        self.sync = sync
        self.requester = requester
        self.extractor = extractor
        # Which records belong to the sync, here or in the list that this hangs on; None if nobody can configure that.
        self.filter: ListFilter | None = None
        self.outputs: dict[str, StreamOutput] = {}
        self.children: list[Reader] = []
        self._arrived: set[str] = set()
        self._lock = threading.Lock()
        self._begun = False
        self._done = threading.Event()
        self._error: BaseException | None = None
        self._repairs_logged: set[str] = set()
        # Raised to this reader's own streams once everything readable was read; its children go on.
        self.deferred_error: AirbyteTracedException | None = None

    def add_stream(
        self, name: str, selector: RecordSelector, cursor: StreamCursor | None, marks_deletions: bool = False
    ) -> None:
        """Add an output."""
        self.outputs[name] = StreamOutput(name, selector, cursor, marks_deletions=marks_deletions)

    @property
    def label(self) -> str:
        """The stream to name in the log: the one with the endpoint, which the others are derived from."""
        return next(iter(self.outputs), self.requester.endpoint)

    @property
    def selected(self) -> list[StreamOutput]:
        """The outputs that this sync reads, without those that have failed."""
        selected = self._arrived if self.sync.selected is None else self.sync.selected
        return [output for output in self.outputs.values() if output.name in selected and output.error is None]

    @property
    def serves_children(self) -> bool:
        """Whether a selected stream needs this reader's records as its parents."""
        return self.sync.selected is not None and any(
            child.selected or child.serves_children for child in self.children
        )

    @property
    def streams_served(self) -> list[str]:
        """The selected streams that need this reader: its outputs, those of its children, and so on down."""
        below = [name for child in self.children for name in child.streams_served]
        return [output.name for output in self.selected] + below

    def count_shared(self, streams: int) -> None:
        """Count the requests saved because one answer served so many streams: read alone, each would send its own."""
        self.sync.count_saved("by sharing answers among streams", max(0, streams - 1))

    def read_for(self, name: str, schema: Mapping[str, Any]) -> Iterator[Record]:
        """Yield the records of stream `name`, or of all selected outputs if this call is the last to arrive.

        Otherwise wait, and yield nothing: the last caller's thread yields this stream's records, too.

        Raises:
            AirbyteTracedException: the stream failed, alone or with its reader.
        """
        with self._lock:
            self.outputs[name].schema = schema
            self._arrived.add(name)
            is_last = self._arrived >= {output.name for output in self.selected}
            self._begun = self._begun or is_last
        if is_last:
            yield from self.read_all()
        else:
            self._done.wait()
            self._raise_if_failed(name)
        if error := self.outputs[name].error:
            raise error
        if self.deferred_error is not None:
            raise _copy_of(self.deferred_error)

    def wait_until_read(self) -> None:
        """Wait until everything was read; read it in this thread if no selected output will. Raises if that failed."""
        with self._lock:
            reads_here = not self.selected and not self._begun
            self._begun = True
        if reads_here:
            for _ in self.read_all():
                pass
        else:
            self._done.wait()
            self._raise_if_failed(self.label)

    def wait_until_done(self) -> None:
        """Wait until everything was read, or reading has failed."""
        self._done.wait()

    def read_all(self) -> Iterator[Record]:
        """Yield the records of all selected outputs, then wake the threads that wait for them."""
        try:
            yield from self._run()
        except UnreadableKey:
            # No output is left to read for; each raises its own error in `read_for`.
            pass
        except AirbyteTracedException as error:
            self._error = error
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, its text must not be shown
            self._error = unforeseen(error, self.label)
            # `from None`: the CDK logs the texts of the whole chain, and they may quote a value.
            raise self._error from None
        except BaseException as error:
            self._error = error
            raise
        finally:
            self._done.set()

    def records_of(
        self, output: StreamOutput, found: Iterable[dict[str, Any]], stream_slice: StreamSlice, clean: bool
    ) -> Iterator[Record]:
        """Yield an output's rows. A key that can't be read ends this output alone, unless it was the last one."""
        try:
            yield from output.records(found, stream_slice, clean)
        except UnreadableKey as error:
            output.error = error
            if not self.selected and not self.serves_children:
                raise

    def warn_of_repairs(self, answer: Answer) -> None:
        """Log what had to be repaired in a body, each kind once."""
        for repair in answer.repairs:
            if repair not in self._repairs_logged:
                self._repairs_logged.add(repair)
                logger.warning("%s: the server's answer holds %s.", self.label, repair)

    def _raise_if_failed(self, name: str) -> None:
        error = self._error
        if isinstance(error, AirbyteTracedException):
            raise _copy_of(error)
        if error is not None:
            raise RuntimeError(f"{name}: reading {self.requester.endpoint} ended early: {type(error).__name__}")

    def parent_floor(self, stream: str) -> int | None:
        """Return the instant, in microseconds, up to which an output needs no parents; None if it needs all of them."""
        return None

    def parent_memories(self) -> list[KnownIds]:
        """Return what selected outputs remember of this reader's parents; nothing unless their ids are remembered."""
        return []

    def memories(self) -> list[tuple[StreamOutput, StreamCursor, KnownIds]]:
        """Return the selected outputs that remember what they sent."""
        found = [(output, output.cursor) for output in self.selected]
        return [(output, cursor, cursor.known) for output, cursor in found if cursor and cursor.known is not None]

    def memory_of(self, name: str) -> KnownIds | None:
        """Return what one stream remembers; None if it is not selected or remembers nothing."""
        output = self.outputs[name]
        known = output.cursor.known if output.cursor else None
        return known if known is not None and output in self.selected else None

    def _dispatcher(self, remaining: Callable[[], int | None], parents: ParentFailures | None) -> Dispatcher:
        """Return the dispatcher for this reader's requests; `Dispatcher` explains `remaining` and `parents`."""
        return Dispatcher(
            self.sync,
            self.requester,
            self._check,
            self.label,
            waiting=lambda: self.streams_served,
            emit_states=self.emit_states,
            remaining=remaining,
            parents=parents,
        )

    def _check(self, answer: Answer) -> None:
        answer.records = self._records(answer, answer.body)

    def _copy_of_records(self, answer: Answer) -> list[dict[str, Any]]:
        """Return the records once more: outputs change them in place, so only one may have the answer's own."""
        return self._records(answer, answer.copy_of_body())

    @abstractmethod
    def _records(self, answer: Answer, body: Any) -> list[dict[str, Any]]:
        """Return the records in `body`, which is the answer's or a copy of it.

        Raises UnexpectedAnswer if there are none and should be.
        """

    @abstractmethod
    def _run(self) -> Iterator[Record]:
        """Send the requests and yield the records of every selected output."""

    def emit_states(self, at_once: bool = True) -> None:
        """Emit the states of the selected outputs, whose records so far must have been yielded before.

        Also those of the children that wait: without a selected output, nothing else would show that the sync is alive.
        With `at_once=False`, skip a stream whose last state was emitted a short while ago.
        """
        for output in self.selected:
            if output.cursor is not None:
                output.cursor.emit_state(at_once)
        for child in self.children:
            child.emit_states(at_once)


def _copy_of(error: AirbyteTracedException) -> AirbyteTracedException:
    """Return a fresh exception for each stream: the CDK writes the stream's name into the one that it reports."""
    return AirbyteTracedException(
        message=error.message, internal_message=error.internal_message, failure_type=error.failure_type
    )
