"""Peak memory of a full Talentio sync, small and large: `python -m benchmarks.memory [CANDIDATES …]`.

Each sync is the program itself, in a process of its own, against the sandbox in another: every candidate, its detail,
and all streams made from the two. Prints the peak resident memory of each size and the ratio of the last to the first.
100,000 candidates take many minutes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from integration_tests.processes import configured, discovered, program, run, running_sandbox, write_json

SIZES = (10_000, 100_000)
STREAMS = ("candidates", "candidate_stages", "candidate_details", "stage_evaluations", "evaluation_items")
# `ru_maxrss` counts KiB, on macOS bytes.
_UNIT = 1 if sys.platform == "darwin" else 1024
_PIECE = 1 << 20


def main(arguments: Sequence[str]) -> None:
    """Measures the sizes named on the command line, or the usual two."""
    sizes = [int(text.replace("_", "")) for text in arguments] or list(SIZES)
    print(
        f"{'candidates':>10}  {'requests':>8}  {'records':>9}  {'MB of messages':>14}  {'s':>5}  {'peak RSS, MB':>12}"
    )
    peaks = [measured(size) for size in sizes]
    print(f"ratio: {peaks[-1] / peaks[0]:.2f}")


def measured(candidates: int) -> float:
    """One full sync; prints its row and gives its peak in MB."""
    with (
        running_sandbox("--no-limits", "--candidates", str(candidates)) as sandbox,
        tempfile.TemporaryDirectory() as folder,
    ):
        config = write_json(Path(folder, "config.json"), {**sandbox.configs["talentio"], "num_workers": 8})
        streams = discovered(run(program("talentio"), "discover", "--config", config))
        selected = configured([stream for stream in streams if stream["name"] in STREAMS])
        catalog = write_json(Path(folder, "catalog.json"), selected)
        command = [*program("talentio"), "read", "--config", str(config), "--catalog", str(catalog)]
        started = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            volume, summary = _drained(process.stdout)
            # The usage of this child alone; `getrusage` would give the largest of all children so far.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"the sync of {candidates} candidates failed with exit code {process.returncode}")
        requests = sum(sandbox.requests_by_endpoint("talentio").values())
    records = sum(int(count) for count in re.findall(r"\w+ (\d+)", summary.partition("records: ")[2].partition(";")[0]))
    peak = usage.ru_maxrss * _UNIT / 1e6
    took = time.monotonic() - started
    print(
        f"{candidates:>10,}  {requests:>8,}  {records:>9,}  {volume / 1e6:>14,.0f}  {took:>5.0f}  {peak:>12.1f}",
        flush=True,
    )
    return peak


def _drained(stdout: IO[bytes] | None) -> tuple[int, str]:
    """The number of bytes that came, and the summary line among the last of them."""
    volume, tail = 0, b""
    while piece := stdout.read(_PIECE) if stdout else b"":
        volume += len(piece)
        tail = (tail + piece)[-_PIECE:]
    return volume, next((line for line in tail.decode(errors="replace").splitlines() if "Sync summary" in line), "")


if __name__ == "__main__":
    main(sys.argv[1:])
