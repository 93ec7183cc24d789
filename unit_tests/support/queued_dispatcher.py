"""A stand-in for a dispatcher that hands answers over in the order of the requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator

from connector_kit.http.dispatcher import RequestSpec, Result
from connector_kit.http.requester import Answer

Spec = RequestSpec[tuple[int, int]]
WORKERS = 4


class QueuedDispatcher(ABC):
    """Keeps `WORKERS` requests in flight; what nobody needs any more is noted when its turn comes."""

    slots_left = 1_000

    @abstractmethod
    def answer(self, spec: Spec) -> Answer | Exception:
        """Return the answer to a request that goes out now, or what is raised in its place at its turn."""

    def results(
        self,
        next_spec: Callable[[], Spec | None],
        is_needed: Callable[[Spec], bool],
        note_unused: Callable[[Spec, Answer | None], None],
    ) -> Iterator[tuple[Spec, Result]]:
        under_way: deque[tuple[Spec, Answer | Exception]] = deque()
        while True:
            while len(under_way) < WORKERS and (spec := next_spec()):
                under_way.append((spec, self.answer(spec)))
            spec, answer = under_way.popleft()
            if isinstance(answer, Exception):
                raise answer
            if is_needed(spec):
                yield spec, answer
            else:
                note_unused(spec, answer)
