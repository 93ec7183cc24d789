"""Chance that can be repeated: the same seed and the same record give the same values on every machine and Python.

Records are made when they are asked for, not kept, so each value must follow from numbers that name the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

_WORD = (1 << 64) - 1


def mix(*parts: int) -> int:
    """Scrambles whole numbers into one of 64 bits; far cheaper than seeding a generator."""
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = ((state ^ part) * 0xBF58476D1CE4E5B9) & _WORD
        state ^= state >> 29
        state = (state * 0x94D049BB133111EB) & _WORD
        state ^= state >> 32
    return state


class Draw:
    """Draws of one record. Built on `Random.random` alone, the one method whose sequence Python promises to keep."""

    __slots__ = ("_next",)

    def __init__(self, *parts: int) -> None:
        self._next = Random(mix(*parts)).random

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self._next() * (high - low + 1))

    def chance(self, share: float) -> bool:
        """True in `share` of all draws."""
        return self._next() < share

    def pick(self, values: Sequence[T]) -> T:
        """One of the values."""
        return values[int(self._next() * len(values))]

    def some(self, values: Sequence[T], most: int) -> list[T]:
        """Up to `most` of the values, in their order, none twice."""
        count = min(self.between(0, most), len(values))
        chosen: set[int] = set()
        while len(chosen) < count:
            chosen.add(int(self._next() * len(values)))
        return [values[position] for position in sorted(chosen)]
