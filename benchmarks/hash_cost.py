"""What `hash` costs: CPU time of a list read, hashed and kept: `python -m benchmarks.hash_cost [RECORDS [REPEATS]]`.

Each read is the program itself, in a process of its own, against the sandbox in another. A machine's speed drifts
within minutes, more than what is measured, so one comparison is of four reads beside each other: kept, hashed, hashed,
kept. What counts is the median of the comparisons. The lists are those with the most personal fields: Talentio's
candidates, and the applicants of Talentics' jobs. The promise is 40% at 20,000 records.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import measure
from integration_tests.processes import configured, discovered, program, run, running_sandbox, write_json

RECORDS, REPEATS = 20_000, 5
# Less is possible, with more code: the standard library's HMAC costs twice what two digests by hand do.
MOST_PERCENT = 40
# One comparison.
MODES = ("keep", "hash", "hash", "keep")
KEY = "a key of the benchmark alone"
JOBS = 20
# Each source's list, the option that says how many of its records the sandbox makes up, and into how many lists.
LISTS = {
    "talentio": ("candidates", ("--candidates",), 1),
    "talentics": ("applicants", ("--jobs", str(JOBS), "--applicants"), JOBS),
}


def main(arguments: Sequence[str]) -> None:
    """Measures the number of records and repeats named on the command line, or the usual ones."""
    numbers = [int(text.replace("_", "")) for text in arguments]
    records, repeats = [*numbers, *(RECORDS, REPEATS)[len(numbers) :]]
    print(
        f"{'list':>12}  {'records':>8}  {'keep, CPU s':>12}  {'hash, CPU s':>12}  {'hash costs':>10}  each comparison"
    )
    costs = [cost_of(source, records, repeats) for source in LISTS]
    if max(costs) > MOST_PERCENT:
        raise SystemExit(f"more than {MOST_PERCENT}%")


def cost_of(source: str, records: int, repeats: int) -> float:
    """Read a list in both modes again and again; prints its row and gives what `hash` costs, in percent."""
    stream, options, lists = LISTS[source]
    seconds: dict[str, list[float]] = {mode: [] for mode in MODES}
    costs = []
    with (
        running_sandbox("--no-limits", *options, str(records // lists)) as sandbox,
        tempfile.TemporaryDirectory() as folder,
    ):
        config = {**sandbox.configs[source], "personal_data_key": KEY}
        commands = {mode: reading(source, stream, {**config, "personal_data": mode}, Path(folder)) for mode in seconds}
        for _ in range(repeats):
            for mode in MODES:
                seconds[mode].append(measure.run(commands[mode]).cpu)
            costs.append((sum(seconds["hash"][-2:]) / sum(seconds["keep"][-2:]) - 1) * 100)
    percent = median(costs)
    print(
        f"{stream:>12}  {records:>8,}  {median(seconds['keep']):>12.2f}  {median(seconds['hash']):>12.2f}  "
        f"{percent:>9.1f}%  {', '.join(f'{cost:.1f}' for cost in sorted(costs))}",
        flush=True,
    )
    return percent


def reading(source: str, stream: str, config: dict[str, Any], folder: Path) -> list[str]:
    """The command of one full read in the config's mode."""
    mode = config["personal_data"]
    config_path = write_json(folder / f"config_{mode}.json", config)
    streams = discovered(run(program(source), "discover", "--config", config_path))
    catalog = configured([found for found in streams if found["name"] == stream])
    catalog_path = write_json(folder / f"catalog_{mode}.json", catalog)
    command = [*program(source), "read", "--config", config_path, "--catalog", catalog_path]
    return [*map(str, command)]


if __name__ == "__main__":
    main(sys.argv[1:])
