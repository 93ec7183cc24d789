"""What the tap costs beside the source: `python -m benchmarks.singer_cost [CANDIDATES [ROUNDS]]`.

Both programs read the same list of candidates from the same sandbox, in turns, each in a process of its own. Prints the
CPU seconds and the peak memory of each run, and the ratio of the medians.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import measure
from integration_tests.processes import Sandbox, configured, discovered, program, run, running_sandbox, write_json

CANDIDATES, ROUNDS = 100_000, 5
STREAM = "candidates"


def main(arguments: Sequence[str]) -> None:
    """Measures the size and the rounds named on the command line, or the usual ones."""
    candidates, rounds = ([int(text.replace("_", "")) for text in arguments] + [CANDIDATES, ROUNDS][len(arguments) :])[
        :2
    ]
    with (
        running_sandbox("--no-limits", "--candidates", str(candidates)) as sandbox,
        tempfile.TemporaryDirectory() as folder,
    ):
        commands = commands_in(Path(folder), sandbox)
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        print(f"{'program':>16}  {'CPU, s':>7}  {'wall, s':>7}  {'peak RSS, MB':>12}")
        for _ in range(rounds):
            for name, command in commands.items():
                seconds[name].append(measured(name, command, candidates))
    source, tap = (statistics.median(taken) for taken in seconds.values())
    print(f"median of {rounds}: source {source:.2f} s, tap {tap:.2f} s, ratio {tap / source:.2f}")


def commands_in(folder: Path, sandbox: Sandbox) -> dict[str, list[str]]:
    """Both programs with their files, reading the one stream."""
    config = write_json(folder / "config.json", sandbox.configs["talentio"])
    streams = discovered(run(program("talentio"), "discover", "--config", config))
    airbyte = configured([stream for stream in streams if stream["name"] == STREAM])
    tap = str(Path(sys.executable).parent / "tap-talentio")
    singer = json.loads(run([tap], "--discover").stdout)
    for stream in singer["streams"]:
        for item in stream["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = stream["tap_stream_id"] == STREAM
    source_catalog = write_json(folder / "airbyte.json", airbyte)
    tap_catalog = write_json(folder / "singer.json", singer)
    return {
        "source-talentio": [*program("talentio"), "read", "--config", str(config), "--catalog", str(source_catalog)],
        "tap-talentio": [tap, "--config", str(config), "--catalog", str(tap_catalog)],
    }


def measured(name: str, command: Sequence[str], candidates: int) -> float:
    """One run; prints its row and gives its CPU seconds."""
    cost = measure.run(command)
    if cost.records != candidates:
        raise SystemExit(f"{name}: {cost.records} of {candidates} records")
    print(f"{name:>16}  {cost.cpu:7.2f}  {cost.wall:7.2f}  {cost.rss / 1e6:12.0f}", flush=True)
    return cost.cpu


if __name__ == "__main__":
    main(sys.argv[1:])
