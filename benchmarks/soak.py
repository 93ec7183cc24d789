"""Both sources read for 20 minutes from a sandbox that fails all the time: `python -m benchmarks.soak [MINUTES]`.

The programs run side by side as processes, in one full read after the other, under narrow limits that somebody else
shares, while connections are reset, bodies cut, answers late, and 500, HTML and 429 come in between. After each read
the primary keys of all streams are compared with the sandbox's data. Prints a line a read, and ends with exit code 1 if
a record was missing, came from nowhere, or a read failed.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from integration_tests.expected_rows import PRIMARY_KEYS, expected
from integration_tests.processes import (
    SOURCES,
    Run,
    Sandbox,
    configured,
    discovered,
    program,
    run,
    running_sandbox,
    write_json,
)

MINUTES = 20.0
SIZE = {"exams": 8, "tickets": 60, "jobs": 5, "applicants": 40, "candidates": 450, "requisitions": 60}
LIMITS = ("--limit", "50/7s", "--limit-all", "--talentio-limit", "100/7s", "--other-client", "5", "--burst", "40")
FAULTS = ("reset:0.02", "500:0.02", "503:0.01", "truncated:0.02", "html:0.02", "slow=4:0.02", "429=3:0.02", "429:0.001")


def main(arguments: Sequence[str]) -> None:
    """Reads until the minutes are over."""
    minutes = float(arguments[0]) if arguments else MINUTES
    sizes = [text for name, count in SIZE.items() for text in (f"--{name}", str(count))]
    with running_sandbox(*sizes, *LIMITS) as sandbox, tempfile.TemporaryDirectory() as folder:
        wanted = {source: keys(source, expected_rows(sandbox, source)) for source in SOURCES}
        # The answers by which the data was looked up went by without a fault.
        sandbox.post("faults", {"faults": list(FAULTS)})
        until = time.monotonic() + minutes * 60
        print(f"{'source':<10}{'s':>6}{'records':>9}{'requests':>10}{'retries':>9}{'429s':>6}  missing  surplus")
        with ThreadPoolExecutor(len(SOURCES)) as pool:
            runs = [pool.submit(reads, source, sandbox, Path(folder), wanted[source], until) for source in SOURCES]
            faultless = all(future.result() for future in runs)
        hits = {rule["kind"]: rule["hits"] for rule in sandbox.get("faults")}
        statuses = sandbox.get("requests?entries=false")["summary"]["by_status"]
    print(f"faults: {hits}; answers by status: {statuses}")
    if not faultless:
        raise SystemExit(1)


def reads(source: str, sandbox: Sandbox, folder: Path, wanted: Counter[Any], until: float) -> bool:
    """One full read after the other; gives whether each brought every record."""
    config = write_json(folder / f"{source}.json", sandbox.configs[source])
    streams = discovered(run(program(source), "discover", "--config", config))
    catalog = write_json(folder / f"{source}.catalog.json", configured(streams))
    faultless = True
    while time.monotonic() < until:
        began = time.monotonic()
        done = run(program(source), "read", "--config", config, "--catalog", catalog, patience=3600)
        found = keys(source, done.records())
        missing, surplus = len(wanted.keys() - found.keys()), len(found.keys() - wanted.keys())
        print(f"{source:<10}{time.monotonic() - began:>6.0f}{figures(done)}{missing:>9}{surplus:>9}", flush=True)
        if done.exit_code or missing or surplus:
            faultless = False
            print("\n".join(error["message"] for error in done.errors()), flush=True)
    return faultless


def figures(done: Run) -> str:
    """Records, requests, retries and 429s of one read, from what it told."""
    log = [message["log"]["message"] for message in done.of_type("LOG")]
    summary = next((line for line in log if line.startswith("Sync summary")), "")
    requests = re.search(r"(\d+) requests", summary)
    retries = sum("Trying again in" in line for line in log)
    refused = sum("(HTTP 429)" in line for line in log)
    records = sum(map(len, done.records().values()))
    return f"{records:>9}{requests[1] if requests else '?':>10}{retries:>9}{refused:>6}"


def expected_rows(sandbox: Sandbox, source: str) -> dict[str, list[dict[str, Any]]]:
    """What a full read must bring, from the sandbox's own data."""
    return expected(source, lambda stream: sandbox.get(f"data/{source}/{stream}"))


def keys(source: str, rows: dict[str, list[dict[str, Any]]]) -> Counter[tuple[Any, ...]]:
    """How often each primary key of each stream came."""
    return Counter(
        (stream, *(row[field] for field in key))
        for stream, key in PRIMARY_KEYS[source].items()
        for row in rows.get(stream, [])
    )


if __name__ == "__main__":
    main(sys.argv[1:])
