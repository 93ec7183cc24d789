"""What a list keeps of its records for the children: an id for the URL, the time, and a few fields."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from airbyte_cdk.sources.types import StreamSlice

from connector_kit.reading.parents import Parent, ParentStream
from connector_kit.records.scalars import UnreadableError, to_integer

logger = logging.getLogger("airbyte.connector_kit")


class ParentIndex:
    """The newest version of each record. `fields` are the names of what is kept beside id and time."""

    def __init__(self) -> None:
        self.fields: list[str] = []
        # The field of each record that goes into the children's URLs.
        self._key = ""
        self._parents: dict[int, Parent] = {}
        self._nameless = 0

    def keep_for(self, child: ParentStream, stream: str) -> None:
        """Keep what a child declares to need."""
        if self._key not in ("", child.parent_key):
            keys = f"{self._key} and {child.parent_key}"
            raise ValueError(f"{stream}: its children must take the same key, not {keys}")
        self._key = child.parent_key
        self.fields += [name for name in child.extra_fields if name not in self.fields]

    def add(self, record: Mapping[str, Any], instant: int | None, text: str | None, above: StreamSlice) -> bool:
        """Add a record, or replace the one with its id unless that is newer.

        Args:
            record: as the API sent it.
            instant: its time, in microseconds since the epoch.
            text: its time as the API wrote it.
            above: the slice of the record's own parent.

        Returns:
            Whether it has an id. What belongs to one that has none is unknown.
        """
        try:
            # Accept integers only. The key goes into a URL and from there into messages, and a text could be anything,
            # such as a credential that the server echoes.
            key = to_integer(record.get(self._key))
        except UnreadableError:
            self._nameless += 1
            return False
        known = self._parents.get(key)
        if known is None or (known.instant or 0) <= (instant or 0):
            inherited = {**above.partition, **above.extra_fields}
            extra = tuple(record.get(name, inherited.get(name)) for name in self.fields)
            self._parents[key] = Parent(instant, key, text, extra)
        return True

    def oldest_first(self) -> list[Parent]:
        """Return all parents."""
        return sorted(self._parents.values(), key=lambda parent: parent.age)

    def report_nameless(self, label: str) -> None:
        """Warn of records without a readable id."""
        if self._nameless:
            logger.warning(
                "%s: %d records have no readable id. Nothing is requested for them, and the state of the streams that "
                "would need it stays where it was.",
                label,
                self._nameless,
            )
