"""`make demo`: both sources from the sandbox into one DuckDB file, twice, with changes in between."""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from demo.airbyte_client import AirbyteClient
from demo.charts import draw_funnel, draw_scores, funnel, scores
from demo.models import build
from demo.page import write_report
from demo.program import ROOT, Failed, run
from demo.report import Requests, demo_table, footnote
from demo.running_sandbox import RunningSandbox, running_sandbox
from demo.streams import SOURCES, Stream, key_of
from demo.tables import Difference, contents, difference, opened
from demo.verification import deviations, expected_ids, needless_requests

_DIRECTORY = ROOT / ".demo"
_CREATED, _UPDATED, _DELETED = 12, 20, 5
# So many that a picture of the small size's scores has a shape.
_STORY = {"small": ("--story", "--tickets", "40"), "company": ("--story",)}


class WrongResult(Failed):
    """The second sync did not change what the sandbox had changed; the text says where."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program. Exit code 1: a sync failed, or its result is wrong."""
    options = argparse.ArgumentParser(prog="make demo", description=__doc__)
    options.add_argument("--size", choices=("small", "company"), default="small", help="how much data the sandbox has")
    size = options.parse_args(arguments).size
    return run(lambda: _demo(size))


def _demo(size: str) -> None:
    # The sandbox is new each time, so that what an earlier run left is of another world.
    shutil.rmtree(_DIRECTORY, ignore_errors=True)
    _DIRECTORY.mkdir()
    database = _DIRECTORY / "recruiting.duckdb"
    print(f"Starting the sandbox (size {size}) and PyAirbyte …", flush=True)
    with running_sandbox(size, *_STORY[size]) as sandbox:
        client = AirbyteClient(_DIRECTORY / "pyairbyte")
        streams, first = _sync_both("First sync", client, sandbox, database)
        before = _contents(database, streams)
        announced = sandbox.change(_CREATED, _UPDATED, _DELETED)
        print("\nThe sandbox's data changes:")
        for done, kinds in announced.items():
            print(f"  {done:<9}", ", ".join(f"{kind} {len(set(ids))}" for kind, ids in kinds.items()))
        _, second = _sync_both("Second sync", client, sandbox, database)
        expected = expected_ids(announced, sandbox.living_ids)
    changes = _differences(database, streams, before)

    print("\nThe tables now, and what the second sync did:")
    for source in SOURCES:
        print(f"\n{source}\n" + demo_table(source, streams[source], changes[source], first[source], second[source]))
        if note := footnote(streams[source]):
            print(note)
    wrong = [
        line
        for source in SOURCES
        for line in (
            *deviations(source, expected[source], changes[source]),
            *needless_requests(source, streams[source], expected[source], second[source]),
        )
    ]
    if wrong:
        raise WrongResult("\n".join(["the second sync is not what the sandbox changed", *wrong]))
    count = sum(len(ids) for lists in expected.values() for ids in lists.values())
    print(f"\nChecked: the rows that changed are those of the {count} records that the sandbox created or updated.")
    print("Deleted records stay in the tables: neither API reports a deletion.")
    _pictures(database)


def _sync_both(
    title: str, client: AirbyteClient, sandbox: RunningSandbox, database: Path
) -> tuple[dict[str, list[Stream]], dict[str, Requests]]:
    streams: dict[str, list[Stream]] = {}
    requests: dict[str, Requests] = {}
    for source in SOURCES:
        print(f"\n{title} of source-{source}", flush=True)
        start = time.monotonic()
        sandbox.take_requests()
        streams[source] = client.sync(source, sandbox.config(source), database, schema=source)
        requests[source] = sandbox.take_requests()
        print(f"  done in {time.monotonic() - start:.0f} s", flush=True)
    return streams, requests


def _contents(database: Path, streams: dict[str, list[Stream]]) -> dict[str, dict[str, frozenset[int]]]:
    with opened(database) as connection:
        return {
            source: {stream.name: contents(connection, source, stream.name) for stream in of_source}
            for source, of_source in streams.items()
        }


def _differences(
    database: Path, streams: dict[str, list[Stream]], before: dict[str, dict[str, frozenset[int]]]
) -> dict[str, dict[str, Difference]]:
    with opened(database) as connection:
        return {
            source: {
                name: difference(connection, source, name, before[source][name], key_of(source, name))
                for name in (stream.name for stream in of_source)
            }
            for source, of_source in streams.items()
        }


def _pictures(database: Path) -> None:
    print("\nBuilding the models of dbt_recruiting …", flush=True)
    build(database)
    funnel_path, scores_path = _DIRECTORY / "hiring_funnel.png", _DIRECTORY / "score_distribution.png"
    report_path = _DIRECTORY / "report.html"
    with opened(database) as connection:
        draw_funnel(funnel(connection), funnel_path)
        draw_scores(scores(connection), scores_path)
        write_report(connection, report_path)
    print(f"\nDuckDB file          {database}")
    print(f"Hiring funnel        {funnel_path}")
    print(f"Score distribution   {scores_path}")
    print(f"Report               {report_path}")


if __name__ == "__main__":
    raise SystemExit(main())
