"""Reads one list page by page, as often as it takes to see every record of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from connector_kit import times
from connector_kit.errors import GONE, RequestFailed, endless, url_path
from connector_kit.http.dispatcher import Dispatcher, RequestSpec
from connector_kit.http.requester import Answer
from connector_kit.reading.other_orders import MOST_FRUITLESS_WALKS, OtherOrders
from connector_kit.reading.page_walk import OnePage, PageWalk
from connector_kit.reading.pages_ahead import PagesAhead, SpecOf
from connector_kit.reading.paginators import PageSignals, Pagination
from connector_kit.reading.seen_records import SeenRecords, key_of
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")


# Stop after this many walks if a list changes all the time. What is updated later gets a later time, so it belongs to
# the next sync anyway.
_MOST_WALKS = 5
# A list that shows fewer records than its total is walked again. If no record came twice, one walk is enough, because
# the credential probably can't see the others.
_MOST_FRUITLESS_WALKS_WITHOUT_TIES = 1


@dataclass(frozen=True)
class ListTraits:
    """What the lists of one endpoint have in common.

    Args:
        label: names the stream in the log.
        pagination: how the lists page.
        key: the field that tells one record from another.
        time_field: the field with the time of the last update; "" if there is none.
        other_orders: query parameters that return the same list in another order.
    """

    label: str
    pagination: Pagination
    key: str
    time_field: str
    other_orders: list[Mapping[str, str]]


@dataclass(frozen=True)
class ListRequest:
    """Which list to read.

    Args:
        number: its position in the order of reading.
        url: its URL.
        parameters: query parameters of each request, without those of the page.
    """

    number: int
    url: str
    parameters: Mapping[str, str]


class ListPage(NamedTuple):
    """A page of a list: its answer, and for each record its time and whether it was not seen before as it is now."""

    answer: Answer
    instants: list[int | None]
    news: list[bool]


class ListWalks:
    """The walks through the lists of one endpoint in one sync.

    `is_proven` says whether the list that was read last showed all of its records while it stood still: exactly as many
    as its total, which never changed, or without any total all on one page. `is_whole` says whether every record of the
    lists was seen, apart from the `missing` lists that the server doesn't have; `found` counts the pages that came.
    `pages_remaining` estimates how many the current list still has; `records_remaining` are those of its total that
    were not seen yet, None without a total.

    Args:
        traits: what the lists have in common.
        sync: the run.
        dispatcher: sends the requests.
        on_answer: called with each page before its records are looked at.
        emit_states: called after each page.
    """

    def __init__(
        self,
        traits: ListTraits,
        sync: Sync,
        dispatcher: Dispatcher,
        on_answer: Callable[[Answer], None],
        emit_states: Callable[[], None],
    ) -> None:
        self._traits = traits
        self._sync = sync
        self._on_answer = on_answer
        self._emit_states = emit_states
        self._ahead = PagesAhead(dispatcher, sync.settings.num_workers, self._last_page_of, sync.clock.monotonic)
        self._one_page = OnePage()
        self._totals: set[int | None] = set()
        # The total of the current list as its last page told it, in this walk or in the one before.
        self._last_total: int | None = None
        self.is_proven = False
        self.is_whole = True
        self.missing = 0
        self.found = 0
        self.pages_remaining = 1
        self.records_remaining: int | None = None

    def request_ahead(self, request: ListRequest) -> None:
        """Request a list's first page before the list's turn, as soon as a worker is free."""
        self._ahead.open(request.number, self._specs_of(request))

    def is_requested(self, number: int) -> bool:
        """Return whether a list's first page was requested already."""
        return number in self._ahead

    def read(self, request: ListRequest) -> Iterator[ListPage]:
        """Read a list; read it again, or its beginning, if records moved or may have moved, or if some are missing.

        Raises:
            AirbyteTracedException: the list never ends.
            RequestFailed: a page failed for good.
            SetAsideError: a page failed so far.
        """
        seen = SeenRecords()
        self._totals, self._last_total, self.is_proven = set(), None, False
        part: str | None = "whole"
        walk: PageWalk | None = None
        for _ in range(_MOST_WALKS):
            seen.begin_walk()
            walk = yield from self._walk(request, seen, only_beginning=part == "beginning")
            if walk is None:
                return
            part = "whole" if walk.is_blind and seen.brought_news else seen.moved
            if part is None:
                break
            if seen.moved is not None:
                logger.info("%s: the list changed while it was being read; reading it again.", self._traits.label)
        if walk is not None and not self._sync.sampling:
            yield from self._find_missing(request, seen, walk)
            self.is_proven = self._proves(seen, walk)

    def _proves(self, seen: SeenRecords, walk: PageWalk) -> bool:
        if self._totals == {None}:
            return len(seen) == sum(walk.rows[:1]) and not walk.is_cut_short
        return self._totals == {walk.total} and len(seen) == walk.total

    def _find_missing(self, request: ListRequest, seen: SeenRecords, walk: PageWalk) -> Iterator[ListPage]:
        """If fewer records were seen than the list has, walk it in other orders until all were seen."""
        if self._is_complete(seen, walk):
            return
        logger.info("%s: %s so far; reading the list again.", self._traits.label, _count_of(seen, self._last_total))
        orders = OtherOrders(self._traits.other_orders)
        while not self._is_complete(seen, walk):
            if orders.fruitless >= (MOST_FRUITLESS_WALKS if seen.came_twice else _MOST_FRUITLESS_WALKS_WITHOUT_TIES):
                self._give_up(request, seen)
                return
            order, before = orders.take(), seen.proven
            seen.begin_walk()
            try:
                in_order = ListRequest(request.number, request.url, {**request.parameters, **order})
                again = yield from self._walk(in_order, seen, until_all=True, once=bool(order))
            except RequestFailed as error:
                orders.leave_out(order, error)
                continue
            walk = again or walk
            orders.walked(has_news=seen.proven > before)

    def _is_complete(self, seen: SeenRecords, walk: PageWalk) -> bool:
        """Whether all records were seen, by the newest total.

        A walk that broke off may have shown a record in place of one that is still missing.
        """
        return not seen.lacks(self._last_total) and not walk.is_cut_short

    def _give_up(self, request: ListRequest, seen: SeenRecords) -> None:
        self.is_whole = False
        logger.warning(
            "%s: %s shows %s. These were read, and the state stays where it was, so the next sync reads the list "
            "again. The credential may not be allowed to see all of them; if it should be, report this line.",
            self._traits.label,
            url_path(request.url),
            _count_of(seen, self._last_total),
        )

    def _walk(
        self,
        request: ListRequest,
        seen: SeenRecords,
        only_beginning: bool = False,
        until_all: bool = False,
        once: bool = False,
    ) -> Generator[ListPage, None, PageWalk | None]:
        """Walk through a list once.

        Args:
            request: which list.
            seen: the records seen so far.
            only_beginning: stop at the first page that shows nothing new.
            until_all: stop when as many records were seen as the list has.
            once: don't retry failed requests, because nothing depends on this walk.

        Returns:
            The finished walk; None if the server doesn't have the list.
        """
        walk = PageWalk(self._traits.pagination.page_size, one_page=self._one_page)
        self._ahead.open(request.number, self._specs_of(request, lambda: walk.cursor, once))
        try:
            return (yield from self._pages(request, walk, seen, only_beginning, until_all))
        finally:
            self._ahead.close(request.number)

    def _pages(
        self, request: ListRequest, walk: PageWalk, seen: SeenRecords, only_beginning: bool, until_all: bool
    ) -> Generator[ListPage, None, PageWalk | None]:
        """Yield the pages of one walk."""
        number, pagination = request.number, self._traits.pagination
        page: int | None = 1
        total: int | None = None
        # Each move halves how many pages may be in flight: they are all requested again. So a list that is edited all
        # the time goes on one page at a time.
        most_ahead = 2 * self._sync.settings.num_workers
        self.pages_remaining = 1
        while page is not None:
            answer = self._take(number, page)
            if answer is None and page == 1:
                # The parent was deleted after it was listed, and its records with it; or it can't be read right now.
                self.missing += 1
                return None
            if answer is None:
                self._note_absent(sum(walk.rows[: page - 1]), walk, seen)
                walk.end()
                break
            self.found += 1
            self._on_answer(answer)
            records = answer.records
            signals = pagination.signals(answer.headers, answer.body, page)
            self._totals.add(signals.total)
            keys = [key_of(record, self._traits.key) for record in records]
            instants = [times.instant(record.get(self._traits.time_field)) for record in records]
            versions = [None if key is None else (key, instant) for key, instant in zip(keys, instants, strict=True)]
            why_endless = walk.why_endless(page, versions, signals, again=until_all)
            if why_endless:
                raise endless(url_path(request.url), why_endless)
            stands_still = signals.total is not None and (page == 1 or signals.total == total)
            if not stands_still:
                most_ahead //= 2
            total = signals.total
            self.pages_remaining = 1 if total is None else max(1, -(-total // pagination.page_size) - page)
            self._note_unused(number, walk, seen)
            new_in_walk = not seen.in_this_walk(keys)
            if page == 2 and walk.repeats_page and signals == PageSignals() and len(records) == pagination.page_size:
                self._warn_of_a_full_page(request.url, len(records))
            counted = walk.counts(page, len(records), signals)
            seen.total_was(signals.total, answer.arrived)
            self._last_total = walk.total
            following = walk.next(len(records), counted, signals, new_in_walk)
            if counted:
                # A server may repeat the last page when asked for the one after it. That doesn't mean the list moved.
                is_repeat = walk.is_repeat or (following is None and walk.repeats_page and walk.total is None)
                news = [seen.is_new(key, instant, is_repeat) for key, instant in zip(keys, instants, strict=True)]
                if stands_still and not (only_beginning or until_all or self._sync.sampling or walk.cursor):
                    self._ahead.extend(number, min(walk.expected_pages, page + most_ahead))
                else:
                    self._ahead.stop(number)
                self.records_remaining = None if walk.total is None else max(0, walk.total - seen.proven)
                seen.noted(answer.arrived)
                yield ListPage(answer, instants, news)
                if only_beginning and not any(news):
                    return walk
            self._emit_states()
            page = None if self._sync.sampling else following
            if until_all and not seen.lacks(walk.total) and walk.total is not None:
                return walk
        if walk.beginning_in_doubt:
            seen.moved = seen.moved or "beginning"
        return walk

    def _note_unused(self, number: int, walk: PageWalk, seen: SeenRecords) -> None:
        """Note what answers told that came and were forgotten: one may be the only proof of a deletion."""
        pagination = self._traits.pagination
        for page, answer in self._ahead.unused(number):
            if answer is None:
                self._note_absent((page - 1) * pagination.page_size, walk, seen)
            else:
                seen.total_was(pagination.signals(answer.headers, answer.body, page).total, answer.arrived)

    def _note_absent(self, before: int, walk: PageWalk, seen: SeenRecords) -> None:
        """Note that the server lacks a page with `before` records before it: the list was shorter when it said so.

        Nothing else may ever tell. When that was, nobody knows, so a total that falls later counts as well.
        """
        if walk.total is not None and walk.total > before:
            seen.some_were_deleted(walk.total - before)

    def _warn_of_a_full_page(self, url: str, size: int) -> None:
        """Warn that every page is the same full page: the list may end there, or the server shows no more of it."""
        self.is_whole = False
        # No list has such a total: this one is never proven.
        self._totals.add(-1)
        logger.warning(
            "%s: %s gives the same %d records for every page, as many as a page holds, and no total. If the list is "
            "longer, the rest can't be read. The state stays where it was, so the next sync reads the list again.",
            self._traits.label,
            url_path(url),
            size,
        )

    def _take(self, number: int, page: int) -> Answer | None:
        """Wait for a page of a list. Returns None if the server has no such page."""
        try:
            return self._ahead.take(number, page)
        except RequestFailed as error:
            # Some servers answer the request for the page after the last one like this.
            if page > 1 and error.request.status in GONE:
                return None
            raise

    def _specs_of(
        self, request: ListRequest, cursor: Callable[[], str | None] = lambda: None, once: bool = False
    ) -> SpecOf:
        """Return a function that builds the request for a page from its number."""

        def spec_of(page: int) -> RequestSpec[tuple[int, int]]:
            parameters = {**request.parameters, **self._traits.pagination.parameters(page, cursor())}
            return RequestSpec((request.number, page), request.url, parameters, once)

        return spec_of

    def _last_page_of(self, first: Answer) -> int | None:
        """Return how many pages a list has, judging by its first page.

        1 if only the next page can tell, None if there are more, but not how many.
        """
        walk = PageWalk(self._traits.pagination.page_size)
        walk.counts(1, len(first.records), self._traits.pagination.signals(first.headers, first.body, 1))
        if walk.cursor or walk.total is None:
            return 1
        has_more = walk.expected_pages == 1 and len(first.records) < walk.total
        return None if has_more else walk.expected_pages


def _count_of(seen: SeenRecords, total: int | None) -> str:
    if total is None:
        return f"{len(seen):,} records, and the server says that there are more"
    return f"{len(seen):,} of {total:,} records"
