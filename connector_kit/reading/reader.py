"""One response, many streams: each URL is asked for once, and every selected stream that lives off it hears the answer.

A `Reader` is all requests to one endpoint in one sync. The streams that the manifest builds from that endpoint are its
members: `ticket_scores`, `assessment_scores` and `aspect_scores` are three members of one reading. The CDK reads each
stream in a thread of its own; the member that comes last reads for all of them, the others wait until it is done.
Nothing has to be kept for later this way, neither in memory nor on disk.
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
from connector_kit.records.extractor import BodyExtractor, RowExtractor
from connector_kit.records.normalization import SchemaNormalization, for_clean_answers, key_fields
from connector_kit.state.cursors import StreamCursor
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")


@dataclass
class StreamOutput:
    """One stream of a reading: which rows are its, what they look like, and what it remembers."""

    name: str
    selector: RecordSelector
    cursor: StreamCursor | None
    schema: Mapping[str, Any] = field(default_factory=dict)
    # What the stream ends with, before its end, while its fellow members go on.
    error: AirbyteTracedException | None = None

    def __post_init__(self) -> None:
        self._for_clean = for_clean_answers(self.selector)

    def records(self, found: Iterable[dict[str, Any]], stream_slice: StreamSlice, clean: bool) -> Iterator[Record]:
        """The stream's records of those found in one answer; `clean` as the answer has it.

        Raises UnreadableKey where a record's key can't be read.
        """
        extractor = self.selector.extractor
        if isinstance(extractor, RowExtractor):
            found = (row for record in found for row in extractor.rows(record))
        selector = self._for_clean if clean else self.selector
        rows = selector.filter_and_transform(found, {}, self.schema, stream_slice)
        keys = key_fields(self.schema)
        if not keys:
            yield from rows
            return
        key_of, seen = itemgetter(*keys), set()
        for row in rows:
            key = key_of(row.data)
            if key in seen and isinstance(self.selector.schema_normalization, SchemaNormalization):
                self.selector.schema_normalization.same_key(self.schema)
            seen.add(key)
            yield row


class Reader(ABC):
    """All requests to one endpoint in one sync, and the streams that hear the answers."""

    def __init__(self, sync: Sync, requester: Requester, extractor: RecordExtractor) -> None:
        if not isinstance(extractor, BodyExtractor):
            raise TypeError(f"{requester.endpoint}: the extractor of a stream with an endpoint must be BodyExtractor")
        self.sync = sync
        self.requester = requester
        self.extractor = extractor
        self.members: dict[str, StreamOutput] = {}
        self.children: list[Reader] = []
        self._arrived: set[str] = set()
        self._lock = threading.Lock()
        self._begun = False
        self._done = threading.Event()
        self._error: BaseException | None = None
        self._repairs_told: set[str] = set()
        # What the reading's own streams end with although all that can be read was read; its children go on.
        self.deferred_error: AirbyteTracedException | None = None

    def add_stream(self, name: str, selector: RecordSelector, cursor: StreamCursor | None) -> None:
        """Make a stream a member."""
        self.members[name] = StreamOutput(name, selector, cursor)

    @property
    def label(self) -> str:
        """The member to name in the log: the stream that the derived ones are made from."""
        return next(iter(self.members), self.requester.endpoint)

    @property
    def selected(self) -> list[StreamOutput]:
        """The members that this sync reads, but for those that have failed."""
        selected = self._arrived if self.sync.selected is None else self.sync.selected
        return [member for member in self.members.values() if member.name in selected and member.error is None]

    @property
    def serves_children(self) -> bool:
        """Whether a selected stream needs this reading as its parent."""
        return self.sync.selected is not None and any(
            child.selected or child.serves_children for child in self.children
        )

    @property
    def streams_served(self) -> list[str]:
        """The selected streams that live off this reading, as members or further down."""
        below = [name for child in self.children for name in child.streams_served]
        return [member.name for member in self.selected] + below

    def count_shared(self, streams: int) -> None:
        """One answer served so many streams, each of which would have asked for it if it were read alone."""
        self.sync.count_saved("by sharing answers among streams", max(0, streams - 1))

    def read_for(self, name: str, schema: Mapping[str, Any]) -> Iterator[Record]:
        """The records of stream `name`, and of its fellow members when this call is the last to come."""
        with self._lock:
            self.members[name].schema = schema
            self._arrived.add(name)
            leads = self._arrived >= {member.name for member in self.selected}
            self._begun = self._begun or leads
        if leads:
            yield from self.read_all()
        else:
            self._done.wait()
            self._raise_if_failed(name)
        if error := self.members[name].error:
            raise error
        if self.deferred_error is not None:
            raise _copy_of(self.deferred_error)

    def wait_until_read(self) -> None:
        """Return when everything was read, reading it here where no member does. Raises where that failed."""
        with self._lock:
            drives = not self.selected and not self._begun
            self._begun = True
        if drives:
            for _ in self.read_all():
                pass
        else:
            self._done.wait()
            self._raise_if_failed(self.label)

    def read_all(self) -> Iterator[Record]:
        """Read for all wanted members, and tell those who wait when it is done."""
        try:
            yield from self._run()
        except UnreadableKey:
            # Nobody is left to read for: each member has the error of its own.
            pass
        except AirbyteTracedException as error:
            self._error = error
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, its text must not be shown
            self._error = unforeseen(error, self.label)
            # Without the error itself: the CDK logs the texts of the whole chain, and they may quote a value.
            raise self._error from None
        except BaseException as error:
            self._error = error
            raise
        finally:
            self._done.set()

    def records_of(
        self, member: StreamOutput, found: Iterable[dict[str, Any]], stream_slice: StreamSlice, clean: bool
    ) -> Iterator[Record]:
        """A member's records of those found in one answer. It fails alone where a key can't be read."""
        try:
            yield from member.records(found, stream_slice, clean)
        except UnreadableKey as error:
            member.error = error
            if not self.selected and not self.serves_children:
                raise

    def tell_repairs(self, answer: Answer) -> None:
        """Name what had to be repaired in a body, each kind once."""
        for repair in answer.repairs:
            if repair not in self._repairs_told:
                self._repairs_told.add(repair)
                logger.warning("%s: the server's answer holds %s.", self.label, repair)

    def _raise_if_failed(self, name: str) -> None:
        error = self._error
        if isinstance(error, AirbyteTracedException):
            raise _copy_of(error)
        if error is not None:
            raise RuntimeError(f"{name}: reading {self.requester.endpoint} ended early: {type(error).__name__}")

    def parent_floor(self, stream: str) -> int | None:
        """Up to which instant the parent list is not needed for a member; None where all of it is."""
        return None

    def _dispatcher(self, remaining: Callable[[], int | None], parents: ParentFailures | None) -> Dispatcher:
        """What sends this reading's requests; `remaining` and `parents` as it has them."""
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
        """The records once more: members change them in place, so only one of them may have the answer's own."""
        return self._records(answer, answer.copy_of_body())

    @abstractmethod
    def _records(self, answer: Answer, body: Any) -> list[dict[str, Any]]:
        """The records in an answer's body, or in a copy of it.

        Raises UnexpectedAnswer where there are none and should be.
        """

    @abstractmethod
    def _run(self) -> Iterator[Record]:
        """Send the requests, yield every wanted member's records."""

    def emit_states(self, now_or_later: bool = True) -> None:
        """Emit the states of the wanted members; their records so far were yielded before.

        Also of those that wait for this reading: where none of its own members is wanted, nobody else would be heard.
        """
        for member in self.selected:
            if member.cursor is not None:
                member.cursor.emit_state(now_or_later)
        for child in self.children:
            child.emit_states(now_or_later)


def _copy_of(error: AirbyteTracedException) -> AirbyteTracedException:
    """A fresh one for each stream: the CDK writes the stream's name into the exception that it reports."""
    return AirbyteTracedException(
        message=error.message, internal_message=error.internal_message, failure_type=error.failure_type
    )
