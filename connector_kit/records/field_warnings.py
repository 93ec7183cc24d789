"""Warns about odd values in the log: once per stream and field, naming the field but never the value.

What became null or lost a part is noted for each record besides, for its `meta.changes`.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from typing import Any

from airbyte_cdk.utils import airbyte_secrets_utils
from airbyte_protocol_dataclasses.models import Change  # type: ignore[import-untyped]

from connector_kit.records.format import RecordFormat
from connector_kit.settings import Mode

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
# Unknown fields remembered per stream, so that an object keyed by ids neither floods the log nor fills the memory.
_MOST_REMEMBERED = 200
# Unknown fields named per stream; for more the log only gives their number.
_MOST_NAMED = 20
# This many characters in a row give a secret away.
_SECRET_PART = 8


class FieldWarnings:
    """Logs each oddity of one stream once. Values are never shown: they may be personal data.

    Safe to share among threads, but for `changes`: the rows of a stream are made one after the other.

    Args:
        stream: its name.
        mode: what becomes of personal data; unknown fields count as personal.
        record_format: whether unknown fields pass through.
    """

    def __init__(self, stream: str, mode: Mode, record_format: RecordFormat) -> None:
        self.stream, self._mode = stream, mode
        if not record_format.unknown_fields:
            self._fate = "left out, because Singer targets accept declared fields only"
        else:
            self._fate = "passed through" if mode == "keep" else f"left out, because personal_data is {mode}"
        self._logger = logging.getLogger(f"airbyte.{stream}")
        self._lock = threading.Lock()
        self._logged: set[tuple[str, str]] = set()
        self._unknown: set[str] = set()
        self._named = 0
        # Unknown fields that `flush` is to name: the object that holds them, and their path.
        self.waiting: list[tuple[str, str]] = []
        # What happened to fields of the record that is being made, by path.
        self.changes: dict[str, Change] = {}

    def unreadable(self, path: str, kind: str) -> None:
        """Warn that a value can't be read as `kind`, such as `string of format date`, and becomes null."""
        self.nulled(path)
        if self._is_first(path, kind):
            self._logger.warning(
                f"{self.stream}: field {path} holds a value that can't be read as {kind}; such values become null"
            )

    def nulled(self, path: str) -> None:
        """Note that a value of this record became null."""
        self.changes[path] = Change.NULLED

    def cut(self, path: str) -> None:
        """Note that a value of this record lost a part."""
        self.changes[path] = Change.TRUNCATED

    def empty_key(self, path: str, default: Any) -> None:
        """Warn that the API left a key field empty."""
        if self._is_first(path, "key"):
            self._logger.warning(f"{self.stream}: key field {path} is empty; {default!r} is used in its place")

    def same_key(self, fields: Sequence[str]) -> None:
        """Warn that two rows of one answer have the same values in the key `fields`."""
        if self._is_first("", "same key"):
            self._logger.warning(
                f"{self.stream}: rows of one answer have the same primary key ({', '.join(fields)}). A destination "
                "that deduplicates keeps only one of them: sync the stream in append mode if you need all"
            )

    def unknown(self, place: str, name: str) -> None:
        """Note a field that the schema lacks, for `flush` to name; `place` is empty or ends with a dot."""
        path = place + name
        if path in self._unknown:
            return
        with self._lock:
            if path not in self._unknown and len(self._unknown) < _MOST_REMEMBERED:
                self._unknown.add(path)
                self.waiting.append((place, path))

    def flush(self) -> None:
        """Log the unknown fields that were noted since the last call."""
        with self._lock:
            found, self.waiting = self.waiting, []
        if found and self._mode != "keep":
            # Without names: they may be data, such as a person's name as the key of an object.
            places = sorted({place.rstrip(".") or "the record itself" for place, _ in found})
            self._logger.info(
                f"{self.stream}: the API sent fields that the schema does not have: {len(found)} in "
                f"{', '.join(places)}; they are {self._fate}"
            )
        elif found and self._named <= _MOST_NAMED:
            names = [_without_data(path) for _, path in found]
            shown = sorted(set(names[: _MOST_NAMED - self._named]))
            more = max(0, self._named + len(names) - _MOST_NAMED)
            self._named += len(names)
            if more:
                shown.append(f"and {more} more")
            self._logger.info(
                f"{self.stream}: the API sent fields that the schema does not have: {', '.join(shown)}; they are "
                f"{self._fate}"
            )

    def _is_first(self, path: str, what: str) -> bool:
        if (path, what) in self._logged:
            return False
        with self._lock:
            is_new = (path, what) not in self._logged
            self._logged.add((path, what))
        return is_new


def _without_data(path: str) -> str:
    """Return an unknown field's path, unless it may be data, such as an address, or contains part of a secret."""
    if not _PLAIN_NAME.fullmatch(path):
        return "(a name with odd characters)"
    parts = (path[start : start + _SECRET_PART] for start in range(len(path) - _SECRET_PART + 1))
    # The CDK keeps its secrets in this private list, and itself masks only whole ones.
    if any(part in str(secret) for part in parts for secret in airbyte_secrets_utils.__SECRETS_FROM_CONFIG):
        return "(a name that contains part of a secret)"
    return path
