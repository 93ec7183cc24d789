"""What the streams remember whose records are details of a list, read one request each.

- `DetailCursor`, where the list tells when each changed: `{"updated_at": T, "id": N, "recent": "..."}`. Details are
  read oldest first, so one pair says how far: all parents up to (T, N). `recent` holds those beyond T that were read
  and have settled, each with its time.
- `IdCursor`, for details of a list without times: `{"application_time": T, "seen": "..."}`, the ids read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector_kit import times
from connector_kit.state.cursors import StreamCursor
from connector_kit.state.id_sets import IdSet, IdTimes


class DetailCursor(StreamCursor):
    """Moves with each detail, oldest first."""

    @property
    def keys(self) -> frozenset[str]:
        return frozenset({self.cursor_field, "id", "recent"})

    def _load(self, state: Mapping[str, Any]) -> None:
        last = state.get("id")
        if "id" in state and (type(last) is not int or self._mark is None):
            raise self.unreadable("id is not a number beside a time")
        try:
            self._known = IdTimes.decode(state.get("recent", ""))
        except ValueError as error:
            raise self.unreadable(f"recent is broken ({error})") from None
        self._last: int | None = last
        self._recent = IdTimes()
        # How the times behind a held mark are spelled.
        self._texts: dict[int, str | None] = {}
        self._held = False

    @property
    def floor(self) -> int | None:
        # Parents at the mark itself may be unread: several can share one time.
        bound = super().floor
        return None if bound is None or self._mark is None else bound - 1

    def is_fresh(self, instant: int) -> bool:
        """Whether a time lies so near the start of the sync that the state can't cover it."""
        return self._cap is not None and instant > self._cap

    def knows(self, parent_id: Any, instant: int | None) -> bool:
        """Whether the detail beyond the mark was read as it is now by an earlier sync."""
        return instant is not None and self._known.get(parent_id) == instant

    def due(self, instant: int | None, parent_id: Any) -> bool:
        """Whether the detail of a parent last updated then is to be read."""
        if instant is None:
            return True
        if self.start is not None and instant < self.start:
            return False
        if self._mark is None or instant > self._mark:
            return not self.knows(parent_id, instant)
        if instant == self._mark and self._last is not None:
            behind = not isinstance(parent_id, int) or parent_id > self._last
            return behind and not self.knows(parent_id, instant)
        return False

    @property
    def has_read(self) -> bool:
        """Whether an earlier sync read any."""
        return self._mark is not None or len(self._known) > 0

    def hold(self) -> None:
        """One detail may not be read: the mark stays before it, and what is read behind it is remembered one by one."""
        with self._lock:
            self._held = True

    def release(self) -> None:
        """What held the mark was read after all, and so was everything: the mark goes on."""
        with self._lock:
            self._held = False
            covered = {it: at for it, at in self._recent.items() if self._cap is None or at <= self._cap}
            for parent_id, instant in sorted(covered.items(), key=lambda item: (item[1], item[0]))[-1:]:
                self._advance(instant, self._texts.get(instant))
                self._last = parent_id
            self._recent = IdTimes({it: at for it, at in self._recent.items() if it not in covered})

    def passed(self, instant: int | None, parent_id: Any, text: str | None, settled: bool) -> None:
        """The detail was read, or need not be; `settled` where no later change can bear the same time."""
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
        """All due details were read: everything up to the cap is known."""
        with self._lock:
            self._known = IdTimes()
            self._dump()
        self._tell_left_out(self._recent.left_out)

    def _dump(self) -> dict[str, Any]:
        state: dict[str, Any] = {} if self._text is None else {self.cursor_field: self._text}
        if self._last is not None:
            state["id"] = self._last
        recent = (self._known | self._recent if len(self._known) else self._recent).encode()
        if recent:
            state["recent"] = recent
        return state


class IdCursor(StreamCursor):
    """Remembers which parents' details were read, for parents that have no time of their own."""

    @property
    def keys(self) -> frozenset[str]:
        return frozenset({self.cursor_field, "seen"})

    def _load(self, state: Mapping[str, Any]) -> None:
        try:
            self._seen = IdSet.decode(state.get("seen", ""))
        except ValueError as error:
            raise self.unreadable(f"seen is broken ({error})") from None

    def _refuse_beyond(self, latest: datetime, whose: str) -> None:
        """Nothing: the time is that of a form, and nothing is left out by it."""

    def due(self, parent_id: Any) -> bool:
        return not (isinstance(parent_id, int) and parent_id in self._seen)

    def passed(self, parent_id: Any, text: str | None) -> None:
        """The detail was read; `text` is its time, for the cursor field."""
        with self._lock:
            if isinstance(parent_id, int):
                self._seen.add(parent_id)
            instant = times.instant(text)
            if instant is not None and text is not None and (self._mark is None or instant > self._mark):
                self._mark, self._text = instant, text

    def complete(self) -> None:
        """All due details were read."""
        with self._lock:
            self._dump()
        self._tell_left_out(self._seen.left_out)

    def _dump(self) -> dict[str, Any]:
        state: dict[str, Any] = {} if self._text is None else {self.cursor_field: self._text}
        seen = self._seen.encode()
        if seen:
            state["seen"] = seen
        return state
