"""The ids that a stream has sent, so that the next sync can tell which of them are gone.

`KnownIds` writes them as one short text, as `IdSet` does, together with the parent of each: tickets belong to an exam,
and an exam that is gone takes them along. 100,000 ids take 0.2 KB if they are consecutive, 46 KB with random gaps of up
to five, and more if they are spread over many parents. What does not fit is counted, and nothing is claimed of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from connector_kit.state.id_sets import fitting, gaps, ids_of
from connector_kit.state.varints import MOST_CHARACTERS, MOST_NUMBERS, pack, unpack

# The key of the text in a stream's state.
IDS = "ids"
# Stands for the parent of a record that has none.
NO_PARENT = 0
_HEADER = 4


class KnownIds:
    """Non-negative ids, each with its parent's id: `{17: 5, 18: 5}` for two tickets of exam 5.

    `is_whole` says whether these are all records that the list showed when it was last read in full. `forgotten` counts
    those that an earlier state had no room for. `scope` tells which part of the source the list shows.
    """

    def __init__(self, parents: Mapping[int, int] | None = None) -> None:
        self.parents = {number: parent for number, parent in (parents or {}).items() if number >= 0 <= parent}
        self.is_whole = False
        self.forgotten = 0
        self.scope = 0
        # How many did not fit when the text was last made.
        self.left_out = 0
        # All forgotten ids are lower than this.
        self._lowest_kept: int | None = None

    def __contains__(self, number: object) -> bool:
        return number in self.parents

    def __iter__(self) -> Iterator[int]:
        return iter(self.parents)

    def __len__(self) -> int:
        """How many records there are, including the forgotten ones."""
        return len(self.parents) + self.forgotten

    def add(self, number: object, parent: int = NO_PARENT) -> None:
        if type(number) is int and number >= 0 <= parent:
            self.forgotten -= self.may_have_forgotten(number)
            self.parents[number] = parent

    def may_have_forgotten(self, number: int) -> bool:
        """Return whether a record is, by its low id, one of the forgotten ones."""
        is_low = self._lowest_kept is None or number < self._lowest_kept
        return self.forgotten > 0 and is_low and number not in self.parents

    def discard(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.parents.pop(number, None)

    def enter(self, scope: int) -> None:
        """Forget everything unless it is about this part of the source: what left another part is not gone."""
        if scope != self.scope:
            self.parents, self.is_whole, self.forgotten, self.scope = {}, False, 0, scope

    def learned_all(self) -> None:
        """Note that these are all records that the list has."""
        self.is_whole, self.forgotten = True, 0

    def lacks(self, number: object) -> bool:
        """Return whether a record is certainly none of those that were sent."""
        if not self.is_whole or not isinstance(number, int) or number in self.parents:
            return False
        return not self.may_have_forgotten(number)

    def encode(self, most: int = MOST_CHARACTERS) -> str:
        """Return the ids as text of at most so many characters, "" if there is room for none at all."""
        # Each id takes two numbers, and so does its parent at most one more: `unpack` reads no more than this many.
        most_ids = (MOST_NUMBERS - _HEADER - len(set(self.parents.values()))) // 2
        ids = sorted(self.parents)[-most_ids:]
        text, kept = fitting(ids, self._packed, most) if ids else (self._packed([]), 0)
        self.left_out = len(self.parents) - kept
        return text

    def _packed(self, ids: list[int]) -> str:
        of_each = [self.parents[number] for number in ids]
        parents = sorted(set(of_each))
        places = {parent: place for place, parent in enumerate(parents)}
        forgotten = self.forgotten + len(self.parents) - len(ids)
        header = [self.scope, int(self.is_whole), forgotten, len(parents)]
        return pack([*header, *gaps(parents), *gaps(ids), *(places[it] for it in of_each if len(parents) > 1)])

    @classmethod
    def decode(cls, text: object) -> KnownIds:
        """Return what `encode` wrote. Raises ValueError for any other text."""
        if text == "":
            return cls()
        numbers = unpack(text)
        if len(numbers) < _HEADER or numbers[1] > 1:
            raise ValueError("cut short")
        scope, is_whole, forgotten, count = numbers[:_HEADER]
        parents, rest = list(ids_of(numbers[_HEADER : _HEADER + count])), numbers[_HEADER + count :]
        half = len(rest) // 2 if count > 1 else len(rest)
        places = rest[half:] if count > 1 else [0] * half
        if len(places) != half or any(place >= len(parents) for place in places):
            raise ValueError("cut short")
        known = cls({number: parents[place] for number, place in zip(ids_of(rest[:half]), places, strict=True)})
        known.scope, known.is_whole, known.forgotten = scope, bool(is_whole), forgotten
        known._lowest_kept = min(known.parents, default=None)
        return known
