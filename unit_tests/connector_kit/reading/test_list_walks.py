"""Answers that overtake each other: whose records may be among the deleted is told by when their headers came."""

from __future__ import annotations

import json
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

from airbyte_cdk.sources.declarative.requesters.paginators import DefaultPaginator
from airbyte_cdk.sources.declarative.requesters.request_option import RequestOption, RequestOptionType

from connector_kit.http.dispatcher import Dispatcher
from connector_kit.http.requester import Answer
from connector_kit.reading.list_walks import ListRequest, ListTraits, ListWalks
from connector_kit.reading.paginators import PageNumbers, Pagination
from connector_kit.sync import Sync
from unit_tests.support.clock import SharedClock
from unit_tests.support.queued_dispatcher import WORKERS, QueuedDispatcher, Spec

# For each page the answers to the requests for it: when its headers came, the total, and the ids.
Script = dict[int, list[tuple[float, int, list[int]]]]


class Scripted(QueuedDispatcher):
    def __init__(self, script: Script) -> None:
        self._script = script
        self._requests: Counter[int] = Counter()

    def answer(self, spec: Spec) -> Answer:
        _, page = spec.job
        arrived, total, ids = self._script[page][self._requests[page]]
        self._requests[page] += 1
        records: list[dict[str, Any]] = [{"id": number} for number in ids]
        return Answer(
            200, {"X-Total": str(total)}, json.dumps(records).encode(), records, None, records=records, arrived=arrived
        )


def ids_of(script: Script) -> set[int]:
    """The ids that a list of pages of three shows."""
    pages = PageNumbers(config={}, page_size=3, total_header="X-Total")
    option = RequestOption(inject_into=RequestOptionType.request_parameter, field_name="page", parameters={})
    paginator = DefaultPaginator(
        pagination_strategy=pages, config={}, url_base="", parameters={}, page_token_option=option
    )
    traits = ListTraits("things", Pagination(paginator), "id", "", [])
    sync = SimpleNamespace(settings=SimpleNamespace(num_workers=WORKERS), sampling=False, clock=SharedClock())
    dispatcher = cast("Dispatcher", Scripted(script))
    walks = ListWalks(traits, cast("Sync", sync), dispatcher, lambda _: None, lambda: None)
    return {record["id"] for page in walks.read(ListRequest(0, "/things", {})) for record in page.answer.records}


def test_what_came_before_a_deletion_is_not_counted_in_place_of_what_came_later() -> None:
    """8 and 9 are deleted while the body of their page is read; a forgotten answer, which is shorter, tells it first.

    By the next page two more were created, and so two others have slipped to the page that was read.
    """
    script: Script = {
        1: [(1, 9, [1, 2, 3]), (10, 10, [1, 2, 3])],
        # 10 was created since the first page, so the page behind is asked for again.
        2: [(2, 10, [4, 5, 6]), (11, 10, [4, 5, 6])],
        3: [(6, 8, [7, 10]), (5, 10, [7, 8, 9]), (12, 10, [7, 10, 11])],
        4: [(7, 10, [12]), (13, 10, [12])],
    }
    assert ids_of(script) >= {1, 2, 3, 4, 5, 6, 7, 10, 11, 12}
