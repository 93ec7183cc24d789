"""What a list reader does about deletions: it compares what streams remember with what the lists show."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from connector_kit.errors import GONE, RequestFailed
from connector_kit.http.dispatcher import Dispatcher, RequestSpec
from connector_kit.http.requester import Answer, Requester
from connector_kit.reading.listed_ids import ListedIds, too_many
from connector_kit.reading.page_search import PageSearch, SearchedPage, Unsearchable
from connector_kit.reading.paginators import Pagination
from connector_kit.reading.seen_records import key_of
from connector_kit.state.known_ids import NO_PARENT, KnownIds

logger = logging.getLogger("airbyte.connector_kit")


class ListMarks:
    """Finds what is gone from the lists of one endpoint, whose stream is `label`. `ids` is what they have shown.

    Args:
        label: names the stream in the log.
        key: the field with a record's id.
        region: which part of the source the lists show: their URL and parameters, and the start date.
        above: the same of the parents' list; None for a list that has none.
        single: the endpoint of a single record, and what sends its requests; None where the API has none.
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
    ) -> None:
        self.label = label
        self._key = key
        self._region: str = f"{above._region if above else ''} {region}"
        self._single = single
        self._leaves = leaves
        self._dispatcher: Dispatcher | None = None
        self._hidden = 0
        self.ids: ListedIds = ListedIds(label, above.ids if above else None, self._is_gone if single else None)

    def begin(self, memories: Iterable[KnownIds]) -> bool:
        """Prepare what streams remember. Returns whether the list must be read in full, to learn its ids."""
        scope = zlib.crc32(self._region.encode())
        found = list(memories)
        for known in found:
            known.enter(scope)
        return not all(known.is_whole for known in found)

    def ids_on(self, records: Iterable[dict[str, Any]]) -> list[object]:
        """Return the ids of records."""
        return [key_of(record, self._key) for record in records]

    def compare(
        self, memories: Sequence[KnownIds], ask: Callable[[int], Answer | None], pagination: Pagination
    ) -> Iterator[Answer]:
        """Look for what is gone from a list of which only the latest changes were read.

        Args:
            memories: what each stream remembers.
            ask: requests a page of the whole list.
            pagination: how the list pages.

        Yields:
            The pages that were requested: they may hold records that came back.
        """

        def fetch(page: int) -> SearchedPage | None:
            answer = ask(page)
            if answer is None:
                return None
            total = pagination.signals(answer.headers, answer.body, page).total
            return SearchedPage(answer, [it for it in self.ids_on(answer.records) if isinstance(it, int)], total)

        try:
            first = fetch(1)
            if first is None or first.total is None:
                logger.info("%s: the list comes without a total, so nothing is marked as deleted.", self.label)
                return
            search = PageSearch(fetch, first, first.total, pagination.page_size)
            for known in memories:
                self._search(search, known)
        except RequestFailed as error:
            logger.info("%s: nothing is marked as deleted this time. %s", self.label, error.message)
            return
        yield from (page.answer for page in search.pages.values())

    def _search(self, search: PageSearch, known: KnownIds) -> None:
        expected = sorted({*known, *self.ids.parents})
        surplus = len(expected) + known.forgotten - search.total
        if not surplus:
            return
        if too_many(surplus, len(known)):
            self.ids.warn_of_too_many(surplus, len(known))
            return
        try:
            if known.forgotten:
                raise Unsearchable
            self.ids.absent |= search.missing(expected)
        except Unsearchable:
            if search.read_all():
                self.ids.prove(NO_PARENT)

    def log_hidden(self) -> None:
        """Log how many records are no longer listed but not gone."""
        if self._hidden:
            logger.info(
                "%s: %d no longer listed, but asking for them does not give HTTP 404, so they may only be hidden. They "
                "are not marked as deleted; each sync asks for them again.",
                self.label,
                self._hidden,
            )
            self._hidden = 0

    def _is_gone(self, number: int) -> bool:
        """Ask for a single record: only 404 or 410 says that it is gone; 403 says that it is hidden.

        An answer says that it lives, and so left the filter where there is one.
        """
        if self._single is None:
            return True
        requester, new_dispatcher = self._single
        self._dispatcher = self._dispatcher or new_dispatcher()
        try:
            answer = self._dispatcher.ask(
                RequestSpec(number, requester.url_for(number), requester.parameters_with({})), patient=True
            )
        except RequestFailed as error:
            if error.request.status in GONE:
                return True
            self._hidden += 1
            return False
        if answer is None or self._leaves:
            return True
        self._hidden += 1
        return False
