"""Config, catalog and state as files of every kind: pipes, marked as UTF-8, empty, cut, of several lines."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.processes import SOURCES, Run, configured, discovered, program, run, write_json
from integration_tests.singer_programs import TINY, last_state, tap
from sandbox import Running, Settings, serve
from unit_tests.support.singer_judge import Judge

BOTH = pytest.mark.parametrize("source", SOURCES)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with serve(Settings(**TINY)) as running:
        yield running


class Pipe:
    """A named pipe that gives its content once, as `<(…)` does."""

    def __init__(self, path: Path, content: str) -> None:
        os.mkfifo(path)
        self.path = path
        self._content = content
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    def _write(self) -> None:
        with open(self.path, "w", encoding="utf-8-sig") as pipe:
            pipe.write(self._content)


def contents(sandbox: Running, source: str, folder: Path) -> tuple[str, str, str]:
    """A config, a catalog and a state of a source, as text."""
    config = write_json(folder / "made.json", sandbox.configs[source])
    catalog = configured(discovered(run(program(source), "discover", "--config", config)))
    path = write_json(folder / "catalog.json", catalog)
    states = run(program(source), "read", "--config", config, "--catalog", path).last_states()
    return json.dumps(sandbox.configs[source]), json.dumps(catalog), json.dumps(states)


@pytest.mark.parametrize("kind", ["mark", "pipe"])
def test_each_file_is_read_once_with_or_without_a_mark(sandbox: Running, tmp_path: Path, kind: str) -> None:
    source = "talentio"
    files = iter(range(100))

    def file(content: str) -> Path:
        path = tmp_path / str(next(files))
        if kind == "pipe":
            return Pipe(path, content).path
        path.write_text(content, encoding="utf-8-sig")
        return path

    config, catalog, state = contents(sandbox, source, tmp_path)
    run(program(source), "check", "--config", file(config)).assert_clean()
    assert discovered(run(program(source), "discover", "--config", file(config)))
    options: list[str | Path] = ["--config", file(config), "--catalog", file(catalog), "--state", file(state)]
    run(program(source), "read", *options).assert_clean()

    found = run(tap(source), "--config", file(config), "--discover")
    assert found.exit_code == 0, found.stderr
    first = run(tap(source), "--config", file(config), "--catalog", file(found.stdout))
    assert first.exit_code == 0, first.stderr
    saved = json.dumps(last_state(first))
    again = run(tap(source), "--config", file(config), "--catalog", file(found.stdout), "--state", file(saved))
    assert again.exit_code == 0, again.stderr
    assert Judge().read(again.stdout.splitlines()).findings == []


@pytest.mark.parametrize("command", ["source", "tap"])
def test_a_config_may_come_from_stdin(sandbox: Running, command: str) -> None:
    start = [*program("talentio"), "check"] if command == "source" else [*tap("talentio"), "--test"]
    done = subprocess.run(
        [*start, "--config", "/dev/stdin"],
        input=json.dumps(sandbox.configs["talentio"]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"FAILED"' not in done.stdout


# --- what is wrong with a file is told by its name -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "content"), [("config", b"[]"), ("config", b""), ("catalog", b'{"streams": [{}]}'), ("state", b'["\xff"]')]
)
def test_a_file_that_is_something_else_is_named(sandbox: Running, tmp_path: Path, kind: str, content: bytes) -> None:
    bad = tmp_path / "the-bad-one.json"
    bad.write_bytes(content)
    config = write_json(tmp_path / "config.json", sandbox.configs["talentio"])
    catalog = write_json(tmp_path / "catalog.json", {"streams": []})
    sandbox.world.log.clear()

    done = run(program("talentio"), "read", *options({"config": config, "catalog": catalog, kind: bad}))
    (error,) = done.errors()
    assert (done.exit_code, error["failure_type"]) == (1, "config_error")
    assert str(bad) in error["message"]
    done = run(tap("talentio"), *options({"config": config, kind: bad}))
    assert (done.exit_code, done.stdout) == (1, "")
    assert any("ERROR" in line and str(bad) in line for line in done.stderr.splitlines()), done.stderr
    assert "Traceback" not in done.stderr
    assert sandbox.world.log.requests == []


def options(files: dict[str, Path]) -> list[str]:
    return [part for kind, path in files.items() for part in (f"--{kind}", str(path))]


# --- states ----------------------------------------------------------------------------------------------------------


def synced(sandbox: Running, folder: Path, state: str) -> Run:
    path = folder / "state.json"
    path.write_text(state, encoding="utf-8")
    config = write_json(folder / "config.json", sandbox.configs["talentio"])
    done = run(tap("talentio"), "--config", config, "--state", path)
    assert done.exit_code == 0, done.stderr
    return done


def first_state(done: Run) -> dict[str, Any]:
    (line, *_) = [line for line in done.stdout.splitlines() if line.startswith('{"type":"STATE"')]
    state: dict[str, Any] = json.loads(line)["value"]
    return state


OLD = {"bookmarks": {"channels": {"replication_key": "updatedAt", "replication_key_value": "2001-01-01T00:00:00Z"}}}
NEW = {"bookmarks": {"channels": {"replication_key": "updatedAt", "replication_key_value": "2002-02-02T00:00:00Z"}}}


@pytest.mark.parametrize(
    ("text", "used", "said"),
    [
        ("{old}\n{new}\n", NEW, ""),
        ('{old}\n{new}\n{{"bookmarks": {{"chan', NEW, "incomplete"),
        ("", {"bookmarks": {}}, "empty"),
    ],
)
def test_a_target_that_wrote_a_state_a_line_is_understood(
    sandbox: Running, tmp_path: Path, text: str, used: dict[str, Any], said: str
) -> None:
    done = synced(sandbox, tmp_path, text.format(old=json.dumps(OLD), new=json.dumps(NEW)))
    assert first_state(done) == used
    told = [line for line in done.stderr.splitlines() if "WARNING" in line and str(tmp_path / "state.json") in line]
    assert len(told) == bool(said), done.stderr
    assert said in "".join(told)


def test_an_empty_state_file_of_a_source_is_no_state_and_says_so(sandbox: Running, tmp_path: Path) -> None:
    channels = {"name": "channels", "json_schema": {}, "supported_sync_modes": ["incremental"]}
    files = {
        "config": write_json(tmp_path / "config.json", sandbox.configs["talentio"]),
        "catalog": write_json(tmp_path / "catalog.json", configured([channels])),
        "state": tmp_path / "state.json",
    }
    files["state"].write_text("\n", encoding="utf-8")
    done = run(program("talentio"), "read", *options(files))
    done.assert_clean()
    assert done.records()
    warnings = [one["log"]["message"] for one in done.of_type("LOG") if one["log"]["level"] == "WARN"]
    assert any(str(files["state"]) in words and "empty" in words for words in warnings)


# --- catalogs --------------------------------------------------------------------------------------------------------


@BOTH
def test_a_catalog_that_selects_nothing_is_told(sandbox: Running, tmp_path: Path, source: str) -> None:
    config = write_json(tmp_path / "config.json", sandbox.configs[source])
    nothing = write_json(tmp_path / "nothing.json", {"streams": []})
    found = json.loads(run(tap(source), "--discover").stdout)
    for stream in found["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = False
    deselected = write_json(tmp_path / "deselected.json", found)
    sandbox.world.log.clear()

    done = run(program(source), "read", "--config", config, "--catalog", nothing)
    done.assert_clean()
    assert done.records() == {}
    assert any("selects no stream" in one["log"]["message"] for one in done.of_type("LOG"))
    for catalog in (nothing, deselected):
        tapped = run(tap(source), "--config", config, "--catalog", catalog)
        assert tapped.exit_code == 0, tapped.stderr
        assert any("WARNING" in line and "selects no stream" in line for line in tapped.stderr.splitlines())
    assert sandbox.world.log.requests == []


@BOTH
def test_a_stream_that_the_tap_lacks_is_refused_by_name(sandbox: Running, tmp_path: Path, source: str) -> None:
    config = write_json(tmp_path / "config.json", sandbox.configs[source])
    found = json.loads(run(tap(source), "--discover").stdout)
    absent = {**found["streams"][0], "stream": "salaries", "tap_stream_id": "salaries"}
    catalog = write_json(tmp_path / "catalog.json", {"streams": [*found["streams"], absent]})
    sandbox.world.log.clear()
    done = run(tap(source), "--config", config, "--catalog", catalog)
    assert (done.exit_code, done.stdout) == (1, "")
    (line,) = [line for line in done.stderr.splitlines() if "ERROR" in line]
    assert "salaries" in line
    assert "--discover" in line
    assert sandbox.world.log.requests == []
