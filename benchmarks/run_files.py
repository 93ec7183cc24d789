"""The files that the programs are started with: configs, catalogs, folders; all for their owner alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import Server, output_of


class RunFiles:
    """The files for one server's clients."""

    def __init__(self, folder: Path, server: Server) -> None:
        self._folder = folder
        self._server = server
        self._made: dict[str, Path] = {}
        self._runs = 0

    def config(self, workers: int = 0) -> str:
        """A config; with `num_workers` where it is given."""
        chosen = {"num_workers": workers} if workers else {}
        return self._file(f"config {workers}", lambda: self._server.config | chosen)

    def airbyte_catalog(self, program: Sequence[str], streams: Sequence[str] | None) -> str:
        """A configured catalog of a program's streams, of all where none are named, as a user has it by default."""

        def made() -> Any:
            lines = output_of([*program, "discover", "--config", self.config()]).splitlines()
            (found,) = (message["catalog"] for message in map(json.loads, lines) if message["type"] == "CATALOG")
            return {
                "streams": [
                    {
                        "stream": stream,
                        # They come in the order full_refresh, incremental: the last is the best that the stream can.
                        "sync_mode": stream["supported_sync_modes"][-1],
                        "destination_sync_mode": "append",
                    }
                    for stream in found["streams"]
                    if streams is None or stream["name"] in streams
                ]
            }

        return self._file(f"catalog {Path(program[-1]).name} {streams}", made)

    def singer_catalog(self, program: Sequence[str], stream: str) -> str:
        """A tap's catalog, one stream of it selected."""

        def made() -> Any:
            catalog = json.loads(output_of([*program, "--config", self.config(), "--discover"]))
            for entry in catalog["streams"]:
                for metadata in entry["metadata"]:
                    if not metadata["breadcrumb"]:
                        metadata["metadata"]["selected"] = entry["tap_stream_id"] == stream
            return catalog

        return self._file(f"tap's catalog {stream}", made)

    def new_folder(self) -> str:
        """A folder for one run."""
        self._runs += 1
        folder = self._folder / f"run {self._runs}"
        folder.mkdir()
        return str(folder)

    def _file(self, name: str, make: Callable[[], Any]) -> str:
        if name not in self._made:
            value = make()
            path = self._folder / f"{len(self._made)}.json"
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(value, file)
            self._made[name] = path
        return str(self._made[name])
