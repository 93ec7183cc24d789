"""Finds which of the records that should be in a long list are not, by looking at few of its pages.

Lists that the server filters by time are not read in full, so what is gone from them does not show; only their total
does. In the default order, oldest first, ids ascend: the place of a record in the list then tells how many of the known
ones before it are missing. Halving the list again and again leads to their pages: of 200 pages, about 8 are requested
for one missing record.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log2

from connector_kit.errors import RequestFailed
from connector_kit.http.requester import Answer
from connector_kit.reading.other_orders import MOST_FRUITLESS_WALKS, OtherOrders


@dataclass(frozen=True)
class SearchedPage:
    """A page of the list: its answer, the ids on it, and the total that came with it."""

    answer: Answer
    ids: list[int]
    total: int | None


class Unsearchable(Exception):
    """Raised if the list moves, is not in the order of its ids, or is read in full at less cost."""


class PageSearch:
    """A list of `total` records. `seen` holds the pages that were requested, and `ids` what is on them.

    Args:
        fetch: requests a page; the parameters ask for another order.
        first: the first page.
        total: how many records the list has.
        page_size: the records on a full page.
        other_orders: query parameters that return the same list in another order.
    """

    def __init__(
        self,
        fetch: Callable[[int, Mapping[str, str]], SearchedPage | None],
        first: SearchedPage,
        total: int,
        page_size: int,
        other_orders: Sequence[Mapping[str, str]] = (),
    ) -> None:
        self._fetch = fetch
        self.total = total
        self._size = page_size
        self._last = max(1, -(-total // page_size))
        self._orders = OtherOrders(other_orders)
        self._is_whole: bool | None = None
        self._pages = {1: first}
        self.seen = [first]
        self.ids = set(first.ids)

    def missing(self, known: list[int]) -> set[int]:
        """Return which of the known ids, ascending, are not on the page where they would be.

        Raises:
            Unsearchable: the list must be read in full.
        """
        if abs(len(known) - self.total) * log2(self._last) > self._last:
            raise Unsearchable
        found = self._between(known, 0, 1) | (self._between(known, 1, self._last) if self._last > 1 else set())
        new = self.ids - set(known)
        if len(known) - len(found) + len(new) != self.total:
            raise Unsearchable
        return found

    def read_all(self) -> bool:
        """Request all pages. Returns whether they show every record of the list, which stood still."""
        if self._is_whole is None:
            self._is_whole = self._reads_all()
        return self._is_whole

    def _reads_all(self) -> bool:
        rows = 0
        for number in range(1, self._last + 1):
            page = self._pages.get(number) or self._request(number)
            if page is None:
                return False
            self._pages[number] = page
            rows += len(page.ids)
        # Records that share their place in the order take each other's: one comes on two pages, another on none.
        while len(self.ids) < self.total <= rows and self._orders.fruitless < MOST_FRUITLESS_WALKS:
            order, before = self._orders.take(), len(self.ids)
            try:
                if not self._walk_in(order):
                    return False
            except RequestFailed as error:
                self._orders.leave_out(order, error)
                continue
            self._orders.walked(has_news=len(self.ids) > before)
        return len(self.ids) == self.total

    def _walk_in(self, order: Mapping[str, str]) -> bool:
        """Request the pages in an order until all records were seen. Returns whether the list stood still."""
        for number in range(1, self._last + 1):
            if len(self.ids) == self.total:
                break
            if self._request(number, order) is None:
                return False
        return True

    def _request(self, number: int, order: Mapping[str, str] | None = None) -> SearchedPage | None:
        """Request a page. Returns None if the list moved."""
        page = self._fetch(number, order or {})
        if page is None or page.total != self.total:
            return None
        if not self.ids.issuperset(page.ids):
            self.seen.append(page)
            self.ids.update(page.ids)
        return page

    def _between(self, known: list[int], first: int, last: int) -> set[int]:
        """Search the pages after `first` up to `last`."""
        is_even = self._surplus(known, first) == self._surplus(known, last)
        if is_even and (last - first > 1 or last not in self._pages):
            return set()
        if last - first > 1:
            middle = (first + last) // 2
            return self._between(known, first, middle) | self._between(known, middle, last)
        ids = self._page(last).ids
        low = bisect_right(known, self._page(first).ids[-1]) if first else 0
        high = len(known) if last == self._last else bisect_right(known, ids[-1])
        return set(known[low:high]) - set(ids)

    def _surplus(self, known: list[int], page: int) -> int:
        """Return how many more known ids than listed records there are up to the end of a page."""
        if page == 0:
            return 0
        if page == self._last:
            return len(known) - self.total
        return bisect_right(known, self._page(page).ids[-1]) - page * self._size

    def _page(self, number: int) -> SearchedPage:
        found = self._pages.get(number) or self._request(number)
        full = self._size if number < self._last else self.total - (number - 1) * self._size
        if found is None or len(found.ids) != full:
            raise Unsearchable
        self._pages[number] = found
        in_order = [it for _, page in sorted(self._pages.items()) for it in page.ids]
        if any(one >= other for one, other in pairwise(in_order)):
            raise Unsearchable
        return found
