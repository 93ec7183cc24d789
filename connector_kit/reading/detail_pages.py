"""A detail whose answer may be the first of several pages, such as the comments of a candidate."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ResponseAction

from connector_kit.errors import RequestFailed, RequestFailure
from connector_kit.http.requester import Answer
from connector_kit.reading.page_walk import PageWalk
from connector_kit.reading.paginators import Pagination


def read_pages(
    first: Answer, pagination: Pagination, ask: Callable[[Mapping[str, str]], Answer | None]
) -> tuple[list[Answer], bool]:
    """Read the pages that follow an answer whose request named no page.

    Args:
        first: that answer.
        pagination: how further pages are requested.
        ask: sends the same request with additional query parameters, `{"page": "2"}`; returns None for a 404.

    Returns:
        All pages in order, and whether they hold as many records as their total says.
    """
    walk = PageWalk(pagination.page_size, short_is_last=True)
    pages: list[Answer] = []
    page, answer = 1, first
    while all(answer.content != known.content for known in pages):
        rows = len(answer.records)
        signals = pagination.signals(answer.headers, answer.body, page)
        counted = walk.counts(page, rows, signals)
        if counted:
            pages[page - 1 :] = [answer]
        following = walk.next(rows, counted, signals)
        if following is None:
            break
        next_answer = ask(pagination.parameters(following, walk.cursor))
        if next_answer is None:
            walk.end()
            break
        page, answer = following, next_answer
    total = walk.total
    return pages, not walk.is_cut_short and (total is None or total <= sum(walk.rows))


def refuse_pages(answer: Answer, pagination: Pagination, path: str) -> None:
    """Raise RequestFailed if an answer announces more pages although it should be a single record."""
    signals = pagination.signals(answer.headers, answer.body, 1)
    if signals.more and signals.total != 1:
        what = "an answer in several pages"
        advice = "The API may have changed: look for a newer version of the connector, or report this line."
        message = f"{path}: {what} instead of one record. {advice}"
        raise RequestFailed(
            RequestFailure(ResponseAction.FAIL, FailureType.system_error, message, path=path, what=what, advice=advice)
        )
