"""`make meltano`: both taps from the sandbox into DuckDB and into files of JSON lines, run by Meltano.

First everything into both targets, then, after changes in the sandbox, what changed into DuckDB.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.meltano_client import environment, meltano
from demo.program import ROOT, Failed, run
from demo.running_sandbox import RunningSandbox, running_sandbox
from demo.streams import MADE_FROM, SOURCES, requests_of
from demo.tables import opened, render

_DIRECTORY = ROOT / ".demo" / "meltano"
_TARGETS = ("target-jsonl", "target-duckdb")
_CREATED, _UPDATED = 12, 20

Requests = Mapping[str, Mapping[str, int]]


class RunFailed(Failed):
    """Meltano gave up; what it printed says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program. Exit code 1: Meltano failed, or the targets differ."""
    options = argparse.ArgumentParser(prog="make meltano", description=__doc__)
    options.add_argument("--size", choices=("small", "company"), default="small", help="how much data the sandbox has")
    size = options.parse_args(arguments).size
    return run(lambda: _demo(size))


def _demo(size: str) -> None:
    # The sandbox is new each time, so that what an earlier run left is of another world.
    shutil.rmtree(_DIRECTORY, ignore_errors=True)
    _DIRECTORY.mkdir(parents=True)
    lines, database = _DIRECTORY / "jsonl", _DIRECTORY / "recruiting.duckdb"
    print(f"Starting the sandbox (size {size})", flush=True)
    with running_sandbox(size) as sandbox:
        project = environment(
            _DIRECTORY,
            {source: sandbox.config(source) for source in SOURCES},
            TARGET_JSONL_DESTINATION_PATH=str(lines),
            TARGET_DUCKDB_FILEPATH=str(database),
        )
        plugins = (*(f"tap-{source}" for source in SOURCES), *_TARGETS)
        _meltano(project, "install", *plugins)
        _sync(project, "target-jsonl")
        first = _sync(project, "target-duckdb", sandbox)
        written = _lines(lines)
        before = _rows(database)
        sandbox.change(_CREATED, _UPDATED, 0)
        print("\nThe sandbox's data changed.", flush=True)
        second = _sync(project, "target-duckdb", sandbox)
    after = _rows(database)

    for source in SOURCES:
        print(f"\ntap-{source}\n" + _table(source, written, before[source], after[source], first, second))
    print(f"\nDuckDB file  {database}\nJSON lines   {lines}")
    loaded = {stream: rows for of_source in before.values() for stream, rows in of_source.items() if rows}
    if written != loaded:
        raise Failed("the two targets do not hold the same number of rows after the first syncs")


def _sync(project: Mapping[str, str], target: str, sandbox: RunningSandbox | None = None) -> Requests:
    """Both taps into a target. Gives the requests that the sandbox had of it."""
    if sandbox:
        sandbox.take_requests()
    _meltano(project, "run", *(name for source in SOURCES for name in (f"tap-{source}", target)))
    return sandbox.take_requests() if sandbox else {}


def _meltano(project: Mapping[str, str], *arguments: str) -> None:
    print(f"\n$ meltano {' '.join(arguments)}", flush=True)
    if meltano(*arguments, environment=project).returncode:
        raise RunFailed(f"`meltano {' '.join(arguments)}` gave up; its last lines above say why")


def _lines(folder: Path) -> dict[str, int]:
    """Lines by stream, over both taps: they have no stream of the same name."""
    return {path.stem: len(path.read_text(encoding="utf-8").splitlines()) for path in folder.glob("*.jsonl")}


def _rows(database: Path) -> dict[str, dict[str, int]]:
    """Rows by source and stream."""
    with opened(database) as connection:
        tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        rows: dict[str, dict[str, int]] = {source: {} for source in SOURCES}
        for schema, table in tables:
            counted = connection.execute(f'SELECT count(*) FROM "{schema}"."{table}"').fetchone()
            rows[schema.removeprefix("tap_")][table] = counted[0] if counted else 0
    return rows


def _table(
    source: str,
    written: Mapping[str, int],
    before: Mapping[str, int],
    after: Mapping[str, int],
    first: Requests,
    second: Requests,
) -> str:
    rows = []
    for stream in before:
        origin = MADE_FROM[source].get(stream)
        requests = f"with {origin}"
        if not origin:
            requests = " → ".join(f"{requests_of(source, stream, log):,}" for log in (first, second))
        counts = (written.get(stream, 0), before[stream], after[stream])
        rows.append((stream, *(f"{count:,}" for count in counts), requests))
    headings = ("stream", "JSON lines", "DuckDB, 1st sync", "2nd", "requests, 1st → 2nd sync")
    return render(headings, rows, right=(1, 2, 3))


if __name__ == "__main__":
    raise SystemExit(main())
