"""Where a list ends, and which page comes next, so that nothing slips past while the list moves.

Where a list ends is the server's word: a total, a link to the next page, the number of the last one. Where they
contradict each other more is read rather than less; where none comes, the list ends with a page that brings nothing
new, never with a short one: servers give smaller pages than asked for, and leave out rows that a credential may not
see.

Both APIs page by number over a list that others change meanwhile. What that does to the records not yet read:

- created: pushed to later pages, or not at all. Harmless; some come twice.
- deleted: pulled to *earlier* pages, where nobody looks again. A total that comes with each page shrinks and says by
  how much, and the walk steps back that far; at its end the list's beginning is read again. A list of several pages
  that tells no total is walked until a walk brings nothing new.
- moved, in a list that is ordered by the time of update: to its end, which pulls others to earlier pages and shows the
  moved record a second time under a new time; or to its beginning, which pushes others to later pages, where one is
  seen a second time as it was. Seeing a record twice therefore asks for another walk: of the whole list in the first
  case, of its beginning in the second.
- none of it, but the server's order has ties: records of one bulk import share their time, and stand in another order
  at each request. One comes on two pages, another on none. Only the total tells: see `SeenRecords.lacks`.
"""

from __future__ import annotations

from typing import Any

from connector_kit.reading.paginators import PageSignals

# A last page with fewer records than the total promises is asked for again this often: the server may have counted
# just before a deletion and listed just after it.
_DOUBTS = 2
# A list that grows while it is read may come to twice the pages that it promised at first, and some more. No list of
# these APIs comes near two million records, and so many are what the memory of a walk holds.
_GROWTH, _SPARE_PAGES, _MOST_PAGES = 2, 1_000, 20_000
# So often in a row a total may shrink, and grow again, without a record that is new.
_MOST_STEPS_BACK = 4
# So many pages in a row with the very same records are no coincidence of records that move.
_SAME_PAGES = 3


class OnePage:
    """Whether an endpoint gives all of a list at once, whatever page it is asked for.

    Learnt from lists that tell nothing of their end: the second page is the first one once more. That proves it for no
    longer lists than that one: a server that gives the last page in the place of those behind it does the same.
    """

    def __init__(self) -> None:
        self._longest = 0
        self._is_paged = False

    def holds(self, rows: int) -> bool:
        """Whether a first page with so many records is all of its list."""
        return not self._is_paged and rows <= self._longest

    def learn(self, rows: int, is_same: bool) -> None:
        """Note a second page, behind a first one with so many records; `is_same` where it was that one once more."""
        self._is_paged = self._is_paged or not is_same
        self._longest = max(self._longest, rows)


class PageWalk:
    """One walk through a list.

    `rows` has the number of records on each page, from the list's beginning, that was surely read as the list stands
    now. A deletion anywhere may have pulled one unread record below that mark, so the mark goes down by as many as were
    deleted; a page that begins above the mark does not count, and is read again when its turn comes.

    Args:
        page_size: records on a full page, as they are asked for.
        short_is_last: whether a page that is not full ends a list that tells nothing of its end: for what comes in one
            answer as far as anybody knows, and would cost a second request each.
        one_page: what is known of the endpoint from other lists that tell nothing of their end.
    """

    def __init__(self, page_size: int, short_is_last: bool = False, one_page: OnePage | None = None) -> None:
        self._asked_size = page_size
        self._short_is_last = short_is_last
        self._one_page = one_page or OnePage()
        self.rows: list[int] = []
        self._reached = 0
        # The most records on any page, which is never more than the server's own page size: to step back by too many
        # pages costs a request, by too few a record.
        self._size = 0
        # Whether the page that came last had been read before in this walk.
        self.is_repeat = False
        # Whether something may have moved to the list's beginning that the walk did not show. A deletion at the same
        # time pulls the others back to where they were, so that no record comes twice and tells of it.
        self.beginning_in_doubt = False
        # By how much the total shrank with the last page.
        self.shrank_by = 0
        # Whether the server said that there is more, and the walk ended all the same.
        self.is_cut_short = False
        self._said_more = False
        self.cursor: str | None = None
        self._by_cursor = False
        self._last_page = 0
        # Pages that showed something new, or nothing: a deletion may have emptied the last one before it came.
        self._pages = 0
        self._total: int | None = None
        self._steps_back = 0
        self._untold = False
        self._doubts = 0
        self._asked = 0
        self._most = _MOST_PAGES
        self._last_keys: list[Any] = []
        self._same = 1

    def why_endless(self, page: int, keys: list[Any], signals: PageSignals, again: bool = False) -> str | None:
        """Note the ids on a page. Says why the list never ends, where that shows; None otherwise.

        `again` where a walk before this one has found less than the total tells.
        """
        self._asked += 1
        total = signals.total
        if self._asked == 1 and total is not None:
            self._most = min(_MOST_PAGES, _GROWTH * total // self._asked_size + _SPARE_PAGES)
        if self._asked > self._most:
            return f"{self._most:,} pages were read, and it goes on"
        follows = page == self._last_page + 1
        same = follows and bool(keys) and None not in keys and keys == self._last_keys
        self._same = self._same + 1 if same else 1
        self._last_keys = keys
        if not self._promises_more(page, signals):
            # The page behind the last one, as some servers give it: the last once more, or all of an unpaged list.
            return None
        ends_here = total is not None and page > 1 and page * self._asked_size >= total
        if self._same >= _SAME_PAGES or (again and ends_here and keys and self._same == page):
            return f"page {page} has the same records as the page before"
        return None

    def _promises_more(self, page: int, signals: PageSignals) -> bool:
        if signals.more or signals.total is None:
            return bool(signals.more)
        return sum(self.rows) < signals.total and (page - 1) * self._asked_size < signals.total

    @property
    def is_blind(self) -> bool:
        """Whether a deletion goes unseen: several pages by number, one of them without a total."""
        return self._untold and self._pages > 1 and not self._by_cursor

    @property
    def total(self) -> int | None:
        """How many records the list has, by the last page that told. None where none did, or where more came."""
        return self._total

    @property
    def expected_pages(self) -> int:
        """How many pages the list has, by its total and the largest page so far; 1 where that can't be told yet."""
        # A first page that is not full may be that of a server with smaller pages, or lack rows: the second one tells.
        if self._total is None or not self._size or (len(self.rows) == 1 and self._size != self._asked_size):
            return 1
        return -(-self._total // self._size)

    def counts(self, page: int, rows: int, signals: PageSignals) -> bool:
        """Take note of a page. False where it must be read again, because the list moved before it."""
        self._last_page = max(self._last_page, page)
        self.shrank_by = 0
        total = signals.total
        if total is not None:
            if self._total is not None and total < self._total:
                self._steps_back += 1
                self.beginning_in_doubt = True
                # Servers of theirs that count differently answer by turns; stepping back would never end.
                if self._steps_back <= _MOST_STEPS_BACK:
                    back = -(-(self._total - total) // max(1, self._size))
                    del self.rows[max(0, len(self.rows) - back) :]
                    self.shrank_by = self._total - total
            self._total = total
        if page > len(self.rows) + 1 or self._is_doubtful(page, rows, signals):
            return False
        self._untold = self._untold or total is None
        self.cursor = signals.cursor
        self._by_cursor = self._by_cursor or signals.cursor is not None
        self.is_repeat = page <= self._reached
        # From page 1 the walk goes on through all that follow.
        self.beginning_in_doubt = self.beginning_in_doubt and page > 1
        self.rows[page - 1 :] = [rows]
        self._size = max(self._size, rows)
        self._reached = max(self._reached, page)
        if self._total is not None and (
            sum(self.rows) > self._total or (signals.more and sum(self.rows) == self._total)
        ):
            # More came, or is to come, than it tells: it counts something else, such as what is on the page.
            self._total, self._untold = None, True
        return True

    def next(self, rows: int, counted: bool, signals: PageSignals, brought_news: bool = True) -> int | None:
        """The page to read after one with `rows` records; None at the end.

        `brought_news` is False where all of them had been seen before in this walk.
        """
        page = len(self.rows) + 1
        self._pages += counted and (rows == 0 or brought_news)
        if counted and brought_news:
            self._steps_back = 0
        if counted and signals == PageSignals():
            if len(self.rows) == 2:
                self._one_page.learn(self.rows[0], is_same=rows > 0 and not brought_news)
            # One page says that there is more, the next one has nothing and says nothing: something is missing.
            self.is_cut_short = self.is_cut_short or (self._said_more and rows == 0)
        return page if not counted or self._goes_on(rows, signals, brought_news) else None

    def end(self) -> None:
        """Told that the server has no such page."""
        self.is_cut_short = self.is_cut_short or self._said_more
        self._pages += 1

    def _goes_on(self, rows: int, signals: PageSignals, brought_news: bool) -> bool:
        self._said_more = bool(signals.more)
        read, total = sum(self.rows), self._total
        if signals.more:
            # Not for ever: a link that goes on behind what the total tells is no more than a hint.
            return brought_news or signals.total is None or read - rows < signals.total
        if total is not None:
            # A page may be empty though others follow: a credential may not see the rows on it.
            return read < total and ((rows > 0 and brought_news) or len(self.rows) * max(1, self._size) < total)
        if signals.more is not None or (self._short_is_last and rows < self._asked_size):
            return False
        return rows > 0 and brought_news and not (len(self.rows) == 1 and self._one_page.holds(rows))

    def _is_doubtful(self, page: int, rows: int, signals: PageSignals) -> bool:
        """Whether a page holds fewer records than the total promises, and may hold them at another look."""
        if self._total is None or (page == 1 and signals.more):
            return False
        size = self._size if page > 1 else self._asked_size
        if rows >= min(size, self._total - sum(self.rows[: page - 1])):
            return False
        self._doubts += 1
        return self._doubts <= _DOUBTS
