"""Lists: every record of every page, once, for the streams made from it and for the streams that hang on it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import compress, count, islice
from typing import Any

from airbyte_cdk.sources.declarative.requesters.paginators import Paginator
from airbyte_cdk.sources.types import Record, StreamSlice

from connector_kit.errors import RequestFailed, UnexpectedAnswer, config_error, url_path
from connector_kit.http.dispatcher import SetAsideError
from connector_kit.http.parent_failures import ParentFailures
from connector_kit.http.requester import Answer, Requester
from connector_kit.reading.list_walks import ListPage, ListRequest, ListTraits, ListWalks
from connector_kit.reading.paginators import Pagination
from connector_kit.reading.parents import Parent, ParentLink, ParentList, ParentStream
from connector_kit.reading.reader import Reader
from connector_kit.reading.request_options import parameter_of
from connector_kit.reading.retrievers import EndpointRetriever
from connector_kit.records.scalars import UnreadableError, to_integer
from connector_kit.state.cursors import ListCursor, StreamCursor
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")


# Where an answer has no Date header our own clock stands in for the server's; it may be this far off.
_OUR_CLOCK_IS_OFF_BY = timedelta(hours=1)
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
        self._nameless = 0
        # If a record of any list was not seen, what hangs on it is unknown.
        self.is_whole = True
        self.parent_fields: list[str] = []
        self.read_at = 0.0
        # Lists not begun yet, for the log of a wait.
        self._lists_left = 0

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
            lambda: self._lists_left + self._walks.pages_left, failures if self._parent else None
        )
        traits = ListTraits(self.label, self.pagination, self._key, self._time_field, self._other_orders)
        self._walks = ListWalks(
            traits, self.sync, self._sending, self._note_answer, lambda: self.emit_states(at_once=False)
        )
        parameters = self.requester.parameters_with(self._server_filter())
        if self._parent is None:
            yield from self._read(None, self._request(None, 0, parameters))
        else:
            yield from self._lists_of(self._parent.reader.index(), parameters, failures)
            self.is_whole = self.is_whole and self._parent.reader.is_whole and not failures
        self.is_whole = self.is_whole and self._walks.is_whole
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
                    self._walks.request_ahead(self._request(other, upcoming, parameters))
                try:
                    yield from self._read(parent, self._request(parent, number, parameters))
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
        missing = self._walks.missing
        if missing and not self._walks.found:
            raise self._all_missing()
        if missing:
            self.is_whole = False
            logger.info(
                "%s: %d parents have no such list (HTTP 404). Those that still exist are asked for again at the next "
                "sync.",
                self.label,
                missing,
            )
        if self._nameless:
            logger.warning(
                "%s: %d have no readable id; nothing that hangs on them is asked for, and the state of those streams "
                "stays where it was.",
                self.label,
                self._nameless,
            )

    def _read(self, parent: Parent | None, request: ListRequest) -> Iterator[Record]:
        """Yield the records of one list."""
        for page in self._walks.read(request):
            yield from self._emit(page, parent)

    def _request(self, parent: Parent | None, number: int, parameters: Mapping[str, str]) -> ListRequest:
        return ListRequest(number, self.requester.url_for(parent.id if parent else ""), parameters)

    def _note_answer(self, answer: Answer) -> None:
        self.count_shared(len(self.streams_served))
        if self._server_time is None:
            self._begin(answer)
        self.warn_of_repairs(answer)

    def _emit(self, page: ListPage, parent: Parent | None) -> Iterator[Record]:
        answer, instants, news = page
        records = answer.records
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
            f"{path} does not exist for any of {self._walks.missing} parents (HTTP 404). Check base_url: "
            f"{self.sync.settings.base_url}. If it is right, and all parents were deleted a moment ago, sync again."
        )


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
