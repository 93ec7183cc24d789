"""Pages are requested ahead in the right order, and none is taken for another."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any, cast

import pytest

from connector_kit.http.dispatcher import Dispatcher, RequestSpec
from connector_kit.http.requester import Answer
from connector_kit.reading import pages_ahead
from connector_kit.reading.pages_ahead import PagesAhead
from unit_tests.support.queued_dispatcher import WORKERS, QueuedDispatcher, Spec


class FourAtATime(QueuedDispatcher):
    """An answer's body is how often its page had been requested by then."""

    def __init__(self, failing: tuple[int, int] | None = None) -> None:
        self.requests: list[tuple[int, int]] = []
        self.failing = failing

    def answer(self, spec: Spec) -> Answer | Exception:
        self.requests.append(spec.job)
        if spec.job == self.failing:
            self.failing = None
            return ConnectionError()
        return Answer(200, {}, b"{}", Counter(self.requests)[spec.job], None)


def pages_of(server: FourAtATime, lists: int, last_page: int) -> PagesAhead:
    pages = PagesAhead(cast("Dispatcher", server), WORKERS, lambda _: last_page, lambda: 0.0)
    for number in range(lists):
        pages.open(number, partial(spec_of, number))
    return pages


def spec_of(number: int, page: int) -> Spec:
    return RequestSpec((number, page), "/exams")


def body(answer: Answer | None) -> Any:
    return answer and answer.body


def test_an_answer_to_a_request_before_the_list_moved_is_dropped() -> None:
    pages = pages_of(FourAtATime(), lists=1, last_page=4)
    asked = [body(pages.take(0, 1))]
    pages.extend(0, 4)
    asked.append(body(pages.take(0, 2)))
    pages.stop(0)
    asked += [body(pages.take(0, 3)), body(pages.take(0, 4))]
    assert asked == [1, 1, 2, 2]
    # What it told of the list is not lost.
    assert [(page, body(answer)) for page, answer in pages.unused(0)] == [(3, 1), (4, 1)]
    assert pages.unused(0) == []


def test_a_list_that_was_begun_goes_on_before_another_begins() -> None:
    server = FourAtATime()
    pages = pages_of(server, lists=6, last_page=2)
    pages.take(0, 1)
    assert server.requests == [(0, 1), (1, 1), (2, 1), (3, 1)]
    pages.extend(0, 2)
    pages.take(0, 2)
    assert server.requests[4:] == [(0, 2), (1, 2), (2, 2), (3, 2)]


def test_no_list_is_begun_while_too_many_bytes_wait_for_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_ahead, "_WAITING_BYTES", 3)
    server = FourAtATime()
    pages = pages_of(server, lists=9, last_page=1)
    pages.take(0, 1)
    # The answers for the lists 1 and 2, two bytes each, come first and wait.
    pages.take(3, 1)
    assert server.requests == [(number, 1) for number in range(6)]
    # Once one of them was read, there is room again.
    pages.take(1, 1)
    pages.take(4, 1)
    assert server.requests[6:] == [(6, 1), (7, 1)]


def test_what_was_lost_with_a_failure_is_in_flight_again() -> None:
    server = FourAtATime(failing=(0, 1))
    pages = pages_of(server, lists=3, last_page=1)
    with pytest.raises(ConnectionError):
        pages.take(0, 1)
    assert server.requests == [(0, 1), (1, 1), (2, 1)]
    pages.take(0, 1)
    assert server.requests[3:] == [(0, 1), (1, 1), (2, 1)]
