"""Failures below a list: whether it is the endpoint that fails, or the one parent that was asked about.

Where the first few fail and none is answered it is the endpoint, and its streams end at once; so it is where many fail
in a row, or most. Otherwise all other parents are read; the streams then end with an error that counts and names the
failed ones, and their state stays before them, so that they are asked for again.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TypeVar

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.errors import RequestFailure, failure

_Parent = TypeVar("_Parent")

# So many failures in a row are the endpoint's; fewer where it has never given an answer.
_ENOUGH, _ENOUGH_OF_A_KNOWN = 4, 20
# Tries of a parent before it is set aside: of the first one, and of those after it. See `ParentFailures.tries`.
_TRIES_AT_FIRST, _TRIES_LATER, _A_FEW = 5, 3, 3
_MOST_NAMED = 5
# What a person must change comes first: where one parent needs that, trying again does not help.
_WORST_FIRST = (FailureType.config_error, FailureType.system_error, FailureType.transient_error)


class ParentFailures:
    """The parents that fail in one reading.

    Args:
        known: whether an earlier sync had answers of the endpoint: its oldest parents may be those that fail.
    """

    def __init__(self, known: bool = False) -> None:
        self._known = known
        self._answered = 0
        self._in_a_row = 0
        self._set_aside = 0
        self._failed: list[RequestFailure] = []

    def __bool__(self) -> bool:
        return bool(self._failed)

    @property
    def in_doubt(self) -> bool:
        """Whether no answer came so far, in this sync or before: requests go one by one until one does."""
        return not self._answered and (bool(self._in_a_row) or not self._known)

    def next_of(self, waiting: deque[_Parent]) -> _Parent:
        """Take the parent to ask about next: the oldest, or after some failures in a row the newest.

        The oldest may fail one and all, and the newest not.
        """
        return waiting.pop() if self._in_a_row >= self._enough // 2 else waiting.popleft()

    @property
    def tries(self) -> int | None:
        """After how many tries a parent that fails is set aside, so that the others needn't wait for it.

        None where it is tried to the end: after a few in a row it may be the whole endpoint that is down for a while.
        """
        if self._in_a_row == _A_FEW:
            return None
        if self._in_a_row > _A_FEW:
            return 1
        return _TRIES_LATER if self._set_aside else _TRIES_AT_FIRST

    @property
    def _enough(self) -> int:
        return _ENOUGH_OF_A_KNOWN if self._known or self._answered else _ENOUGH

    def answered(self) -> None:
        self._answered += 1
        self._in_a_row = 0

    def set_aside(self, failed: RequestFailure) -> None:
        """Count a parent that fails so far, and that is asked for again when all others were.

        Raises:
            RequestFailed: it is the endpoint that fails.
        """
        self._set_aside += 1
        self._count(failed)

    def note(self, failed: RequestFailure, again: bool = False) -> None:
        """Count one; `again` for one that was set aside before.

        Raises:
            RequestFailed: it is the endpoint that fails.
        """
        self._failed.append(failed)
        if not again:
            self._count(failed)

    def _count(self, failed: RequestFailure) -> None:
        self._in_a_row += 1
        if self._in_a_row >= self._enough or len(self._failed) > max(_ENOUGH_OF_A_KNOWN, self._answered):
            raise failure(failed)

    def error(self, path: str) -> AirbyteTracedException | None:
        """What the streams of the reading end with, once all was read. None where nothing failed.

        Raises:
            RequestFailed: all of it failed.
        """
        if not self._failed:
            return None
        if not self._answered:
            raise failure(self._failed[0])
        worst = next(kind for kind in _WORST_FIRST if any(failed.failure_type == kind for failed in self._failed))
        kinds = Counter(failed.what for failed in self._failed)
        count = f"{len(self._failed)} of {len(self._failed) + self._answered} parents"
        status = ", ".join(what if len(kinds) == 1 else f"{what}: {number}" for what, number in kinds.most_common())
        said = f"No access to {path} for {count}" if kinds.keys() == {"HTTP 403"} else f"{path} failed for {count}"
        advice = next(failed.advice for failed in self._failed if failed.failure_type == worst)
        message = (
            f"{said} ({status}). The others were read. {advice} The next sync asks again for what failed: "
            f"{self._named()}."
        )
        return AirbyteTracedException(message=message, internal_message=message, failure_type=worst)

    def _named(self) -> str:
        paths = [failed.path for failed in self._failed[:_MOST_NAMED]]
        more = len(self._failed) - len(paths)
        return ", ".join(paths) + (f" and {more} more" if more else "")
