"""Details of a list, one request a parent: only the changed, oldest first, resumable.

Requests are the scarce thing. The parents are known from their list, each with its time; they are read in the order of
those times, so that one (time, id) pair says how far the stream is, and a sync that was killed goes on from there.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.extractors.record_selector import RecordSelector
from airbyte_cdk.sources.declarative.models.declarative_component_schema import DatetimeBasedCursor
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import SubstreamPartitionRouter
from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.declarative.transformations import RecordTransformation
from airbyte_cdk.sources.streams.core import StreamData
from airbyte_cdk.sources.streams.http.error_handlers import ResponseAction
from airbyte_cdk.sources.types import Config, Record, StreamSlice, StreamState

from connector_kit import times
from connector_kit.detail_state import DetailCursor, SeenCursor
from connector_kit.errors import RequestFailed, RequestFailure, url_path
from connector_kit.flights import Flights, Question, SetAside
from connector_kit.paging import PageWalk, Paginator
from connector_kit.parent_failures import ParentFailures
from connector_kit.parents import Parent, ParentLink, parent_of
from connector_kit.requester import Answer, Requester
from connector_kit.responses import Member, Reading, RowExtractor
from connector_kit.state import StreamCursor, lookback_of
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")

# Both APIs tell times to the second, and a record can change twice in one. A detail that is read this long after its
# parent was listed can't change any more under the time that the list told.
_SETTLES_AFTER = 2.0
_ENOUGH_TO_DOUBT = 20


@dataclass
class ParentFields(RecordTransformation):
    """Adds fields of the parent to a record: `fields` maps the name in the record to the name in the parent's slice."""

    config: Config
    fields: Mapping[str, str] = field(default_factory=dict)

    def transform(
        self,
        record: dict[str, Any],
        config: Optional[Config] = None,
        stream_state: Optional[StreamState] = None,
        stream_slice: Optional[StreamSlice] = None,
    ) -> None:
        if stream_slice is None:
            return
        handed = {**stream_slice.extra_fields, **stream_slice.partition}
        for name, source in self.fields.items():
            record[name] = handed.get(source)


class DetailReading(Reading):
    """One request for each parent that some wanted member has not seen as it is now."""

    def __init__(self, sync: Sync, retriever: DetailRetriever, parent: ParentLink) -> None:
        super().__init__(sync, retriever.requester)
        self._parent = parent
        parent.reading.children.append(self)
        self._done_count = 0
        self._due_count = 0
        self._missing = 0
        self._empty = False
        self._alternative = False
        # Until one answer is no 404, the path itself is in doubt: a 404 is then no word about the parent.
        self._proven = not (retriever.requester.has_alternative or retriever.requester.error_handler.inferred)
        self._unproven: list[Parent] = []
        self._asked_both_ways: set[Any] = set()
        self._paginator = retriever.paginator
        self._was_set_aside: set[Any] = set()
        # The parents of which fewer records came than their total tells.
        self._in_part: list[Any] = []

    def parent_floor(self, stream: str) -> int | None:
        cursor = self.sync.cursors.get(stream)
        return cursor.floor if isinstance(cursor, DetailCursor) else None

    def _run(self) -> Iterator[Record]:
        parents = self._parent.reading.index()
        for cursor in self._cursors().values():
            cursor.begin(self._parent.reading.server_time)
        due = [parent for parent in parents if self._is_due(parent)]
        self._due_count = len(due)
        self.sync.count_saved("for details that did not change", len(parents) - len(due))
        if due:
            logger.info("%s: %d of %d to read.", self.label, len(due), len(parents))
        details = [cursor for cursor in self._cursors().values() if isinstance(cursor, DetailCursor)]
        self._failures = ParentFailures(known=any(cursor.has_read for cursor in details))
        if not self._parent.reading.is_whole:
            # Not all parents are known: those that will be may be older than what is read now.
            self._hold()
        flights = Flights(
            self.sync,
            self.requester,
            self._check,
            self.label,
            waiting=lambda: self.streams_served,
            confirm=self.confirm,
            left=lambda: self._due_count - self._done_count,
            parents=self._failures,
        )
        skipped = iter(parents)
        for (parent, alternative), answer in flights.in_order(self._questions(due)):
            self._pass_over(skipped, parent)
            if isinstance(answer, SetAside):
                self._set_aside(parent, answer)
                continue
            if isinstance(answer, RequestFailure):
                self._note(parent, answer)
            else:
                try:
                    if answer is None and self._alternative and not alternative:
                        # It was under way under the wrong spelling of the route when the right one was found.
                        answer = flights.ask(self._question(parent), patient=True)
                    yield from self._landed(flights, parent, answer)
                    self._failures.answered()
                except RequestFailed as error:
                    self._note(parent, error.request)
            self._done_count += 1
            self.confirm(now_or_later=False)
        self._pass_over(skipped, None)
        if self._unproven and self._doubts_the_route():
            logger.warning(
                "%s: %s answered 404 for all of %d. The vendor's documentation leaves this path in doubt; the state "
                "stays where it was. Report it if they should have some.",
                self.label,
                self.requester.endpoint,
                len(self._unproven),
            )
            return
        for parent in self._unproven:
            yield from self._emit(flights, parent, None)
        if self._missing:
            how = "HTTP 404, or an answer without a record" if self._empty else "HTTP 404"
            logger.info("%s: %d have none (%s).", self.label, self._missing, how)
        if self._in_part:
            logger.warning(
                "%s: of %d, such as %s, fewer came than their total tells. What came was read; the next sync asks for "
                "them again.",
                self.label,
                len(self._in_part),
                url_path(self.requester.url_for(self._in_part[0])),
            )
        self.incomplete = self._failures.error(url_path(self.requester.url_for("{id}")))
        if self.incomplete is None and not self._parent.reading.wanted:
            # Nobody else would say that what hangs on some parents is missing.
            self.incomplete = self._parent.reading.incomplete
        if self._was_set_aside and not self._failures and not self._in_part and self._parent.reading.is_whole:
            for cursor in self._cursors().values():
                if isinstance(cursor, DetailCursor):
                    cursor.release()
        for cursor in self._cursors().values():
            cursor.complete()

    def _set_aside(self, parent: Parent, answer: SetAside) -> None:
        self._hold()
        if parent.id not in self._was_set_aside:
            self._was_set_aside.add(parent.id)
            self._failures.set_aside(answer.fault)

    def _note(self, parent: Parent, failed: RequestFailure) -> None:
        self._hold()
        self._failures.note(failed, again=parent.id in self._was_set_aside)

    def _hold(self) -> None:
        for cursor in self._cursors().values():
            if isinstance(cursor, DetailCursor):
                cursor.hold()

    def _doubts_the_route(self) -> bool:
        """Whether it may be the path that is missing, so that the parents must be asked again once it is mended."""
        few = len(self._unproven) < _ENOUGH_TO_DOUBT
        # Of a route that the vendor writes in two ways, a few may well have nothing yet in a sync of a few.
        return self.requester.error_handler.inferred or (self.requester.has_alternative and not few)

    def _questions(self, due: list[Parent]) -> Iterator[Question[tuple[Parent, bool]]]:
        waiting = deque(due)
        while waiting:
            # Out of order only where one has failed, and the mark stays before it anyway.
            parent = waiting.pop() if self._failures.wants_another else waiting.popleft()
            self._let_settle(parent)
            yield self._question(parent)

    def _question(self, parent: Parent, other: bool = False) -> Question[tuple[Parent, bool]]:
        alternative = self._alternative or other
        url = self.requester.url_for(parent.id, alternative)
        return Question((parent, alternative), url, self.requester.parameters_with({}))

    def _landed(self, flights: Flights, parent: Parent, answer: Answer | None) -> Iterator[Record]:
        if not self._proven:
            answer = self._prove(flights, parent, answer)
            if not self._proven:
                self._missing += 1
                self._unproven.append(parent)
                return
            for earlier in self._unproven:
                # Asked under the wrong spelling of the route: ask again under the right one.
                again = self._alternative and earlier.id not in self._asked_both_ways
                try:
                    answer_of_earlier = flights.ask(self._question(earlier), patient=True) if again else None
                except RequestFailed as error:
                    self._note(earlier, error.request)
                    continue
                self._missing += self._alternative and answer_of_earlier is None
                yield from self._emit(flights, earlier, answer_of_earlier)
            self._unproven = []
        if answer is None:
            self._missing += 1
        yield from self._emit(flights, parent, answer)

    def _prove(self, flights: Flights, parent: Parent, answer: Answer | None) -> Answer | None:
        """Find out which spelling of the route is right, by the first answer that is not a 404.

        A 404 may also mean that this parent has nothing, so the other spelling is tried at the 1st, 2nd, 4th, 8th …
        miss only: it costs a handful of requests even where thousands have nothing.
        """
        if answer is None and self.requester.has_alternative and not self._alternative:
            tried = len(self._unproven) + 1
            if tried & (tried - 1) == 0:
                answer = flights.ask(self._question(parent, other=True), patient=True)
                self._alternative = answer is not None
                self._asked_both_ways.add(parent.id)
        if answer is not None:
            self._proven = True
            self._missing -= len(self._unproven) if self._alternative else 0
        return answer

    def _emit(self, flights: Flights, parent: Parent, answer: Answer | None) -> Iterator[Record]:
        answers = self._pages(flights, parent, answer) if answer is not None else []
        records = [record for page in answers for record in self._records(page, page.body)]
        clean = all(page.clean for page in answers)
        for page in answers:
            self.tell_repairs(page)
        if answer is not None and not records and (answer.is_bare or not self._extractor.many):
            self._missing += 1
            self._empty = True
        stream_slice = self._parent.slice_for(parent)
        members = [member for member in self.wanted if self._needs(member, parent)]
        self.count_shared(len(members))
        for number, member in enumerate(members):
            # Each member changes its records in place, so only the last one may have those that are parsed already.
            own: list[dict[str, Any]] = (
                records
                if number == len(members) - 1
                else [record for page in answers for record in self._records(page, page.copy_of_body())]
            )
            count = 0
            for row in self.records_of(member, own, stream_slice, clean):
                if self._is_recent_enough(member, row):
                    count += 1
                    yield row
            self.sync.count_records(member.name, count)
            if parent.id not in self._in_part and member.error is None:
                self._remember(member, parent, records)

    def _pages(self, flights: Flights, parent: Parent, first: Answer) -> list[Answer]:
        """The answer, and the pages behind it where it turns out to be the first of several."""
        signals = self._paginator.signals(first, 1)
        if first.is_bare or not self._extractor.many:
            if signals.more and signals.total != 1:
                raise self._comes_in_pages(parent)
            return [first]
        walk = PageWalk(self._paginator.page_size, short_is_last=True)
        question = self._question(parent)
        pages: list[Answer] = []
        page, answer = 1, first
        while True:
            rows = len(self._records(answer, answer.body))
            brought_news = all(answer.content != known.content for known in pages)
            if not brought_news:
                break
            counted = walk.counts(page, rows, signals)
            if counted:
                pages[page - 1 :] = [answer]
            following = walk.next(rows, counted, signals, brought_news)
            if following is None:
                break
            parameters = {**question.parameters, **self._paginator.parameters(following, walk.cursor)}
            came = flights.ask(Question(question.job, question.url, parameters), patient=True)
            if came is None:
                walk.end()
                break
            page, answer = following, came
            signals = self._paginator.signals(answer, page)
        total = walk.total
        if walk.is_cut_short or (total is not None and total > sum(walk.rows)):
            self._in_part.append(parent.id)
            self._hold()
        return pages

    def _comes_in_pages(self, parent: Parent) -> RequestFailed:
        path, what = url_path(self._question(parent).url), "an answer of several pages"
        advice = "The API may have changed: look for a newer version of the connector, or report this line."
        message = f"{path}: {what}, where one record was expected. {advice}"
        return RequestFailed(
            RequestFailure(ResponseAction.FAIL, FailureType.system_error, message, path=path, what=what, advice=advice)
        )

    def _remember(self, member: Member, parent: Parent, records: list[dict[str, Any]]) -> None:
        cursor = self.sync.cursors.get(member.name)
        if isinstance(cursor, DetailCursor):
            cursor.passed(parent.instant, parent.id, parent.text, self._is_settled())
        elif isinstance(cursor, SeenCursor) and records:
            cursor.passed(parent.id, records[0].get(cursor.field))

    def _is_due(self, parent: Parent) -> bool:
        return any(self._needs(member, parent) for member in self.wanted)

    def _needs(self, member: Member, parent: Parent) -> bool:
        cursor = self.sync.cursors.get(member.name)
        if isinstance(cursor, DetailCursor):
            return cursor.due(parent.instant, parent.id)
        return cursor.due(parent.id) if isinstance(cursor, SeenCursor) else True

    def _is_recent_enough(self, member: Member, row: Record) -> bool:
        """`start_date` where the time is known only when the detail was read."""
        start = self.sync.settings.start_instant
        cursor = self.sync.cursors.get(member.name)
        if start is None or not isinstance(cursor, SeenCursor):
            return True
        instant = times.instant(row.get(cursor.field))
        return instant is None or instant >= start

    def _pass_over(self, parents: Iterator[Parent], until: Parent | None) -> None:
        """Tell the cursors of the parents that need no request, up to the one that was read now."""
        for parent in parents:
            # Also of the one that was read: another member may have known it, and would forget it.
            for cursor in self._cursors().values():
                if isinstance(cursor, DetailCursor) and cursor.knows(parent.id, parent.instant):
                    cursor.passed(parent.instant, parent.id, parent.text, settled=True)
            if until is not None and parent.id == until.id:
                return

    def _let_settle(self, parent: Parent) -> None:
        cursors = [cursor for cursor in self._cursors().values() if isinstance(cursor, DetailCursor)]
        if parent.instant is not None and any(cursor.is_fresh(parent.instant) for cursor in cursors):
            listed = self._parent.reading.read_at
            self.sync.clock.wait(listed + _SETTLES_AFTER - self.sync.clock.monotonic())

    def _is_settled(self) -> bool:
        return self.sync.clock.monotonic() >= self._parent.reading.read_at + _SETTLES_AFTER

    def _cursors(self) -> dict[str, StreamCursor]:
        found = {member.name: self.sync.cursors.get(member.name) for member in self.wanted}
        return {name: cursor for name, cursor in found.items() if cursor is not None}

    @property
    def _extractor(self) -> RowExtractor:
        return next(iter(self.members.values())).extractor

    def _check(self, answer: Answer) -> None:
        self._records(answer, answer.body)

    def _records(self, answer: Answer, body: Any) -> list[dict[str, Any]]:
        return [] if answer.is_bare else self._extractor.records(body)


@dataclass
class DetailRetriever(Retriever):
    """Reads one document a parent record, for the streams made from it.

    Args:
        requester: the endpoint, whose URL takes the parent's id.
        record_selector: how the stream's rows are made from a document.
        paginator: how its pages would be asked for, should it turn out to be a list of several.
        partition_router: the parent stream, its key, and the fields to hand down.
        incremental_sync: the stream's cursor as the manifest declares it.
        memory: `time` where the parents tell when they changed, `seen` where only their ids are known.
    """

    config: Config
    name: str
    requester: Requester
    record_selector: RecordSelector
    paginator: Paginator
    partition_router: SubstreamPartitionRouter
    incremental_sync: Optional[DatetimeBasedCursor] = None
    memory: str = "time"

    def __post_init__(self) -> None:
        sync = Sync.current()
        parent = parent_of(self.partition_router, sync)
        if parent is None:
            raise TypeError(f"{self.name}: a detail needs a SubstreamPartitionRouter with its parent")
        self._reading = sync.reading(self.requester.key, lambda: DetailReading(sync, self, parent))
        self._reading.join(self.name, self.record_selector)
        sync.retrievers[self.name] = self
        if self.incremental_sync is not None and self.name not in sync.cursors:
            kind = SeenCursor if self.memory == "seen" else DetailCursor
            sync.cursors[self.name] = kind(
                sync, self.name, self.incremental_sync.cursor_field, lookback_of(self.incremental_sync)
            )

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: Optional[StreamSlice] = None
    ) -> Iterable[StreamData]:
        yield from self._reading.read_for(self.name, records_schema)
