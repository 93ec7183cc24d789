"""The base of all cursors, and the cursor of lists. Those of details are in `detail_cursors.py`.

`ListCursor` keeps `{"updated_at": "2024-03-01T00:00:00Z"}`: everything last updated up to then was read. That time
never passes the start of the sync minus a margin: records changed while a list is read get a later time, and the next
sync must find them. States stay small no matter how large the source is.

With `detect_deletions`, the state of a stream that marks what is gone also has `ids`: see `KnownIds`.
"""

from __future__ import annotations

import logging
import threading
from abc import abstractmethod
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import datetime, timedelta, timezone
from typing import Any

from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record

from connector_kit import times
from connector_kit.config_errors import config_error
from connector_kit.state.known_ids import IDS, KnownIds
from connector_kit.state.varints import MOST_CHARACTERS
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")

# Seconds between states while a stream is read, so that the destination commits and a crash costs little.
_EMIT_EVERY = 300.0
# Microseconds. The cap is cut to whole seconds, which keeps the time in a state short.
_SECOND = 1_000_000
# The key in a state that holds the digest of the filter that it was read with.
_FILTER = "filter"
# Larger than any real clock skew or time zone mix-up.
_MOST_SKEW = timedelta(days=1)
# Larger than any skew at all: the bound as long as only this machine's clock is known, which may be badly off.
_MOST_SKEW_OF_THIS_MACHINE = timedelta(days=3650)
# What the CDK writes as the state of a stream without a cursor.
NO_STATE_KEYS = frozenset({"__ab_no_cursor_state_message", "__ab_full_refresh_sync_complete"})


class StreamCursor(Cursor):
    """Tracks how far one stream was read in one run, starting from its saved state.

    Args:
        sync: the run, which holds the saved state.
        stream: the stream's name.
        cursor_field: the field that holds the time, in the records and in the state; "" for a stream that has none and
            only remembers ids.
        margin: how far the state stays behind the start of the sync, as the server's clocks may differ.
        start: leave out what was last updated before this instant, in microseconds; None to leave out nothing.
        list_filter: the digest of the config's filter of the list, "" if it has none; None if there can't be one.
        remembers: whether to remember the ids of what was sent, as `known`.

    Raises:
        AirbyteTracedException: the saved state was not written by this kind of cursor.
    """

    def __init__(
        self,
        sync: Sync,
        stream: str,
        cursor_field: str,
        margin: timedelta = timedelta(),
        start: int | None = None,
        list_filter: str | None = None,
        remembers: bool = False,
    ) -> None:
        self._sync = sync
        self.stream = stream
        self.cursor_field = cursor_field
        self._margin = margin
        self.start = start
        self._lock = threading.Lock()
        self._emitted_at = sync.clock.monotonic()
        state = dict(sync.states.get(stream) or {})
        self._filter = list_filter
        # Of records that an earlier filter left out, the state says nothing.
        self.starts_over = bool(state) and list_filter is not None and state.pop(_FILTER, "") != list_filter
        self._check_keys(state)
        if self.starts_over:
            state = {}
        self._text: str | None = state.get(self.cursor_field)
        self._mark = self._instant_of(self._text) if self.cursor_field in state else None
        self._cap: int | None = None
        # The server's clock is not known before its first answer, and this machine's may be days off.
        self._refuse_future(sync.clock.now() + _MOST_SKEW_OF_THIS_MACHINE, "any")
        # Also without `remembers`: a state with ids stays valid when deletions are no longer detected.
        saved = self._decoded(state.get(IDS, ""))
        self.known: KnownIds | None = saved if remembers else None
        self._load(state, saved)

    # --- for the reader ------------------------------------------------------------------------------------------

    def begin(self, server_time: datetime) -> None:
        """Cap the state at the server's time when the list's first answer came, minus the margin. Called once."""
        self._cap = int((server_time - self._margin).timestamp()) * _SECOND
        whose_clock = "the server's" if self._sync.knows_server_clock else "this machine's"
        self._refuse_future(self._sync.server_now() + _MOST_SKEW, whose_clock)

    @property
    def floor(self) -> int | None:
        """Records last updated up to this instant, in microseconds, are not needed; None if all are."""
        if self.start is None:
            return self._mark
        return self.start - 1 if self._mark is None else max(self._mark, self.start - 1)

    def complete(self) -> None:
        """Note that everything was read to its end."""

    def forget(self, ids: Iterable[int]) -> None:
        """Take records off the memory, because they are gone."""
        if self.known is not None:
            with self._lock:
                self.known.discard(ids)

    def emit_state(self, at_once: bool = True) -> None:
        """Emit the state; with `at_once=False`, only if the last one is five minutes old."""
        now = self._sync.clock.monotonic()
        if not at_once and now - self._emitted_at < _EMIT_EVERY:
            return
        self._emitted_at = now
        self._sync.emit_state(self.stream, self.state)

    # --- the CDK's side ------------------------------------------------------------------------------------------

    @property
    def state(self) -> MutableMapping[str, Any]:
        with self._lock:
            state = {**self._dump(), **({_FILTER: self._filter} if self._filter else {})}
            if self.known is not None:
                state[IDS] = self.known.encode(MOST_CHARACTERS - sum(len(str(value)) for value in state.values()))
            return state

    def observe(self, record: Record) -> None:
        """Do nothing: a record's time says nothing about the records before it. The reader reports what was read."""

    def close_partition(self, partition: Partition) -> None:
        """Do nothing: the reader has reported everything already."""

    def ensure_at_least_one_state_emitted(self) -> None:
        self.emit_state()
        unknown = self.known.left_out + self.known.forgotten if self.known is not None else 0
        if unknown:
            logger.warning(
                "%s: the state, which stays below 64 KB, has no room for the ids of %d records; they are not marked if "
                "they are deleted.",
                self.stream,
                unknown,
            )

    def should_be_synced(self, record: Record) -> bool:
        return True

    # --- for subclasses ------------------------------------------------------------------------------------------

    @abstractmethod
    def _load(self, state: Mapping[str, Any], saved: KnownIds) -> None: ...

    @abstractmethod
    def _dump(self) -> dict[str, Any]: ...

    @property
    @abstractmethod
    def keys(self) -> frozenset[str]:
        """The keys that a state of this kind of cursor may have."""

    def _check_keys(self, state: Mapping[str, Any]) -> None:
        # What a stream without a cursor had as its state before it remembered anything.
        nothing = NO_STATE_KEYS if not self.cursor_field else frozenset()
        unknown = sorted(set(state) - self.keys - nothing - {IDS})
        if unknown:
            raise self.unreadable(f"it has the unknown keys {', '.join(unknown)}")

    def unreadable(self, why: str) -> Exception:
        """Return the error for a saved state that cannot be used."""
        return config_error(
            f"The saved state of stream {self.stream} cannot be used: {why}. It was not written by this connector, or "
            "was edited. Restore it, or clear the stream's state to read it again in full."
        )

    def _decoded(self, text: object) -> KnownIds:
        try:
            return KnownIds.decode(text)
        except ValueError as error:
            raise self.unreadable(f"{IDS} is broken ({error})") from None

    def _instant_of(self, text: Any) -> int:
        instant = times.instant(text)
        if instant is None:
            raise self.unreadable(f"{self.cursor_field} is not a time")
        return instant

    def _warn_of_left_out(self, count: int) -> None:
        if count:
            logger.warning(
                "%s: the state, which stays below 64 KB, has no room for %d ids that were read; the next sync asks for "
                "them again.",
                self.stream,
                count,
            )

    def _refuse_future(self, latest: datetime, whose_clock: str) -> None:
        """Refuse a state later than the server's clock, which no cursor writes: nothing would ever be read again."""
        if self._mark is not None and self._mark > int(latest.timestamp()) * _SECOND:
            raise self.unreadable(f"{self.cursor_field} is in the future by {whose_clock} clock")

    def _advance(self, instant: int, text: str | None = None) -> None:
        """Move the mark to `instant`, never beyond the cap and never back."""
        if self._cap is not None and instant > self._cap:
            instant, text = self._cap, None
        if self._mark is None or instant > self._mark:
            self._mark = instant
            self._text = text or _utc(instant)


class ListCursor(StreamCursor):
    """Moves once, when the whole list was read, since a page says nothing about the pages before it.

    State: `{"updated_at": "2024-03-01T00:00:00Z"}`.
    """

    @property
    def keys(self) -> frozenset[str]:
        return frozenset({self.cursor_field})

    def _load(self, state: Mapping[str, Any], saved: KnownIds) -> None:
        self._greatest: int | None = None

    def wants(self, instant: int | None) -> bool:
        """Whether to emit a record last updated at `instant`; always if it has no readable time."""
        floor = self.floor
        return instant is None or floor is None or instant > floor

    def saw(self, instant: int | None) -> None:
        """Note the time of a record in the list, emitted or not."""
        if instant is not None and (self._greatest is None or instant > self._greatest):
            self._greatest = instant

    def complete(self) -> None:
        with self._lock:
            if self._greatest is not None:
                self._advance(self._greatest)

    def _dump(self) -> dict[str, Any]:
        return {} if self._text is None else {self.cursor_field: self._text}


def _utc(instant: int) -> str:
    # Including a fraction: without it, the record with that time would be newer than the state in every sync.
    moment = datetime.fromtimestamp(0, tz=timezone.utc) + timedelta(microseconds=instant)
    return times.format_aware(moment)
