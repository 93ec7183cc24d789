"""What was requested before a list moved is never taken for what is requested after it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any, cast

from connector_kit.http.dispatcher import Dispatcher, RequestSpec
from connector_kit.reading.pages_ahead import PagesAhead

Spec = RequestSpec[tuple[int, int]]


class FourAtATime:
    """Stands in for a dispatcher; an answer names its page, and how often that had been requested by then."""

    def __init__(self) -> None:
        self.asked: Counter[int] = Counter()

    def results(
        self, next_spec: Callable[[], Spec | None], is_needed: Callable[[Spec], bool]
    ) -> Iterator[tuple[Spec, Any]]:
        under_way: deque[tuple[Spec, str]] = deque()
        while True:
            while len(under_way) < 4 and (spec := next_spec()):
                page = spec.job[1]
                self.asked[page] += 1
                under_way.append((spec, f"page {page}, request {self.asked[page]}"))
            spec, answer = under_way.popleft()
            if is_needed(spec):
                yield spec, answer


def test_an_answer_to_a_request_before_the_list_moved_is_dropped() -> None:
    server = FourAtATime()
    pages = PagesAhead(cast("Dispatcher", server), 4, lambda _: 1, lambda: 0.0)
    pages.open(0, lambda page: RequestSpec((0, page), "/exams"))
    answers: list[Any] = [pages.take(0, 1)]
    pages.extend(0, 4)
    answers.append(pages.take(0, 2))
    pages.stop(0)
    answers += [pages.take(0, 3), pages.take(0, 4)]
    assert answers == ["page 1, request 1", "page 2, request 1", "page 3, request 2", "page 4, request 2"]
