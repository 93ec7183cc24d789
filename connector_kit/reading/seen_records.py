"""Keeps track of the records that a list has shown, and whether it moved while it was being read."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from itertools import pairwise
from operator import itemgetter
from typing import Any, TypeGuard


def key_of(record: Mapping[str, Any], name: str) -> int | str | None:
    """Return the record's value of field `name` if it can tell records apart, an integer or a text; None otherwise."""
    key = record.get(name)
    if isinstance(key, str) and key.isascii() and key.isdigit():
        # A list may write the same id as 17 in one place and as "17" in another: it is one record.
        return int(key)
    return key if isinstance(key, (int, str)) else None


# Ids are spread over this many sorted arrays: few, since many small ones, each growing, leave holes in the memory. A
# prime, so that ids with regular gaps are spread evenly too.
_BUCKETS = 251
_NO_TIME = -(1 << 63)


class _SeenById:
    """Maps ids to a record's time and the moment when it was seen: 13 bytes per id, where a dict takes a hundred.

    A moment is a number from 1 on; 0 stands for a record that was never seen.
    """

    def __init__(self) -> None:
        # Parallel arrays of ids, times and moments, sorted by id.
        self._buckets: dict[int, list[array[int]]] = {}
        # Keys that don't fit into 64 bits: texts and larger numbers.
        self._others: dict[int | str, tuple[int | None, int]] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size + len(self._others)

    def moment_of(self, key: int | str) -> int:
        """Return when the key was last seen."""
        if not _fits(key):
            return self._others.get(key, (None, 0))[1]
        bucket = self._buckets.get(key % _BUCKETS)
        if bucket is None:
            return 0
        ids, _, moments = bucket
        place = bisect_left(ids, key)
        return moments[place] if place < len(ids) and ids[place] == key else 0

    def put(self, key: int | str, time: int | None, moment: int) -> tuple[int | None, int]:
        """Store a key. Return the time and the moment that were stored before."""
        if not _fits(key):
            before = self._others.get(key, (None, 0))
            self._others[key] = (time, moment)
            return before
        packed = _NO_TIME if time is None else time
        bucket = self._buckets.get(key % _BUCKETS)
        if bucket is None:
            # Small columns, which grow wider if a value asks for it.
            bucket = self._buckets[key % _BUCKETS] = [array("I"), array("q"), array("B")]
        ids, times, moments = bucket
        place = bisect_left(ids, key)
        if place < len(ids) and ids[place] == key:
            known = None if times[place] == _NO_TIME else times[place], moments[place]
            times[place] = packed
            if moments[place] != moment:
                del moments[place]
                _insert(bucket, 2, place, moment)
            return known
        for column, value in enumerate((key, packed, moment)):
            _insert(bucket, column, place, value)
        self._size += 1
        return None, 0


def _insert(bucket: list[array[int]], column: int, place: int, value: int) -> None:
    try:
        bucket[column].insert(place, value)
    except OverflowError:
        bucket[column] = array("q", bucket[column])
        bucket[column].insert(place, value)


def _fits(key: int | str) -> TypeGuard[int]:
    return type(key) is int and -(1 << 63) < key < 1 << 63


class _ToldTotals:
    """The totals of a list, in the order in which their answers came: pages in flight overtake each other.

    In the order of the pages, two falls with a rise between them may look like one, or like none. `fell_at` is when the
    last one was heard of.
    """

    def __init__(self) -> None:
        self._told: list[tuple[float, int]] = []
        self.fell_at = float("-inf")

    def note(self, total: int, at: float) -> int:
        """Note a total. Returns by how many more records the list is known to have lost."""
        place = bisect_right(self._told, at, key=itemgetter(0))
        known = _falls(self._told[max(0, place - 1) : place + 1])
        self._told.insert(place, (at, total))
        falls = _falls(self._told[max(0, place - 1) : place + 2])
        self.fell_at = max([self.fell_at, *(heard_at for heard_at, _ in falls)])
        return sum(by for _, by in falls) - sum(by for _, by in known)


def _falls(told: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """Return when totals that came one after the other fell, and by how much."""
    return [(at, before - after) for (_, before), (at, after) in pairwise(told) if after < before]


class SeenRecords:
    """Stores which records a list has shown, and with which time; decides whether the list must be walked again.

    After a walk, `moved` is the part to walk again ("whole" or "beginning") or None. `brought_news` says whether the
    walk showed anything that no earlier walk had shown. `came_twice` says whether records came twice in one walk; they
    take the place of others if the server's order has ties.
    """

    def __init__(self) -> None:
        self._seen = _SeenById()
        # A moment begins with each walk, and each time when the total has shrunk.
        self._moment = self._walk_began = self._shrank = 0
        self._without_key = 0
        # How much the total has shrunk, and how many records were seen since it last did.
        self._deleted = self._since = 0
        self._totals = _ToldTotals()
        self.moved: str | None = None
        self.brought_news = False
        self.came_twice = False

    def begin_walk(self) -> None:
        """Begin another walk through the list."""
        self._moment += 1
        self._walk_began = self._moment
        self._without_key = 0
        self.moved = None
        self.brought_news = False

    def __len__(self) -> int:
        """How many records were seen."""
        return len(self._seen) + self._without_key

    @property
    def proven(self) -> int:
        """How many of the list's records were certainly seen.

        Records that were deleted meanwhile may be among those seen, and would be counted in place of others. So as many
        are subtracted; but all records seen since the last deletion count.
        """
        return max(len(self._seen) - self._deleted, self._since) + self._without_key

    def lacks(self, total: int | None) -> bool:
        """Return whether fewer records were seen than the list has."""
        return total is not None and self.proven < total

    def some_were_deleted(self, number: int) -> None:
        """Note that the total shrank by `number`. Call this before noting the records of the page that showed it."""
        self._deleted += number
        self._moment += 1
        self._shrank, self._since = self._moment, 0

    def total_was(self, total: int | None, at: float) -> None:
        """Note the total of an answer that came at this time, before noting the records of its page."""
        fell_by = 0 if total is None else self._totals.note(total, at)
        if fell_by:
            self.some_were_deleted(fell_by)

    def noted(self, at: float) -> None:
        """Note that all records of an answer that came at this time were noted."""
        if at < self._totals.fell_at:
            # Some of them may be among those that were deleted.
            self.some_were_deleted(0)

    def in_this_walk(self, keys: list[int | str | None]) -> bool:
        """Return whether all these records were already seen in the current walk."""
        return all(key is not None and self._seen.moment_of(key) >= self._walk_began for key in keys)

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
        time, moment = self._seen.put(key, instant, self._moment)
        same = moment > 0 and time == instant
        twice = moment >= self._walk_began
        if twice and not same:
            self.moved = "whole"
        elif twice and not is_repeat:
            self.came_twice = True
            self.moved = self.moved or "beginning"
        self._since += moment < self._shrank
        self.brought_news = self.brought_news or not same
        return not same
