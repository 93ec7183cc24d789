"""Which records a list has shown, and whether it moved while it was read."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any, TypeGuard


def key_of(record: Mapping[str, Any], name: str) -> int | str | None:
    """What tells a record from the others, under its key's name; None where it holds what can't."""
    key = record.get(name)
    if isinstance(key, str) and key.isascii() and key.isdigit():
        # Where a list spells one id both ways, it is one record.
        return int(key)
    return key if isinstance(key, (int, str)) else None


# Ids are spread over so many small sorted arrays: a prime, so that ids with regular gaps are spread as well.
_BUCKETS = 4093
_NO_TIME = -(1 << 63)


class _TimesById:
    """Which ids were seen, under which time, and in which walk: 18 bytes each, where a dict takes a hundred."""

    def __init__(self) -> None:
        # Ids, times and walks, side by side, in the order of the ids.
        self._buckets: dict[int, tuple[array[int], array[int], array[int]]] = {}
        # Keys that are no number of 64 bits.
        self._others: dict[int | str, tuple[int | None, int]] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size + len(self._others)

    def walk_of(self, key: int | str) -> int:
        """The last walk in which the key was seen; 0 for none."""
        if not _fits(key):
            return self._others.get(key, (None, 0))[1]
        bucket = self._buckets.get(key % _BUCKETS)
        if bucket is None:
            return 0
        ids, _, walks = bucket
        place = bisect_left(ids, key)
        return walks[place] if place < len(ids) and ids[place] == key else 0

    def put(self, key: int | str, time: int | None, walk: int) -> tuple[int | None, int]:
        """Note a key. Return the time and the walk that were known of it; walk 0 where it is new."""
        if not _fits(key):
            before = self._others.get(key, (None, 0))
            self._others[key] = (time, walk)
            return before
        packed = _NO_TIME if time is None else time
        bucket = self._buckets.get(key % _BUCKETS)
        if bucket is None:
            self._buckets[key % _BUCKETS] = array("q", (key,)), array("q", (packed,)), array("H", (walk,))
            self._size += 1
            return None, 0
        ids, times, walks = bucket
        place = bisect_left(ids, key)
        if place < len(ids) and ids[place] == key:
            known = None if times[place] == _NO_TIME else times[place], walks[place]
            times[place], walks[place] = packed, walk
            return known
        ids.insert(place, key)
        times.insert(place, packed)
        walks.insert(place, walk)
        self._size += 1
        return None, 0


def _fits(key: int | str) -> TypeGuard[int]:
    return type(key) is int and -(1 << 63) < key < 1 << 63


class SeenRecords:
    """Which records a list has shown, under which time; tells whether a walk must be repeated.

    After a walk, `moved` is the part to walk again ("whole" or "beginning") or None; `brought_news` tells whether the
    walk showed anything that none had shown before.
    """

    def __init__(self) -> None:
        self._times = _TimesById()
        # A list is walked some ten times at the most.
        self._walk = 0
        self._without_key = 0
        # By how much the total shrank, and the records seen since.
        self._deleted = 0
        self._since: set[int | str] = set()
        self.moved: str | None = None
        self.brought_news = False
        # Whether some came twice in one walk, as they do in the place of others where the order has ties.
        self.came_twice = False

    def begin_walk(self) -> None:
        self._walk += 1
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
        """Note that the total shrank, before the page that said so is noted."""
        self._deleted += number
        self._since.clear()

    def in_this_walk(self, keys: list[int | str | None]) -> bool:
        """Whether all these records were seen in this walk already."""
        return all(key is not None and self._times.walk_of(key) == self._walk for key in keys)

    def is_new(self, key: int | str | None, instant: int | None, is_repeat: bool = False) -> bool:
        """Note a record. True where it was not seen before as it is now.

        On a page that is read again records are expected twice: they tell nothing of a list that moved.
        """
        if key is None:
            # Without an id nobody can tell one record from another.
            self._without_key += 1
            return True
        time, walk = self._times.put(key, instant, self._walk)
        same = walk > 0 and time == instant
        twice = walk == self._walk
        if twice and not same:
            self.moved = "whole"
        elif twice and not is_repeat:
            self.came_twice = True
            self.moved = self.moved or "beginning"
        if self._deleted:
            self._since.add(key)
        self.brought_news = self.brought_news or not same
        return not same
