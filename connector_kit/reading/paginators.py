"""How the two APIs page, and what an answer says about where its list ends."""

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

from connector_kit.reading.request_options import parameter_of


@dataclass(frozen=True)
class PageSignals:
    """What an answer says about where its list ends; None for what it does not say.

    Args:
        total: how many records the list has.
        more: whether there is another page.
        cursor: requests the next page instead of its number, if the server pages by cursor.
    """

    total: int | None = None
    more: bool | None = None
    cursor: str | None = None


@dataclass
class SignalledPages(PaginationStrategy):
    """Pages by number from 1, until the server says that there are no more.

    Args:
        page_size: records on a full page.
    """

    config: Config
    page_size: int

    # The query parameter for `PageSignals.cursor`.
    cursor_parameter: ClassVar[str] = ""

    @abstractmethod
    def signals(self, headers: Mapping[str, str], body: Any, page: int) -> PageSignals:
        """Return what the answer with page number `page` says about the list."""

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
        """Return the next page's number, for the CDK's own retrievers. The kit's use `PageWalk`, which sees moves."""
        page = int(last_page_token_value or 1)
        signals = self.signals(response.headers, response.json(), page)
        more = signals.more
        if more is None:
            more = last_page_size > 0 if signals.total is None else page * self.page_size < signals.total
        return page + 1 if more else None


@dataclass
class PageNumbers(SignalledPages):
    """Pages by number, with the total in a header: `X-Total: 387` becomes `PageSignals(total=387)`.

    Args:
        total_header: the header's name, case-insensitive.
    """

    total_header: str

    def signals(self, headers: Mapping[str, str], body: Any, page: int) -> PageSignals:
        return PageSignals(total=_count(headers.get(self.total_header)))


@dataclass
class LaravelLinks(SignalledPages):
    """Laravel's three ways to page, all read alike: a release can move an endpoint from one to another.

    - `paginate`: `{"data": […], "links": {"next": "https://…?page=2"}, "meta": {"last_page": 4, "total": 387}}`
    - `simplePaginate`: only the link, without `total` and `last_page`
    - `cursorPaginate`: `links.next` with `?cursor=…`, and `meta.next_cursor`

    Without API resources, Laravel puts these fields next to `data` and the link into `next_page_url`.
    The link only tells whether there is more, and its `cursor`. It is never followed: behind a proxy it names http://
    addresses, and it lacks `per_page`.
    """

    cursor_parameter = "cursor"

    def signals(self, headers: Mapping[str, str], body: Any, page: int) -> PageSignals:
        body = _mapping(body)
        meta, links = _mapping(body.get("meta")), _mapping(body.get("links"))
        fields = {**body, **meta}
        link = links["next"] if "next" in links else body.get("next_page_url")
        # Laravel writes a text or null; anything else is not its link.
        has_link = ("next" in links or "next_page_url" in body) and isinstance(link, str | None)
        says_more: list[bool] = [bool(link)] if has_link else []
        last_page = _count(fields.get("last_page"))
        if last_page is not None:
            says_more.append(page < last_page)
        cursor = fields.get("next_cursor") or _cursor_in(link)
        if cursor:
            says_more.append(True)
        more = any(says_more) if says_more else None
        return PageSignals(_count(fields.get("total")), more, str(cursor) if cursor else None)


class Pagination:
    """How a list pages, as a manifest's `DefaultPaginator` declares it.

    Raises:
        ValueError: the strategy is not a `SignalledPages`, or pages are not requested by query parameters.
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
        """Return the query parameters that request a page: `{"page": "2", "per_page": "100"}`."""
        token = {self._page: str(page)} if cursor is None else {self._strategy.cursor_parameter: cursor}
        return {**token, **self._sizes}

    def signals(self, headers: Mapping[str, str], body: Any, page: int) -> PageSignals:
        """Return what the answer with page number `page` says about the list."""
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
