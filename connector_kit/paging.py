"""Which page of a list comes next, so that nothing slips past while the list moves.

Both APIs page by number over a list that others change meanwhile. What that does to the records not yet read:

- created: pushed to later pages, or not at all. Harmless; some come twice.
- deleted: pulled to *earlier* pages, where nobody looks again. Both APIs tell the total on every page, so a total that
  shrank says by how much, and the walk steps back that far; at its end the list's beginning is read again. A list of
  several pages that tells no total is walked until a walk brings nothing new.
- moved, in a list that is ordered by the time of update: to its end, which pulls others to earlier pages and shows the
  moved record a second time under a new time; or to its beginning, which pushes others to later pages, where one is
  seen a second time as it was. Seeing a record twice therefore asks for another walk: of the whole list in the first
  case, of its beginning in the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from airbyte_cdk.sources.types import Config

from connector_kit.requester import Answer

# A last page with fewer records than the total promises is asked for again this often: the server may have counted
# just before a deletion and listed just after it. A total that is wrong for good is believed no longer then.
_DOUBTS = 2
# A list that grows while it is read may come to twice the pages that it promised at first, and some more. No list of
# these APIs comes near two million records, and so many are what the memory of a walk holds.
_GROWTH, _SPARE_PAGES, _MOST_PAGES = 2, 1_000, 20_000
# So many pages in a row with the very same records are no coincidence of records that move.
_SAME_PAGES = 3


@dataclass
class PageNumbers:
    """How a list pages.

    Args:
        page_parameter: the query parameter that takes the page's number, from 1.
        page_size: records on a full page.
        page_size_parameter: the query parameter that asks for it, where there is one.
        total_header, total_path: where an answer tells how many records the list has.
        one_page_without_total: True where a list that tells no total comes whole in one answer; elsewhere a full page
            without a total has another behind it.
    """

    config: Config
    page_size: int
    page_parameter: str = "page"
    page_size_parameter: Optional[str] = None
    total_header: Optional[str] = None
    total_path: list[str] = field(default_factory=list)
    one_page_without_total: bool = False

    def parameters(self, page: int) -> dict[str, str]:
        parameters = {self.page_parameter: str(page)}
        if self.page_size_parameter:
            parameters[self.page_size_parameter] = str(self.page_size)
        return parameters

    def total(self, answer: Answer) -> int | None:
        """The list's length as an answer tells it; None where it doesn't."""
        if self.total_header:
            value: Any = answer.headers.get(self.total_header)
        else:
            value = answer.body
            for name in self.total_path:
                value = value.get(name) if isinstance(value, Mapping) else None
        try:
            total = int(value)
        except (TypeError, ValueError):
            return None
        return total if total >= 0 else None


class PageWalk:
    """One walk through a list.

    `_covered` is the number of records, from the list's beginning, that were surely read as the list stands now. A
    deletion anywhere may have pulled one unread record below that mark, so the mark goes down by as many as were
    deleted; a page that begins above the mark does not count, and is read again when its turn comes.
    """

    def __init__(self, page_size: int, one_page_without_total: bool = False) -> None:
        self._size = page_size
        self._one_page_without_total = one_page_without_total
        self._covered = 0
        self._reached = 0
        # Whether the page that came last had been read before in this walk.
        self.is_repeat = False
        # Whether something may have moved to the list's beginning that the walk did not show. A deletion at the same
        # time pulls the others back to where they were, so that no record comes twice and tells of it.
        self.beginning_in_doubt = False
        self._last_page = 0
        self._total: int | None = None
        self._untold = False
        self._doubts = 0
        self._asked = 0
        self._most = _MOST_PAGES
        self._last_keys: list[Any] = []
        self._same = 1

    def why_endless(self, page: int, keys: list[Any], total: int | None) -> str | None:
        """Note the ids on a page. Says why the list comes to no end, where that shows; None otherwise."""
        self._asked += 1
        if self._asked == 1 and total is not None:
            self._most = min(_MOST_PAGES, _GROWTH * total // self._size + _SPARE_PAGES)
        if self._asked > self._most:
            return f"{self._most:,} pages were read, and it goes on"
        follows = page == self._last_page + 1
        self._same = self._same + 1 if follows and keys and None not in keys and keys == self._last_keys else 1
        self._last_keys = keys
        ends_here = total is not None and page > 1 and page * self._size >= total
        if self._same >= _SAME_PAGES or (ends_here and self._same == page):
            return f"page {page} has the same records as the page before"
        return None

    @property
    def is_blind(self) -> bool:
        """Whether a deletion goes unseen: several pages, one of them without a total."""
        return self._untold and self._last_page > 1

    def counts(self, page: int, rows: int, total: int | None) -> bool:
        """Take note of a page. False where it must be read again, because the list moved before it."""
        self._last_page = max(self._last_page, page)
        if total is not None:
            if self._total is not None and total < self._total:
                self._covered = max(0, self._covered - (self._total - total))
                self.beginning_in_doubt = True
            self._total = total
        begin = (page - 1) * self._size
        if begin > self._covered or self._doubtful(page, rows):
            return False
        self._untold = self._untold or total is None
        if page == 1 and rows and self._is_short(page, rows):
            # Not the size that was asked for, then: a server that gives fewer counts its pages by that.
            self._size = rows
        self.is_repeat = begin < self._reached
        # From page 1 the walk goes on through all that follow.
        self.beginning_in_doubt = self.beginning_in_doubt and page > 1
        self._covered = max(self._covered, begin + (self._size if self._more_after(page, rows) else rows))
        self._reached = max(self._reached, self._covered)
        return True

    def next(self, page: int, rows: int, counted: bool) -> int | None:
        """The page to read after `page`, None at the end."""
        if counted and (rows == 0 or not self._more_after(page, rows)):
            return None
        return self._covered // self._size + 1

    def _doubtful(self, page: int, rows: int) -> bool:
        """Whether a page holds fewer records than the total promises, and may hold them at another look."""
        if not self._is_short(page, rows):
            return False
        self._doubts += 1
        return self._doubts <= _DOUBTS

    def _is_short(self, page: int, rows: int) -> bool:
        return self._total is not None and rows < min(self._size, self._total - (page - 1) * self._size)

    def _more_after(self, page: int, rows: int) -> bool:
        if self._total is None:
            return rows >= self._size and not self._one_page_without_total
        # A total that this page has overrun is wrong, and says nothing of where the list ends.
        overrun = (page - 1) * self._size + rows > self._total
        return page * self._size < self._total or (overrun and rows >= self._size)


def key_of(record: Mapping[str, Any]) -> int | str | None:
    """What tells a record from the others; None where it holds what can't."""
    key = record.get("id")
    return key if isinstance(key, (int, str)) else None


class Sightings:
    """Which records a list has shown, under which time; tells whether a walk must be repeated.

    After a walk, `moved` is the part to walk again ("whole" or "beginning") or None; `brought_news` tells whether the
    walk showed anything that none had shown before.
    """

    def __init__(self) -> None:
        self._times: dict[Any, int | None] = {}
        # In the first walk, the only one of nearly every sync, what was seen at all was seen in this walk.
        self._walk: set[Any] | None = None
        self.moved: str | None = None
        self.brought_news = False

    def begin_walk(self) -> None:
        self._walk = set() if self._times else None
        self.moved = None
        self.brought_news = False

    def is_news(self, key: Any, instant: int | None, is_repeat: bool = False) -> bool:
        """Note a record. True where it was not seen before as it is now.

        On a page that is read again records are expected twice: they tell nothing of a list that moved.
        """
        if key is None:
            # Without an id nobody can tell one record from another.
            return True
        known = key in self._times
        same = known and self._times[key] == instant
        twice = known if self._walk is None else key in self._walk
        if twice and not same:
            self.moved = "whole"
        elif twice and not is_repeat:
            self.moved = self.moved or "beginning"
        if self._walk is not None:
            self._walk.add(key)
        self._times[key] = instant
        self.brought_news = self.brought_news or not same
        return not same
