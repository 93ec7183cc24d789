"""The taps as processes, as Meltano and shells run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from integration_tests.processes import Run, run, write_json

TINY: dict[str, Any] = {
    "exams": 2, "tickets": 6, "jobs": 2, "applicants": 4, "candidates": 12, "requisitions": 3,
    "job_titles": 2, "channels": 2, "employees": 3, "employee_groups": 2, "workspaces": 1,
    "talentics_limit": None, "talentio_limit": None,
}  # fmt: skip


def tap(source: str) -> list[str]:
    """The installed program of a tap."""
    return [str(Path(sys.executable).parent / f"tap-{source}")]


def discovered(source: str, folder: Path) -> Path:
    """A file with the tap's catalog."""
    found = run([*tap(source), "--discover"], cwd=folder)
    assert found.exit_code == 0, found.stderr
    return write_json(folder / "catalog.json", json.loads(found.stdout))


def arguments(folder: Path, config: Mapping[str, Any], **files: Any) -> list[str]:
    """Options for a sync: a file for the config and for each of `catalog` and `state`."""
    options = ["--config", str(write_json(folder / "config.json", dict(config)))]
    for name, content in files.items():
        options += [f"--{name}", str(content if isinstance(content, Path) else write_json(folder / name, content))]
    return options


def last_state(output: Run | str) -> dict[str, Any]:
    """The value of the last STATE message."""
    text = output if isinstance(output, str) else output.stdout
    values = [json.loads(line)["value"] for line in text.splitlines() if line.startswith('{"type":"STATE"')]
    state: dict[str, Any] = values[-1]
    return state


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A program whose stdout is a pipe and whose stderr is a file; it does not outlive the block."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    with (
        open(folder / "stderr", "w", encoding="utf-8") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, encoding="utf-8", cwd=folder, env=environment
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()
