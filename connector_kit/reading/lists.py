"""Reads lists: every record once, for the streams made from it and for those that have the list as their parent."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import compress, count, islice
from typing import Any

from airbyte_cdk.sources.types import Record, StreamSlice

from connector_kit import times
from connector_kit.config_errors import config_error
from connector_kit.errors import RequestFailed, UnexpectedAnswer, url_path
from connector_kit.http.dispatcher import Dispatcher, RequestSpec, SetAsideError
from connector_kit.http.parent_failures import ParentFailures
from connector_kit.http.requester import Answer, Requester
from connector_kit.reading.change_filter import ChangeFilter
from connector_kit.reading.estimates import RowEstimates
from connector_kit.reading.list_marks import ListMarks
from connector_kit.reading.list_walks import ListPage, ListRequest, ListTraits, ListWalks
from connector_kit.reading.paginators import Pagination
from connector_kit.reading.parent_index import ParentIndex
from connector_kit.reading.parents import Parent, ParentLink, ParentList, ParentStream
from connector_kit.reading.reader import Reader
from connector_kit.reading.retrievers import ListRetriever
from connector_kit.reading.tombstones import Tombstones
from connector_kit.state.cursors import ListCursor
from connector_kit.state.known_ids import NO_PARENT, KnownIds
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")


# If an answer has no Date header, our own clock replaces the server's. Assume that it is off by up to this much.
_OUR_CLOCK_IS_OFF_BY = timedelta(hours=1)
# A sample reads the first page of each list, and the details and lists of this many of its records.
_SAMPLED_PARENTS = 5


class ListReader(ParentList):
    """Reads one list, or one list per parent: `/exams`, or `/exams/{id}/tickets` for each exam."""

    def __init__(self, sync: Sync, requester: Requester, retriever: ListRetriever, parent: ParentLink | None) -> None:
        super().__init__(sync, requester, retriever.record_selector.extractor)
        self.pagination = Pagination(retriever.paginator)
        self._name = retriever.name
        self._key = ".".join(retriever.key_fields)
        self._other_orders = retriever.other_orders
        self._changes = ChangeFilter(retriever.incremental_sync, retriever.start_instant)
        self._parent = parent
        own_filter = retriever.list_filter
        self._lists = own_filter.lists if own_filter else ({},)
        self.filter = parent.reader.filter if parent else own_filter
        self.tombstones: Tombstones | None = None
        self.marks = self._new_marks(retriever) if sync.settings.detect_deletions else None
        self._started_at: datetime | None = None
        self.is_filtered = False
        self._index = ParentIndex()
        self._server_time: datetime | None = None
        # False if a record of any list was not seen: what belongs to it is unknown, so no state may advance.
        self.is_whole = True
        self.read_at = 0.0
        # How many lists have not begun yet, to log what a wait holds up.
        self._lists_remaining = 0
        self._lists_begun = self._records_seen = 0
        self._estimates = RowEstimates(sync, one_each=True)

    def _new_marks(self, retriever: ListRetriever) -> ListMarks:
        single = None
        if retriever.detail_path:
            requester = Requester(
                retriever.requester, retriever.config, retriever.limit, parent="id", path=retriever.detail_path
            )
            single = requester, lambda: self._dispatcher_of(requester)
        belongs = self.filter.digest if self.filter else ""
        region = f"{self.requester.key} {self._changes.start} {belongs}"
        above = self._parent.reader.marks if self._parent else None
        return ListMarks(self._name, self._key, region, above, single, bool(belongs), retriever.detail_parameters)

    def _dispatcher_of(self, requester: Requester) -> Dispatcher:
        """Return what asks for single records, of which only the status matters."""
        return Dispatcher(
            self.sync, requester, lambda _: None, self.label, lambda: self.streams_served, self.emit_states
        )

    def keep_for(self, child: ParentStream) -> None:
        self._index.keep_for(child, self._name)

    @property
    def has_listed_all(self) -> bool:
        return self.is_whole and (not self.is_filtered or (self.marks is not None and self.marks.has_listed_all))

    @property
    def parent_fields(self) -> list[str]:
        return self._index.fields

    @property
    def server_time(self) -> datetime:
        return self._server_time or self._doubtful_time()

    @property
    def started_at(self) -> datetime | None:
        return self._parent.reader.started_at if self._parent else self._started_at

    def index(self) -> list[Parent]:
        self.wait_until_read()
        oldest_first = self._index.oldest_first()
        return oldest_first[:_SAMPLED_PARENTS] if self.sync.sampling else oldest_first

    def read_for(self, name: str, schema: Mapping[str, Any]) -> Iterator[Record]:
        if self.tombstones is not None:
            self.tombstones.log.wait_until_started()
        yield from super().read_for(name, schema)

    def _run(self) -> Iterator[Record]:
        failures = self._failures = ParentFailures(known=any(cursor.floor is not None for cursor in self._cursors()))
        self._sending = self._dispatcher(
            lambda: self._lists_remaining + self._walks.pages_remaining, failures if self._parent else None
        )
        traits = ListTraits(self.label, self.pagination, self._key, self._changes.time_field, self._other_orders)
        self._walks = ListWalks(
            traits, self.sync, self._sending, self._note_answer, lambda: self.emit_states(at_once=False)
        )
        own = [known for _, _, known in self.memories()]
        memories = [*own, *(known for child in self.children for known in child.parent_memories())]
        everything = self._changes.since_start()
        must_learn = self.marks is not None and self.marks.begin(memories)
        changes = everything if must_learn else self._changes.after(self._floors())
        self.is_filtered = changes != everything
        if changes:
            self.sync.note_filter(self.requester.endpoint)
        parameters = self.requester.parameters_with(changes)
        if self._parent is None:
            own_lists = [self._request(None, at, {**parameters, **its}) for at, its in enumerate(self._lists)]
            yield from self._read(None, own_lists)
        else:
            yield from self._lists_of(self._parent.reader.index(), parameters, failures)
            self.is_whole = self.is_whole and self._parent.reader.is_whole and not failures
        self.is_whole = self.is_whole and self._walks.is_whole
        self.deferred_error = failures.error(url_path(self.requester.url_for("{id}")))
        self._report_missing()
        self.read_at = self.sync.clock.monotonic()
        self._estimates.emit(self.selected, 0)
        if self.marks is not None and self.is_filtered and memories:
            whole = self.requester.parameters_with(everything)
            yield from self._compare(self.marks, memories, [{**whole, **its} for its in self._lists])
        if self.marks is not None and self.tombstones is not None and self.started_at is not None:
            if self.has_listed_all:
                for known in own:
                    known.learned_all()
            yield from self.tombstones.mark(self, self.marks, self.started_at, self.sync.server_now())
        # If anything was not read, keep the state: what is missing may be older than the new state.
        for cursor in self._cursors() if self.is_whole else ():
            cursor.complete()

    def _lists_of(
        self, parents: list[Parent], parameters: Mapping[str, str], failures: ParentFailures
    ) -> Iterator[Record]:
        """Yield the records of each parent's list. Lists that failed at first are tried again after the others."""
        tried_before: set[Any] = set()
        numbers = count()
        while parents:
            set_aside: list[Parent] = []
            waiting = deque(zip(numbers, parents, strict=False))
            while waiting:
                number, parent = failures.next_of(waiting)
                self._lists_remaining = len(waiting) + len(set_aside)
                for upcoming, other in islice(waiting, self.sync.settings.num_workers):
                    if not self._walks.is_requested(upcoming):
                        self._walks.request_ahead(self._request(other, upcoming, parameters))
                try:
                    yield from self._read(parent, [self._request(parent, number, parameters)])
                    failures.answered()
                except SetAsideError as error:
                    set_aside.append(parent)
                    if parent.id not in tried_before:
                        failures.set_aside(error.fault)
                except RequestFailed as error:
                    failures.note(error.request, again=parent.id in tried_before)
            if set_aside:
                tried_before.update(parent.id for parent in set_aside)
                self._sending.wait_for_set_aside()
            parents = set_aside

    def _report_missing(self) -> None:
        """Log what could not be read. Raises if no parent has such a list, because base_url is probably wrong then."""
        missing = self._walks.missing
        if missing and not self._walks.found:
            raise self._all_missing()
        if missing:
            self.is_whole = False
            logger.info(
                "%s: %d parents have no such list (HTTP 404). The next sync tries again for those that still exist.",
                self.label,
                missing,
            )
        self._index.report_nameless(self.label)

    def _read(self, parent: Parent | None, requests: Sequence[ListRequest]) -> Iterator[Record]:
        """Yield the records of one parent's list, or of those that have no parent and belong together."""
        pages_before = self._walks.found
        is_proven = yield from self._walk(parent, requests)
        if self.marks is None or self.is_filtered or not is_proven:
            return
        place = NO_PARENT if parent is None else parent.id
        if self._walks.found - pages_before > 1 and self.marks.wants_another_look(place):
            logger.info("%s: records are missing; reading the list once more, to be sure.", self.label)
            is_proven = yield from self._walk(parent, requests, again=self.marks)
        if is_proven:
            self.marks.ids.prove(place)

    def _walk(
        self, parent: Parent | None, requests: Sequence[ListRequest], again: ListMarks | None = None
    ) -> Generator[Record, None, bool]:
        """Yield the records of lists, or only those that `again` has not noted. Returns whether all were seen."""
        proven = 0
        for number, request in enumerate(requests):
            if parent is None:
                self._lists_remaining = len(requests) - number - 1
            self._lists_begun += again is None
            for page in self._walks.read(request):
                yield from self._emit(page if again is None else self._unlisted(again, page.answer), parent)
                if again is None:
                    self._estimate(sum(page.news))
            proven += self._walks.is_proven
        return proven == len(requests)

    def _estimate(self, news: int) -> None:
        """Estimate how many rows there will be, by the total of this list and the average of the others."""
        self._records_seen += news
        here = self._walks.records_remaining
        # A single list without a total may go on forever; one of many parents' seldom has another page.
        if here is not None or self._parent is not None:
            elsewhere = self._lists_remaining * (self._records_seen + (here or 0)) // self._lists_begun
            self._estimates.emit(self.selected, (here or 0) + elsewhere)

    def _compare(
        self, marks: ListMarks, memories: list[KnownIds], lists: Sequence[Mapping[str, str]]
    ) -> Iterator[Record]:
        """Yield what came back to lists of which only the changes were read, and note what is gone from them."""
        url = self.requester.url_for("")

        def ask(number: int, parameters: Mapping[str, str], page: int, order: Mapping[str, str]) -> Answer | None:
            pages = self.pagination.parameters(page)
            # Nothing depends on a walk in another order, so a failure is not tried again.
            spec = RequestSpec((number, page), url, {**parameters, **order, **pages}, once=bool(order))
            return self._sending.ask(spec, patient=True)

        asks = [partial(ask, number, parameters) for number, parameters in enumerate(lists)]
        for answer in marks.compare(memories, asks, self.pagination, self._other_orders):
            yield from self._emit(self._unlisted(marks, answer), None)

    def _unlisted(self, marks: ListMarks, answer: Answer) -> ListPage:
        """Return a page of which only those records are news that no list has shown yet."""
        instants = [times.instant(record.get(self._changes.time_field)) for record in answer.records]
        return ListPage(answer, instants, [key not in marks.ids.parents for key in marks.ids_on(answer.records)])

    def _request(self, parent: Parent | None, number: int, parameters: Mapping[str, str]) -> ListRequest:
        """Return the request for the list of one parent, or for the only list."""
        return ListRequest(number, self.requester.url_for(parent.id if parent else ""), parameters)

    def _note_answer(self, answer: Answer) -> None:
        """Count an answer, and take the server's time from the first one."""
        self._failures.heard()
        self.count_shared(len(self.streams_served))
        if self._server_time is None:
            self._begin(answer)
        self.warn_of_repairs(answer)

    def _emit(self, page: ListPage, parent: Parent | None) -> Iterator[Record]:
        """Keep the records of a page for the children, and yield what each output wants of it."""
        answer, instants, news = page
        records = answer.records
        stream_slice = self._slice(parent)
        if self.serves_children:
            for record, instant in zip(records, instants, strict=True):
                text = record.get(self._changes.time_field)
                # What belongs to a record without an id is unknown, so no state may advance past it.
                self.is_whole = self._index.add(record, instant, text, stream_slice) and self.is_whole
        outputs = self.selected
        back = self._back(page)
        for number, output in enumerate(outputs):
            cursor = output.cursor
            own = records if number == len(outputs) - 1 else self._copy_of_records(answer)
            wanted = news
            if isinstance(cursor, ListCursor):
                for instant in instants:
                    cursor.saw(instant)
                wanted = [
                    is_new and (cursor.wants(instant) or is_back)
                    for is_new, instant, is_back in zip(news, instants, back, strict=True)
                ]
            count = 0
            for row in self.records_of(output, compress(own, wanted), stream_slice, answer.clean):
                count += 1
                yield row
            self.sync.count_records(output.name, count)
            self._estimates.add(output.name, sum(wanted), count)
        if self.marks is not None:
            self._keep_ids(self.marks, page, NO_PARENT if parent is None else parent.id)

    def _back(self, page: ListPage) -> list[bool]:
        """Return for each record of a page whether it was not listed before, and so is news however old it is."""
        known = self.memory_of(self._name)
        if self.marks is None or known is None:
            return [False] * len(page.news)
        keys = self.marks.ids_on(page.answer.records)
        return [
            known.lacks(key) and not self._changes.is_too_old(at) for key, at in zip(keys, page.instants, strict=True)
        ]

    def _keep_ids(self, marks: ListMarks, page: ListPage, parent: int) -> None:
        """Note which records the list has shown, and which of them the streams have sent by now."""
        keys = marks.ids_on(page.answer.records)
        marks.ids.note(keys, parent)
        for _, _, known in self.memories():
            for key, instant in zip(keys, page.instants, strict=True):
                if self.belongs(instant):
                    known.add(key, parent)

    def belongs(self, instant: int | None) -> bool:
        return self._changes.counts(instant)

    def _slice(self, parent: Parent | None) -> StreamSlice:
        if parent is None or self._parent is None:
            return StreamSlice(partition={}, cursor_slice={})
        return self._parent.slice_for(parent)

    def _begin(self, answer: Answer) -> None:
        """Cap the states at the time of the first answer."""
        if answer.server_time is not None:
            self.sync.update_server_clock(answer.server_time)
        self._started_at = answer.server_time or self.sync.server_now()
        self._server_time = answer.server_time or self._doubtful_time()
        if self._parent is not None:
            # A parent created after the parent list was read is not requested here, and its records may be older than
            # the first answer. So the state must not advance past the time of the parent list.
            self._server_time = min(self._server_time, self._parent.reader.server_time)
        for cursor in self._cursors():
            cursor.begin(self._server_time)

    def _doubtful_time(self) -> datetime:
        """Return a time that is certainly before the server's current one."""
        return self.sync.server_now() - _OUR_CLOCK_IS_OFF_BY

    def _floors(self) -> list[int | None]:
        """Return how far back each selected stream needs the list: a bound, or None for all of it."""
        own = [output.cursor.floor if output.cursor else None for output in self.selected]
        below = [bound for child in self.children for bound in _floors_of_child(child)]
        return own + below

    def _cursors(self) -> list[ListCursor]:
        return [output.cursor for output in self.selected if isinstance(output.cursor, ListCursor)]

    def _records(self, answer: Answer, body: Any) -> list[dict[str, Any]]:
        """Return the records in a body. It may lack the list if the total is 0 or the status says that it is empty."""
        total = self.pagination.signals(answer.headers, answer.body, 1).total
        if answer.is_bare and (total or answer.status != 204):
            raise UnexpectedAnswer(f"HTTP {answer.status} with no valid JSON")
        if answer.is_bare or (total == 0 and body in (None, {})):
            return []
        return self.extractor.records(body)

    def _all_missing(self) -> Exception:
        """Return the error for lists that no parent has."""
        path = url_path(self.requester.url_for("{id}"))
        return config_error(
            f"{path} does not exist for any of {self._walks.missing} parents (HTTP 404). Check base_url: "
            f"{self.sync.settings.base_url}. If it is right, and all parents were deleted a moment ago, sync again."
        )


def _floors_of_child(child: Reader) -> list[int | None]:
    """Return how far back the streams below a list need it: a bound for each, or None for all of it."""
    floors = [child.parent_floor(output.name) for output in child.selected]
    return [*floors, None] if child.serves_children else floors
