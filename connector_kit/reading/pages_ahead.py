"""Requests pages before their turn, so that several are in flight, and returns them in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from connector_kit.http.dispatcher import Dispatcher, RequestSpec, Result, answer_of
from connector_kit.http.requester import Answer

# Keep at most this many answers per worker that came before their turn, and this many bytes in all: Talentics sends all
# applicants of a job in one answer.
_WAITING_PER_WORKER, _WAITING_BYTES = 2, 8 << 20

# Seconds that may lie between two pages of a list that was begun before its turn. More go by where a page of another
# list fails and is tried again, or a limit binds.
_MOST_APART = 5.0

# Builds the request for a page; its job is the list's number and the page.
SpecOf = Callable[[int], RequestSpec[tuple[int, int]]]


@dataclass
class _OpenList:
    """A list that is being read or will be soon: the pages to request next, those in flight, and those that came.

    Requests in flight are compared by identity, as a page may be requested again. `page_bytes` is the size of the first
    page, and `asked_at` when a page was last requested. `is_stalled` says that the pages behind it must wait for the
    list's turn. `unused` has the answers that came and were then forgotten; None for a 404.
    """

    spec_of: SpecOf
    next_page: int = 1
    last_page: int = 1
    in_flight: dict[int, RequestSpec[tuple[int, int]]] = field(default_factory=dict)
    came: dict[int, Result] = field(default_factory=dict)
    unused: list[tuple[int, Answer | None]] = field(default_factory=list)
    page_bytes: int = 0
    asked_at: float = 0.0
    is_stalled: bool = False

    def reset(self, page: int) -> None:
        """Forget all pages that were requested ahead, and request only this one."""
        self.in_flight.clear()
        self.unused += [(page, it) for page, it in self.came.items() if it is None or isinstance(it, Answer)]
        self.came.clear()
        self.next_page = self.last_page = page
        self.is_stalled = False


class PagesAhead:
    """Requests the pages of one endpoint's lists, several at a time.

    Lists are numbered in the order in which they are read, as a rule, and their requests are sent in that order too.
    But the page that is needed next never waits for another, and a list that was begun before its turn goes on before
    all others: the longer its pages are apart, the likelier a deletion between them is masked by a creation. For the
    same reason no more lists are begun than have room, were they as long as those before; one that turns out to be too
    large, or whose pages would be too far apart, is begun anew at its turn.

    Only pages that will be needed may be requested ahead: the caller says with `extend` how far a list goes. If the
    list moves, the caller takes another page or calls `stop`; the pages in flight are then forgotten and requested
    again when needed.

    Args:
        dispatcher: sends the requests, as many at a time as the sync allows.
        workers: how many that is.
        last_page_of: returns how many pages a list has, judging by its first page; 1 if only the next page can tell,
            None if it has more, but nobody knows how many. For lists whose turn has not come.
        now: returns the seconds of a monotonic clock.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        workers: int,
        last_page_of: Callable[[Answer], int | None],
        now: Callable[[], float],
    ) -> None:
        self._dispatcher = dispatcher
        self._workers = workers
        self._last_page_of = last_page_of
        self._now = now
        self._lists: dict[int, _OpenList] = {}
        self._wanted: tuple[int, int] = (0, 0)
        # How many lists there were, and how many pages they have.
        self._known, self._known_pages = 0, 0
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

    def unused(self, number: int) -> list[tuple[int, Answer | None]]:
        """Return the pages of a list that were forgotten since the last call although their answers had come.

        None stands for a 404.
        """
        # One by one: a worker's thread may add another at any moment.
        unused = self._lists[number].unused
        return [unused.pop(0) for _ in range(len(unused))]

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
        is_asked = page in wanted.came or page in wanted.in_flight or page == wanted.next_page
        if wanted.is_stalled or not is_asked or (page == 1 and self._is_late(wanted)):
            wanted.reset(page)
        wanted.last_page = max(wanted.last_page, page)
        self._wanted = (number, page)
        while page not in wanted.came:
            self._receive()
        return answer_of(wanted.came.pop(page))

    def _receive(self) -> None:
        """Wait for the request that was sent first of those that are still needed, and keep its result."""
        if self._results is None:
            self._results = self._dispatcher.results(
                self._next_spec, is_needed=self._is_needed, note_unused=self._note_unused
            )
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
        its = self._lists[number]
        del its.in_flight[page]
        its.came[page] = result
        if page == 1 and isinstance(result, Answer):
            self._note_length(its, result, is_ahead=number != self._wanted[0])

    def _is_needed(self, spec: RequestSpec[tuple[int, int]]) -> bool:
        number, page = spec.job
        return number in self._lists and self._lists[number].in_flight.get(page) is spec

    def _note_unused(self, spec: RequestSpec[tuple[int, int]], answer: Answer | None) -> None:
        number, page = spec.job
        if (its := self._lists.get(number)) is not None:
            its.unused.append((page, answer))

    def _note_length(self, its: _OpenList, first: Answer, is_ahead: bool) -> None:
        """Note how long a list is, and whether all of it may wait for its turn."""
        pages = self._last_page_of(first)
        self._known, self._known_pages = self._known + 1, self._known_pages + (pages or self._room)
        if is_ahead:
            its.last_page, its.page_bytes = pages or 1, len(first.content)
            # One page alone is here already, however large it is: begun anew it would only be requested twice.
            too_large = sum(it.last_page * it.page_bytes for it in self._ahead()) > _WAITING_BYTES
            its.is_stalled = pages is None or (pages > 1 and too_large)
            its.last_page = 1 if its.is_stalled else its.last_page

    def _next_spec(self) -> RequestSpec[tuple[int, int]] | None:
        """Return the next request to send; None if there is none at the moment."""
        number, page = self._wanted
        wanted = self._lists[number]
        if wanted.next_page == page:
            return self._spec(wanted)
        for its in self._ahead():
            if self._is_late(its):
                # What is in flight is forgotten at its turn: the dispatcher may be about to hand it over.
                its.last_page, its.is_stalled = its.next_page - 1, True
            elif its.next_page <= its.last_page and not its.is_stalled:
                return self._spec(its)
        if wanted.next_page <= wanted.last_page:
            return self._spec(wanted)
        new = min((each for each, its in self._lists.items() if its.next_page == 1), default=None)
        usual = -(-self._known_pages // max(1, self._known)) or 1
        expected = sum(usual if 1 in its.in_flight else its.last_page for its in self._ahead())
        has_room = expected + usual <= self._room and _bytes_of(self._lists.values()) < _WAITING_BYTES
        if has_room and new is not None:
            # A list that the limit cuts in two is begun anew after the wait.
            begun = [its for its in self._lists.values() if its.next_page > 1]
            unsent = sum(usual - 1 if 1 in its.in_flight else its.last_page - its.next_page + 1 for its in begun)
            has_room = unsent + usual <= self._dispatcher.slots_left
        return self._spec(self._lists[new]) if new is not None and has_room else None

    def _ahead(self) -> list[_OpenList]:
        """Return the lists that were begun before their turn, in order."""
        begun = sorted(number for number, its in self._lists.items() if its.next_page > 1)
        return [self._lists[number] for number in begun if number != self._wanted[0]]

    def _is_late(self, its: _OpenList) -> bool:
        """Whether the next page would be so far apart from the last one that a deletion may well be masked between."""
        return its.next_page <= its.last_page and self._now() - its.asked_at > _MOST_APART

    @property
    def _room(self) -> int:
        return _WAITING_PER_WORKER * self._workers

    def _spec(self, its: _OpenList) -> RequestSpec[tuple[int, int]]:
        page = its.next_page
        its.next_page += 1
        its.asked_at = self._now()
        spec = its.in_flight[page] = its.spec_of(page)
        return spec


def _bytes_of(lists: Iterable[_OpenList]) -> int:
    """Return how many bytes of answers wait for their turn."""
    return sum(len(it.content) for its in lists for it in its.came.values() if isinstance(it, Answer))
