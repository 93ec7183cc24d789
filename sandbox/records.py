"""Collections of records that cost memory only where somebody changed something.

A record that nobody touched is a formula of its number: id, parent and times follow from the seed. Changes lie over
that as rows. Ids have gaps and siblings' ids are interleaved, as in a table that many exams or jobs share.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.draws import mix

_STRIDE = 3
"""One id in three exists; which one is drawn."""


@dataclass(slots=True)
class Row:
    """What identifies a record's present content: everything else is drawn from it."""

    id: int
    parent: int
    created: int
    updated: int
    revision: int = 0
    patch: dict[str, Any] = field(default_factory=dict)


class Collection:
    """The records of one kind, in the order of their ids, under a parent or under none (parent 0)."""

    def __init__(
        self,
        seed: int,
        tag: int,
        size: int,
        first_id: int,
        times: Callable[[int], tuple[int, int]],
        parents: Collection | None = None,
    ) -> None:
        """`size` counts records per parent, if there are parents; `times` gives created and updated of a base index."""
        self.tag = tag
        self.parents = parents
        self.version = 0
        """Moves with every change."""
        self.membership = 0
        """Moves when a record comes or goes."""
        self._key = (seed, tag)
        self._first = first_id
        self._times = times
        self._per_parent = size
        self.base_size: int = size if parents is None else size * parents.base_size
        self._next_id = first_id + _STRIDE * self.base_size
        self._rows: dict[int, Row] = {}
        self._gone: set[int] = set()
        self._ids: dict[int, list[int]] = {}
        self._sorted: dict[tuple[int, str], tuple[int, list[int]]] = {}

    def base_id(self, index: int) -> int:
        """The id of the record with this number in the seeded data."""
        return self._first + _STRIDE * index + mix(*self._key, index) % _STRIDE

    def base_index(self, record_id: int) -> int | None:
        """The number of a record of the seeded data; None for ids that it never had."""
        index = (record_id - self._first) // _STRIDE
        return index if 0 <= index < self.base_size and self.base_id(index) == record_id else None

    def row(self, record_id: int) -> Row | None:
        """The record as it is now; None when it (or its parent) does not exist."""
        row = self._rows.get(record_id)
        if row is None:
            if record_id in self._gone:
                return None
            index = self.base_index(record_id)
            if index is None:
                return None
            parent = 0 if self.parents is None else self.parents.base_id(index % self.parents.base_size)
            row = Row(record_id, parent, *self._times(index))
        if self.parents is not None and self.parents.row(row.parent) is None:
            return None
        return row

    def ids(self, parent: int = 0) -> list[int]:
        """The living ids under a parent, ascending. Belongs to the collection: read it, don't change it."""
        if self.parents is not None and self.parents.row(parent) is None:
            return []
        ids = self._ids.get(parent)
        if ids is None:
            if self.parents is None:
                ids = [self.base_id(index) for index in range(self.base_size)]
            else:
                base = self.parents.base_index(parent)
                numbers = [] if base is None else range(base, self.base_size, self.parents.base_size)
                ids = [self.base_id(index) for index in numbers]
            self._ids[parent] = ids
        return ids

    def all_ids(self) -> Iterator[int]:
        """The living ids under all living parents."""
        for parent in [0] if self.parents is None else list(self.parents.ids()):
            yield from self.ids(parent)

    def ordered(self, name: str, key: Callable[[Row], Any], *, volatile: bool, parent: int = 0) -> list[int]:
        """The living ids under a parent by `key`, then id; kept under `name`. `volatile`: updates move the key."""
        if self.parents is not None and self.parents.row(parent) is None:
            return []
        stamp = self.version if volatile else self.membership
        known = self._sorted.get((parent, name))
        if known is None or known[0] != stamp:
            pairs = sorted((key(self.living(record_id)), record_id) for record_id in self.ids(parent))
            known = (stamp, [record_id for _, record_id in pairs])
            self._sorted[parent, name] = known
        return known[1]

    def create(self, now: int, parent: int = 0) -> Row:
        """A new record with the next id (perhaps after a gap)."""
        ids = self.ids(parent)
        row = Row(self._next_id + mix(*self._key, self._next_id) % _STRIDE, parent, now, now)
        self._next_id = row.id + 1
        self._rows[row.id] = row
        insort(ids, row.id)
        self._moved(membership=True)
        return row

    def update(self, record_id: int, now: int, patch: dict[str, Any]) -> Row:
        """Edits a record: its content is drawn anew, `patch` sets fields. KeyError when it does not exist."""
        old = self.living(record_id)
        row = Row(old.id, old.parent, old.created, now, old.revision + 1, {**old.patch, **patch})
        self._rows[record_id] = row
        self._moved()
        return row

    def touch(self, record_id: int, now: int) -> None:
        """Moves a record's time of update and nothing else. KeyError when it does not exist."""
        old = self.living(record_id)
        self._rows[record_id] = Row(old.id, old.parent, old.created, now, old.revision, old.patch)
        self._moved()

    def delete(self, record_id: int) -> None:
        """Takes a record away; its children go with it. KeyError when it does not exist."""
        row = self.living(record_id)
        self.ids(row.parent).remove(record_id)
        self._rows.pop(record_id, None)
        self._gone.add(record_id)
        self._moved(membership=True)

    def living(self, record_id: int) -> Row:
        """The record, which must exist. KeyError when it does not."""
        row = self.row(record_id)
        if row is None:
            raise KeyError(record_id)
        return row

    def _moved(self, *, membership: bool = False) -> None:
        self.version += 1
        self.membership += membership


class Fragments:
    """Serialised records, so that a page read again is not drawn again. Starts anew when it has grown too large."""

    def __init__(self, most_bytes: int = 32_000_000) -> None:
        self._most = most_bytes
        self._size = 0
        self._kept: dict[tuple[object, ...], bytes] = {}

    def get(self, key: tuple[object, ...], make: Callable[[], bytes]) -> bytes:
        """The fragment under a key (which must name the record's revision), made when it is not there."""
        fragment = self._kept.get(key)
        if fragment is None:
            fragment = make()
            self._size += len(fragment)
            if self._size > self._most:
                self._kept.clear()
                self._size = len(fragment)
            self._kept[key] = fragment
        return fragment
