"""Requests pages before their turn, so that several are in flight, and returns them in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from connector_kit.http.dispatcher import Dispatcher, RequestSpec, Result, answer_of
from connector_kit.http.requester import Answer

# Keep at most this many answers per worker that came before their turn, and this many bytes in all: Talentics sends all
# applicants of a job in one answer.
_WAITING_PER_WORKER, _WAITING_BYTES = 2, 8 << 20

# Builds the request for a page; its job is the list's number and the page.
SpecOf = Callable[[int], RequestSpec[tuple[int, int]]]


@dataclass
class _OpenList:
    """A list that is being read or will be soon: the pages to request next, those in flight, and those that came.

    Requests in flight are compared by identity, as a page may be requested again.
    """

    spec_of: SpecOf
    next_page: int = 1
    last_page: int = 1
    in_flight: dict[int, RequestSpec[tuple[int, int]]] = field(default_factory=dict)
    came: dict[int, Result] = field(default_factory=dict)

    def reset(self, page: int) -> None:
        """Forget all pages that were requested ahead, and request only this one."""
        self.in_flight.clear()
        self.came.clear()
        self.next_page = self.last_page = page


class PagesAhead:
    """Requests the pages of one endpoint's lists, several at a time.

    Lists are numbered in the order in which they are read. Requests are sent in that order too, so the page that is
    needed next never waits for one that is needed later. Only pages that will be needed may be requested ahead: the
    caller says with `extend` how far a list goes. If the list moves, the caller takes another page or calls `stop`; the
    pages in flight are then forgotten and requested again when needed.

    Args:
        dispatcher: sends the requests, as many at a time as the sync allows.
        workers: how many that is.
        last_page_of: returns how many pages a list has, judging by its first page; 1 if that can't be known. For lists
            whose turn has not come.
    """

    def __init__(self, dispatcher: Dispatcher, workers: int, last_page_of: Callable[[Answer], int]) -> None:
        self._dispatcher = dispatcher
        self._workers = workers
        self._last_page_of = last_page_of
        self._lists: dict[int, _OpenList] = {}
        self._wanted: tuple[int, int] = (0, 0)
        self._results: Iterator[tuple[RequestSpec[tuple[int, int]], Result]] | None = None

    def __contains__(self, number: object) -> bool:
        """Whether a list is open."""
        return number in self._lists

    def open(self, number: int, spec_of: SpecOf) -> None:
        """Begin a list with its first page, or go on with it if that page was requested ahead."""
        self._lists.setdefault(number, _OpenList(spec_of)).spec_of = spec_of

    def extend(self, number: int, last_page: int) -> None:
        """Request pages up to `last_page` before their turn, because the list does not move and has that many."""
        self._lists[number].last_page = last_page

    def stop(self, number: int) -> None:
        """Forget the pages requested before their turn, because the list moves or its length is unknown."""
        self._lists[number].reset(self._lists[number].next_page)

    def close(self, number: int) -> None:
        """Forget the list, because none of its pages is needed any more."""
        self._lists.pop(number, None)

    def take(self, number: int, page: int) -> Answer | None:
        """Wait for a page and return it; None if the server has nothing there (404, and the failure table agrees).

        Raises:
            RequestFailed: the request failed for good.
            SetAsideError: the request failed for now, and can be tried again later.
        """
        wanted = self._lists[number]
        if page not in wanted.came and page not in wanted.in_flight and page != wanted.next_page:
            wanted.reset(page)
        wanted.last_page = max(wanted.last_page, page)
        self._wanted = (number, page)
        while page not in wanted.came:
            self._receive()
        return answer_of(wanted.came.pop(page))

    def _receive(self) -> None:
        """Wait for the request that was sent first, and keep its result if it is still needed."""
        if self._results is None:
            self._results = self._dispatcher.results(self._next_spec)
        try:
            spec, result = next(self._results)
        except BaseException:
            # The dispatcher has given up everything else in flight, so request those pages again.
            self._results = None
            for each in self._lists.values():
                each.next_page = min([*each.in_flight, each.next_page])
                each.in_flight.clear()
            raise
        number, page = spec.job
        its = self._lists.get(number)
        if its is None or its.in_flight.get(page) is not spec:
            return
        del its.in_flight[page]
        its.came[page] = result
        if page == 1 and number != self._wanted[0] and isinstance(result, Answer):
            its.last_page = self._last_page_of(result)

    def _next_spec(self) -> RequestSpec[tuple[int, int]] | None:
        """Return the next request to send; None if there is none at the moment."""
        for number in sorted(self._lists):
            its = self._lists[number]
            if its.next_page > its.last_page:
                continue
            if (number, its.next_page) != self._wanted and self._is_full():
                return None
            page = its.next_page
            its.next_page += 1
            spec = its.in_flight[page] = its.spec_of(page)
            return spec
        return None

    def _is_full(self) -> bool:
        """Return whether enough answers are waiting for their turn."""
        waiting = [result for its in self._lists.values() for result in its.came.values()]
        sizes = (len(result.content) for result in waiting if isinstance(result, Answer))
        return len(waiting) >= _WAITING_PER_WORKER * self._workers or sum(sizes) >= _WAITING_BYTES
