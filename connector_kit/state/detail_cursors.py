"""The cursors of streams whose records are details of a list, read with one request each.

- `DetailCursor`, if the list has times of change: `{"updated_at": "2024-03-01T00:00:00Z", "id": 17, "recent": "…"}`.
  Details are read oldest first, so one (time, id) pair, called the mark, covers all parents up to it. `recent` holds
  the ids and times of details after the mark that were read and can't change without a later time; see `IdTimes`.
- `IdCursor`, if the list has none: `{"application_time": "2024-03-01T00:00:00Z", "seen": "…"}`, the ids whose details
  were read; see `IdSet`. The time is the newest one read, and leaves nothing out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from connector_kit import times
from connector_kit.state.cursors import StreamCursor
from connector_kit.state.id_sets import IdSet, IdTimes
from connector_kit.state.known_ids import KnownIds
from connector_kit.state.varints import MOST_CHARACTERS


class DetailCursor(StreamCursor):
    """Moves with each detail, oldest first. `floor` and all instants are in microseconds."""

    @property
    def keys(self) -> frozenset[str]:
        return frozenset({self.cursor_field, "id", "recent"})

    def _load(self, state: Mapping[str, Any], saved: KnownIds) -> None:
        last = state.get("id")
        if "id" in state and (type(last) is not int or self._mark is None):
            raise self.unreadable("id is not a number next to a time")
        try:
            self._known = IdTimes.decode(state.get("recent", ""))
        except ValueError as error:
            raise self.unreadable(f"recent is broken ({error})") from None
        self._last: int | None = last
        self._recent = IdTimes()
        # The API's texts of the times that were read while the mark was held.
        self._texts: dict[int, str | None] = {}
        self._held = False

    @property
    def floor(self) -> int | None:
        # Other parents with the mark's own time may be unread.
        bound = super().floor
        return None if bound is None or self._mark is None else bound - 1

    def is_fresh(self, instant: int) -> bool:
        """Whether a time is so close to the start of the sync that the state can't cover it."""
        return self._cap is not None and instant > self._cap

    def knows(self, parent_id: Any, instant: int | None) -> bool:
        """Whether an earlier sync read this version of a detail after the mark."""
        return instant is not None and self._known.get(parent_id) == instant

    def due(self, instant: int | None, parent_id: Any) -> bool:
        """Whether to read the detail of a parent last updated at `instant`."""
        if instant is None:
            return True
        if self.start is not None and instant < self.start:
            return False
        if self._mark is None or instant > self._mark:
            return not self.knows(parent_id, instant)
        if instant == self._mark and self._last is not None:
            is_after = not isinstance(parent_id, int) or parent_id > self._last
            return is_after and not self.knows(parent_id, instant)
        return False

    @property
    def has_read(self) -> bool:
        """Whether an earlier sync read any details."""
        return self._mark is not None or len(self._known) > 0

    def hold(self) -> None:
        """Freeze the mark: an older detail may still be unread. What is read from now on is remembered one by one."""
        with self._lock:
            self._held = True

    def release(self) -> None:
        """Move the mark to the newest detail again: what held it was read after all, and so was everything else."""
        with self._lock:
            self._held = False
            covered = {key: at for key, at in self._recent.items() if self._cap is None or at <= self._cap}
            for parent_id, instant in sorted(covered.items(), key=lambda item: (item[1], item[0]))[-1:]:
                self._advance(instant, self._texts.get(instant))
                self._last = parent_id
            self._recent = IdTimes({key: at for key, at in self._recent.items() if key not in covered})

    def passed(self, instant: int | None, parent_id: Any, text: str | None, settled: bool) -> None:
        """Note that a detail was read, or need not be.

        `text` is the parent's time as the API writes it; `settled` is True if any later change gets a later time.
        """
        if instant is None:
            return
        with self._lock:
            covered = self._cap is None or instant <= self._cap
            if covered and not self._held:
                self._advance(instant, text)
                if instant == self._mark and isinstance(parent_id, int):
                    self._last = parent_id
            elif (covered or settled) and isinstance(parent_id, int):
                self._recent.add(parent_id, instant)
                if self._held:
                    self._texts[instant] = text

    def complete(self) -> None:
        """Note that all due details were read. Everything up to the cap is now covered."""
        with self._lock:
            self._known = IdTimes()
            self._dump()
        self._warn_of_left_out(self._recent.left_out)

    def _dump(self) -> dict[str, Any]:
        state: dict[str, Any] = {} if self._text is None else {self.cursor_field: self._text}
        if self._last is not None:
            state["id"] = self._last
        recent = (self._known | self._recent if len(self._known) else self._recent).encode()
        if recent:
            state["recent"] = recent
        return state


class IdCursor(StreamCursor):
    """Remembers which parents' details were read, for parents without a time of change."""

    @property
    def keys(self) -> frozenset[str]:
        return frozenset({self.cursor_field, "seen"})

    def _load(self, state: Mapping[str, Any], saved: KnownIds) -> None:
        try:
            seen = IdSet.decode(state.get("seen", ""))
        except ValueError as error:
            raise self.unreadable(f"seen is broken ({error})") from None
        self._seen = IdSet([*seen, *saved])

    def _refuse_future(self, latest: datetime, whose_clock: str) -> None:
        """Do nothing: this time is a form's own, and leaves nothing out."""

    def due(self, parent_id: Any) -> bool:
        """Whether to read the detail of this parent."""
        return not (isinstance(parent_id, int) and parent_id in self._seen)

    def passed(self, parent_id: Any, text: str | None) -> None:
        """Note that a detail was read; `text` is its time, for the cursor field."""
        with self._lock:
            if isinstance(parent_id, int):
                self._seen.add(parent_id)
            instant = times.instant(text)
            if instant is not None and text is not None and (self._mark is None or instant > self._mark):
                self._mark, self._text = instant, text

    def forget(self, ids: Iterable[int]) -> None:
        gone = list(ids)
        super().forget(gone)
        with self._lock:
            self._seen.discard(gone)

    def complete(self) -> None:
        """Note that all due details were read."""
        with self._lock:
            self._dump()
        self._warn_of_left_out(self._seen.left_out)

    def _dump(self) -> dict[str, Any]:
        state: dict[str, Any] = {} if self._text is None else {self.cursor_field: self._text}
        rest = self._seen
        if self.known is not None:
            # The others are in the known ids already, unless those have no room: a form that is read again costs a
            # request in every sync, one that is not marked costs none.
            unknown = IdSet(number for number in self._seen if number not in self.known)
            self.known.encode(MOST_CHARACTERS - len(unknown.encode()) - len(self._text or ""))
            rest = self._seen if self.known.left_out else unknown
        seen = rest.encode()
        self._seen.left_out = rest.left_out
        if seen:
            state["seen"] = seen
        return state
