"""Lists: every record of every page, once, for the streams made from it and for the streams that hang on it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import compress, count, islice
from typing import Any

from airbyte_cdk.sources.declarative.requesters.paginators import Paginator
from airbyte_cdk.sources.types import Record, StreamSlice

from connector_kit import times
from connector_kit.errors import GONE, RequestFailed, UnexpectedAnswer, config_error, endless, url_path
from connector_kit.http.dispatcher import RequestSpec, SetAsideError
from connector_kit.http.parent_failures import ParentFailures
from connector_kit.http.requester import Answer, Requester
from connector_kit.reading.page_walk import OnePage, PageWalk
from connector_kit.reading.pages_ahead import PagesAhead
from connector_kit.reading.paginators import PageSignals, Pagination
from connector_kit.reading.parents import Parent, ParentLink, ParentList, ParentStream
from connector_kit.reading.reader import Reader
from connector_kit.reading.request_options import parameter_of
from connector_kit.reading.retrievers import EndpointRetriever
from connector_kit.reading.seen_records import SeenRecords, key_of
from connector_kit.records.scalars import UnreadableError, to_integer
from connector_kit.state.cursors import ListCursor, StreamCursor
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")


# Where an answer has no Date header our own clock stands in for the server's; it may be this far off.
_OUR_CLOCK_IS_OFF_BY = timedelta(hours=1)
# A list that moves all the time is walked this often at the most; what is touched later still has a later time, and so
# belongs to the next sync.
_MOST_WALKS = 5
# A list that shows fewer records than its total tells is walked for as long as that shows new ones. Where some came
# twice in the place of those that are missing, so many walks in a row may show none; otherwise one is enough, as the
# credential may well not see the others.
_MOST_IN_VAIN_WITH_TIES, _MOST_IN_VAIN = 6, 1
# A sample reads the first page of each list and what hangs on so many of its records.
_SAMPLED_PARENTS = 5


class ListReader(ParentList):
    """One list, or one list a parent."""

    def __init__(self, sync: Sync, requester: Requester, retriever: ListRetriever, parent: ParentLink | None) -> None:
        super().__init__(sync, requester, retriever.record_selector.extractor)
        self.pagination = Pagination(retriever.paginator)
        self._name = retriever.name
        self._key = ".".join(retriever.key_fields)
        self._declared = retriever.incremental_sync
        self._other_orders = retriever.other_orders
        self._parent = parent
        # What the children's URLs take of each record.
        self._parent_key = ""
        self._index: dict[Any, Parent] = {}
        self._server_time: datetime | None = None
        self._missing = 0
        self._found = 0
        self._nameless = 0
        # Whether every record of every list was seen; what hangs on the others is not known.
        self.is_whole = True
        self._one_page = OnePage()
        self.parent_fields: list[str] = []
        self.read_at = 0.0
        # For the log of a wait: lists not begun yet, and pages of this one.
        self._lists_left = 0
        self._pages_left = 1

    def keep_for(self, child: ParentStream) -> None:
        if self._parent_key not in ("", child.parent_key):
            raise ValueError(f"{self._name}: its children name two keys, {self._parent_key} and {child.parent_key}")
        self._parent_key = child.parent_key
        for name in child.extra_fields:
            if name not in self.parent_fields:
                self.parent_fields.append(name)

    @property
    def server_time(self) -> datetime:
        return self._server_time or self._doubtful_time()

    def index(self) -> list[Parent]:
        self.wait_until_read()
        oldest_first = sorted(self._index.values(), key=lambda parent: parent.age)
        return oldest_first[:_SAMPLED_PARENTS] if self.sync.sampling else oldest_first

    def _run(self) -> Iterator[Record]:
        failures = ParentFailures(known=any(cursor.floor is not None for cursor in self._cursors()))
        self._sending = self._dispatcher(
            lambda: self._lists_left + self._pages_left, failures if self._parent else None
        )
        self._ahead = PagesAhead(self._sending, self.sync.settings.num_workers, self._last_page_of)
        parameters = self.requester.parameters_with(self._server_filter())
        if self._parent is None:
            yield from self._walks(None, 0, parameters)
        else:
            yield from self._lists_of(self._parent.reader.index(), parameters, failures)
            self.is_whole = self.is_whole and self._parent.reader.is_whole and not failures
        self.deferred_error = failures.error(url_path(self.requester.url_for("{id}")))
        self._tell_what_is_missing()
        self.read_at = self.sync.clock.monotonic()
        # Where something was not read the state stays: it may be older than the state would be.
        for cursor in self._cursors() if self.is_whole else ():
            cursor.complete()

    def _lists_of(
        self, parents: list[Parent], parameters: Mapping[str, str], failures: ParentFailures
    ) -> Iterator[Record]:
        """The list of each parent; behind the others, those of parents that failed at first."""
        tried_before: set[Any] = set()
        numbers = count()
        while parents:
            set_aside: list[Parent] = []
            waiting = deque(zip(numbers, parents, strict=False))
            while waiting:
                number, parent = failures.next_of(waiting)
                self._lists_left = len(waiting) + len(set_aside)
                # The first answer goes alone: by its time the states are capped, so nothing may be asked before it.
                others = islice(waiting, self.sync.settings.num_workers) if self._server_time else ()
                for upcoming, other in others:
                    self._ahead.open(upcoming, self._specs_of(other, parameters))
                try:
                    yield from self._walks(parent, number, parameters)
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

    def _tell_what_is_missing(self) -> None:
        if self._missing and not self._found:
            raise self._all_missing()
        if self._missing:
            self.is_whole = False
            logger.info(
                "%s: %d parents have no such list (HTTP 404). Those that still exist are asked for again at the next "
                "sync.",
                self.label,
                self._missing,
            )
        if self._nameless:
            logger.warning(
                "%s: %d have no readable id; nothing that hangs on them is asked for, and the state of those streams "
                "stays where it was.",
                self.label,
                self._nameless,
            )

    def _walks(self, parent: Parent | None, number: int, parameters: Mapping[str, str]) -> Iterator[Record]:
        """Walk a list, and again what moved meanwhile, or may have, or what is still missing."""
        sightings = SeenRecords()
        part: str | None = "whole"
        walk: PageWalk | None = None
        for _ in range(_MOST_WALKS):
            sightings.begin_walk()
            walk = yield from self._walk(parent, number, parameters, sightings, only_beginning=part == "beginning")
            if walk is None:
                return
            part = "whole" if walk.is_blind and sightings.brought_news else sightings.moved
            if part is None:
                break
            if sightings.moved is not None:
                logger.info("%s: the list moved while it was read; reading it again.", self.label)
        if walk is not None and not self.sync.sampling:
            yield from self._look_again(parent, number, parameters, sightings, walk)

    def _look_again(
        self,
        parent: Parent | None,
        number: int,
        parameters: Mapping[str, str],
        sightings: SeenRecords,
        walk: PageWalk,
    ) -> Iterator[Record]:
        """Where fewer records were seen than the list has: walk it in other orders, until all were seen."""
        orders: list[Mapping[str, str]] = [*self._other_orders, {}]
        in_vain = tried = 0
        while sightings.lacks(walk.total) or walk.is_cut_short:
            if in_vain >= (_MOST_IN_VAIN_WITH_TIES if sightings.came_twice else _MOST_IN_VAIN):
                break
            if not tried:
                logger.info("%s: %s; looking again.", self.label, _seen_of(sightings, walk))
            order = orders[tried % len(orders)]
            tried += 1
            before = sightings.proven
            sightings.begin_walk()
            try:
                again = yield from self._walk(
                    parent, number, {**parameters, **order}, sightings, until_all=True, once=bool(order)
                )
            except RequestFailed:
                if not order:
                    raise
                # An order that this API does not know.
                orders.remove(order)
                continue
            walk = again or walk
            in_vain = 0 if sightings.proven > before else in_vain + 1
        if sightings.lacks(walk.total) or walk.is_cut_short:
            self.is_whole = False
            logger.warning(
                "%s: %s shows %s. What it shows was read; the state stays where it was, so that the next sync looks "
                "again. The credential may not see all of them; if it should, report this line.",
                self.label,
                url_path(self.requester.url_for(parent.id if parent else "")),
                _seen_of(sightings, walk),
            )

    def _walk(
        self,
        parent: Parent | None,
        number: int,
        parameters: Mapping[str, str],
        sightings: SeenRecords,
        only_beginning: bool = False,
        until_all: bool = False,
        once: bool = False,
    ) -> Generator[Record, None, PageWalk | None]:
        """One walk. Returns None where there is no such list.

        Args:
            parent: whose list it is.
            number: the list's, in the order of reading.
            parameters: of each request, beside those of the page.
            sightings: what was seen so far.
            only_beginning: end with the first page that shows nothing new.
            until_all: end when as many records were seen as the list has.
            once: try each request once: nothing depends on it.
        """
        walk = PageWalk(self.pagination.page_size, one_page=self._one_page)
        self._ahead.open(number, self._specs_of(parent, parameters, lambda: walk.cursor, once))
        try:
            return (yield from self._pages(parent, number, walk, sightings, only_beginning, until_all))
        finally:
            self._ahead.close(number)

    def _pages(
        self,
        parent: Parent | None,
        number: int,
        walk: PageWalk,
        sightings: SeenRecords,
        only_beginning: bool,
        until_all: bool,
    ) -> Generator[Record, None, PageWalk | None]:
        """The pages of one walk."""
        url = self.requester.url_for(parent.id if parent else "")
        pagination = self.pagination
        page: int | None = 1
        total: int | None = None
        self._pages_left = 1
        while page is not None:
            answer = self._take(number, page)
            if answer is None and page == 1:
                # The parent was deleted after it was listed, and its records went with it; or it can't be read now.
                self._missing += 1
                return None
            if answer is None:
                walk.end()
                break
            self._found += 1
            self.count_shared(len(self.streams_served))
            if self._server_time is None:
                self._begin(answer)
            self.warn_of_repairs(answer)
            records = answer.records
            signals = pagination.signals(answer.headers, answer.body, page)
            keys = [key_of(record, self._key) for record in records]
            why_endless = walk.why_endless(page, keys, signals, again=until_all)
            if why_endless:
                raise endless(url_path(url), why_endless)
            stands_still = signals.total is not None and (page == 1 or signals.total == total)
            total = signals.total
            self._pages_left = 1 if total is None else max(1, -(-total // pagination.page_size) - page)
            new_in_walk = not sightings.in_this_walk(keys)
            is_same = page == 2 and bool(records) and not new_in_walk
            if is_same and signals == PageSignals() and len(records) == pagination.page_size:
                self._warn_of_a_full_page(url, len(records))
            counted = walk.counts(page, len(records), signals)
            if walk.shrank_by:
                sightings.some_were_deleted(walk.shrank_by)
            following = walk.next(len(records), counted, signals, new_in_walk)
            if counted:
                # The last page once more, behind the last, is no sign of a list that moved.
                is_repeat = walk.is_repeat or (following is None and not new_in_walk and walk.total is None)
                instants = [times.instant(record.get(self._time_field)) for record in records]
                news = [sightings.is_new(key, instant, is_repeat) for key, instant in zip(keys, instants, strict=True)]
                stands_still = stands_still and following == page + 1 and sightings.moved is None
                if stands_still and not (only_beginning or until_all or self.sync.sampling or walk.cursor):
                    self._ahead.extend(number, walk.expected_pages)
                else:
                    self._ahead.stop(number)
                yield from self._emit(answer, records, instants, news, parent)
                if only_beginning and not any(news):
                    return walk
            self.emit_states(at_once=False)
            page = None if self.sync.sampling else following
            if until_all and not sightings.lacks(walk.total) and walk.total is not None:
                return walk
        if walk.beginning_in_doubt:
            sightings.moved = sightings.moved or "beginning"
        return walk

    def _warn_of_a_full_page(self, url: str, size: int) -> None:
        """Every page is the same full page: the list may end just there, or the server shows no more of it."""
        self.is_whole = False
        logger.warning(
            "%s: %s gives the same %d records for every page, as many as a page holds, and no total. If the list is "
            "longer, the rest can't be read. The state stays where it was, so that the next sync looks again.",
            self.label,
            url_path(url),
            size,
        )

    def _take(self, number: int, page: int) -> Answer | None:
        """A page of a list. None where the server has no such page."""
        try:
            return self._ahead.take(number, page)
        except RequestFailed as error:
            # So some servers answer for the page behind the last.
            if page > 1 and error.request.status in GONE:
                return None
            raise

    def _specs_of(
        self,
        parent: Parent | None,
        parameters: Mapping[str, str],
        cursor: Callable[[], str | None] = lambda: None,
        once: bool = False,
    ) -> Callable[[int], RequestSpec[int]]:
        """What asks for a page of a list by its number."""
        url = self.requester.url_for(parent.id if parent else "")

        def spec_of(page: int) -> RequestSpec[int]:
            return RequestSpec(page, url, {**parameters, **self.pagination.parameters(page, cursor())}, once)

        return spec_of

    def _last_page_of(self, first: Answer) -> int:
        """How many pages a list has by its first page; 1 where that can't be told yet."""
        signals = self.pagination.signals(first.headers, first.body, 1)
        size = self.pagination.page_size
        if signals.total is None or signals.cursor or len(first.records) != size:
            return 1
        return -(-signals.total // size)

    def _emit(
        self,
        answer: Answer,
        records: list[dict[str, Any]],
        instants: list[int | None],
        news: list[bool],
        parent: Parent | None,
    ) -> Iterator[Record]:
        stream_slice = self._slice(parent)
        if self.serves_children:
            for record, instant in zip(records, instants, strict=True):
                self._remember(record, instant, stream_slice)
        members = self.selected
        for number, member in enumerate(members):
            cursor = member.cursor
            own = records if number == len(members) - 1 else self._copy_of_records(answer)
            wanted = news
            if isinstance(cursor, ListCursor):
                for instant in instants:
                    cursor.saw(instant)
                wanted = [is_new and cursor.wants(instant) for is_new, instant in zip(news, instants, strict=True)]
            count = 0
            for row in self.records_of(member, compress(own, wanted), stream_slice, answer.clean):
                count += 1
                yield row
            self.sync.count_records(member.name, count)

    def _remember(self, record: dict[str, Any], instant: int | None, stream_slice: StreamSlice) -> None:
        handed = {**stream_slice.partition, **stream_slice.extra_fields}
        try:
            # It goes into a URL, and from there into messages: a text might be anything, such as an echoed credential.
            key = to_integer(record.get(self._parent_key))
        except UnreadableError:
            self._nameless += 1
            # What hangs on it is unknown: no state may pass it.
            self.is_whole = False
            return
        known = self._index.get(key)
        if known is None or (known.instant or 0) <= (instant or 0):
            extra = tuple(record.get(name, handed.get(name)) for name in self.parent_fields)
            self._index[key] = Parent(instant, key, record.get(self._time_field), extra)

    def _slice(self, parent: Parent | None) -> StreamSlice:
        if parent is None or self._parent is None:
            return StreamSlice(partition={}, cursor_slice={})
        return self._parent.slice_for(parent)

    def _begin(self, answer: Answer) -> None:
        if answer.server_time is not None:
            self.sync.update_server_clock(answer.server_time)
        self._server_time = answer.server_time or self._doubtful_time()
        if self._parent is not None:
            # A parent made after its own list was read is not among those asked for, and what hangs on it may be
            # older than the first answer here: the state must not pass it.
            self._server_time = min(self._server_time, self._parent.reader.server_time)
        for cursor in self._cursors():
            cursor.begin(self._server_time)

    def _doubtful_time(self) -> datetime:
        return self.sync.server_now() - _OUR_CLOCK_IS_OFF_BY

    def _server_filter(self) -> dict[str, str]:
        """The parameter that leaves out what no selected stream needs, where the API has one."""
        declared = self._declared
        if declared is None or declared.start_time_option is None:
            return {}
        parameter = parameter_of(declared.start_time_option)
        floors = self._floors()
        bounds = [bound for bound in floors if bound is not None]
        if not bounds or len(bounds) < len(floors):
            return {}
        # A second earlier: whether the API's own comparison includes its bound is not said.
        moment = datetime.fromtimestamp(0, tz=timezone.utc) + timedelta(seconds=min(bounds) // 1_000_000 - 1)
        self.sync.note_filter(self.requester.endpoint)
        return {parameter: moment.strftime(declared.datetime_format)}

    def _floors(self) -> list[int | None]:
        own = [member.cursor.floor if member.cursor else None for member in self.selected]
        below = [bound for child in self.children for bound in _floors_of_child(child)]
        return own + below

    @property
    def _time_field(self) -> str:
        """The field of a record that tells when it was last updated; "" where there is none."""
        return self._declared.cursor_field if self._declared else ""

    def _cursors(self) -> list[ListCursor]:
        return [member.cursor for member in self.selected if isinstance(member.cursor, ListCursor)]

    def _records(self, answer: Answer, body: Any) -> list[dict[str, Any]]:
        """Those of a body. An answer whose total is 0, or whose status says that there is nothing, may have no list."""
        total = self.pagination.signals(answer.headers, answer.body, 1).total
        if answer.is_bare and (total or answer.status != 204):
            raise UnexpectedAnswer(f"HTTP {answer.status} with no valid JSON")
        if answer.is_bare or (total == 0 and body in (None, {})):
            return []
        return self.extractor.records(body)

    def _all_missing(self) -> Exception:
        path = url_path(self.requester.url_for("{id}"))
        return config_error(
            f"{path} does not exist for any of {self._missing} parents (HTTP 404). Check base_url: "
            f"{self.sync.settings.base_url}. If it is right, and all parents were deleted a moment ago, sync again."
        )


def _seen_of(sightings: SeenRecords, walk: PageWalk) -> str:
    if walk.total is None:
        return f"{len(sightings):,} records, and the server says that there are more"
    return f"{len(sightings):,} of {walk.total:,} records"


def _floors_of_child(child: Reader) -> list[int | None]:
    """How far back the selected streams below a list need it: a bound for each, None for "all of it"."""
    floors = [child.parent_floor(member.name) for member in child.selected]
    return [*floors, None] if child.serves_children else floors


@dataclass(kw_only=True)
class ListRetriever(EndpointRetriever):
    """Reads a list page by page, for its stream, those derived from it, and those that have it as their parent.

    Args:
        paginator: how it pages.
        other_orders: query parameters that give the same list in another order, such as `{sort: -registeredAt}`. Used
            where fewer records were seen than the list's total tells.
    """

    paginator: Paginator
    other_orders: list[Mapping[str, str]] = field(default_factory=list)

    @property
    def cursor_kind(self) -> type[StreamCursor]:
        return ListCursor

    def new_reader(self, sync: Sync, requester: Requester, parent: ParentLink | None) -> ListReader:
        return ListReader(sync, requester, self, parent)
