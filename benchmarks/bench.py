"""What this project costs beside what a user would pick instead: `python -m benchmarks.bench`, or `make bench`.

Every program is a process of its own, against `benchmarks.served` in another. The programs take turns, and each repeat
begins with another one, so that a machine that is busy for a while is busy for all. Takes about half an hour.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Cost, run, running_server
from benchmarks.report import report
from benchmarks.run_files import RunFiles
from benchmarks.workloads import Workload, workloads

RESULTS = Path(__file__).with_name("RESULTS.md")
_QUICK = 10


def main(arguments: Sequence[str]) -> None:
    """Measures, prints the report, and writes it where all was measured in full."""
    names = [workload.key for workload in workloads(1)]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="runs of each program (default: 3)")
    parser.add_argument("--quick", action="store_true", help=f"a {_QUICK}th of the work")
    parser.add_argument("--only", help=f"some of {','.join(names)}")
    given = parser.parse_args(arguments)
    only = given.only.split(",") if given.only else names
    if unknown := set(only) - set(names):
        parser.error(f"--only {','.join(sorted(unknown))}: there is {', '.join(names)}")
    chosen = [workload for workload in workloads(_QUICK if given.quick else 1) if workload.key in only]
    measured = {workload.key: costs(workload, given.repeats) for workload in chosen}
    text = report(chosen, measured, given.repeats)
    print(text)
    if given.quick or given.only:
        print("Not written: only a full run is.", file=sys.stderr)
    else:
        RESULTS.write_text(text, encoding="utf-8")


def costs(workload: Workload, repeats: int) -> dict[str, list[Cost]]:
    """What each program took, run by run."""
    found: dict[str, list[Cost]] = {name: [] for name in workload.programs}
    names = list(found)
    tell(f"{workload.title}: {repeats} x {len(names)} runs")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(workload.server_options) as server,
    ):
        files = RunFiles(Path(folder), server)
        # The server makes its answers when they are asked for first, and Python compiles what it imports.
        run(workload.programs[names[0]](files), server)
        for repeat in range(repeats):
            turn = repeat % len(names)
            for name in names[turn:] + names[:turn]:
                cost = run(workload.programs[name](files), server)
                found[name].append(cost)
                took = f"{cost.wall:.2f} s, {cost.cpu:.2f} s CPU, {cost.rss / 1e6:.0f} MB"
                tell(f"  {repeat + 1}/{repeats} {name}: {took}")
    return found


def tell(text: str) -> None:
    """Progress."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
