"""The taps as a user starts them, outside Meltano: clean streams, every way to configure, and what they say."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.processes import SOURCES, Run, run, write_json
from integration_tests.singer_programs import TINY, arguments, discovered, last_state, tap
from sandbox import Running, Settings, serve
from unit_tests.support.singer_judge import Judge

SECRET = {"talentics": "app_secret", "talentio": "access_token"}
BOTH = pytest.mark.parametrize("source", SOURCES)


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    with serve(Settings(**TINY)) as running:
        yield running


@pytest.fixture
def sandbox(shared: Running) -> Running:
    """The sandbox without the requests and the odd answers of the test before."""
    shared.world.settings.answers = ()
    shared.world.log.clear()
    return shared


@BOTH
def test_about_needs_neither_airbyte_cdk_nor_the_network(source: str, tmp_path: Path) -> None:
    watched = (
        "import socket, sys\n"
        "def refuse(*_): raise AssertionError('a connection')\n"
        "socket.socket.connect = refuse\n"
        f"from source_{source}.tap import main\n"
        "try: main()\n"
        "finally: print('airbyte_cdk' in sys.modules, file=sys.stderr)\n"
    )
    about = run([sys.executable, "-c", watched, "--about", "--format=json"], cwd=tmp_path)
    assert (about.exit_code, about.stderr) == (0, "False\n")
    told = json.loads(about.stdout)
    assert told["name"] == f"tap-{source}"
    assert told["settings"]["properties"][SECRET[source]]["secret"] is True
    assert "could not be detected" not in run([*tap(source), "--version"]).stdout
    assert all(option in run([*tap(source), "--help"]).stdout for option in ("--state", "--catalog", "--test"))


@BOTH
def test_discover_is_pure_json_and_needs_no_config(sandbox: Running, source: str, tmp_path: Path) -> None:
    bare = run([*tap(source), "--discover"], cwd=tmp_path)
    configured = run([*tap(source), *arguments(tmp_path, sandbox.configs[source]), "--discover"], cwd=tmp_path)
    assert (bare.exit_code, configured.exit_code) == (0, 0)
    assert json.loads(bare.stdout) == json.loads(configured.stdout)
    assert sandbox.world.log.requests == []


@BOTH
def test_a_sync_outside_meltano_writes_messages_alone(sandbox: Running, source: str, tmp_path: Path) -> None:
    config = sandbox.configs[source]
    catalog = discovered(source, tmp_path)
    before = sorted(os.listdir(tmp_path))
    environment = {**os.environ, "LOGLEVEL": "DEBUG", "TMPDIR": str(tmp_path)}
    options = arguments(tmp_path, config, catalog=catalog)
    done = subprocess.run(
        [*tap(source), *options], capture_output=True, text=True, env=environment, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    judge = Judge(secrets=spellings(config[SECRET[source]])).read(done.stdout.splitlines())
    streams = json.loads(catalog.read_text())["streams"]
    judge.require_bookmarks([one["tap_stream_id"] for one in streams if one["replication_method"] == "INCREMENTAL"])
    assert judge.findings == []
    assert judge.rows.keys() == {stream["tap_stream_id"] for stream in streams}
    assert not any(secret in done.stderr for secret in spellings(config[SECRET[source]]))
    assert "Warning: " not in done.stderr, "what airbyte-cdk tells those who write manifests"
    assert sorted(os.listdir(tmp_path)) == sorted({*before, "config.json"}), "it left something behind"


@BOTH
def test_the_next_run_takes_the_last_state(sandbox: Running, source: str, tmp_path: Path) -> None:
    first = sync(source, sandbox, tmp_path)
    sandbox.world.log.clear()
    state = last_state(first)
    second = sync(source, sandbox, tmp_path, state=state)
    assert second.exit_code == 0, second.stderr
    assert last_state(second)["bookmarks"].keys() == state["bookmarks"].keys()
    if source == "talentio":
        (first_page, *_) = [one for one in sandbox.world.log.requests if one.path.endswith("/candidates")]
        assert "updatedAtFrom" in str(first_page)


@BOTH
def test_every_setting_can_come_from_the_environment(sandbox: Running, source: str, tmp_path: Path) -> None:
    spec = json.loads(run([*tap(source), "--about", "--format=json"]).stdout)["settings"]["properties"]
    given: dict[str, Any] = {
        **sandbox.configs[source],
        "start_date": "2001-01-01",
        "personal_data": "hash",
        "personal_data_key": "a long random text",
        "rate_limit_period": "PT2M",
        "num_workers": 2,
        "include_inactive_responsible_employees": False,
        "candidate_filter": {"status": ["pass"], "requisition_ids": [], "applied_from": "2001-01-01"},
        "emit_activate_version_messages": True,
        "flattening_enabled": True,
        "flattening_max_depth": 2,
        "stream_maps": {"workspaces": None, "jobs": None},
    }
    names = [name for name in given if name in spec]
    prefix = f"TAP_{source.upper()}_"
    environment = {
        prefix + name.upper(): given[name] if isinstance(given[name], str) else json.dumps(given[name])
        for name in names
    }
    done = subprocess.run(
        [*tap(source), "--config=ENV"],
        capture_output=True, text=True, env={**os.environ, **environment}, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert Judge().read(done.stdout.splitlines()).findings == []
    assert not any(f'"stream":"{name}"' in done.stdout for name in ("workspaces", "jobs"))
    asked = [one.url for one in sandbox.world.log.requests]
    assert not any("includeInactiveResponsibleEmployees=true" in one for one in asked)
    lists = [one for one in asked if one.split("?")[0].endswith("/candidates")]
    assert all("status=pass" in one and "appliedAtFrom" in one for one in lists)
    assert bool(lists) == (source == "talentio")


def test_a_later_config_file_wins(sandbox: Running, tmp_path: Path) -> None:
    wrong = write_json(
        tmp_path / "a.json", {"access_token": "wrong", "base_url": sandbox.configs["talentio"]["base_url"]}
    )
    right = write_json(tmp_path / "b.json", {"access_token": sandbox.configs["talentio"]["access_token"]})
    assert run(tap("talentio"), "--config", wrong, "--config", right, "--test").exit_code == 0
    assert run(tap("talentio"), "--config", right, "--config", wrong, "--test").exit_code == 1


@BOTH
def test_a_wrong_credential_is_named_and_not_shown(sandbox: Running, source: str, tmp_path: Path) -> None:
    config = {**sandbox.configs[source], SECRET[source]: "not-the-right-one"}
    done = run([*tap(source), *arguments(tmp_path, config)], cwd=tmp_path)
    assert done.exit_code == 1
    assert SECRET[source] in done.stderr
    assert "Traceback" not in done.stderr
    assert not any(secret in done.stdout + done.stderr for secret in spellings("not-the-right-one"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--config", "{}"], "access_token: required, but missing"),
        (["--config", '{"access_token": 5'], "is not valid JSON"),
        (["--config", None], "no-such-file"),
        (["--config", '{"access_token": "x"}', "--state", '{"no": 1}'], "bookmarks"),
        (["--config", '{"access_token": "x", "stream_maps": {"channels": {"a": "((("}}}'], "((("),
    ],
)
def test_bad_input_is_one_line_and_exit_code_1(given: list[str | None], words: str, tmp_path: Path) -> None:
    options: list[str] = []
    for part in given:
        if part is None:
            options.append(str(tmp_path / "no-such-file"))
        elif part.startswith("--"):
            options.append(part)
        else:
            path = tmp_path / f"{len(options)}.json"
            path.write_text(part)
            options.append(str(path))
    done = run([*tap("talentio"), *options], cwd=tmp_path)
    assert (done.exit_code, done.stdout) == (1, "")
    assert any("ERROR" in line and words in line for line in done.stderr.splitlines()), done.stderr
    assert "Traceback" not in done.stderr


@BOTH
def test_without_the_extra_the_program_says_what_to_install(source: str, tmp_path: Path) -> None:
    without = f"import sys; sys.modules['singer_sdk'] = None; from source_{source}.tap import main; main()"
    done = run([sys.executable, "-c", without, "--about"], cwd=tmp_path)
    assert (done.exit_code, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert "pip install 'airbyte-source-talentics-talentio[singer]'" in done.stderr


def test_the_test_option_reads_a_sample(sandbox: Running, tmp_path: Path) -> None:
    options = arguments(tmp_path, sandbox.configs["talentio"])
    done = run([*tap("talentio"), *options, "--test"], cwd=tmp_path)
    assert done.exit_code == 0, done.stderr
    assert Judge().read(done.stdout.splitlines()).findings == []
    assert last_state(done) == {"bookmarks": {}}
    schemas = run([*tap("talentio"), *options, "--test=schema"], cwd=tmp_path)
    assert {json.loads(line)["type"] for line in schemas.stdout.splitlines()} == {"SCHEMA"}


def sync(source: str, sandbox: Running, folder: Path, **files: Any) -> Run:
    return run([*tap(source), *arguments(folder, sandbox.configs[source], **files)], cwd=folder)


def spellings(secret: str) -> list[str]:
    """A secret as it is, in JSON, and as Basic sends it."""
    pair = base64.b64encode(f"sandbox-app:{secret}".encode()).decode()
    return [secret, json.dumps(secret)[1:-1], pair]
