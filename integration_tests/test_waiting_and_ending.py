"""The programs under narrow limits on a real clock, told to end while they wait, and left by whoever read them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from integration_tests.expected_rows import PRIMARY_KEYS
from integration_tests.narrow_windows import CHILD, SIZES, keys_of, told, wanted
from integration_tests.processes import (
    SOURCES,
    Run,
    Sandbox,
    configured,
    program,
    run,
    running_sandbox,
    unshared,
    write_json,
)
from unit_tests.support.dockerfile import STARTED_BY


def command_to_read(source: str, sandbox: Sandbox, folder: Path, *streams: str) -> list[str]:
    """The command that reads the streams, all without a name."""
    config = write_json(folder / f"{source}.json", sandbox.configs[source])
    names = streams or tuple(PRIMARY_KEYS[source])
    both = ["full_refresh", "incremental"]
    selected = configured([{"name": name, "json_schema": {}, "supported_sync_modes": both} for name in names])
    catalog = write_json(folder / f"{source}.catalog.json", selected)
    return [*program(source), "read", "--config", str(config), "--catalog", str(catalog)]


def test_under_small_windows_all_comes_and_nothing_is_refused(tmp_path: Path) -> None:
    """50 requests per 7 seconds, both sources at once; some windows long, whatever the machine's speed."""
    limits = ("--limit", "50/7s", "--limit-all", "--talentio-limit", "50/7s")
    with running_sandbox(*SIZES, *limits) as sandbox, ThreadPoolExecutor() as pool:
        commands = {source: command_to_read(source, sandbox, tmp_path) for source in SOURCES}
        runs = {source: pool.submit(run, command, anew=True) for source, command in commands.items()}
        for source, future in runs.items():
            done = future.result()
            done.assert_clean()
            assert keys_of(done.records(), source) == wanted(sandbox, source)
            assert_waited_aloud(done, CHILD[source])
        # It refuses whatever is too many, and counts windows itself: no 429, so never more than allowed.
        assert sandbox.get("requests?entries=false")["summary"]["by_status"].keys() <= {"200", "404"}


def assert_waited_aloud(done: Run, stream: str) -> None:
    order = told(done.messages)
    assert ("wait", stream) in order
    waits = [number for number, (kind, name) in enumerate(order) if (kind, name) == ("RATE_LIMITED", stream)]
    assert waits
    for number in waits:
        # What was read before the wait is confirmed before it.
        assert ("state", stream) in order[:number]
    resets = [
        reason["rate_limited"]["quota_reset"]
        for message in done.of_type("TRACE")
        if message["trace"]["type"] == "STREAM_STATUS"
        for reason in message["trace"]["stream_status"].get("reasons") or []
    ]
    assert all(isinstance(reset, int) for reset in resets)


# --- endings -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def narrow() -> Iterator[Sandbox]:
    """A sandbox whose windows are used up long before all is read."""
    with running_sandbox(*SIZES, "--limit", "30/1h", "--limit-all", "--talentio-limit", "30/1h") as running:
        yield running


@pytest.mark.parametrize(
    ("source", "number"),
    [("talentics", signal.SIGTERM), ("talentio", signal.SIGTERM), ("talentio", signal.SIGINT)],
)
def test_told_to_end_while_it_waits_it_dies_of_the_signal_with_its_state_out(
    narrow: Sandbox, tmp_path: Path, source: str, number: signal.Signals
) -> None:
    narrow.post("limits", {"reset": True})
    command = command_to_read(source, narrow, tmp_path, CHILD[source])
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if ("RATE_LIMITED", CHILD[source]) in told([json.loads(line)]):
                break
        process.send_signal(number)
        lines += process.stdout.readlines()
        assert process.stderr.read() == ""
    assert process.returncode == -number
    messages = [json.loads(line) for line in lines]
    records = [message for message in messages if message["type"] == "RECORD"]
    last = max(number for number, message in enumerate(messages) if message["type"] == "STATE")
    assert records
    assert all(message["type"] != "RECORD" for message in messages[last:])
    reached = messages[last]["state"]["stream"]["stream_state"]["id"]
    assert reached == records[-1]["record"]["data"]["ticket_id" if source == "talentics" else "id"]


@pytest.mark.parametrize(("source", "lines"), [("talentics", 1), ("talentio", 1), ("talentio", 40)])
def test_a_reader_that_leaves_ends_the_program_quietly(
    narrow: Sandbox, tmp_path: Path, source: str, lines: int
) -> None:
    """As in `source-talentio read … | head -1`."""
    narrow.post("limits", {"reset": True})
    command = command_to_read(source, narrow, tmp_path)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(lines):
            assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_nothing_is_left_in_the_temporary_folder(narrow: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    command = command_to_read("talentio", narrow, tmp_path, "channels")
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
    assert process.returncode == -signal.SIGTERM
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("numbers", [(signal.SIGTERM, signal.SIGINT), (signal.SIGINT, signal.SIGTERM, signal.SIGINT)])
def test_told_to_end_again_and_again_it_ends_as_at_the_first_time(
    narrow: Sandbox, tmp_path: Path, numbers: tuple[signal.Signals, ...]
) -> None:
    """Somebody presses Ctrl-C twice, or a platform's patience ends: no defect is reported, and nothing is left."""
    narrow.post("limits", {"reset": True})
    folder = tmp_path / "temporary"
    folder.mkdir()
    command = command_to_read("talentio", narrow, tmp_path, CHILD["talentio"])
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env={**os.environ, "TMPDIR": str(folder)}, **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        for number in numbers:
            process.send_signal(number)
        rest = process.stdout.read()
        assert process.stderr.read() == ""
    # Both wait for the process by then; it takes that of the lower number first.
    assert process.returncode in {-number for number in numbers}
    assert '"ERROR"' not in rest
    assert list(folder.iterdir()) == []


def started(process: int) -> bool:
    """Whether a program has its own handler for SIGTERM: Python itself has none, other than for SIGINT."""
    with open(f"/proc/{process}/status", encoding="utf-8") as file:
        (mask,) = [int(line.split()[1], 16) for line in file if line.startswith("SigCgt:")]
    return bool(mask >> (signal.SIGTERM - 1) & 1)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to see when a handler stands")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("name", ["source-talentio", "tap-talentio"])
def test_told_to_end_while_it_starts_it_dies_of_the_signal_without_a_word(
    tmp_path: Path, name: str, number: signal.Signals
) -> None:
    """The imports take seconds."""
    pipe = tmp_path / "config.json"
    os.mkfifo(pipe)
    arguments = ["discover"] if name.startswith("source") else ["--discover"]
    command = [str(Path(program("talentio")[0]).with_name(name)), *arguments, "--config", str(pipe)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not started(process.pid):
            assert process.poll() is None
        process.send_signal(number)
        assert process.communicate() == ("", "")
    assert process.returncode == -number


@pytest.fixture(scope="module")
def first_of_a_container() -> list[str]:
    """What a command is put behind to be the first process of a namespace, for which signals have no default."""
    return unshared("process", "--pid", "--fork", "--kill-child")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("name", ["source-talentio", "tap-talentio"])
def test_the_first_process_of_a_container_ends_with_the_code_of_the_signal(
    first_of_a_container: list[str], tmp_path: Path, name: str, number: signal.Signals
) -> None:
    pipe = tmp_path / "config.json"
    os.mkfifo(pipe)
    arguments = ["discover"] if name.startswith("source") else ["--discover"]
    command = [str(Path(program("talentio")[0]).with_name(name)), *arguments, "--config", str(pipe)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*first_of_a_container, *command], **pipes) as unshare:
        children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children")
        while not (found := children.read_text(encoding="utf-8").split()) or not started(int(found[0])):
            assert unshare.poll() is None
        os.kill(int(found[0]), number)
        assert unshare.communicate() == ("", "")
    assert unshare.returncode == 128 + number


@pytest.mark.parametrize("name", ["source-talentio", "tap-talentio"])
def test_started_as_the_image_starts_it_a_signal_that_came_before_python_did_ends_it(
    first_of_a_container: list[str], tmp_path: Path, name: str
) -> None:
    """The kernel would drop it: of the first process of a container, what it does not handle yet."""
    pipe = tmp_path / "config.json"
    os.mkfifo(pipe)
    arguments = ["discover"] if name.startswith("source") else ["--discover"]
    command = [str(Path(program("talentio")[0]).with_name(name)), *arguments, "--config", str(pipe)]
    told_already = [*STARTED_BY, "sh", "-c", 'kill -TERM $$; exec "$@"', "sh"]
    done = run([*first_of_a_container, *told_already, *command], patience=60)
    assert done == Run(128 + signal.SIGTERM, "", "")


# --- check ---------------------------------------------------------------------------------------------------------

PROBLEMS = {
    "the limit is used up": (
        {},
        ["429=600"],
        r"The rate limit is used up\. It resets at (\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d UTC; check again",
    ),
    "a soon reset is no reason to wait": ({}, ["429=1"], r"The rate limit is used up\. It resets at "),
    "the answer drips": ({}, ["drip=1"], r"no usable answer \(no answer in time\)\. Check base_url and the network"),
    "the answer is late": ({}, ["slow=60"], r"no usable answer \(no answer in time\)\. Check base_url"),
    "no such host": (
        {"base_url": "https://api.talentics.invalid/v2"},
        [],
        r"no usable answer \((the host name could not be resolved|no answer in time)\)\. Check base_url",
    ),
    "another web site": ({}, ["html"], r"no usable answer \(HTTP 200 with an HTML page\)\. Check base_url"),
    "the server failed": ({}, ["503"], r"the server failed \(HTTP 503\)\. Check base_url"),
}


@pytest.fixture(scope="module")
def wide() -> Iterator[Sandbox]:
    with running_sandbox("--no-limits") as running:
        yield running


@pytest.mark.parametrize(("config", "faults", "words"), PROBLEMS.values(), ids=PROBLEMS)
def test_check_says_at_once_what_is_wrong(
    wide: Sandbox, tmp_path: Path, config: dict[str, str], faults: list[str], words: str
) -> None:
    wide.forget_requests()
    wide.post("faults", {"faults": faults})
    source = "talentio"
    path = write_json(tmp_path / "config.json", {**wide.configs[source], **config})
    done = run(program(source), "check", "--config", path)
    wide.post("faults", {"faults": []})
    (message,) = done.of_type("CONNECTION_STATUS")
    assert message["connectionStatus"]["status"] == "FAILED"
    assert re.search(words, message["connectionStatus"]["message"])
    assert sum(wide.requests_by_endpoint(source).values()) <= 1
