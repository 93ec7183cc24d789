"""Details of a list, one request a parent: only the changed, oldest first, resumable.

Requests are the scarce thing. The parents are known from their list, each with its time; they are read in the order of
those times, so that one (time, id) pair says how far the stream is, and a sync that was killed goes on from there.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Optional

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ResponseAction
from airbyte_cdk.sources.types import Record

from connector_kit import times
from connector_kit.errors import RequestFailed, RequestFailure, url_path
from connector_kit.http.dispatcher import Dispatcher, RequestSpec, SetAside
from connector_kit.http.parent_failures import ParentFailures
from connector_kit.http.requester import Answer, Requester
from connector_kit.reading.page_walk import PageWalk
from connector_kit.reading.parents import Parent, ParentLink
from connector_kit.reading.reader import Reader, StreamOutput
from connector_kit.reading.retrievers import EndpointRetriever
from connector_kit.reading.routes import Route
from connector_kit.state.cursors import StreamCursor
from connector_kit.state.detail_cursors import DetailCursor, IdCursor
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")

# Both APIs tell times to the second, and a record can change twice in one. A detail that is read this long after its
# parent was listed can't change any more under the time that the list told.
_SETTLES_AFTER = 2.0


class DetailReader(Reader):
    """One request for each parent that some wanted member has not seen as it is now."""

    def __init__(self, sync: Sync, requester: Requester, retriever: DetailRetriever, parent: ParentLink) -> None:
        super().__init__(sync, requester, retriever.record_selector.extractor)
        self._parent = parent
        parent.reader.children.append(self)
        self._done_count = 0
        self._due_count = 0
        self._missing = 0
        self._empty = False
        self._route = Route(requester)
        # Should it turn out to be a list of several pages, it pages as its parent's list does.
        self._pagination = parent.reader.pagination
        self._was_set_aside: set[Any] = set()
        # The parents of which fewer records came than their total tells.
        self._in_part: list[Any] = []

    def parent_floor(self, stream: str) -> int | None:
        cursor = self.members[stream].cursor
        return cursor.floor if isinstance(cursor, DetailCursor) else None

    def _run(self) -> Iterator[Record]:
        parents = self._parent.reader.index()
        for cursor in self._cursors():
            cursor.begin(self._parent.reader.server_time)
        due = [parent for parent in parents if self._is_due(parent)]
        self._due_count = len(due)
        self.sync.count_saved("for details that did not change", len(parents) - len(due))
        if due:
            logger.info("%s: %d of %d to read.", self.label, len(due), len(parents))
        self._failures = ParentFailures(known=any(cursor.has_read for cursor in self._time_cursors()))
        if not self._parent.reader.is_whole:
            # Not all parents are known: those that will be may be older than what is read now.
            self._hold()
        dispatcher = self._dispatcher(lambda: self._due_count - self._done_count, self._failures)
        skipped = iter(parents)
        for (parent, alternative), answer in dispatcher.in_order(self._specs(due)):
            self._pass_over(skipped, parent)
            if isinstance(answer, SetAside):
                self._set_aside(parent, answer)
                continue
            if isinstance(answer, RequestFailure):
                self._note(parent, answer)
            else:
                try:
                    if answer is None and self._route.is_alternative and not alternative:
                        # It was under way under the wrong spelling of the route when the right one was found.
                        answer = dispatcher.ask(self._spec(parent), patient=True)
                    yield from self._resolve(dispatcher, parent, answer)
                    self._failures.answered()
                except RequestFailed as error:
                    self._note(parent, error.request)
            self._done_count += 1
            self.emit_states(now_or_later=False)
        self._pass_over(skipped, None)
        if self._route.is_doubtful:
            logger.warning(
                "%s: %s answered 404 for all of %d. The vendor's documentation leaves this path in doubt; the state "
                "stays where it was. Report it if they should have some.",
                self.label,
                self.requester.endpoint,
                len(self._route.unproven),
            )
            return
        for parent in self._route.unproven:
            yield from self._emit(dispatcher, parent, None)
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
        self.deferred_error = self._failures.error(url_path(self.requester.url_for("{id}")))
        if self.deferred_error is None and not self._parent.reader.selected:
            # Nobody else would say that what hangs on some parents is missing.
            self.deferred_error = self._parent.reader.deferred_error
        if self._was_set_aside and not self._failures and not self._in_part and self._parent.reader.is_whole:
            for held in self._time_cursors():
                held.release()
        for cursor in self._cursors():
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
        for cursor in self._time_cursors():
            cursor.hold()

    def _specs(self, due: list[Parent]) -> Iterator[RequestSpec[tuple[Parent, bool]]]:
        waiting = deque(due)
        while waiting:
            # Out of order only where one has failed, and the mark stays before it anyway.
            parent = self._failures.next_of(waiting)
            self._let_settle(parent)
            yield self._spec(parent)

    def _spec(self, parent: Parent, other: bool = False) -> RequestSpec[tuple[Parent, bool]]:
        alternative = self._route.is_alternative or other
        return RequestSpec(
            (parent, alternative), self._route.url_for(parent, other), self.requester.parameters_with({})
        )

    def _resolve(self, dispatcher: Dispatcher, parent: Parent, answer: Answer | None) -> Iterator[Record]:
        if not self._route.is_proven:
            answer = self._route.prove(
                parent, answer, lambda: dispatcher.ask(self._spec(parent, other=True), patient=True)
            )
            if not self._route.is_proven:
                self._missing += 1
                return
            for earlier, again in self._route.settle():
                try:
                    found = dispatcher.ask(self._spec(earlier), patient=True) if again else None
                except RequestFailed as error:
                    self._missing -= 1
                    self._note(earlier, error.request)
                    continue
                self._missing -= found is not None
                yield from self._emit(dispatcher, earlier, found)
        if answer is None:
            self._missing += 1
        yield from self._emit(dispatcher, parent, answer)

    def _emit(self, dispatcher: Dispatcher, parent: Parent, answer: Answer | None) -> Iterator[Record]:
        answers = self._pages(dispatcher, parent, answer) if answer is not None else []
        records = [record for page in answers for record in page.records]
        clean = all(page.clean for page in answers)
        for page in answers:
            self.tell_repairs(page)
        if answer is not None and not records and (answer.is_bare or self.extractor.single):
            self._missing += 1
            self._empty = True
        stream_slice = self._parent.slice_for(parent)
        members = [member for member in self.selected if self._needs(member, parent)]
        self.count_shared(len(members))
        for number, member in enumerate(members):
            is_last = number == len(members) - 1
            own = records if is_last else [record for page in answers for record in self._copy_of_records(page)]
            count = 0
            for row in self.records_of(member, own, stream_slice, clean):
                if self._is_recent_enough(member, row):
                    count += 1
                    yield row
            self.sync.count_records(member.name, count)
            if parent.id not in self._in_part and member.error is None:
                self._remember(member, parent, records)

    def _pages(self, dispatcher: Dispatcher, parent: Parent, first: Answer) -> list[Answer]:
        """The answer, and the pages behind it where it turns out to be the first of several."""
        signals = self._pagination.signals(first.headers, first.body, 1)
        if first.is_bare or self.extractor.single:
            if signals.more and signals.total != 1:
                raise self._comes_in_pages(parent)
            return [first]
        walk = PageWalk(self._pagination.page_size, short_is_last=True)
        spec = self._spec(parent)
        pages: list[Answer] = []
        page, answer = 1, first
        while True:
            rows = len(answer.records)
            brought_news = all(answer.content != known.content for known in pages)
            if not brought_news:
                break
            counted = walk.counts(page, rows, signals)
            if counted:
                pages[page - 1 :] = [answer]
            following = walk.next(rows, counted, signals, brought_news)
            if following is None:
                break
            parameters = {**spec.parameters, **self._pagination.parameters(following, walk.cursor)}
            came = dispatcher.ask(RequestSpec(spec.job, spec.url, parameters), patient=True)
            if came is None:
                walk.end()
                break
            page, answer = following, came
            signals = self._pagination.signals(answer.headers, answer.body, page)
        total = walk.total
        if walk.is_cut_short or (total is not None and total > sum(walk.rows)):
            self._in_part.append(parent.id)
            self._hold()
        return pages

    def _comes_in_pages(self, parent: Parent) -> RequestFailed:
        path, what = url_path(self._spec(parent).url), "an answer of several pages"
        advice = "The API may have changed: look for a newer version of the connector, or report this line."
        message = f"{path}: {what}, where one record was expected. {advice}"
        return RequestFailed(
            RequestFailure(ResponseAction.FAIL, FailureType.system_error, message, path=path, what=what, advice=advice)
        )

    def _remember(self, member: StreamOutput, parent: Parent, records: list[dict[str, Any]]) -> None:
        cursor = member.cursor
        if isinstance(cursor, DetailCursor):
            cursor.passed(parent.instant, parent.id, parent.text, self._is_settled())
        elif isinstance(cursor, IdCursor) and records:
            cursor.passed(parent.id, records[0].get(cursor.cursor_field))

    def _is_due(self, parent: Parent) -> bool:
        return any(self._needs(member, parent) for member in self.selected)

    def _needs(self, member: StreamOutput, parent: Parent) -> bool:
        cursor = member.cursor
        if isinstance(cursor, DetailCursor):
            return cursor.due(parent.instant, parent.id)
        return cursor.due(parent.id) if isinstance(cursor, IdCursor) else True

    def _is_recent_enough(self, member: StreamOutput, row: Record) -> bool:
        """`start_date` where the time is known only when the detail was read."""
        cursor = member.cursor
        if not isinstance(cursor, IdCursor) or cursor.start is None:
            return True
        instant = times.instant(row.get(cursor.cursor_field))
        return instant is None or instant >= cursor.start

    def _pass_over(self, parents: Iterator[Parent], until: Parent | None) -> None:
        """Tell the cursors of the parents that need no request, up to the one that was read now."""
        for parent in parents:
            # Also of the one that was read: another member may have known it, and would forget it.
            for cursor in self._time_cursors():
                if cursor.knows(parent.id, parent.instant):
                    cursor.passed(parent.instant, parent.id, parent.text, settled=True)
            if until is not None and parent.id == until.id:
                return

    def _let_settle(self, parent: Parent) -> None:
        if parent.instant is not None and any(cursor.is_fresh(parent.instant) for cursor in self._time_cursors()):
            listed = self._parent.reader.read_at
            self.sync.clock.wait(listed + _SETTLES_AFTER - self.sync.clock.monotonic())

    def _is_settled(self) -> bool:
        return self.sync.clock.monotonic() >= self._parent.reader.read_at + _SETTLES_AFTER

    def _cursors(self) -> list[StreamCursor]:
        return [member.cursor for member in self.selected if member.cursor is not None]

    def _time_cursors(self) -> list[DetailCursor]:
        return [cursor for cursor in self._cursors() if isinstance(cursor, DetailCursor)]

    def _records(self, answer: Answer, body: Any) -> list[dict[str, Any]]:
        return [] if answer.is_bare else self.extractor.records(body)


@dataclass(kw_only=True)
class DetailRetriever(EndpointRetriever):
    """Reads one document a parent record, for its stream and those derived from it.

    Args:
        alternative_path: another spelling of the requester's path, tried where that one answers 404 for every parent.
        track: `times` where the parents tell when they changed, `ids` where only their ids are known.
    """

    alternative_path: Optional[str] = None
    track: str = "times"

    def __post_init__(self) -> None:
        if self.track not in ("ids", "times"):
            raise ValueError(f"{self.name}: track must be ids or times, not {self.track}")

    @property
    def cursor_kind(self) -> type[StreamCursor]:
        return IdCursor if self.track == "ids" else DetailCursor

    @property
    def other_path(self) -> str | None:
        return self.alternative_path

    def new_reader(self, sync: Sync, requester: Requester, parent: ParentLink | None) -> DetailReader:
        if parent is None:
            raise ValueError(f"{self.name}: a detail needs a SubstreamPartitionRouter with its parent")
        return DetailReader(sync, requester, self, parent)
