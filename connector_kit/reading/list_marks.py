"""What a list reader does about deletions: it compares what streams remember with what the lists show."""

from __future__ import annotations

import logging
import threading
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from connector_kit.errors import GONE, RequestFailed
from connector_kit.http.dispatcher import Dispatcher, RequestSpec
from connector_kit.http.requester import Answer, Requester
from connector_kit.reading.listed_ids import ListedIds, too_many
from connector_kit.reading.page_search import PageSearch, SearchedPage, Unsearchable
from connector_kit.reading.paginators import Pagination
from connector_kit.reading.seen_records import key_of
from connector_kit.state.known_ids import KnownIds

logger = logging.getLogger("airbyte.connector_kit")

# Requests a page of a list; the parameters ask for another order.
Ask = Callable[[int, Mapping[str, str]], "Answer | None"]
# Each request for a single record is tried for minutes. After so many that failed, nothing more is asked for.
_MOST_FAILURES = 3


class ListMarks:
    """Finds what is gone from the lists of one endpoint, whose stream is `label`. `ids` is what they have shown.

    Args:
        label: names the stream in the log.
        key: the field with a record's id.
        region: which part of the source the lists show: their URL and parameters, and the start date.
        above: the same of the parents' list; None for a list that has none.
        single: the endpoint of a single record, and what sends its requests; None where the API has none.
        parameters: what to add to such a request, so that it shows every record that exists.
        leaves: whether a living record may leave the list, because a filter says which belong to it. To the
            destination it is gone then.
    """

    def __init__(
        self,
        label: str,
        key: str,
        region: str,
        above: ListMarks | None,
        single: tuple[Requester, Callable[[], Dispatcher]] | None,
        leaves: bool = False,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        self.label = label
        self._key = key
        self._region: str = f"{above._region if above else ''} {region}"
        self._single = single
        self._leaves = leaves
        self._parameters = parameters or {}
        self._dispatcher: Dispatcher | None = None
        self._failures = 0
        # Whether a single record is shown, by its id; None if that stays unknown. Details of one list are read side by
        # side, and each URL is asked for once.
        self._shown: dict[int, bool | None] = {}
        self._asking = threading.Lock()
        # Records that are no longer listed and not gone, and how many of them the log has named.
        self._hidden: set[int] = set()
        self._hidden_logged = 0
        # Whether lists of which only the changes were read have shown every record after all.
        self.has_listed_all = False
        # What streams remember, by parent, where the list alone says what is gone.
        self._known: defaultdict[int, set[int]] = defaultdict(set)
        self.ids: ListedIds = ListedIds(label, above.ids if above else None, self._is_gone if single else None)

    def begin(self, memories: Iterable[KnownIds]) -> bool:
        """Prepare what streams remember. Returns whether the list must be read in full, to learn its ids."""
        scope = zlib.crc32(self._region.encode())
        found = list(memories)
        for known in found:
            known.enter(scope)
            for number, parent in known.parents.items() if self._decides else ():
                self._known[parent].add(number)
        return not all(known.is_whole for known in found)

    @property
    def _decides(self) -> bool:
        """Whether a record that the list lacks counts as gone although no endpoint says that it is deleted."""
        return self._single is None or self._leaves

    def wants_another_look(self, parent: int) -> bool:
        """Whether a list of several pages lacks records of which nothing else says that they are gone.

        If one record goes and another comes between two pages, the total stays, and a third one slips to a page that
        was read already: it exists, and was not seen.
        """
        known = self._known[parent]
        missing = len(known - self.ids.parents.keys())
        return missing > 0 and not too_many(missing, len(known))

    def ids_on(self, records: Iterable[dict[str, Any]]) -> list[object]:
        """Return the ids of records."""
        return [key_of(record, self._key) for record in records]

    def compare(
        self,
        memories: Sequence[KnownIds],
        asks: Sequence[Ask],
        pagination: Pagination,
        other_orders: Sequence[Mapping[str, str]],
    ) -> Iterator[Answer]:
        """Look for what is gone from lists of which only the latest changes were read.

        Args:
            memories: what each stream remembers.
            asks: for each list, what requests a page of the whole list.
            pagination: how the lists page.
            other_orders: query parameters that return the same list in another order.

        Yields:
            The pages that were requested: they may hold records that came back.
        """
        try:
            # Where the lists alone say what is gone, it must be missing twice: see `wants_another_look`.
            for is_first in (True, False) if self._decides else (True,):
                searches = [search for ask in asks if (search := self._new_search(ask, pagination, other_orders))]
                if len(searches) < len(asks):
                    logger.info("%s: the list comes without a total, so nothing is marked as deleted.", self.label)
                    self.ids.absent.clear()
                    return
                absent = {number for known in memories for number in self._absent(searches, known)}
                for search in searches:
                    yield from (page.answer for page in search.seen)
                self.ids.absent = absent if is_first else self.ids.absent & absent
                if not absent:
                    return
        except RequestFailed as error:
            logger.info("%s: nothing is marked as deleted this time. %s", self.label, error.message)
            self.ids.absent.clear()

    def _new_search(
        self, ask: Ask, pagination: Pagination, other_orders: Sequence[Mapping[str, str]]
    ) -> PageSearch | None:
        def fetch(page: int, order: Mapping[str, str]) -> SearchedPage | None:
            answer = ask(page, order)
            if answer is None:
                return None
            total = pagination.signals(answer.headers, answer.body, page).total
            return SearchedPage(answer, [it for it in self.ids_on(answer.records) if isinstance(it, int)], total)

        first = fetch(1, {})
        if first is None or first.total is None:
            return None
        return PageSearch(fetch, first, first.total, pagination.page_size, other_orders)

    def _absent(self, searches: Sequence[PageSearch], known: KnownIds) -> set[int]:
        """Return which of the records that a stream has sent, or that were listed by now, the lists lack."""
        expected = sorted({*known, *self.ids.parents})
        unlisted = known.forgotten - sum(map(known.may_have_forgotten, self.ids.parents))
        surplus = len(expected) + max(0, unlisted) - sum(search.total for search in searches)
        if not surplus:
            return set()
        if too_many(surplus, len(known)):
            self.ids.warn_of_too_many(surplus, len(known))
            return set()
        try:
            if known.forgotten or len(searches) > 1:
                raise Unsearchable
            found = searches[0].missing(expected)
            # One that exists may stand on a page that was not looked at, out of the order of ids.
            if not too_many(len(found), len(known)) and any(map(self._shows, found)):
                raise Unsearchable
            return found
        except Unsearchable:
            if not all(search.read_all() for search in searches):
                logger.info("%s: the list does not show all that it counts; nothing is marked this time.", self.label)
                return set()
            self.has_listed_all = True
            return set(expected).difference(*(search.ids for search in searches))

    def log_hidden(self) -> None:
        """Log how many records are no longer listed but not gone, without those that were logged before."""
        if hidden := len(self._hidden) - self._hidden_logged:
            logger.info(
                "%s: %d no longer listed, but asking for them does not give HTTP 404, so they may only be hidden. They "
                "are not marked as deleted; each sync asks for them again.",
                self.label,
                hidden,
            )
            self._hidden_logged += hidden

    def _is_gone(self, number: int) -> bool:
        """Return whether a record is gone; one that lives has left the filter, where there is one."""
        is_shown = self._shows(number)
        if is_shown is False or (is_shown and self._leaves):
            return True
        self._hidden.add(number)
        return False

    def _shows(self, number: int) -> bool | None:
        """Ask for a single record. Returns False if it is gone: 404 or 410; None if nobody knows: 403 hides it."""
        with self._asking:
            if number not in self._shown:
                self._shown[number] = self._ask_for(number)
            return self._shown[number]

    def _ask_for(self, number: int) -> bool | None:
        if self._single is None or self._failures >= _MOST_FAILURES:
            return None
        requester, new_dispatcher = self._single
        self._dispatcher = self._dispatcher or new_dispatcher()
        try:
            spec = RequestSpec(number, requester.url_for(number), requester.parameters_with(self._parameters))
            return self._dispatcher.ask(spec, patient=True) is not None
        except RequestFailed as error:
            status = error.request.status
            self._failures += not status or status >= 500
            return False if status in GONE else None
