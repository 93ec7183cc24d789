"""The demo's programs: wrong arguments, how they end, and the sandbox that they run."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from demo import sync
from demo.airbyte_client import cannot_start
from demo.program import ROOT, Failed, run
from demo.running_sandbox import running_sandbox


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "SOURCE is missing: talentics or talentio"),
        (["--source", "greenhouse"], "no source 'greenhouse': SOURCE is talentics or talentio"),
        (["--source", "talentio"], "CONFIG is missing"),
        (["--source", "talentio", "--config", "/nowhere/talentio.json"], "cannot read CONFIG /nowhere/talentio.json"),
    ],
)
def test_wrong_arguments_are_named(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert sync.main(arguments) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"access_token": "s3cret",}', "is not JSON: .* in line 1"),
        (b'["s3cret"]', "must hold a JSON object"),
        (b'{"access_token": "s3cret\xff"}', "is not UTF-8 text"),
    ],
)
def test_a_config_that_cannot_be_read_is_told_without_its_content(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "config.json"
    file.write_bytes(content)

    with pytest.raises(Failed, match=told) as failed:
        sync.read_config(str(file))

    assert "s3cret" not in str(failed.value)


def test_being_told_to_end_leaves_blocks_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    left = []

    def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            left.append(True)

    assert run(work) == 143
    assert left
    assert "Stopped" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, "#!/nowhere/bin/python\n"])
def test_a_program_that_cannot_start_is_named_with_the_reason_and_the_way_out(
    tmp_path: Path, content: str | None
) -> None:
    program = tmp_path / "venv" / "bin" / "source-talentio"
    if content:
        program.parent.mkdir(parents=True)
        program.write_text(content)
        program.chmod(0o700)

    with pytest.raises(FileNotFoundError) as failed:
        subprocess.run([program], check=False)
    of_client = RuntimeError("Connector failed.")
    of_client.__context__ = failed.value

    told = cannot_start(of_client, program)
    assert told
    assert f"{program} cannot be started: No such file or directory" in told
    assert f"delete {tmp_path / 'venv'} " in told
    assert cannot_start(of_client, Path("/another/program")) is None


def test_the_sandbox_runs_as_long_as_its_block_and_tells_what_was_asked() -> None:
    with running_sandbox("small") as sandbox:
        config = sandbox.config("talentio")
        asked = requests.get(
            config["base_url"] + "/channels", headers={"Authorization": f"Bearer {config['access_token']}"}, timeout=10
        )
        assert asked.ok
        assert sandbox.take_requests()["talentio.channels"]["requests"] == 1
        assert sandbox.take_requests() == {}

        changed = sandbox.change(created=3, updated=0, deleted=0)
        (kind, ids), *_ = changed["created"].items()
        assert ids
        assert kind

    with pytest.raises(requests.ConnectionError):
        requests.get(config["base_url"] + "/channels", timeout=10)


@pytest.mark.parametrize(
    "starter",
    [
        "from demo.running_sandbox import running_sandbox as run; arguments = 'small',",
        "from integration_tests.processes import running_sandbox as run; arguments = ()",
        "from benchmarks.measure import running_server as run; arguments = ['--source', 'talentio'],",
    ],
    ids=["demo", "tests", "benchmarks"],
)
def test_no_sandbox_outlives_a_program_that_was_killed(starter: str) -> None:
    program = f"""{starter}
with run(*arguments) as server:
    print((server.config("talentio") if arguments == ("small",) else vars(server)), flush=True)
    input()
"""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, text=True, **pipes) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        port = int(re.findall(r"127\.0\.0\.1:(\d+)", told)[0])
        assert is_open(port)
        process.kill()

    patience = time.monotonic() + 60
    while is_open(port) and time.monotonic() < patience:
        time.sleep(0.05)
    assert not is_open(port)


def is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
