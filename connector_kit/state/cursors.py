"""What each stream remembers between syncs, and when it says so.

`ListCursor`, for lists: `{"updated_at": T}`. Everything last updated up to T was read. The memories of details, which
have the same base, stand in `detail_state`. All are small whatever the size of the source.

T never passes the start of the sync less a margin: what is touched while a list is read carries a later time, and the
next sync must find it.
"""

from __future__ import annotations

import logging
import threading
from abc import abstractmethod
from collections.abc import Mapping, MutableMapping
from datetime import datetime, timedelta, timezone
from typing import Any

from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record

from connector_kit import times
from connector_kit.errors import config_error
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")

# State is confirmed this often while a stream is read, so that a destination commits and a crash costs little.
_EMIT_EVERY = 300.0
# The states' own times are written in whole seconds where they can be; the cap needs no more.
_SECOND = 1_000_000
# More than clocks that somebody cares for, and times read in the wrong zone, are ever apart.
_CLOCKS_APART = timedelta(days=1)
# More than any machine's clock is behind, cared for or not.
_NO_CLOCK_APART = timedelta(days=3650)


class StreamCursor(Cursor):
    """The memory of one stream in one run, begun from its saved state.

    Args:
        sync: what the run shares; holds the saved state.
        stream: the stream's name.
        cursor_field: the field that holds the time, in the records and in the state.
        margin: the state stays so far behind the start of the sync, by whichever of the server's clocks.
        start: what was last updated before this instant (in microseconds) is left out; None where nothing is.

    Raises:
        AirbyteTracedException: the state is none of this cursor's.
    """

    def __init__(
        self, sync: Sync, stream: str, cursor_field: str, margin: timedelta = timedelta(), start: int | None = None
    ) -> None:
        self._sync = sync
        self.stream = stream
        self.cursor_field = cursor_field
        self._margin = margin
        self.start = start
        self._lock = threading.Lock()
        self._emitted_at = sync.clock.monotonic()
        state = sync.states.get(stream) or {}
        self._check_keys(state)
        self._text: str | None = state.get(self.cursor_field)
        self._mark = self._instant_of(self._text) if self.cursor_field in state else None
        self._cap: int | None = None
        # The server's clock is known with its first answer only, and this machine's may be days off.
        self._refuse_beyond(sync.clock.now() + _NO_CLOCK_APART, "any")
        self._load(state)

    # --- what a reading asks -------------------------------------------------------------------------------------

    def begin(self, server_time: datetime) -> None:
        """Told once, with the server's time at the list's first answer: no memory may pass it less the margin."""
        self._cap = int((server_time - self._margin).timestamp()) * _SECOND
        whose = "the server's" if self._sync.knows_server_clock else "this machine's"
        self._refuse_beyond(self._sync.server_now() + _CLOCKS_APART, whose)

    @property
    def floor(self) -> int | None:
        """What was last updated up to this instant is not needed. None where everything is."""
        if self.start is None:
            return self._mark
        return self.start - 1 if self._mark is None else max(self._mark, self.start - 1)

    def complete(self) -> None:
        """Told when everything was read to its end."""

    def emit_state(self, at_once: bool = True) -> None:
        """Emit the state: at once, or when the last time is a while ago."""
        now = self._sync.clock.monotonic()
        if not at_once and now - self._emitted_at < _EMIT_EVERY:
            return
        self._emitted_at = now
        self._sync.emit_state(self.stream, self.state)

    # --- the CDK's side ------------------------------------------------------------------------------------------

    @property
    def state(self) -> MutableMapping[str, Any]:
        with self._lock:
            return self._dump()

    def observe(self, record: Record) -> None:
        """Nothing: a record's time says nothing of the records before it, so what was read is told by the reading."""

    def close_partition(self, partition: Partition) -> None:
        """Nothing: the reading has told all there is to remember."""

    def ensure_at_least_one_state_emitted(self) -> None:
        self.emit_state()

    def should_be_synced(self, record: Record) -> bool:
        return True

    # --- for the kinds -------------------------------------------------------------------------------------------

    @abstractmethod
    def _load(self, state: Mapping[str, Any]) -> None: ...

    @abstractmethod
    def _dump(self) -> dict[str, Any]: ...

    @property
    @abstractmethod
    def keys(self) -> frozenset[str]:
        """The keys that a state of this kind may have."""

    def _check_keys(self, state: Mapping[str, Any]) -> None:
        foreign = sorted(set(state) - self.keys)
        if foreign:
            raise self.unreadable(f"it has the unknown keys {', '.join(foreign)}")

    def unreadable(self, why: str) -> Exception:
        return config_error(
            f"The saved state of stream {self.stream} cannot be used: {why}. It was not written by this connector, or "
            "was edited. Restore it, or clear the stream's state to read it again in full."
        )

    def _instant_of(self, text: Any) -> int:
        instant = times.instant(text)
        if instant is None:
            raise self.unreadable(f"{self.cursor_field} is not a time")
        return instant

    def _tell_left_out(self, count: int) -> None:
        if count:
            logger.warning(
                "%s: the state, which stays below 64 KB, has no place for %d that were read; they are asked for again "
                "at the next sync.",
                self.stream,
                count,
            )

    def _refuse_beyond(self, latest: datetime, whose: str) -> None:
        """No mark of ours passes the server's clock; by one that does, nothing would ever be read again."""
        if self._mark is not None and self._mark > int(latest.timestamp()) * _SECOND:
            raise self.unreadable(f"{self.cursor_field} lies in the future by {whose} clock")

    def _advance(self, instant: int, text: str | None = None) -> None:
        """Move the mark to `instant`, never beyond the cap and never back."""
        if self._cap is not None and instant > self._cap:
            instant, text = self._cap, None
        if self._mark is None or instant > self._mark:
            self._mark = instant
            self._text = text or _utc(instant)


class ListCursor(StreamCursor):
    """Moves once, at the end of a list that was read whole: a page tells nothing of those before it."""

    @property
    def keys(self) -> frozenset[str]:
        return frozenset({self.cursor_field})

    def _load(self, state: Mapping[str, Any]) -> None:
        self._greatest: int | None = None

    def wants(self, instant: int | None) -> bool:
        """Whether a record last updated then is to be emitted; one without a readable time always is."""
        floor = self.floor
        return instant is None or floor is None or instant > floor

    def saw(self, instant: int | None) -> None:
        if instant is not None and (self._greatest is None or instant > self._greatest):
            self._greatest = instant

    def complete(self) -> None:
        """The list was read to its end."""
        with self._lock:
            if self._greatest is not None:
                self._advance(self._greatest)

    def _dump(self) -> dict[str, Any]:
        return {} if self._text is None else {self.cursor_field: self._text}


def _utc(instant: int) -> str:
    # With its fraction, if it has one: cut, the record that bears it would be newer than the state at every sync.
    moment = datetime.fromtimestamp(0, tz=timezone.utc) + timedelta(microseconds=instant)
    return times.format_aware(moment)
