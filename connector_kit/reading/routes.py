"""Finds the right path of an endpoint when the vendor's documentation is unclear about it.

The path is proven by the first answer that is not a 404. Until then, a 404 says nothing about the parent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector_kit.http.requester import Answer, Requester
from connector_kit.reading.parents import Parent

# With fewer parents than this, a documented path that answers only 404 may be right: they may all have nothing yet.
_ENOUGH_TO_DOUBT = 20


class Route:
    """The path of one endpoint in one run.

    `is_proven`: the path is known to exist; `is_alternative`: requests use the alternative path; `unproven`: the
    parents that answered 404 before the path was proven.
    """

    def __init__(self, requester: Requester) -> None:
        self._requester = requester
        self._inferred = requester.error_handler.inferred
        self.is_proven = not (requester.has_alternative or self._inferred)
        self.is_alternative = False
        self.unproven: list[Parent] = []
        self._asked_both_ways: set[Any] = set()

    def url_for(self, parent: Parent, other: bool = False) -> str:
        """Return the URL for a parent; with `other`, on the alternative path whichever is in use."""
        return self._requester.url_for(parent.id, alternative=self.is_alternative or other)

    def prove(self, parent: Parent, answer: Answer | None, ask_other: Callable[[], Answer | None]) -> Answer | None:
        """Note an answer that came before the path was proven; for a 404, maybe try the alternative path.

        The parent itself may have nothing, so the alternative is tried only at the 1st, 2nd, 4th, 8th … 404: a handful
        of requests even if thousands of parents have nothing.

        Args:
            parent: the parent that was requested.
            answer: its answer, None for a 404.
            ask_other: requests the same parent on the alternative path; its answer, or None, is then returned instead.
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
        """Return and forget the unproven parents once the path is proven; True for those to request again on it."""
        settled = [(parent, self.is_alternative and parent.id not in self._asked_both_ways) for parent in self.unproven]
        self.unproven = []
        return settled

    @property
    def is_doubtful(self) -> bool:
        """Whether the path itself may be wrong, at the end of the run: the next sync must then ask again."""
        many = len(self.unproven) >= _ENOUGH_TO_DOUBT
        return bool(self.unproven) and (self._inferred or (self._requester.has_alternative and many))
