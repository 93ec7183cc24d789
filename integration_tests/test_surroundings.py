"""The programs in odd surroundings: nothing can be written, another locale, closed streams, empty variables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from integration_tests import processes
from integration_tests.expected_rows import PRIMARY_KEYS
from integration_tests.processes import SOURCES, Run, configured, program, unshared, write_json
from integration_tests.singer_programs import TINY, arguments, tap
from sandbox import Running, Settings, serve
from unit_tests.support.singer_judge import Judge

# What surrounds a program works on it while it starts.
run = partial(processes.run, anew=True)
BOTH = pytest.mark.parametrize("source", SOURCES)
# Where nothing depends on what a source reads, the tests take the one with Japanese data.
SOURCE = "talentio"
TAKES_NO_BYTE = Path("/dev/full")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with serve(Settings(**TINY)) as running:
        yield running


class Commands:
    """Every way to start a source and its tap, with the files that each takes."""

    def __init__(self, source: str, sandbox: Running, folder: Path, **config: str) -> None:
        made = write_json(folder / "config.json", {**sandbox.configs[source], **config})
        both = ["full_refresh", "incremental"]
        streams = [{"name": name, "json_schema": {}, "supported_sync_modes": both} for name in PRIMARY_KEYS[source]]
        catalog = write_json(folder / "catalog.json", configured(streams))
        self.spec = [*program(source), "spec"]
        self.check = [*program(source), "check", "--config", str(made)]
        self.discover = [*program(source), "discover", "--config", str(made)]
        self.read = [*program(source), "read", "--config", str(made), "--catalog", str(catalog)]
        self.about = [*tap(source), "--about", "--format=json"]
        self.tap_discover = [*tap(source), "--discover"]
        self.sync = [*tap(source), "--config", str(made)]


def the_error(done: Run) -> dict[str, str]:
    """The one error of a program that failed, told in the protocol."""
    assert done.exit_code == 1
    assert "Traceback" not in done.stderr
    (error,) = done.errors()
    return {name: error[name] for name in ("message", "failure_type")}


# --- nothing can be written -----------------------------------------------------------------------------------------

_READ_ONLY = """
mount -o remount,bind,ro / || exit 77
for place in /tmp /var/tmp /dev/shm; do
    if mountpoint -q "$place"; then mount -o remount,bind,ro "$place" || exit 77; fi
    if touch "$place/written" 2>/dev/null; then exit 77; fi
done
exec "$@"
"""


@pytest.fixture(scope="module")
def read_only() -> list[str]:
    """What a command is put behind for it to find no folder that it could write to."""
    return unshared("mount", "--mount", "sh", "-c", _READ_ONLY, "sh")


@BOTH
def test_nothing_needs_a_folder_to_write_to(
    sandbox: Running, read_only: list[str], tmp_path: Path, source: str
) -> None:
    commands = Commands(source, sandbox, tmp_path)
    for command in (commands.spec, commands.check, commands.discover, commands.read):
        run([*read_only, *command], cwd=tmp_path).assert_clean()
    synced = run([*read_only, *commands.sync], cwd=tmp_path)
    assert synced.exit_code == 0, synced.stderr
    assert Judge().read(synced.stdout.splitlines()).findings == []


def test_a_wrong_tmpdir_is_no_obstacle(sandbox: Running, tmp_path: Path) -> None:
    run(Commands(SOURCE, sandbox, tmp_path).check, cwd=tmp_path, env={"TMPDIR": "/nowhere"}).assert_clean()


# --- failures before anything is read -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no command"),
        (["reed"], "reed"),
        (["check"], "--config"),
        (["read", "--config", "config.json"], "--catalog"),
        (["check", "--config", "config.json", "--bananas"], "--bananas"),
        (["check", "--config", "設定.json"], "設定.json"),
        (["check", "--config", ""], "config file"),
        (["check", "--config", "deep.json"], "deep.json"),
        (["read", "--config", "config.json", "--catalog", "."], "Is a directory"),
    ],
)
def test_a_failure_before_the_run_is_told_in_the_protocol(
    sandbox: Running, tmp_path: Path, arguments: list[str], words: str
) -> None:
    write_json(tmp_path / "config.json", sandbox.configs[SOURCE])
    (tmp_path / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    error = the_error(processes.run(program(SOURCE), *arguments, cwd=tmp_path))
    assert error["failure_type"] == "config_error"
    assert words in error["message"]


def test_a_broken_installation_is_told_in_the_protocol(tmp_path: Path) -> None:
    (tmp_path / "airbyte_cdk.py").write_text("raise ImportError('half installed')", encoding="utf-8")
    done = run(program("talentio"), "check", "--config", "x", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    error = the_error(done)
    assert error["failure_type"] == "system_error"
    assert "half installed" in error["message"]


# --- locales ---------------------------------------------------------------------------------------------------------

NO_HELP = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LOCALES = [
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "cp932"},
    {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii:strict", **NO_HELP},
]


@pytest.fixture(scope="module")
def in_utf_8(sandbox: Running, tmp_path_factory: pytest.TempPathFactory) -> tuple[Commands, dict[str, str]]:
    """Commands with files in a folder whose name is Japanese, and what each prints in an ordinary locale."""
    folder = tmp_path_factory.mktemp("設定")
    commands = Commands(SOURCE, sandbox, folder)
    same = {"spec": commands.spec, "discover": commands.discover, "about": commands.about}
    return commands, {name: run(command).stdout for name, command in same.items()}


@pytest.mark.parametrize("locale", LOCALES, ids=str)
def test_the_protocol_is_utf_8_whatever_the_locale(
    in_utf_8: tuple[Commands, dict[str, str]], tmp_path: Path, locale: dict[str, str]
) -> None:
    commands, plain = in_utf_8
    assert not all(output.isascii() for output in plain.values())
    for name, output in plain.items():
        done = run(getattr(commands, name), env=locale)
        assert (done.exit_code, done.stdout) == (0, output), done.stderr
    run(commands.check, env=locale).assert_clean()
    done = run(commands.read, env=locale)
    done.assert_clean()
    assert not done.stdout.isascii()
    synced = run(commands.sync, env=locale)
    assert synced.exit_code == 0, synced.stderr
    assert Judge().read(synced.stdout.splitlines()).findings == []
    missing = tmp_path / "ない.json"
    assert str(missing) in the_error(run(program(SOURCE), "check", "--config", missing, env=locale))["message"]
    assert str(missing) in run(tap(SOURCE), "--config", missing, env=locale).stderr


# --- closed and full streams -----------------------------------------------------------------------------------------


def redirected(command: list[str], how: str) -> list[str]:
    return ["sh", "-c", f'exec "$@" {how}', "sh", *command]


@pytest.mark.parametrize("how", ["2>&-", "0<&- 2>&-"])
def test_closed_stdin_and_stderr_are_no_failure(sandbox: Running, tmp_path: Path, how: str) -> None:
    commands = Commands(SOURCE, sandbox, tmp_path)
    for command in (commands.spec, commands.check, commands.discover, commands.read):
        run(redirected(command, how)).assert_clean()
    assert json.loads(run(redirected(commands.about, how)).stdout)
    synced = run(redirected(commands.sync, how))
    assert synced.exit_code == 0
    assert Judge().read(synced.stdout.splitlines()).findings == []


@pytest.mark.parametrize("how", ["1>&-", pytest.param(f">{TAKES_NO_BYTE}", marks=pytest.mark.skipif(
    not TAKES_NO_BYTE.exists(), reason="needs /dev/full"))])  # fmt: skip
def test_where_stdout_takes_nothing_one_line_on_stderr_says_so(sandbox: Running, tmp_path: Path, how: str) -> None:
    commands = Commands(SOURCE, sandbox, tmp_path)
    for command in (commands.spec, commands.check, commands.read, commands.about, commands.sync):
        done = run(redirected(command, how))
        assert done.exit_code == 1, command
        assert "Traceback" not in done.stderr
        assert "stdout" in done.stderr.splitlines()[-1]


# --- empty variables -------------------------------------------------------------------------------------------------

EMPTY = (
    "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "TMPDIR", "LOG_LEVEL", "LOGLEVEL", "SINGER_SDK_LOG_CONFIG",
    "DEPLOYMENT_MODE", "NETRC",
)  # fmt: skip


@BOTH
def test_an_empty_variable_counts_as_unset(sandbox: Running, tmp_path: Path, source: str) -> None:
    commands = Commands(source, sandbox, tmp_path)
    spec = json.loads(run(commands.about).stdout)["settings"]["properties"]
    prefix = f"TAP_{source.upper()}_"
    empty = dict.fromkeys((*EMPTY, *(prefix + name.upper() for name in spec), prefix + "LOGLEVEL"), "")
    for command in (commands.spec, commands.check, commands.read):
        run(command, env=empty).assert_clean()
    synced = run([*commands.sync, "--config=ENV"], env=empty)
    assert synced.exit_code == 0, synced.stderr
    judge = Judge().read(synced.stdout.splitlines())
    assert judge.findings == []
    assert judge.rows.keys() == PRIMARY_KEYS[source].keys()


def test_an_empty_variable_leaves_the_setting_of_the_file(sandbox: Running, tmp_path: Path) -> None:
    options = arguments(tmp_path, {**sandbox.configs["talentio"], "personal_data": "drop"})
    done = run([*tap("talentio"), *options, "--config=ENV"], env={"TAP_TALENTIO_PERSONAL_DATA": ""})
    assert done.exit_code == 0, done.stderr
    rows = Judge().read(done.stdout.splitlines()).rows["employees"].values()
    assert rows
    assert all(row.get("email") is None for row in rows)


# --- settings --------------------------------------------------------------------------------------------------------


@BOTH
def test_a_start_date_in_the_future_is_refused_before_any_request(
    sandbox: Running, tmp_path: Path, source: str
) -> None:
    commands = Commands(source, sandbox, tmp_path, start_date="2999-01-31")
    sandbox.world.log.clear()
    (verdict,) = processes.run(commands.check).of_type("CONNECTION_STATUS")
    assert verdict["connectionStatus"]["message"].startswith("start_date: ")
    assert the_error(processes.run(commands.read))["message"].startswith("start_date: ")
    synced = processes.run(commands.sync)
    assert (synced.exit_code, synced.stdout) == (1, "")
    assert "start_date: " in synced.stderr
    assert sandbox.world.log.requests == []
