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
  at each request. One comes on two pages, another on none. Only the total tells: see `Sightings.lacks`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Optional
from urllib.parse import parse_qs, urlsplit

import requests
from airbyte_cdk.sources.declarative.requesters.paginators import DefaultPaginator
from airbyte_cdk.sources.declarative.requesters.paginators import Paginator as AnyPaginator
from airbyte_cdk.sources.declarative.requesters.paginators.strategies.pagination_strategy import PaginationStrategy
from airbyte_cdk.sources.declarative.requesters.request_option import RequestOption
from airbyte_cdk.sources.types import Config, Record, StreamSlice

from connector_kit.request_options import parameter_of

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


@dataclass(frozen=True)
class PageSignals:
    """What an answer says of where its list ends.

    Args:
        total: how many records the list has; None where the answer doesn't tell.
        more: whether there is another page; None where the answer doesn't tell.
        cursor: what asks for that page in the place of its number, where the server pages by cursor.
    """

    total: int | None = None
    more: bool | None = None
    cursor: str | None = None


@dataclass
class SignalledPages(PaginationStrategy):
    """Pages by number from 1, for as long as the server says that there are more.

    Args:
        page_size: records on a full page.
    """

    config: Config
    page_size: int

    # The query parameter that takes `PageSignals.cursor`.
    cursor_parameter: ClassVar[str] = ""

    @abstractmethod
    def signals(self, headers: Mapping[str, str], body: Any, page: int) -> PageSignals:
        """What an answer that brought a page says of the list."""

    @property
    def initial_token(self) -> int:
        return 1

    def get_page_size(self) -> int:
        return self.page_size

    def next_page_token(
        self,
        response: requests.Response,
        last_page_size: int,
        last_record: Optional[Record],
        last_page_token_value: Optional[Any],
        page_size_override: Optional[int] = None,
        stream_slice: Optional[StreamSlice] = None,
    ) -> Optional[int]:
        """The next page's number, for the CDK's own retrievers; ours also see what moved meanwhile (`PageWalk`)."""
        page = int(last_page_token_value or 1)
        signals = self.signals(response.headers, response.json(), page)
        more = signals.more
        if more is None:
            more = last_page_size > 0 if signals.total is None else page * self.page_size < signals.total
        return page + 1 if more else None


@dataclass
class PageNumbers(SignalledPages):
    """Pages by number, with the total in a header: `X-Total: 387`.

    Args:
        total_header: the header's name, in any case.
    """

    total_header: str

    def signals(self, headers: Mapping[str, str], body: Any, page: int) -> PageSignals:
        return PageSignals(total=_count(headers.get(self.total_header)))


@dataclass
class LaravelLinks(SignalledPages):
    """Laravel's three ways to page; which of them an endpoint has can change with a release.

    `paginate`: `{"data": […], "links": {"next": "https://…?page=2"}, "meta": {"last_page": 4, "total": 387}}`;
    `simplePaginate`: the link without `total` and `last_page`; `cursorPaginate`: `links.next` with `?cursor=…`, and
    `meta.next_cursor`. Without API resources the same stand beside `data`, the link as `next_page_url`.

    The link says whether there is more. Host, scheme, path and size are never taken from it: behind a proxy it names
    http:// addresses, and it lacks `per_page`. Only a `cursor` in it is taken over.
    """

    cursor_parameter = "cursor"

    def signals(self, headers: Mapping[str, str], body: Any, page: int) -> PageSignals:
        body = _mapping(body)
        meta, links = _mapping(body.get("meta")), _mapping(body.get("links"))
        told = {**body, **meta}
        link = links["next"] if "next" in links else body.get("next_page_url")
        # Anything but a text or null is no word of Laravel's.
        is_told = ("next" in links or "next_page_url" in body) and isinstance(link, str | None)
        says: list[bool] = [bool(link)] if is_told else []
        last_page = _count(told.get("last_page"))
        if last_page is not None:
            says.append(page < last_page)
        cursor = told.get("next_cursor") or _cursor_in(link)
        if cursor:
            says.append(True)
        return PageSignals(_count(told.get("total")), any(says) if says else None, str(cursor) if cursor else None)


class Pagination:
    """A list's paging, as a manifest's `DefaultPaginator` declares it.

    Raises:
        ValueError: the strategy is none of this module's, or pages are not asked for by query parameters.
    """

    def __init__(self, declared: AnyPaginator) -> None:
        if not isinstance(declared, DefaultPaginator) or not isinstance(declared.pagination_strategy, SignalledPages):
            raise ValueError("paginator: must be a DefaultPaginator whose strategy reads signals, such as PageNumbers")
        if not isinstance(declared.page_token_option, RequestOption):
            raise ValueError("paginator: page_token_option must be a RequestOption")
        self._strategy = declared.pagination_strategy
        self.page_size = self._strategy.page_size
        self._page = parameter_of(declared.page_token_option)
        self._sizes = (
            {parameter_of(declared.page_size_option): str(self.page_size)} if declared.page_size_option else {}
        )

    def parameters(self, page: int, cursor: str | None = None) -> dict[str, str]:
        """The query parameters that ask for a page."""
        token = {self._page: str(page)} if cursor is None else {self._strategy.cursor_parameter: cursor}
        return {**token, **self._sizes}

    def signals(self, headers: Mapping[str, str], body: Any, page: int) -> PageSignals:
        """What an answer that brought a page says of the list."""
        return self._strategy.signals(headers, body, page)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: Any) -> int | None:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number >= 0 else None


def _cursor_in(link: Any) -> str | None:
    try:
        return parse_qs(urlsplit(link).query)["cursor"][0] if isinstance(link, str) else None
    except (ValueError, KeyError):
        return None


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


def key_of(record: Mapping[str, Any], name: str) -> int | str | None:
    """What tells a record from the others, under its key's name; None where it holds what can't."""
    key = record.get(name)
    if isinstance(key, str) and key.isascii() and key.isdigit():
        # Where a list spells one id both ways, it is one record.
        return int(key)
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
        self._without_key = 0
        # By how much the total shrank, and the records seen since.
        self._deleted = 0
        self._since: set[Any] = set()
        self.moved: str | None = None
        self.brought_news = False
        # Whether some came twice in one walk, as they do in the place of others where the order has ties.
        self.came_twice = False

    def begin_walk(self) -> None:
        self._walk = set() if self._times else None
        self._without_key = 0
        self.moved = None
        self.brought_news = False

    def __len__(self) -> int:
        """How many records were seen."""
        return len(self._times) + self._without_key

    @property
    def proven(self) -> int:
        """How many of the list's records were seen for sure.

        Those that were deleted meanwhile may be among what was seen, and would be counted in the place of others: as
        many are left out, unless as many were seen since.
        """
        return max(len(self._times) - self._deleted, len(self._since)) + self._without_key

    def lacks(self, total: int | None) -> bool:
        """Whether fewer records were seen than the list has."""
        return total is not None and self.proven < total

    def some_were_deleted(self, number: int) -> None:
        """Told when the total shrank, before the page that told so is noted."""
        self._deleted += number
        self._since.clear()

    def in_this_walk(self, keys: list[Any]) -> bool:
        """Whether all these records were seen in this walk already."""
        seen = self._times if self._walk is None else self._walk
        return all(key in seen for key in keys)

    def is_news(self, key: Any, instant: int | None, is_repeat: bool = False) -> bool:
        """Note a record. True where it was not seen before as it is now.

        On a page that is read again records are expected twice: they tell nothing of a list that moved.
        """
        if key is None:
            # Without an id nobody can tell one record from another.
            self._without_key += 1
            return True
        known = key in self._times
        same = known and self._times[key] == instant
        twice = known if self._walk is None else key in self._walk
        if twice and not same:
            self.moved = "whole"
        elif twice and not is_repeat:
            self.came_twice = True
            self.moved = self.moved or "beginning"
        if self._walk is not None:
            self._walk.add(key)
        if self._deleted:
            self._since.add(key)
        self._times[key] = instant
        self.brought_news = self.brought_news or not same
        return not same
