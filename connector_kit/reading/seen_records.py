"""Keeps track of the records that a list has shown, and whether it moved while it was being read."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeGuard


def key_of(record: Mapping[str, Any], name: str) -> int | str | None:
    """Return the record's value of field `name` if it can tell records apart, an integer or a text; None otherwise."""
    key = record.get(name)
    if isinstance(key, str) and key.isascii() and key.isdigit():
        # A list may write the same id as 17 in one place and as "17" in another: it is one record.
        return int(key)
    return key if isinstance(key, (int, str)) else None


# Ids are spread over this many small sorted arrays. It is a prime, so that ids with regular gaps are spread evenly too.
_BUCKETS = 4093
_NO_TIME = -(1 << 63)


class _Sight(NamedTuple):
    """When a record was last seen: its own time, the walk, and how many deletions had been noticed by then."""

    time: int | None = None
    walk: int = 0
    deletions: int = 0


_NEVER_SEEN = _Sight()


class _SightsById:
    """Maps ids to when they were last seen: 22 bytes per id, where a dict takes a hundred and more."""

    def __init__(self) -> None:
        # Parallel arrays of ids and of the three parts of a `_Sight`, sorted by id.
        self._buckets: dict[int, tuple[array[int], array[int], array[int], array[int]]] = {}
        # Keys that don't fit into 64 bits: texts and larger numbers.
        self._others: dict[int | str, _Sight] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size + len(self._others)

    def walk_of(self, key: int | str) -> int:
        """Return the last walk in which the key was seen; 0 if there was none."""
        if not _fits(key):
            return self._others.get(key, _NEVER_SEEN).walk
        bucket = self._buckets.get(key % _BUCKETS)
        if bucket is None:
            return 0
        ids, _, walks, _ = bucket
        place = bisect_left(ids, key)
        return walks[place] if place < len(ids) and ids[place] == key else 0

    def put(self, key: int | str, sight: _Sight) -> _Sight:
        """Store when a key was seen. Return what was stored before; walk 0 if the key is new."""
        if not _fits(key):
            before = self._others.get(key, _NEVER_SEEN)
            self._others[key] = sight
            return before
        time, walk, deletions = sight
        packed = _NO_TIME if time is None else time
        bucket = self._buckets.get(key % _BUCKETS)
        if bucket is None:
            self._buckets[key % _BUCKETS] = (
                array("q", (key,)),
                array("q", (packed,)),
                array("H", (walk,)),
                array("I", (deletions,)),
            )
            self._size += 1
            return _NEVER_SEEN
        ids, times, walks, counts = bucket
        place = bisect_left(ids, key)
        if place < len(ids) and ids[place] == key:
            known = _Sight(None if times[place] == _NO_TIME else times[place], walks[place], counts[place])
            times[place], walks[place], counts[place] = packed, walk, deletions
            return known
        ids.insert(place, key)
        times.insert(place, packed)
        walks.insert(place, walk)
        counts.insert(place, deletions)
        self._size += 1
        return _NEVER_SEEN


def _fits(key: int | str) -> TypeGuard[int]:
    return type(key) is int and -(1 << 63) < key < 1 << 63


class SeenRecords:
    """Stores which records a list has shown, and with which time; decides whether the list must be walked again.

    After a walk, `moved` is the part to walk again ("whole" or "beginning") or None. `brought_news` says whether the
    walk showed anything that no earlier walk had shown. `came_twice` says whether records came twice in one walk; they
    take the place of others if the server's order has ties.
    """

    def __init__(self) -> None:
        self._sights = _SightsById()
        # The number of the current walk, stored in 16 bits: a list is walked about ten times at most.
        self._walk = 0
        self._without_key = 0
        # How much the total has shrunk, how often it did, and how many records were seen since it last did.
        self._deleted = self._deletions = self._since = 0
        self.moved: str | None = None
        self.brought_news = False
        self.came_twice = False

    def begin_walk(self) -> None:
        """Begin another walk through the list."""
        self._walk += 1
        self._without_key = 0
        self.moved = None
        self.brought_news = False

    def __len__(self) -> int:
        """How many records were seen."""
        return len(self._sights) + self._without_key

    @property
    def proven(self) -> int:
        """How many of the list's records were certainly seen.

        Records that were deleted meanwhile may be among those seen, and would be counted in place of others. So as many
        are subtracted; but all records seen since the last deletion count.
        """
        return max(len(self._sights) - self._deleted, self._since) + self._without_key

    def lacks(self, total: int | None) -> bool:
        """Return whether fewer records were seen than the list has."""
        return total is not None and self.proven < total

    def some_were_deleted(self, number: int) -> None:
        """Note that the total shrank by `number`. Call this before noting the records of the page that showed it."""
        self._deleted += number
        self._deletions += 1
        self._since = 0

    def in_this_walk(self, keys: list[int | str | None]) -> bool:
        """Return whether all these records were already seen in the current walk."""
        return all(key is not None and self._sights.walk_of(key) == self._walk for key in keys)

    def is_new(self, key: int | str | None, instant: int | None, is_repeat: bool = False) -> bool:
        """Note a record, and notice whether the list moved.

        Args:
            key: the record's key; None if it has none.
            instant: the time of its last update.
            is_repeat: whether its page is read again. Unchanged records that come twice are expected then, and don't
                mean that the list moved.

        Returns:
            Whether the record is new, or has another time than when it was last seen.
        """
        if key is None:
            # Records without a key can't be told apart, so count each as new.
            self._without_key += 1
            return True
        time, walk, deletions = self._sights.put(key, _Sight(instant, self._walk, self._deletions))
        same = walk > 0 and time == instant
        twice = walk == self._walk
        if twice and not same:
            self.moved = "whole"
        elif twice and not is_repeat:
            self.came_twice = True
            self.moved = self.moved or "beginning"
        self._since += deletions < self._deletions
        self.brought_news = self.brought_news or not same
        return not same
