"""Details of a list, one request per parent: only the changed ones, oldest first, resumable.

Requests are scarce. The list says when each parent changed; the details are read in that order, so that a single
(time, id) pair marks how far the stream is, and a sync that was killed resumes there.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from typing import Any

from airbyte_cdk.sources.types import Record

from connector_kit import times
from connector_kit.errors import RequestFailed, RequestFailure, url_path
from connector_kit.http.dispatcher import Dispatcher, RequestSpec, SetAside
from connector_kit.http.parent_failures import ParentFailures
from connector_kit.http.requester import Answer, Requester
from connector_kit.reading.detail_pages import read_pages, refuse_pages
from connector_kit.reading.estimates import RowEstimates
from connector_kit.reading.parents import Parent, ParentLink
from connector_kit.reading.reader import Reader, StreamOutput
from connector_kit.reading.retrievers import DetailRetriever
from connector_kit.reading.routes import Route
from connector_kit.reading.tombstones import Tombstones
from connector_kit.state.cursors import StreamCursor
from connector_kit.state.detail_cursors import DetailCursor, IdCursor
from connector_kit.state.known_ids import NO_PARENT, KnownIds
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")

# Seconds. Both APIs give times to the second, and a record can change twice within one. A detail that is read this long
# after its parent was listed can't change again without getting a later time than the list showed.
_SETTLES_AFTER = 2.0


class DetailReader(Reader):
    """One request for each parent whose current version some selected output has not read yet."""

    def __init__(self, sync: Sync, requester: Requester, retriever: DetailRetriever, parent: ParentLink) -> None:
        super().__init__(sync, requester, retriever.record_selector.extractor)
        self._name = retriever.name
        self._parent = parent
        self.filter = parent.reader.filter
        self._estimates = RowEstimates(sync, one_each=self.extractor.single)
        self.tombstones: Tombstones | None = None
        self._done_count = 0
        self._due_count = 0
        # Parents without a record; whether any of them has an empty answer rather than a 404.
        self._missing = 0
        self._had_empty_answer = False
        self._route = Route(requester)
        # If an answer turns out to be the first of several pages, they work like those of the parent's list.
        self._pagination = parent.reader.pagination
        self._set_aside_ids: set[Any] = set()
        # Ids of the parents whose answers held fewer records than their total says.
        self._incomplete: list[Any] = []

    def parent_floor(self, stream: str) -> int | None:
        cursor = self.outputs[stream].cursor
        return cursor.floor if isinstance(cursor, DetailCursor) else None

    def _run(self) -> Iterator[Record]:
        parents = self._parent.reader.index()
        for cursor in self._cursors():
            cursor.begin(self._parent.reader.server_time)
        yield from self._mark_gone()
        due = [parent for parent in parents if self._is_due(parent)]
        self._keep_ids(parents)
        self._due_count = len(due)
        self.sync.count_saved("for unchanged details", len(parents) - len(due))
        if due:
            logger.info("%s: requesting %d of %d %s.", self.label, len(due), len(parents), self._parents_name)
        self._estimates.emit(self.selected, len(due))
        self._failures = ParentFailures(known=any(cursor.has_read for cursor in self._time_cursors()))
        if not self._parent.reader.is_whole:
            # Some parents are not listed yet, and may be older than what is read now: the state must not pass them.
            self._hold()
        dispatcher = self._dispatcher(lambda: self._due_count - self._done_count, self._failures)
        skipped = iter(parents)
        for (parent, alternative), answer in dispatcher.in_order(self._specs(due)):
            self._pass_over(skipped, parent)
            if isinstance(answer, SetAside):
                self._set_aside(parent, answer)
                continue
            if isinstance(answer, RequestFailure):
                self._note_failure(parent, answer)
            else:
                try:
                    if answer is None and self._route.is_alternative and not alternative:
                        # This request was already sent to the wrong path when the right one was found.
                        answer = dispatcher.ask(self._spec(parent), patient=True)
                    yield from self._resolve(dispatcher, parent, answer)
                    self._failures.answered()
                except RequestFailed as error:
                    self._note_failure(parent, error.request)
            self._done_count += 1
            self._estimates.emit(self.selected, self._due_count - self._done_count)
            self.emit_states(at_once=False)
        self._pass_over(skipped, None)
        if self._route.is_doubtful:
            logger.warning(
                "%s: %s answered HTTP 404 for all %d %s. The vendor's documentation does not confirm this path, so the "
                "state stays where it was. If some of them should have data, report this line.",
                self.label,
                self.requester.endpoint,
                len(self._route.unproven),
                self._parents_name,
            )
            return
        for parent in self._route.unproven:
            yield from self._emit(dispatcher, parent, None)
        self._log_gaps()
        self.deferred_error = self._failures.error(url_path(self.requester.url_for("{id}")))
        if self.deferred_error is None and not self._parent.reader.selected:
            # The parent's own stream is not selected, so nothing else reports that some parents could not be listed.
            self.deferred_error = self._parent.reader.deferred_error
        if self._set_aside_ids and not self._failures and not self._incomplete and self._parent.reader.is_whole:
            for held in self._time_cursors():
                held.release()
        for cursor in self._cursors():
            cursor.complete()
        if self._parent.reader.has_listed_all:
            for known in self.parent_memories():
                known.learned_all()

    def parent_memories(self) -> list[KnownIds]:
        return [known for _, _, known in self.memories()]

    def _mark_gone(self) -> Iterator[Record]:
        """Yield the tombstones of what is gone. First of all, since reading the details may take hours."""
        listed = self._parent.reader
        if self.tombstones is not None and listed.marks is not None and listed.started_at is not None:
            yield from self.tombstones.mark(self, listed.marks, listed.started_at, self.sync.server_now())

    def _keep_ids(self, parents: list[Parent]) -> None:
        """Remember the parents whose details were sent by earlier syncs, perhaps before anything was remembered."""
        for output, _, known in self.memories():
            for parent in parents:
                if not self._needs(output, parent) and self._parent.reader.belongs(parent.instant):
                    self._keep_id(known, parent)

    def _keep_id(self, known: KnownIds, parent: Parent) -> None:
        if self._parent.reader.marks is not None:
            known.add(parent.id, self._parent.reader.marks.ids.parents.get(parent.id, NO_PARENT))

    @property
    def _parents_name(self) -> str:
        """What to call the parents in the log: `tickets`."""
        return self._parent.declared.stream

    def _log_gaps(self) -> None:
        if self._missing:
            logger.info(
                "%s: no record for %d of %d %s (%s). This is normal for those that were deleted or have nothing yet.",
                self.label,
                self._missing,
                self._due_count,
                self._parents_name,
                "HTTP 404 or an empty answer" if self._had_empty_answer else "HTTP 404",
            )
        if self._incomplete:
            logger.warning(
                "%s: incomplete for %d of %d %s, such as %s: fewer records came than the total says. What came was "
                "read; the next sync asks for them again.",
                self.label,
                len(self._incomplete),
                self._due_count,
                self._parents_name,
                url_path(self.requester.url_for(self._incomplete[0])),
            )

    def _set_aside(self, parent: Parent, answer: SetAside) -> None:
        self._hold()
        if parent.id not in self._set_aside_ids:
            self._set_aside_ids.add(parent.id)
            self._failures.set_aside(answer.fault)

    def _note_failure(self, parent: Parent, failed: RequestFailure) -> None:
        self._hold()
        self._failures.note(failed, again=parent.id in self._set_aside_ids)

    def _hold(self) -> None:
        for cursor in self._time_cursors():
            cursor.hold()

    def _specs(self, due: list[Parent]) -> Iterator[RequestSpec[tuple[Parent, bool]]]:
        waiting = deque(due)
        while waiting:
            # Not oldest first after failures; harmless, as the state stays before the failed parent anyway.
            parent = self._failures.next_of(waiting)
            self._wait_to_settle(parent)
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
                    self._note_failure(earlier, error.request)
                    continue
                self._missing -= found is not None
                yield from self._emit(dispatcher, earlier, found)
        if answer is None:
            self._missing += 1
        yield from self._emit(dispatcher, parent, answer)

    def _emit(self, dispatcher: Dispatcher, parent: Parent, answer: Answer | None) -> Iterator[Record]:
        pages = self._pages(dispatcher, parent, answer) if answer is not None else []
        records = [record for page in pages for record in page.records]
        clean = all(page.clean for page in pages)
        for page in pages:
            self.warn_of_repairs(page)
        if answer is not None and not records and (answer.is_bare or self.extractor.single):
            self._missing += 1
            self._had_empty_answer = True
        stream_slice = self._parent.slice_for(parent)
        outputs = [output for output in self.selected if self._needs(output, parent)]
        self.count_shared(len(outputs))
        for number, output in enumerate(outputs):
            is_last = number == len(outputs) - 1
            found = records if is_last else [record for page in pages for record in self._copy_of_records(page)]
            count = 0
            for row in self.records_of(output, found, stream_slice, clean):
                if self._is_recent_enough(output, row):
                    count += 1
                    yield row
            self.sync.count_records(output.name, count)
            self._estimates.add(output.name, 1, count)
            if parent.id not in self._incomplete and output.error is None:
                self._remember(output, parent, records)

    def _pages(self, dispatcher: Dispatcher, parent: Parent, first: Answer) -> list[Answer]:
        """Return the answer, followed by the other pages if it turns out to be the first of several."""
        spec = self._spec(parent)
        if first.is_bare or self.extractor.single:
            refuse_pages(first, self._pagination, url_path(spec.url))
            return [first]
        pages, is_complete = read_pages(
            first,
            self._pagination,
            lambda page: dispatcher.ask(RequestSpec(spec.job, spec.url, {**spec.parameters, **page}), patient=True),
        )
        if not is_complete:
            self._incomplete.append(parent.id)
            self._hold()
        return pages

    def _remember(self, output: StreamOutput, parent: Parent, records: list[dict[str, Any]]) -> None:
        cursor = output.cursor
        if isinstance(cursor, DetailCursor):
            cursor.passed(parent.instant, parent.id, parent.text, self._is_settled())
        elif isinstance(cursor, IdCursor) and records:
            cursor.passed(parent.id, records[0].get(cursor.cursor_field))
        if cursor is not None and cursor.known is not None and (records or isinstance(cursor, DetailCursor)):
            self._keep_id(cursor.known, parent)

    def _is_due(self, parent: Parent) -> bool:
        return any(self._needs(output, parent) for output in self.selected)

    def _needs(self, output: StreamOutput, parent: Parent) -> bool:
        cursor = output.cursor
        if isinstance(cursor, DetailCursor):
            return cursor.due(parent.instant, parent.id) or self._is_back(cursor, parent)
        return cursor.due(parent.id) if isinstance(cursor, IdCursor) else True

    def _is_back(self, cursor: DetailCursor, parent: Parent) -> bool:
        """Whether a parent was not listed before, so that its details are news however old it is."""
        known = self.memory_of(self._name)
        if known is None or not known.lacks(parent.id):
            return False
        return cursor.start is None or parent.instant is None or parent.instant >= cursor.start

    def _is_recent_enough(self, output: StreamOutput, row: Record) -> bool:
        """Whether a row is not older than `start_date`, for streams whose time only the detail itself holds."""
        cursor = output.cursor
        if not isinstance(cursor, IdCursor) or cursor.start is None:
            return True
        instant = times.instant(row.get(cursor.cursor_field))
        return instant is None or instant >= cursor.start

    def _pass_over(self, parents: Iterator[Parent], until: Parent | None) -> None:
        """Tell the cursors about the parents that need no request, up to the one that was just read."""
        for parent in parents:
            # Including `until` itself: it may be new to one output and known to another, whose cursor would forget it.
            for cursor in self._time_cursors():
                if cursor.knows(parent.id, parent.instant):
                    cursor.passed(parent.instant, parent.id, parent.text, settled=True)
            if until is not None and parent.id == until.id:
                return

    def _wait_to_settle(self, parent: Parent) -> None:
        if parent.instant is not None and any(cursor.is_fresh(parent.instant) for cursor in self._time_cursors()):
            settled_at = self._parent.reader.read_at + _SETTLES_AFTER
            self.sync.clock.wait(settled_at - self.sync.clock.monotonic())

    def _is_settled(self) -> bool:
        return self.sync.clock.monotonic() >= self._parent.reader.read_at + _SETTLES_AFTER

    def _cursors(self) -> list[StreamCursor]:
        return [output.cursor for output in self.selected if output.cursor is not None]

    def _time_cursors(self) -> list[DetailCursor]:
        return [cursor for cursor in self._cursors() if isinstance(cursor, DetailCursor)]

    def _records(self, answer: Answer, body: Any) -> list[dict[str, Any]]:
        return [] if answer.is_bare else self.extractor.records(body)
