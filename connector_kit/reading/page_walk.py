"""Decides where a list ends and which page comes next, so that no record is lost while the list moves.

The server says where a list ends: by a total, a link to the next page, or the number of the last one. If these
contradict each other, read more rather than less. If there are none, the list ends with a page that shows nothing new,
never with a short one: servers return smaller pages than requested, and leave out rows that a credential may not see.

Both APIs page by number, and others change the list meanwhile. How each kind of change affects
the records that were not read yet:

- A record is created: it may push others to later pages. Harmless; some come twice.
- A record is deleted: it pulls the others to *earlier* pages, which were read already. If each page carries a total,
  the total shrinks by as many, and the walk steps back that far; at its end the list's beginning is read again. A list
  of several pages without a total is walked again until a walk shows nothing new.
- A record moves, because the list is ordered by the time of update. If it moves to the end, it pulls others to earlier
  pages, and comes a second time with a new time. If it moves to the beginning, it pushes others to later pages, and one
  of them comes a second time unchanged. So a record that comes twice means another walk: through the whole list in the
  first case, through its beginning in the second.
- Nothing changes, but records are equal in the server's order: records of one bulk import share their time, and their
  order differs from request to request. One comes on two pages, another on none. Only the total shows this: see
  `SeenRecords.lacks`.
"""

from __future__ import annotations

from typing import Any

from connector_kit.reading.paginators import PageSignals

# Request a last page this many times again if it has fewer records than the total promises: the server may have counted
# just before a deletion and listed just after it.
_DOUBTS = 2
# A list that grows while it is read may take twice the pages that it promised at first, and some more. The upper limit
# is two million records: no list of these APIs comes near that, and a walk can keep that many in memory.
_GROWTH, _SPARE_PAGES, _MOST_PAGES = 2, 1_000, 20_000
# Step back at most this many times in a row without seeing a new record, if a total keeps shrinking and growing.
_MOST_STEPS_BACK = 4
# This many pages in a row with exactly the same records can't be a coincidence of records that move.
_SAME_PAGES = 3


class OnePage:
    """Learns whether an endpoint returns a whole list at once, no matter which page is requested.

    It learns from lists without a total or a link: if the second page repeats the first one, the list has one page.
    This proves it only for lists up to that length, because a server that repeats the last page for any later page
    number looks the same.
    """

    def __init__(self) -> None:
        self._longest = 0
        self._is_paged = False

    def holds(self, rows: int) -> bool:
        """Return whether a first page with this many records is known to be the whole list."""
        return not self._is_paged and rows <= self._longest

    def learn(self, rows: int, is_same: bool) -> None:
        """Note a second page.

        Args:
            rows: how many records the first page had.
            is_same: whether the second page repeated them.
        """
        self._is_paged = self._is_paged or not is_same
        self._longest = max(self._longest, rows)


class PageWalk:
    """Keeps track of one walk through a list: which pages count as read, which comes next, and when to stop.

    `rows` has the number of records of the leading pages that are known to be up to date; their end is the mark. A
    deletion anywhere may have pulled one unread record in front of the mark, so the mark goes back by as many
    records as were deleted. A page that begins after the mark does not count, and is read again when its turn comes.

    Args:
        page_size: records on a full page, as requested.
        short_is_last: whether a page that is not full ends a list without a total or a link. For
            lists that are believed to come in one answer, where asking for a second page would double the requests.
        one_page: what other lists without a total or a link have shown about the endpoint.
    """

    def __init__(self, page_size: int, short_is_last: bool = False, one_page: OnePage | None = None) -> None:
        self._asked_size = page_size
        self._short_is_last = short_is_last
        self._one_page = one_page or OnePage()
        self.rows: list[int] = []
        self._reached = 0
        # The most records on any page so far, which is never more than the server's own page size. Stepping back too
        # many pages costs a request; too few would lose a record.
        self._size = 0
        # Whether the last page had been read before in this walk.
        self.is_repeat = False
        # Whether a record may have moved to the list's beginning without being seen. If another one is deleted at the
        # same time, the rest return to where they were, so no record comes twice and shows the move.
        self.beginning_in_doubt = False
        # Whether the walk ended although the server said that there is more.
        self.is_cut_short = False
        self._said_more = False
        self.cursor: str | None = None
        self._by_cursor = False
        self._last_page = 0
        # Counts pages with new records, and empty ones: a deletion may have emptied the last page before it was read.
        self._pages = 0
        self._total: int | None = None
        self._steps_back = 0
        self._untold = False
        self._doubts = 0
        self._asked = 0
        self._most = _MOST_PAGES
        self._last_versions: list[Any] = []
        self._same = 1

    def why_endless(self, page: int, versions: list[Any], signals: PageSignals, again: bool = False) -> str | None:
        """Note which records a page has, and check whether the list ever ends.

        Args:
            page: the page's number.
            versions: the key and the time of each record; None for records without a key.
            signals: what the answer says about the list.
            again: whether an earlier walk found fewer records than the total.

        Returns:
            Why the list never ends, for an error message; None if it may end.
        """
        self._asked += 1
        total = signals.total
        if self._asked == 1 and total is not None:
            self._most = min(_MOST_PAGES, _GROWTH * total // self._asked_size + _SPARE_PAGES)
        if self._asked > self._most:
            return f"{self._most:,} pages were read, and it still goes on"
        follows = page == self._last_page + 1
        same = bool(versions) and None not in versions and len(versions) == len(self._last_versions)
        same = same and follows and set(versions) == set(self._last_versions)
        self._same = self._same + 1 if same else 1
        self._last_versions = versions
        if not self._promises_more(page, signals):
            # This is the page after the last one. Some servers repeat the last page there, or the whole unpaged list.
            return None
        ends_here = total is not None and page > 1 and page * self._asked_size >= total
        if self._same >= _SAME_PAGES or (again and ends_here and versions and self._same == page):
            return f"page {page} has the same records as the page before"
        return None

    def _promises_more(self, page: int, signals: PageSignals) -> bool:
        """Return whether the server says that there are records on this page or after it."""
        if signals.more or signals.total is None:
            return bool(signals.more)
        return sum(self.rows) < signals.total and (page - 1) * self._asked_size < signals.total

    @property
    def repeats_page(self) -> bool:
        """Whether the last page showed exactly the records of the page before it, none of them changed."""
        return self._same > 1

    @property
    def is_blind(self) -> bool:
        """Whether deletions go unnoticed, because there are several pages by number and one of them has no total."""
        return self._untold and self._pages > 1 and not self._by_cursor

    @property
    def total(self) -> int | None:
        """How many records the list has, by the last page with a total. None if no page had one, or if more came."""
        return self._total

    @property
    def expected_pages(self) -> int:
        """How many pages the list has, by its total and the largest page so far; 1 if that can't be known yet."""
        # If the first page is not full, the server may use smaller pages, or the page may lack rows. The second page
        # will show which.
        if self._total is None or not self._size or (len(self.rows) == 1 and self._size != self._asked_size):
            return 1
        # No more than the walk will read before it calls the list endless.
        return min(-(-self._total // self._size), self._most)

    def counts(self, page: int, rows: int, signals: PageSignals) -> bool:
        """Note a page.

        Args:
            page: its number.
            rows: how many records it has.
            signals: what the answer says about the list.

        Returns:
            Whether the page counts; False if it must be read again because the list moved in front of it.
        """
        self._last_page = max(self._last_page, page)
        total = signals.total
        if total is not None:
            if self._total is not None and total < self._total:
                self._steps_back += 1
                self.beginning_in_doubt = True
                # Several servers behind one address may count differently and answer by turns. Without a limit,
                # stepping back would never end.
                if self._steps_back <= _MOST_STEPS_BACK:
                    back = -(-(self._total - total) // max(1, self._size))
                    del self.rows[max(0, len(self.rows) - back) :]
            self._total = total
        if page > len(self.rows) + 1 or self._is_doubtful(page, rows, signals):
            return False
        self._untold = self._untold or total is None
        self.cursor = signals.cursor
        self._by_cursor = self._by_cursor or signals.cursor is not None
        self.is_repeat = page <= self._reached
        # A walk that is back at page 1 goes through all later pages again, so there is no doubt left.
        self.beginning_in_doubt = self.beginning_in_doubt and page > 1
        self.rows[page - 1 :] = [rows]
        self._size = max(self._size, rows)
        self._reached = max(self._reached, page)
        if self._total is not None and (
            sum(self.rows) > self._total or (signals.more and sum(self.rows) == self._total)
        ):
            # More records came, or will come, than the total says. So the total counts something else, such as
            # what is on the page.
            self._total, self._untold = None, True
        return True

    def next(self, rows: int, counted: bool, signals: PageSignals, brought_news: bool = True) -> int | None:
        """Return the number of the page to read next; None at the end of the list.

        Args:
            rows: how many records the last page had.
            counted: what `counts` returned for it.
            signals: what its answer says about the list.
            brought_news: False if all of its records had been seen before in this walk.
        """
        page = len(self.rows) + 1
        self._pages += counted and (rows == 0 or brought_news)
        if counted and brought_news:
            self._steps_back = 0
        if counted and signals == PageSignals():
            if len(self.rows) == 2:
                self._one_page.learn(self.rows[0], is_same=self.repeats_page)
            # The page before said that there is more, but this one is empty and says nothing: something is missing.
            self.is_cut_short = self.is_cut_short or (self._said_more and rows == 0)
        return page if not counted or self._goes_on(rows, signals, brought_news) else None

    def end(self) -> None:
        """Note that the server does not have the requested page, so the list ends before it."""
        self.is_cut_short = self.is_cut_short or self._said_more
        self._pages += 1

    def _goes_on(self, rows: int, signals: PageSignals, brought_news: bool) -> bool:
        """Return whether another page follows."""
        self._said_more = bool(signals.more)
        read, total = sum(self.rows), self._total
        if signals.more:
            # Once earlier pages have reached the total, a link is only a hint: follow it while it shows something new.
            return brought_news or signals.total is None or read - rows < signals.total
        if total is not None:
            # A page may be empty although others follow, because the credential may not see the rows on it.
            return read < total and ((rows > 0 and brought_news) or len(self.rows) * max(1, self._size) < total)
        if signals.more is not None or (self._short_is_last and rows < self._asked_size):
            return False
        return rows > 0 and brought_news and not (len(self.rows) == 1 and self._one_page.holds(rows))

    def _is_doubtful(self, page: int, rows: int, signals: PageSignals) -> bool:
        """Return whether a page has fewer records than the total promises, and should be requested again."""
        if self._total is None or (page == 1 and signals.more):
            return False
        size = self._size if page > 1 else self._asked_size
        if rows >= min(size, self._total - sum(self.rows[: page - 1])):
            return False
        self._doubts += 1
        return self._doubts <= _DOUBTS
