"""How the two APIs page, and what an answer says of where its list ends."""

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
