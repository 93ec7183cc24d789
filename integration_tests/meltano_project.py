"""This repository's Meltano project with its plugins installed, and what its three targets hold."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb
from filelock import FileLock

from demo.meltano_client import PLUGINS, environment, meltano
from integration_tests.postgres import USER, Postgres
from integration_tests.processes import ROOT, SOURCES

TAPS = tuple(f"tap-{source}" for source in SOURCES)
TARGETS = ("target-jsonl", "target-duckdb", "target-postgres")
_FOLDERS = ("extractors", "loaders")
# Long enough for a loaded machine; a program that hangs fails its own test and not the whole run.
_PATIENCE = 900

Cells = tuple[Any, ...]


def install() -> None:
    """Has Meltano install the taps and targets, unless it did so before for the same files, place and Python."""
    files = ("pyproject.toml", "meltano.yml", *(f"plugins/{tap}.yml" for tap in TAPS))
    told = [f"{ROOT} {sys.version}", *((ROOT / name).read_text(encoding="utf-8") for name in files)]
    wanted = hashlib.sha256("\n".join(told).encode()).hexdigest()
    stamp = PLUGINS / "installed"
    PLUGINS.mkdir(parents=True, exist_ok=True)
    # Several processes may run tests of this folder.
    with FileLock(PLUGINS / "install.lock"):
        if stamp.exists() and stamp.read_text() == wanted:
            return
        done = meltano("install", *TAPS, *TARGETS, environment=environment(PLUGINS, {}), capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr
        stamp.write_text(wanted)


def tap_program(tap: str) -> str:
    """The program of a tap in this environment."""
    return str(Path(sys.executable).parent / tap)


def target_program(target: str) -> str:
    """The program of an installed target, to be run without Meltano."""
    return str(PLUGINS / "loaders" / target / "venv" / "bin" / target)


class Project:
    """Calls Meltano with one sandbox, and with a memory of its own in `folder`."""

    def __init__(self, folder: Path, configs: Mapping[str, Mapping[str, Any]], **settings: str) -> None:
        # Meltano keeps the catalog of a running tap beside the plugins, so calls at the same time want folders apart.
        for name in _FOLDERS:
            (folder / name).symlink_to(PLUGINS / name, target_is_directory=True)
        self._environment = {**environment(folder, configs, **settings), "MELTANO_SYS_DIR_ROOT": str(folder)}

    def call(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """What Meltano did; `settings` are environment variables for this call."""
        return meltano(
            *arguments, environment={**self._environment, **settings}, capture_output=True, timeout=_PATIENCE
        )

    def run(self, target: str, *options: str, taps: tuple[str, ...] = TAPS, lines: Path, **settings: str) -> None:
        """`meltano run` of taps into a target, one after the other, which must succeed; target-jsonl writes `lines`."""
        pairs = [name for tap in taps for name in (tap, target)]
        done = self.call("run", *options, *pairs, TARGET_JSONL_DESTINATION_PATH=str(lines), **settings)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        assert done.stderr.count("Incremental state has been updated") == len(taps), done.stderr[-4000:]

    def bookmarks(self, tap: str, target: str) -> dict[str, Any]:
        """What `meltano state get` shows."""
        done = self.call("state", "get", f"sandbox:{tap}-to-{target}")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)["singer_state"]["bookmarks"]
        return found


class Loaded(Protocol):
    """What a target loaded from a tap."""

    def cells(self, source: str, stream: str, *names: str) -> Counter[Cells]:
        """The values of these fields, with the number of rows that have them."""


@dataclass(frozen=True)
class JsonLines:
    """Files of target-jsonl; no two sources have a stream of the same name."""

    folder: Path

    def cells(self, source: str, stream: str, *names: str) -> Counter[Cells]:
        path = self.folder / f"{stream}.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return Counter(tuple(json.loads(line).get(name) for name in names) for line in lines)


@dataclass(frozen=True)
class DuckDb:
    """A file of target-duckdb, whose columns have lower-case names."""

    file: Path
    schema: str | None = None
    """Where all tables are; each tap has a schema of its own by default."""

    def cells(self, source: str, stream: str, *names: str) -> Counter[Cells]:
        with duckdb.connect(self.file, read_only=True) as connection:
            return Counter(
                connection.execute(_select(self.schema or f"tap_{source}", stream, names, str.lower)).fetchall()
            )


@dataclass(frozen=True)
class PostgresTables:
    """Tables of target-postgres."""

    server: Postgres
    schema: str | None = None
    """The same."""

    def cells(self, source: str, stream: str, *names: str) -> Counter[Cells]:
        return Counter(self.server.query(_select(self.schema or f"tap_{source}", stream, names, str)))


def postgres_settings(server: Postgres) -> dict[str, Any]:
    """The settings with which target-postgres finds the server, which asks for no password; the target does."""
    return {"host": "127.0.0.1", "port": server.port, "user": USER, "password": "any", "database": server.database}


def _select(schema: str, table: str, names: tuple[str, ...], column: Callable[[str], str]) -> str:
    columns = ", ".join(f'"{column(name)}"' for name in names)
    return f'SELECT {columns} FROM "{schema}"."{table}"'
