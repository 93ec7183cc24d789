"""Finds which of the records that should be in a long list are not, by looking at few of its pages.

Lists that the server filters by time are not read in full, so what is gone from them does not show; only their total
does. In the default order, oldest first, ids ascend: the place of a record in the list then tells how many of the known
ones before it are missing. Halving the list again and again leads to their pages: of 200 pages, about 8 are requested
for one missing record.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import log2

from connector_kit.http.requester import Answer


@dataclass(frozen=True)
class SearchedPage:
    """A page of the list: its answer, the ids on it, and the total that came with it."""

    answer: Answer
    ids: list[int]
    total: int | None


class Unsearchable(Exception):
    """Raised if the list moves, is not in the order of its ids, or is read in full at less cost."""


class PageSearch:
    """A list of `total` records whose pages are requested once each; `pages` holds those that were.

    Args:
        fetch: requests a page.
        first: the first page.
        total: how many records the list has.
        page_size: the records on a full page.
    """

    def __init__(
        self, fetch: Callable[[int], SearchedPage | None], first: SearchedPage, total: int, page_size: int
    ) -> None:
        self._fetch = fetch
        self.total = total
        self._size = page_size
        self._last = max(1, -(-total // page_size))
        self.pages = {1: first}

    def missing(self, known: list[int]) -> set[int]:
        """Return which of the known ids, ascending, are not on the page where they would be.

        Raises:
            Unsearchable: the list must be read in full.
        """
        if abs(len(known) - self.total) * log2(self._last) > self._last:
            raise Unsearchable
        found = self._between(known, 0, 1) | (self._between(known, 1, self._last) if self._last > 1 else set())
        new = {number for page in self.pages.values() for number in page.ids} - set(known)
        if len(known) - len(found) + len(new) != self.total:
            raise Unsearchable
        return found

    def read_all(self) -> bool:
        """Request all pages. Returns whether they show every record of the list, which stood still."""
        for number in range(2, self._last + 1):
            found = self.pages.get(number) or self._fetch(number)
            if found is None or found.total != self.total:
                return False
            self.pages[number] = found
        return len({it for page in self.pages.values() for it in page.ids}) == self.total

    def _between(self, known: list[int], first: int, last: int) -> set[int]:
        """Search the pages after `first` up to `last`."""
        is_even = self._surplus(known, first) == self._surplus(known, last)
        if is_even and (last - first > 1 or last not in self.pages):
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
        found = self.pages.get(number) or self._fetch(number)
        full = self._size if number < self._last else self.total - (number - 1) * self._size
        if found is None or found.total != self.total or len(found.ids) != full:
            raise Unsearchable
        self.pages[number] = found
        in_order = [it for _, page in sorted(self.pages.items()) for it in page.ids]
        if any(one >= other for one, other in pairwise(in_order)):
            raise Unsearchable
        return found
