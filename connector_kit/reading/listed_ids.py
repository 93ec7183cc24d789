"""Tells which of the records that a stream has sent are gone from the lists that one sync has read.

A record is gone if its list was read whole and lacks it, and if the endpoint of the single record, where there is one,
says so too. Anything in doubt is not gone: a living record must never be marked.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from connector_kit.state.known_ids import NO_PARENT, KnownIds

logger = logging.getLogger("airbyte.connector_kit")

# A permission that was narrowed looks like a deletion of all that it hides. This many at once, and this share of a
# list, are left alone.
_MOST_AT_ONCE, _MOST_SHARE = 20, 0.05


def too_many(missing: int, known: int) -> bool:
    """Return whether so many of the known records are missing that they were hidden rather than deleted."""
    return missing > _MOST_AT_ONCE and missing > _MOST_SHARE * known


class ListedIds:
    """The ids that the lists of one endpoint have shown in one sync, each with its parent's.

    `absent` are ids that are not where they would stand in a list that was searched and not read whole.

    Args:
        label: names the stream in the log.
        above: the same of the parents' list; None for a list that has none.
        confirm: asks for a single record and returns whether it is gone; None where the API has no such endpoint.
    """

    def __init__(self, label: str, above: ListedIds | None, confirm: Callable[[int], bool] | None) -> None:
        self._label = label
        self._above = above
        self._confirm = confirm
        # The parents whose lists were read whole, while they stood still.
        self._proven: set[int] = set()
        self._has_warned = False
        self.parents: dict[int, int] = {}
        self.absent: set[int] = set()

    def note(self, ids: Iterable[object], parent: int) -> None:
        """Note the records of a page."""
        for number in ids:
            if isinstance(number, int):
                self.parents[number] = parent

    def prove(self, parent: int) -> None:
        """Note that every record of a parent's list was seen."""
        self._proven.add(parent)

    def gone(self, known: KnownIds) -> list[int]:
        """Return which of the known records are gone."""
        missing: defaultdict[int, list[int]] = defaultdict(list)
        for number, parent in known.parents.items():
            if number not in self.parents and (parent in self._proven or number in self.absent or self._above):
                missing[parent].append(number)
        if not missing:
            return []
        sizes = Counter(known.parents.values())
        single: list[int] = []
        for parent, ids in missing.items():
            if parent in self._proven or self._above is None:
                single += [] if self._are_too_many(len(ids), sizes[parent]) else ids
        if self._are_too_many(len(single), len(known)):
            single = []
        # What hangs on a record goes with it.
        along = [number for parent in self._gone_parents(missing, sizes) for number in missing[parent]]
        return sorted([*filter(self._is_gone, single), *along])

    def _gone_parents(self, missing: Iterable[int], known: Iterable[int]) -> list[int]:
        # What was left alone there because it was too much at once is not gone here, of however few it is the parent.
        if self._above is None or self._above._has_warned or not set(missing) - self._proven:
            return []
        gone = set(self._above.gone(KnownIds(dict.fromkeys(known, NO_PARENT))))
        return [parent for parent in missing if parent in gone]

    def _is_gone(self, number: int) -> bool:
        return self._confirm is None or self._confirm(number)

    def _are_too_many(self, missing: int, known: int) -> bool:
        if not too_many(missing, known):
            return False
        self.warn_of_too_many(missing, known)
        return True

    def warn_of_too_many(self, missing: int, known: int) -> None:
        """Warn, once, that so many are missing that none is marked."""
        if not self._has_warned:
            logger.warning(
                "%s: %d of %d records are no longer listed. So many at once look like a permission that was narrowed, "
                "so none of them is marked as deleted. Widen the permission if it was; if they were deleted, clear the "
                "stream's state and table, and sync it again.",
                self._label,
                missing,
                known,
            )
        self._has_warned = True
