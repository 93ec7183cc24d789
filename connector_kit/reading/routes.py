"""Which spelling of a route is right, where the vendor's documentation leaves it in doubt.

Until one answer is no 404, the path itself is in doubt: a 404 is then no word about the parent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector_kit.http.requester import Answer, Requester
from connector_kit.reading.parents import Parent

_ENOUGH_TO_DOUBT = 20


class Route:
    """The route of one endpoint in one run.

    `is_alternative` tells whether requests go by the other spelling; `unproven` are the parents whose 404 came while
    the path was in doubt.
    """

    def __init__(self, requester: Requester) -> None:
        self._requester = requester
        self._inferred = requester.error_handler.inferred
        self.is_proven = not (requester.has_alternative or self._inferred)
        self.is_alternative = False
        self.unproven: list[Parent] = []
        self._asked_both_ways: set[Any] = set()

    def url_for(self, parent: Parent, other: bool = False) -> str:
        """The URL for a parent; `other` by the other spelling whatever was found out so far."""
        return self._requester.url_for(parent.id, alternative=self.is_alternative or other)

    def prove(self, parent: Parent, answer: Answer | None, ask_other: Callable[[], Answer | None]) -> Answer | None:
        """Take note of an answer while the path is in doubt. Gives the one that came in the end, by either spelling.

        A 404 may also mean that this parent has nothing, so the other spelling is tried at the 1st, 2nd, 4th, 8th …
        miss only: it costs a handful of requests even where thousands have nothing.

        Args:
            parent: whose answer it is.
            answer: None for a 404.
            ask_other: asks for the same parent by the other spelling.
        """
        if answer is None and self._requester.has_alternative:
            misses = len(self.unproven) + 1
            if misses & (misses - 1) == 0:
                answer = ask_other()
                self.is_alternative = answer is not None
                self._asked_both_ways.add(parent.id)
        self.is_proven = answer is not None
        if answer is None:
            self.unproven.append(parent)
        return answer

    def settle(self) -> list[tuple[Parent, bool]]:
        """The unproven parents, now that the path is proven; True for those to ask again, by the right spelling."""
        settled = [(it, self.is_alternative and it.id not in self._asked_both_ways) for it in self.unproven]
        self.unproven = []
        return settled

    @property
    def is_doubtful(self) -> bool:
        """Whether, at the end, it may be the path that is missing: its parents must then be asked again."""
        few = len(self.unproven) < _ENOUGH_TO_DOUBT
        # Of a route that the vendor writes in two ways, a few may well have nothing yet in a sync of a few.
        return bool(self.unproven) and (self._inferred or (self._requester.has_alternative and not few))
