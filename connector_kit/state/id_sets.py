"""Sets of ids, alone or with a time each, that stay small when they are written as text into a state.

Both are exact: a detail wrongly marked as read would never be requested. If a set does not fit into a state, its lowest
ids are left out, which costs a request for each but never a record.

- `IdSet` writes the gap before each id, 0 between neighbors: {17, 18, 21} becomes 17, 0, 2. 100,000 ids take 0.2 KB if
  they are consecutive, 46 KB with random gaps of up to five.
- `IdTimes` writes the same gaps, then the step from each time to the next. 100,000 ids edited in bulk, one after the
  other within minutes, take 1 KB if they are consecutive, 47 KB with such gaps.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping
from itertools import pairwise
from math import gcd

from connector_kit.state.varints import MOST_CHARACTERS, MOST_NUMBERS, pack, unpack


class IdSet:
    """A set of non-negative ids: {17, 18, 21} is written as `"eNoTZGACAAA4ABQ="`."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._ids = {number for number in ids if number >= 0}
        # How many did not fit when the text was last made.
        self.left_out = 0

    def __contains__(self, number: object) -> bool:
        return number in self._ids

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def discard(self, numbers: Iterable[int]) -> None:
        self._ids.difference_update(numbers)

    def add(self, number: int) -> None:
        if number >= 0:
            self._ids.add(number)

    def encode(self) -> str:
        """Return the set as text, "" if it is empty."""
        text, kept = fitting(sorted(self._ids)[-MOST_NUMBERS:], lambda ids: pack(gaps(ids)))
        self.left_out = len(self._ids) - kept
        return text

    @classmethod
    def decode(cls, text: object) -> IdSet:
        """Return the set that `encode` wrote. Raises ValueError for any other text."""
        return cls() if text == "" else cls(ids_of(unpack(text)))


class IdTimes:
    """Non-negative ids, each with an instant in microseconds: `{17: 1709251200000000, 18: 1709251260000000}`."""

    def __init__(self, times: Mapping[int, int] | None = None) -> None:
        self._times = dict(times or {})
        # How many did not fit when the text was last made.
        self.left_out = 0

    def get(self, number: object) -> int | None:
        return self._times.get(number) if isinstance(number, int) else None

    def items(self) -> ItemsView[int, int]:
        return self._times.items()

    def __len__(self) -> int:
        return len(self._times)

    def __or__(self, other: IdTimes) -> IdTimes:
        """Return the union; the other's time wins if both have one."""
        return IdTimes({**self._times, **other._times})

    def add(self, number: int, instant: int) -> None:
        if number >= 0:
            self._times[number] = instant

    def encode(self) -> str:
        """Return the table as text, "" if it is empty."""
        text, kept = fitting(sorted(self._times)[-(MOST_NUMBERS // 2 - 1) :], self._packed)
        self.left_out = len(self._times) - kept
        return text

    def _packed(self, ids: list[int]) -> str:
        # Times that are whole seconds are written in seconds, which is shorter.
        unit = gcd(*(self._times[number] for number in ids)) or 1
        steps = [later - earlier for earlier, later in pairwise([0, *(self._times[number] // unit for number in ids)])]
        return pack([unit, *gaps(ids), *(2 * step if step >= 0 else -2 * step - 1 for step in steps)])

    @classmethod
    def decode(cls, text: object) -> IdTimes:
        """Return the table that `encode` wrote. Raises ValueError for any other text."""
        if text == "":
            return cls()
        unit, *numbers = unpack(text) or [0]
        half = len(numbers) // 2
        if not unit or len(numbers) % 2:
            raise ValueError("cut short")
        found: dict[int, int] = {}
        time = 0
        for number, step in zip(ids_of(numbers[:half]), numbers[half:], strict=True):
            time += step // 2 if step % 2 == 0 else -(step + 1) // 2
            found[number] = time * unit
        return cls(found)


def fitting(ids: list[int], packed: Callable[[list[int]], str], most: int = MOST_CHARACTERS) -> tuple[str, int]:
    """Return the ids as text, without the lowest ones if they do not fit, and how many it holds."""
    while ids:
        text = packed(ids)
        if len(text) <= most:
            return text, len(ids)
        ids = ids[len(ids) - len(ids) * most // len(text) + 1 :]
    return "", 0


def gaps(ids: list[int]) -> Iterator[int]:
    """Yield how many ids are missing before each: 17, 18, 21 gives 17, 0, 2."""
    following = 0
    for number in ids:
        yield number - following
        following = number + 1


def ids_of(gaps_before: Iterable[int]) -> Iterator[int]:
    """Yield the ids that `gaps` was given."""
    following = 0
    for gap in gaps_before:
        yield following + gap
        following += gap + 1
