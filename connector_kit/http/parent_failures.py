"""Decides, for requests about single parents, whether the endpoint fails or only the one parent.

It is the endpoint where the first few fail and none is answered, where many fail in a row, or where most do: its
streams then end at once. Otherwise all other parents are read, the streams end with an error that counts and names the
failed ones, and their state stays before them, so that the next sync asks for them again.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TypeVar

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.errors import RequestFailure, failure
from connector_kit.failed_streams import worst_of

_Parent = TypeVar("_Parent")

# This many failures in a row are the endpoint's: few where it has never answered, more where it has.
_MOST_IN_A_ROW, _MOST_IN_A_ROW_IF_KNOWN = 4, 20
# Attempts before a parent is set aside: for the first one, and for the others. See `ParentFailures.tries`.
_TRIES_AT_FIRST, _TRIES_LATER, _A_FEW = 5, 3, 3
_MOST_NAMED = 5


class ParentFailures:
    """The parents that fail for one reader.

    Args:
        known: whether the endpoint answered an earlier sync. Then its oldest parents may be the ones that fail.
    """

    def __init__(self, known: bool = False) -> None:
        self._known = known
        self._is_heard = False
        self._answered = 0
        self._in_a_row = 0
        self._set_aside = 0
        self._failed: list[RequestFailure] = []

    def __bool__(self) -> bool:
        return bool(self._failed)

    @property
    def in_doubt(self) -> bool:
        """Whether no answer has come, in this sync or before. Until one does, requests are sent one by one."""
        is_silent = not self._answered and not self._is_heard
        return is_silent and (bool(self._in_a_row) or not self._known)

    def next_of(self, waiting: deque[_Parent]) -> _Parent:
        """Take the next parent to ask about from `waiting`, which is ordered oldest first.

        After some failures in a row it takes the newest: perhaps only old parents fail.
        """
        return waiting.pop() if self._in_a_row >= self._most_in_a_row // 2 else waiting.popleft()

    @property
    def tries(self) -> int | None:
        """The number of attempts after which a failing parent is set aside, so that the others needn't wait for it.

        None where it must be retried to the end: after a few in a row the whole endpoint may be down for a while.
        """
        if self._in_a_row == _A_FEW:
            return None
        if self._in_a_row > _A_FEW:
            return 1
        return _TRIES_LATER if self._set_aside else _TRIES_AT_FIRST

    @property
    def _most_in_a_row(self) -> int:
        return _MOST_IN_A_ROW_IF_KNOWN if self._known or self._answered else _MOST_IN_A_ROW

    def heard(self) -> None:
        """Note that a page came, of a list that may have many more: the endpoint does answer."""
        self._is_heard = True

    def answered(self) -> None:
        """Count a parent that was answered."""
        self._answered += 1
        self._in_a_row = 0

    def set_aside(self, failed: RequestFailure) -> None:
        """Count a parent that has failed so far and is asked for again after all the others.

        Raises:
            RequestFailed: the endpoint itself fails.
        """
        self._set_aside += 1
        self._count(failed)

    def note(self, failed: RequestFailure, again: bool = False) -> None:
        """Count a parent that failed for good.

        Args:
            failed: its failure.
            again: True where it was set aside before.

        Raises:
            RequestFailed: the endpoint itself fails.
        """
        self._failed.append(failed)
        if not again:
            self._count(failed)

    def _count(self, failed: RequestFailure) -> None:
        self._in_a_row += 1
        most_failed = len(self._failed) > max(_MOST_IN_A_ROW_IF_KNOWN, self._answered)
        if most_failed or self._in_a_row >= self._most_in_a_row:
            raise failure(failed)

    def error(self, path: str) -> AirbyteTracedException | None:
        """Return the error that the streams end with once everything was read; None where nothing failed.

        Args:
            path: the endpoint's path, with `{id}` for the parent's id.

        Raises:
            RequestFailed: every parent failed.
        """
        if not self._failed:
            return None
        if not self._answered:
            raise failure(self._failed[0])
        worst = worst_of([failed.failure_type for failed in self._failed])
        kinds = Counter(failed.what for failed in self._failed)
        count = f"{len(self._failed)} of {len(self._failed) + self._answered} parents"
        status = ", ".join(what if len(kinds) == 1 else f"{what}: {number}" for what, number in kinds.most_common())
        summary = f"No access to {path} for {count}" if kinds.keys() == {"HTTP 403"} else f"{path} failed for {count}"
        advice = next(failed.advice for failed in self._failed if failed.failure_type == worst)
        message = (
            f"{summary} ({status}). The others were read. {advice} The next sync asks again for what failed: "
            f"{self._paths_of_failed()}."
        )
        return AirbyteTracedException(message=message, internal_message=message, failure_type=worst)

    def _paths_of_failed(self) -> str:
        paths = [failed.path for failed in self._failed[:_MOST_NAMED]]
        more = len(self._failed) - len(paths)
        return ", ".join(paths) + (f" and {more} more" if more else "")
