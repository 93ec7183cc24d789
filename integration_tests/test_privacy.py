"""Credentials and personal data get to the records at the most: not to a log, a state, an error or a file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, cycle
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests

from integration_tests.canary_data import APP_ID, SECRETS, CanaryApi, leaked
from integration_tests.expected_rows import PRIMARY_KEYS
from integration_tests.processes import ROOT, SOURCES, configured, program, write_json
from integration_tests.scripted_server import Measured, Request, plain, reply, run_measured, serving

MODES = ("keep", "hash", "drop")
# Seconds until a program that was started has surely sent its first request.
PATIENCE = 240
every_source = pytest.mark.parametrize("source", SOURCES)


@dataclass(frozen=True)
class Desk:
    """Where a program runs: a folder for its files, and beside it all places where it might leave something."""

    files: Path
    places: Path

    @classmethod
    def at(cls, folder: Path) -> Desk:
        desk = cls(folder / "files", folder / "places")
        for place in (desk.files, *(desk.places / name for name in ("home", "tmp", "cwd"))):
            place.mkdir(parents=True)
        return desk

    def run(self, *command: str | Path, env: Mapping[str, str] | None = None) -> Measured:
        return run_measured([str(part) for part in command], cwd=self.places / "cwd", env={**self.env, **(env or {})})

    @property
    def env(self) -> dict[str, str]:
        return {"HOME": str(self.places / "home"), "TMPDIR": str(self.places / "tmp")}

    def leftovers(self) -> list[Path]:
        """What a program left behind, folders too."""
        return [found for place in self.places.iterdir() for found in place.rglob("*")]


def config_of(source: str, origin: str, mode: str) -> dict[str, Any]:
    credentials = {**SECRETS[source], "app_id": APP_ID} if source == "talentics" else dict(SECRETS[source])
    return {**credentials, "base_url": f"{origin}/api/v1", "personal_data": mode, "rate_limit_requests": 1_000_000}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.at(tmp_path)


def airbyte(desk: Desk, source: str, config: Mapping[str, Any], debug: bool) -> Mapping[str, Callable[[], Measured]]:
    """The commands of an Airbyte source; `read` takes the catalog that `discover` left on the desk."""
    config_path = write_json(desk.files / "config.json", config)
    catalog = desk.files / "catalog.json"
    flags = ["--debug"] if debug else []

    def command(name: str, *more: str | Path) -> Measured:
        return desk.run(*program(source), name, *flags, "--config", config_path, *more)

    def discover() -> Measured:
        result = command("discover")
        messages = [json.loads(line) for line in result.stdout.splitlines()]
        write_json(catalog, configured(next(m["catalog"]["streams"] for m in messages if m["type"] == "CATALOG")))
        return result

    return {
        "check": lambda: command("check"),
        "discover": discover,
        "read": lambda: command("read", "--catalog", catalog),
    }


def singer(desk: Desk, source: str, config: Mapping[str, Any], debug: bool) -> Mapping[str, Callable[[], Measured]]:
    """The commands of a tap; without a catalog it reads all streams."""
    config_path = write_json(desk.files / "config.json", config)
    env = {f"TAP_{source.upper()}_LOGLEVEL": "DEBUG", "LOGLEVEL": "DEBUG"} if debug else {}

    def command(*flags: str) -> Measured:
        return desk.run(Path(sys.executable).parent / f"tap-{source}", "--config", config_path, *flags, env=env)

    return {
        "check": lambda: command("--test=connection"),
        "discover": lambda: command("--discover"),
        "read": command,
    }


PROGRAMS = {"source": airbyte, "tap": singer}
every_program = pytest.mark.parametrize(("source", "kind"), [(source, kind) for source in SOURCES for kind in PROGRAMS])


@pytest.fixture(scope="module")
def catalogs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """A catalog of all streams of each source, so that each test need not ask for it again."""
    found = {}
    for source in SOURCES:
        desk = Desk.at(tmp_path_factory.mktemp(source))
        airbyte(desk, source, config_of(source, "https://127.0.0.1", "keep"), debug=False)["discover"]()
        found[source] = (desk.files / "catalog.json").read_text(encoding="utf-8")
    return found


def split(output: str) -> tuple[dict[str, list[str]], str]:
    """The lines that are records, by stream, and all else."""
    records: dict[str, list[str]] = {}
    others = []
    for line in output.splitlines():
        message = json.loads(line) if line.startswith('{"') else {}
        if message.get("type") == "RECORD":
            # Airbyte's message names the stream inside the record, Singer's beside it.
            stream = message["stream"] if "stream" in message else message["record"]["stream"]
            records.setdefault(stream, []).append(line)
        else:
            others.append(line)
    return records, "\n".join(others)


def assert_tells_nothing(result: Measured, api: CanaryApi, mode: str) -> dict[str, list[str]]:
    """Neither a secret anywhere nor a value outside the records, where none is personal but in `keep`; the records."""
    assert result.exit_code == 0, result.stdout[-3000:] + result.stderr[-3000:]
    records, others = split(result.stdout)
    assert api.canaries.found_in(others + result.stderr) == []
    assert leaked(api.source, result.stdout + result.stderr) == []
    if mode != "keep":
        assert api.canaries.found_in(result.stdout, personal_only=True) == []
    return records


@pytest.mark.parametrize("debug", [False, True], ids=["info", "debug"])
@pytest.mark.parametrize("mode", MODES)
@every_program
def test_values_stay_in_the_records(
    desk: Desk, catalogs: Mapping[str, str], source: str, kind: str, mode: str, debug: bool
) -> None:
    """Every field of every answer bears a canary, with `info` one of the right type, with `debug` one of the wrong."""
    api = CanaryApi.of(source, wrong_types=debug)
    (desk.files / "catalog.json").write_text(catalogs[source], encoding="utf-8")
    with serving(api.answers) as server:
        commands = PROGRAMS[kind](desk, source, config_of(source, server.origin, mode), debug)
        records = assert_tells_nothing(commands["read"](), api, mode)
    # All streams had something to tell, and in `keep` they told it: otherwise the search proves nothing.
    assert set(records) == set(PRIMARY_KEYS[source])
    told = set(api.canaries.found_in("\n".join(chain(*records.values()))))
    assert bool(told & api.canaries.personal) == (mode == "keep")
    assert told & api.canaries.harmless
    assert desk.leftovers() == []


@every_program
def test_check_and_discover_tell_nothing(desk: Desk, source: str, kind: str) -> None:
    api = CanaryApi.of(source)
    with serving(api.answers) as server:
        commands = PROGRAMS[kind](desk, source, config_of(source, server.origin, "hash"), debug=True)
        for name in ("check", "discover"):
            assert_tells_nothing(commands[name](), api, "hash")
    assert server.requests
    assert desk.leftovers() == []


PERSONAL = "mkechozq@example.com"


def echo(*statuses: str, as_it_is: bool = False) -> Callable[[Request], Iterable[bytes]]:
    """Answers that repeat credentials and a personal value wherever there is room for text; the statuses take turns."""
    turns = cycle(statuses)
    rooms = (
        "Location",
        "Retry_After",
        "WWW_Authenticate",
        "X_Total",
        "X_Reset",
        "X_RateLimit_Reset",
        "Set_Cookie",
        "Date",
    )

    def answers(request: Request) -> Iterable[bytes]:
        said = f"{request.headers['authorization']} {PERSONAL}"
        body = said.encode() if as_it_is else {"message": said, "errors": [{"authorization": said}], said: said}
        yield reply(body, f"{next(turns)} {said}", **dict.fromkeys(rooms, said))

    return answers


def assert_keeps_it_to_itself(result: Measured, source: str) -> None:
    assert leaked(source, result.stdout + result.stderr) == []
    assert PERSONAL.lower() not in (result.stdout + result.stderr).lower()


@every_program
def test_a_failed_read_does_not_repeat_what_the_server_echoes(
    desk: Desk, catalogs: Mapping[str, str], source: str, kind: str
) -> None:
    """None of these is tried again: each list fails with one of them."""
    (desk.files / "catalog.json").write_text(catalogs[source], encoding="utf-8")
    with serving(echo("403", "404", "401", "400", "307", "418", "301")) as server:
        result = PROGRAMS[kind](desk, source, config_of(source, server.origin, "keep"), True)["read"]()
    assert server.credentials
    assert result.exit_code != 0
    assert_keeps_it_to_itself(result, source)
    assert desk.leftovers() == []


@pytest.mark.parametrize(
    ("source", "status", "as_it_is"),
    [
        ("talentics", "500", False),
        ("talentio", "429", False),
        ("talentics", "200", False),
        ("talentio", "200", True),
    ],
)
def test_a_failed_check_does_not_repeat_what_the_server_echoes(
    desk: Desk, source: str, status: str, as_it_is: bool
) -> None:
    """What a read would try again for minutes, a check tries once."""
    with serving(echo(status, as_it_is=as_it_is)) as server:
        result = airbyte(desk, source, config_of(source, server.origin, "keep"), debug=True)["check"]()
    assert server.credentials
    assert '"status":"FAILED"' in result.stdout
    assert_keeps_it_to_itself(result, source)


@every_program
@pytest.mark.parametrize("line", ["{}", " {}", "{}\r\nX: y"])
def test_a_header_that_can_not_be_read_is_not_quoted(
    desk: Desk, catalogs: Mapping[str, str], source: str, kind: str, line: str
) -> None:
    """urllib3 would log it, with the credential and somebody's address in it."""
    (desk.files / "catalog.json").write_text(catalogs[source], encoding="utf-8")

    def answers(request: Request) -> Iterable[bytes]:
        credential = request.headers["authorization"]
        broken = line.format(f"{credential} {credential[:-1]} {PERSONAL}")
        body = json.dumps({"data": [], "meta": {"total": 0}} if source == "talentics" else []).encode()
        yield f"HTTP/1.1 200 OK\r\n{broken}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    with serving(answers) as server:
        result = PROGRAMS[kind](desk, source, config_of(source, server.origin, "keep"), True)["read"]()
    assert server.credentials
    assert_keeps_it_to_itself(result, source)
    assert "a header line that can't be read" in result.stdout + result.stderr


@every_program
def test_a_config_that_is_no_json_is_not_quoted(desk: Desk, source: str, kind: str) -> None:
    secret = next(iter(SECRETS[source].values()))
    config = desk.files / "config.json"
    config.write_text(f'{{"credential": "{secret}",}}', encoding="utf-8")
    start = {
        "source": [*program(source), "check"],
        "tap": [str(Path(sys.executable).parent / f"tap-{source}"), "--test=connection"],
    }
    result = desk.run(*start[kind], "--config", config)
    assert result.exit_code != 0
    assert leaked(source, result.stdout + result.stderr) == []


@every_program
def test_a_killed_program_leaves_no_file(desk: Desk, catalogs: Mapping[str, str], source: str, kind: str) -> None:
    """Killed while it waits for an answer, after it has read its config and catalog."""
    (desk.files / "catalog.json").write_text(catalogs[source], encoding="utf-8")
    asked, over = Event(), Event()

    def answers(_: Request) -> Iterable[bytes]:
        asked.set()
        over.wait()
        yield b""

    with serving(answers) as server:
        config = write_json(desk.files / "config.json", config_of(source, server.origin, "hash"))
        commands: dict[str, list[str | Path]] = {
            "source": [*program(source), "read", "--config", config, "--catalog", desk.files / "catalog.json"],
            "tap": [Path(sys.executable).parent / f"tap-{source}", "--config", config],
        }
        with subprocess.Popen(
            [str(part) for part in commands[kind]],
            cwd=desk.places / "cwd",
            env={**plain(), **desk.env},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                assert asked.wait(PATIENCE)
            finally:
                process.kill()
                over.set()
    assert desk.leftovers() == []


def test_the_sandbox_tells_nobody_the_credentials_that_came() -> None:
    """It announces its own, which are known to all; what clients send appears nowhere after that."""
    said = "Bearer mk-nobody-may-see-this"
    command = [sys.executable, "-m", "sandbox", "--json", "--until-input-ends"]
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, cwd=ROOT, text=True, env=plain(), **pipes) as process:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        refused = requests.get(
            f"{announced['talentio']['base_url']}/candidates", headers={"Authorization": said}, timeout=60
        )
        log = requests.get(f"{announced['control']}/requests", timeout=60).text
        process.terminate()
        stdout, stderr = process.communicate()
    assert refused.status_code == 401
    assert "/candidates" in log
    assert "mk-nobody" not in refused.text + log + stdout + stderr
