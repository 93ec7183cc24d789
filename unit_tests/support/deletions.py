"""An account where deletions are detected, and what its syncs say is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connector_kit.state.known_ids import IDS, KnownIds
from unit_tests.support.account import Account
from unit_tests.support.outcome import Outcome
from unit_tests.support.transport import Script, nothing_happens

DAY = 90_000.0
SMALL: Mapping[str, Any] = {
    "exams": 3, "tickets": 4, "jobs": 3, "applicants": 4, "candidates": 6, "requisitions": 4,
    "job_titles": 3, "channels": 3, "employees": 4, "employee_groups": 3, "workspaces": 3,
}  # fmt: skip


class Synced:
    """An account that was read once with `detect_deletions: mark`, a day ago."""

    def __init__(self, source: str, streams: Iterable[str] | None = None, **settings: Any) -> None:
        self.account = Account(source, {**SMALL, **settings})
        self.streams = list(streams) if streams else [*self.account.streams, "deletions"]
        self.states: dict[str, dict[str, Any]] = {}
        self.first = self.read()

    def read(self, script: Script = nothing_happens, mode: str = "mark", **config: Any) -> Outcome:
        """Read the streams on from their states; a day goes by."""
        streams = [name for name in self.streams if mode == "mark" or name != "deletions"]
        outcome = self.account.read(streams, script, self.states, detect_deletions=mode, **config)
        self.states |= outcome.states
        self.account.later(DAY)
        return outcome

    def ids(self, kind: str, parent: int = 0) -> list[int]:
        return list(self.account.world.data.ids(kind, parent))

    def delete(self, kind: str, *ids: int) -> None:
        for number in ids:
            self.account.world.data.delete(kind, number)

    def known(self, stream: str) -> KnownIds:
        return KnownIds.decode(self.states[stream][IDS])


def gone(outcome: Outcome, stream: str, key: str = "id") -> list[int]:
    """The keys of a stream's tombstones."""
    return [row[key] for row in outcome.records[stream] if row.get("_ab_cdc_deleted_at")]


def patched(synced: Synced, number: int, status: str) -> None:
    """Give a candidate a status, by which a filter takes it or leaves it out."""
    collection = synced.account.world.data.collections["candidates"]
    synced.account.world.data.update("candidates", number)
    collection.living(number).patch["status"] = status
