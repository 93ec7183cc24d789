"""A tap in this process, over the sandbox's world."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any
from unittest import mock

from connector_kit.singer import sync_run
from connector_kit.singer.tap import ManifestTap, tap_class
from connector_kit.source import ManifestSource
from unit_tests.support.account import Account
from unit_tests.support.singer_judge import Judge
from unit_tests.support.transport import LATENCY

SOURCES = ("talentics", "talentio")
TINY: dict[str, Any] = {
    "exams": 2, "tickets": 6, "jobs": 2, "applicants": 4, "candidates": 12, "requisitions": 3,
    "job_titles": 2, "channels": 2, "employees": 3, "employee_groups": 2, "workspaces": 1,
}  # fmt: skip

# Declaring a class reads the manifest.
tap_of = cache(lambda source: tap_class(f"source_{source}"))


@dataclass
class Output:
    """What a tap wrote."""

    lines: list[str]
    sent: list[str]
    error: Exception | None

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    def rows(self, stream: str) -> list[dict[str, Any]]:
        return [message["record"] for message in self.of("RECORD") if message["stream"] == stream]

    @property
    def state(self) -> dict[str, Any]:
        """The last state, as the next run takes it."""
        state: dict[str, Any] = self.of("STATE")[-1]["value"]
        return state

    def judged(self) -> Judge:
        assert self.error is None, self.error
        return Judge().read(self.lines)


@dataclass
class TapAccount(Account):
    """A tiny account, and the tap that reads it."""

    settings: Mapping[str, Any] = field(default_factory=lambda: TINY)

    def tap(self, config: Mapping[str, Any] | None = None, **arguments: Any) -> ManifestTap:
        return tap_of(self.source)(config={**self.config, **(config or {})}, **arguments)

    def catalog(self) -> Catalog:
        return Catalog(self.tap().catalog_dict)

    def run(
        self,
        config: Mapping[str, Any] | None = None,
        *,
        catalog: Catalog | None = None,
        state: Mapping[str, Any] | None = None,
        method: str = "sync_all",
        latency: float = LATENCY,
    ) -> Output:
        transport = self.transport(latency=latency)
        source = partial(ManifestSource, clock=self.clock, transport=transport)
        written = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        error = None
        with mock.patch.object(sync_run, "ManifestSource", source), redirect_stdout(written):
            try:
                tap = self.tap(config, catalog=catalog.document if catalog else None, state=state)
                getattr(tap, method)()
            except Exception as raised:  # noqa: BLE001 - what ended the tap is what many tests are about
                error = raised
        written.seek(0)
        return Output(written.read().splitlines(), transport.sent, error)


@dataclass
class Catalog:
    """A discovered catalog, to select from."""

    document: dict[str, Any]

    def entry(self, stream: str) -> dict[str, Any]:
        return next(entry for entry in self.document["streams"] if entry["tap_stream_id"] == stream)

    def metadata(self, stream: str, *path: str) -> dict[str, Any]:
        """The metadata of a stream, or of a field by its path of names."""
        breadcrumb = [part for name in path for part in ("properties", name)]
        entries = self.entry(stream)["metadata"]
        found: dict[str, Any] = next(entry["metadata"] for entry in entries if entry["breadcrumb"] == breadcrumb)
        return found

    def select(self, *streams: str) -> Catalog:
        """Just these streams, with all their fields."""
        for entry in self.document["streams"]:
            self.metadata(entry["tap_stream_id"])["selected"] = entry["tap_stream_id"] in streams
        return self

    def deselect(self, stream: str, *path: str) -> Catalog:
        self.metadata(stream, *path)["selected"] = False
        return self

    @property
    def incremental(self) -> list[str]:
        streams = self.document["streams"]
        return [entry["tap_stream_id"] for entry in streams if entry["replication_method"] == "INCREMENTAL"]
