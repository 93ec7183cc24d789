"""A tap and a target, one's stdout the other's stdin, without Meltano."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from integration_tests.meltano_project import tap_program, target_program
from integration_tests.processes import Run, Sandbox, run, write_json


class Pipe:
    """A tap and a target with their files in a folder; the tap goes on where the last state of the target ends."""

    def __init__(
        self, folder: Path, sandbox: Sandbox, catalogs: Mapping[str, dict[str, Any]], source: str, **settings: Any
    ) -> None:
        self._folder = folder
        self._source = source
        self._config = write_json(folder / "tap.json", {**sandbox.configs[source], **settings})
        self._state = folder / "state.json"
        self._catalog = catalogs[f"tap-{source}"]

    def read(self, streams: Collection[str] | None = None) -> Run:
        """The tap alone. `streams` are those to select."""
        catalog = write_json(self._folder / "catalog.json", self._selected(streams))
        arguments: list[str | Path] = ["--config", self._config, "--catalog", catalog]
        if self._state.exists():
            arguments += ["--state", self._state]
        return run([tap_program(f"tap-{self._source}")], *arguments)

    def load(self, messages: str, target: str, settings: Mapping[str, Any]) -> None:
        """The target alone, which must succeed; its last state is kept for the next read."""
        config = write_json(self._folder / f"{target}.json", settings)
        lines = self._folder / "messages.jsonl"
        lines.write_text(messages, encoding="utf-8")
        loaded = run(["sh", "-c", 'exec "$0" --config "$1" < "$2"', target_program(target)], config, lines)
        assert loaded.exit_code == 0, loaded.stderr[-4000:]
        states = loaded.stdout.splitlines()
        if states:
            self._state.write_text(states[-1], encoding="utf-8")

    def _selected(self, streams: Collection[str] | None) -> dict[str, Any]:
        catalog = copy.deepcopy(self._catalog)
        for stream in catalog["streams"]:
            (root,) = (entry["metadata"] for entry in stream["metadata"] if not entry["breadcrumb"])
            root["selected"] = streams is None or stream["tap_stream_id"] in streams
        return catalog
