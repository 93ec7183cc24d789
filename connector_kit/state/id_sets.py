"""What was read, as sets that stay small as text: ids, and ids with the time that each bore.

Both are exact: nothing is ever claimed that was not added, because what is wrongly taken for read would never be read.
Where a set does not fit into a state, its lowest ids are left out, which costs a request for each but never a record.

- `IdSet`: 100,000 ids take 0.2 KB in a row, 46 KB with random gaps of up to five. How many ids are left out before
  each is written (0 for neighbours).
- `IdTimes`: 100,000 ids that were edited in bulk, one after the other within minutes, take 1 KB in a row and 47 KB
  with such gaps. The gaps are written as above, and behind them how far each time lies from the one before.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping
from itertools import pairwise
from math import gcd

from connector_kit.state.varints import MOST_CHARACTERS, MOST_NUMBERS, pack, unpack


class IdSet:
    """Non-negative ids; `in`, `add`, and text both ways."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._ids = {number for number in ids if number >= 0}
        # How many did not fit when the text was last made.
        self.left_out = 0

    def __contains__(self, number: object) -> bool:
        return number in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, number: int) -> None:
        if number >= 0:
            self._ids.add(number)

    def encode(self) -> str:
        """The set as text, "" for none."""
        text, kept = _fitting(sorted(self._ids)[-MOST_NUMBERS:], lambda ids: pack(_gaps(ids)))
        self.left_out = len(self._ids) - kept
        return text

    @classmethod
    def decode(cls, text: object) -> IdSet:
        """Raises ValueError for text that `encode` did not write."""
        return cls() if text == "" else cls(_ids(unpack(text)))


class IdTimes:
    """Non-negative ids, each with an instant in microseconds; `get`, `add`, and text both ways."""

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
        """Both, with the other's time where both have one."""
        return IdTimes({**self._times, **other._times})

    def add(self, number: int, instant: int) -> None:
        if number >= 0:
            self._times[number] = instant

    def encode(self) -> str:
        """The table as text, "" for none."""
        text, kept = _fitting(sorted(self._times)[-(MOST_NUMBERS // 2 - 1) :], self._packed)
        self.left_out = len(self._times) - kept
        return text

    def _packed(self, ids: list[int]) -> str:
        # Times to the second are written in seconds, times to the microsecond in microseconds.
        unit = gcd(*(self._times[number] for number in ids)) or 1
        steps = [later - earlier for earlier, later in pairwise([0, *(self._times[number] // unit for number in ids)])]
        return pack([unit, *_gaps(ids), *(2 * step if step >= 0 else -2 * step - 1 for step in steps)])

    @classmethod
    def decode(cls, text: object) -> IdTimes:
        """Raises ValueError for text that `encode` did not write."""
        if text == "":
            return cls()
        unit, *numbers = unpack(text) or [0]
        half = len(numbers) // 2
        if not unit or len(numbers) % 2:
            raise ValueError("cut short")
        found: dict[int, int] = {}
        position = 0
        for number, step in zip(_ids(numbers[:half]), numbers[half:], strict=True):
            position += step // 2 if step % 2 == 0 else -(step + 1) // 2
            found[number] = position * unit
        return cls(found)


def _fitting(ids: list[int], packed: Callable[[list[int]], str]) -> tuple[str, int]:
    """The ids as text, without the lowest of them where they do not fit, and how many are in it."""
    while ids:
        text = packed(ids)
        if len(text) <= MOST_CHARACTERS:
            return text, len(ids)
        ids = ids[len(ids) - len(ids) * MOST_CHARACTERS // len(text) + 1 :]
    return "", 0


def _gaps(ids: list[int]) -> Iterator[int]:
    """How many ids are left out before each."""
    position = 0
    for number in ids:
        yield number - position
        position = number + 1


def _ids(gaps: Iterable[int]) -> Iterator[int]:
    position = 0
    for gap in gaps:
        yield position + gap
        position += gap + 1
