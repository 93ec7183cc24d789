"""How a tap ends when it is told to or left alone: soon, with whole lines, and with nothing lost for the next run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from integration_tests.processes import run
from integration_tests.singer_programs import TINY, arguments, discovered, last_state, running, tap
from sandbox import Limit, Running, Settings, serve
from unit_tests.support.singer_judge import Judge

# Far beyond what a loaded machine needs to end a process; the threads that a tap leaves behind would wait for hours.
PATIENCE = 60


@pytest.fixture
def limited() -> Any:
    """A sandbox whose window is used up before all details were read, even if they came first, and opens in an hour."""
    settings = Settings(**{**TINY, "talentio_limit": Limit(12, 3600)})
    with serve(settings) as sandbox:
        yield sandbox


def waiting(process: subprocess.Popen[str], folder: Path) -> None:
    """Returns when the tap says that it waits for its limit."""
    told = threading.Event()
    while not told.wait(0.05):
        if "limit" in (folder / "stderr").read_text(encoding="utf-8"):
            return
        assert process.poll() is None, (folder / "stderr").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_waiting_tap_with_its_state_out(limited: Running, tmp_path: Path, number: int) -> None:
    config = {**limited.configs["talentio"], "rate_limit_requests": 12, "rate_limit_period": "PT1H"}
    catalog = discovered("talentio", tmp_path)
    before = sorted(os.listdir(tmp_path))
    with running([*tap("talentio"), *arguments(tmp_path, config, catalog=catalog)], tmp_path) as process:
        assert process.stdout is not None
        # The log says that the tap waits before all that it has read is written.
        output = ""
        for line in process.stdout:
            output += line
            if line.startswith('{"type":"STATE"') and "candidates" in json.loads(line)["value"]["bookmarks"]:
                break
        waiting(process, tmp_path)
        process.send_signal(number)
        output += process.stdout.read()
        assert process.wait(timeout=PATIENCE) == -number
    assert output.endswith("}\n")
    judge = Judge().read(output.splitlines())
    assert judge.findings == []
    # The details stopped half way; the lists are whole and confirmed.
    read = {row["id"] for row in judge.rows["candidate_details"].values()}
    assert len(read) < TINY["candidates"]
    assert judge.state["bookmarks"]["candidates"]["airbyte_stream_state"]
    assert sorted(os.listdir(tmp_path)) == sorted({*before, "config.json", "stderr"})

    limited.world.settings.talentio_limit = None
    again = run([*tap("talentio"), *arguments(tmp_path, limited.configs["talentio"], state=judge.state)])
    assert again.exit_code == 0, again.stderr
    rest = Judge().read(again.stdout.splitlines())
    assert read | {row["id"] for row in rest.rows["candidate_details"].values()} == set(
        limited.world.data.ids("candidates")
    )


def test_a_signal_ends_a_tap_whose_target_does_not_read(tmp_path: Path) -> None:
    settings = Settings(**{**TINY, "candidates": 400})
    with serve(settings) as sandbox:
        command = [*tap("talentio"), *arguments(tmp_path, sandbox.configs["talentio"])]
        with running(command, tmp_path) as process:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["type"] == "SCHEMA"
            process.terminate()
            assert process.wait(timeout=PATIENCE) == -signal.SIGTERM


def test_a_reader_that_leaves_ends_the_tap_also_while_it_waits(limited: Running, tmp_path: Path) -> None:
    config = {**limited.configs["talentio"], "rate_limit_requests": 12, "rate_limit_period": "PT1H"}
    with running([*tap("talentio"), *arguments(tmp_path, config)], tmp_path) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=PATIENCE) == 128 + signal.SIGPIPE
    assert "Traceback" not in (tmp_path / "stderr").read_text(encoding="utf-8")


@pytest.mark.parametrize("lines", [40, 90])
def test_what_a_killed_tap_confirmed_and_what_the_next_reads_is_everything(tmp_path: Path, lines: int) -> None:
    with serve(Settings(**TINY)) as sandbox:
        config = sandbox.configs["talentics"]
        with running([*tap("talentics"), *arguments(tmp_path, config)], tmp_path) as process:
            assert process.stdout is not None
            read = [process.stdout.readline() for _ in range(lines)]
            process.kill()
        covered = read[: 1 + max(number for number, line in enumerate(read) if line.startswith('{"type":"STATE"'))]
        first = Judge().read(covered)
        whole = Judge().read(run([*tap("talentics"), *arguments(tmp_path, config)]).stdout.splitlines())
        resumed = run([*tap("talentics"), *arguments(tmp_path, config, state=last_state("".join(covered)))])
    assert resumed.exit_code == 0, resumed.stderr
    rest = Judge().read(resumed.stdout.splitlines())
    assert first.findings == rest.findings == whole.findings == []
    for stream, rows in whole.rows.items():
        assert {*first.rows.get(stream, {}), *rest.rows.get(stream, {})} == {*rows}, stream
