"""Which records a list has shown, and whether it moved while it was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def key_of(record: Mapping[str, Any], name: str) -> int | str | None:
    """What tells a record from the others, under its key's name; None where it holds what can't."""
    key = record.get(name)
    if isinstance(key, str) and key.isascii() and key.isdigit():
        # Where a list spells one id both ways, it is one record.
        return int(key)
    return key if isinstance(key, (int, str)) else None


class SeenRecords:
    """Which records a list has shown, under which time; tells whether a walk must be repeated.

    After a walk, `moved` is the part to walk again ("whole" or "beginning") or None; `brought_news` tells whether the
    walk showed anything that none had shown before.
    """

    def __init__(self) -> None:
        self._times: dict[Any, int | None] = {}
        # In the first walk, the only one of nearly every sync, what was seen at all was seen in this walk.
        self._walk: set[Any] | None = None
        self._without_key = 0
        # By how much the total shrank, and the records seen since.
        self._deleted = 0
        self._since: set[Any] = set()
        self.moved: str | None = None
        self.brought_news = False
        # Whether some came twice in one walk, as they do in the place of others where the order has ties.
        self.came_twice = False

    def begin_walk(self) -> None:
        self._walk = set() if self._times else None
        self._without_key = 0
        self.moved = None
        self.brought_news = False

    def __len__(self) -> int:
        """How many records were seen."""
        return len(self._times) + self._without_key

    @property
    def proven(self) -> int:
        """How many of the list's records were seen for sure.

        Those that were deleted meanwhile may be among what was seen, and would be counted in the place of others: as
        many are left out, unless as many were seen since.
        """
        return max(len(self._times) - self._deleted, len(self._since)) + self._without_key

    def lacks(self, total: int | None) -> bool:
        """Whether fewer records were seen than the list has."""
        return total is not None and self.proven < total

    def some_were_deleted(self, number: int) -> None:
        """Told when the total shrank, before the page that told so is noted."""
        self._deleted += number
        self._since.clear()

    def in_this_walk(self, keys: list[Any]) -> bool:
        """Whether all these records were seen in this walk already."""
        seen = self._times if self._walk is None else self._walk
        return all(key in seen for key in keys)

    def is_new(self, key: Any, instant: int | None, is_repeat: bool = False) -> bool:
        """Note a record. True where it was not seen before as it is now.

        On a page that is read again records are expected twice: they tell nothing of a list that moved.
        """
        if key is None:
            # Without an id nobody can tell one record from another.
            self._without_key += 1
            return True
        known = key in self._times
        same = known and self._times[key] == instant
        twice = known if self._walk is None else key in self._walk
        if twice and not same:
            self.moved = "whole"
        elif twice and not is_repeat:
            self.came_twice = True
            self.moved = self.moved or "beginning"
        if self._walk is not None:
            self._walk.add(key)
        if self._deleted:
            self._since.add(key)
        self._times[key] = instant
        self.brought_news = self.brought_news or not same
        return not same
