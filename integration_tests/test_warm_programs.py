"""What the other tests rest upon: a program behind its imports does what one does that a user starts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from integration_tests import warm_programs
from integration_tests.processes import program, run, write_json
from integration_tests.scripted_server import Request, serving
from integration_tests.singer_programs import tap

CONFIG = {"access_token": "a-long-access-token"}
# What the machine's clock says.
CHANCE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+|(?<=\"emitted_at\":)[0-9.]+")


@pytest.mark.parametrize(
    "command",
    [
        [*program("talentio"), "spec"],
        [*program("talentio"), "discover", "--config", "config.json"],
        [*program("talentio"), "check", "--config", "no.json"],
        [*tap("talentio"), "--discover"],
        [*tap("talentio"), "--config", "no.json"],
    ],
    ids=lambda command: " ".join([Path(command[0]).name, *command[1:]]),
)
def test_it_says_what_one_says_that_starts_anew(command: list[str], tmp_path: Path) -> None:
    write_json(tmp_path / "config.json", CONFIG)
    warm, anew = run(command, cwd=tmp_path), run(command, cwd=tmp_path, anew=True)
    assert warm.exit_code == anew.exit_code
    assert [CHANCE.sub("…", text) for text in (warm.stdout, warm.stderr)] == [
        CHANCE.sub("…", text) for text in (anew.stdout, anew.stderr)
    ]


def test_one_that_does_not_end_is_ended_and_the_next_one_runs(tmp_path: Path) -> None:
    def never(_: Request) -> list[bytes]:
        time.sleep(30)
        return []

    with serving(never) as server:
        config = write_json(tmp_path / "config.json", {**CONFIG, "base_url": f"{server.origin}/v1"})
        with pytest.raises(subprocess.TimeoutExpired):
            run([*program("talentio"), "check", "--config", str(config)], patience=1)
    run([*program("talentio"), "spec"]).assert_clean()


def test_imports_that_fail_are_no_lack_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_programs, "_running", {})
    # Ends with 1 at once, as Python does where an import fails.
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(RuntimeError, match="that has the imports ended with 1"):
        run([*program("talentio"), "spec"])
