"""What the log says of odd values: each oddity once per stream, names of fields but never their values."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from typing import Any

from airbyte_cdk.utils import airbyte_secrets_utils

from connector_kit.records.format import RecordFormat
from connector_kit.settings import Mode

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
# So that an object keyed by ids neither floods the log nor fills the memory.
_MOST_NAMES = 200
# So many unknown fields of a stream are named; that there are more is said once.
_MOST_TOLD = 20
# So many characters in a row of a secret give it away.
_TELLING = 8


class FieldWarnings:
    """Says each oddity of a stream once. Field names are told, values never: they may be personal data.

    Safe to share among threads.
    """

    def __init__(self, stream: str, mode: Mode, record_format: RecordFormat) -> None:
        self.stream, self._mode = stream, mode
        if not record_format.unknown_fields:
            self._fate = "left out, because Singer targets take declared fields only"
        else:
            self._fate = "passed through" if mode == "keep" else f"left out, because personal_data is {mode}"
        self._logger = logging.getLogger(f"airbyte.{stream}")
        self._lock = threading.Lock()
        self._told: set[tuple[str, str]] = set()
        self._known: set[str] = set()
        self._named = 0
        self.waiting: list[tuple[str, str]] = []

    def unreadable(self, path: str, wanted: str) -> None:
        if self._first(path, wanted):
            self._logger.warning(
                f"{self.stream}: field {path} holds a value that can't be read as {wanted}; such values become null"
            )

    def empty_key(self, path: str, default: Any) -> None:
        if self._first(path, "key"):
            self._logger.warning(f"{self.stream}: key field {path} came empty; {default!r} stands in for it")

    def same_key(self, fields: Sequence[str]) -> None:
        if self._first("", "same key"):
            self._logger.warning(
                f"{self.stream}: rows of one answer have the same primary key ({', '.join(fields)}). A destination "
                "that deduplicates keeps one of them: sync the stream in append mode where you need all"
            )

    def unknown(self, place: str, name: str) -> None:
        """Note a field that the schema lacks, for `flush` to name; `place` is empty or ends with a dot."""
        path = place + name
        if path in self._known:
            return
        with self._lock:
            if path not in self._known and len(self._known) < _MOST_NAMES:
                self._known.add(path)
                self.waiting.append((place, path))

    def flush(self) -> None:
        with self._lock:
            found, self.waiting = self.waiting, []
        if found and self._mode != "keep":
            # A name may be data: that of somebody as the key of an object.
            places = sorted({place.rstrip(".") or "the record itself" for place, _ in found})
            self._logger.info(
                f"{self.stream}: the API sent fields that the schema does not have: {len(found)} in "
                f"{', '.join(places)}; they are {self._fate}"
            )
        elif found and self._named <= _MOST_TOLD:
            names = [_without_data(path) for _, path in found]
            told = sorted(set(names[: _MOST_TOLD - self._named]))
            more = max(0, self._named + len(names) - _MOST_TOLD)
            self._named += len(names)
            if more:
                told.append(f"and {more} more")
            self._logger.info(
                f"{self.stream}: the API sent fields that the schema does not have: {', '.join(told)}; they are "
                f"{self._fate}"
            )

    def _first(self, path: str, what: str) -> bool:
        if (path, what) in self._told:
            return False
        with self._lock:
            new = (path, what) not in self._told
            self._told.add((path, what))
        return new


def _without_data(path: str) -> str:
    """An unknown field's name, unless it may be data, such as somebody's address, or holds a part of a secret."""
    if not _PLAIN_NAME.fullmatch(path):
        return "(a name of odd characters)"
    pieces = (path[start : start + _TELLING] for start in range(len(path) - _TELLING + 1))
    # The CDK keeps what it masks in logs in this list alone; it masks whole secrets only.
    if any(piece in str(secret) for piece in pieces for secret in airbyte_secrets_utils.__SECRETS_FROM_CONFIG):
        return "(a name that holds a part of a secret)"
    return path
