"""The way to the server as the machine has it: proxies, CA bundles and clocks that are wrong have names."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import certifi
import pytest

from integration_tests.processes import SOURCES, Sandbox, configured, discovered, program, running_sandbox, write_json
from integration_tests.processes import run as run_program
from integration_tests.scripted_runs import all_streams, check, config_of, empty, read, verdict
from integration_tests.scripted_server import ScriptedServer, run_measured, serving
from integration_tests.singer_programs import arguments, tap

every_source = pytest.mark.parametrize("source", SOURCES)
SECRET_OF_PROXY = "pass-of-the-proxy"

PROXIES = {
    "no package for SOCKS": f"socks5://user:{SECRET_OF_PROXY}@127.0.0.1:9",
    "another scheme": f"ftp://user:{SECRET_OF_PROXY}@127.0.0.1:9",
    "no host": f"http://user:{SECRET_OF_PROXY}@:3128",
    "no host and no port": "http://",
    "a label that is too long": f"http://user:{SECRET_OF_PROXY}@{'a' * 64}.test",
    "a port that is a word": f"http://user:{SECRET_OF_PROXY}@127.0.0.1:port",
    "port 0": f"http://user:{SECRET_OF_PROXY}@127.0.0.1:0",
    "a port too large": f"http://user:{SECRET_OF_PROXY}@127.0.0.1:65536",
    "a slash in the password": f"http://user:1/{SECRET_OF_PROXY}@127.0.0.1:9",
    "a hash in the password": f"http://user:{SECRET_OF_PROXY}#1@127.0.0.1:9",
    "a question mark in the password": f"http://user:1?{SECRET_OF_PROXY}@127.0.0.1:9",
    "a password beyond Latin-1": f"http://user:{SECRET_OF_PROXY}密@127.0.0.1:9",
    "quoted": f"'http://user:{SECRET_OF_PROXY}@127.0.0.1:9'",
    "a blank at its end": f"http://user:{SECRET_OF_PROXY}@127.0.0.1:9 ",
}


@pytest.fixture(scope="module")
def catalogs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[dict[str, Any]]]:
    return all_streams(tmp_path_factory.mktemp("catalogs"))


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """Serves no TLS: a client that gets so far as to speak to it says so."""
    with serving(lambda _: [b""]) as listening:
        yield listening


def base_url_of(server: ScriptedServer) -> str:
    return server.origin.replace("http:", "https:") + "/v1"


@pytest.mark.parametrize("proxy", PROXIES.values(), ids=PROXIES)
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable(
    tmp_path: Path, server: ScriptedServer, proxy: str
) -> None:
    result = check("talentio", base_url_of(server), tmp_path, env={"HTTPS_PROXY": proxy, "NO_PROXY": ""})
    status, words = verdict(result)
    assert status == "FAILED"
    assert words.startswith("HTTPS_PROXY: ")
    assert SECRET_OF_PROXY not in result.stdout + result.stderr
    assert server.requests == []


@pytest.mark.parametrize("variable", ["https_proxy", "ALL_PROXY", "all_proxy"])
@every_source
def test_each_variable_of_a_proxy_is_named_as_it_is_spelled(
    tmp_path: Path, server: ScriptedServer, source: str, variable: str
) -> None:
    result = check(source, base_url_of(server), tmp_path, env={variable: PROXIES["port 0"], "NO_PROXY": ""})
    assert verdict(result)[1].startswith(f"{variable}: ")


def wrong_bundles(folder: Path, good: Path) -> dict[str, str]:
    (folder / "empty").mkdir()
    (folder / "text").write_text("This is no certificate.\n")
    (folder / "broken").write_text(good.read_text()[:-200])
    return {
        "missing": str(folder / "absent.pem"),
        "a blank at its end": f"{good} ",
        "quoted": f'"{good}"',
        "a directory without certificates": str(folder / "empty"),
        "no PEM": str(folder / "text"),
        "a PEM that is cut": str(folder / "broken"),
        # Root may read any file, but not this one.
        "unreadable": "/proc/self/mem",
        "endless": "/dev/zero",
    }


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_that_cannot_be_used_is_named_by_its_variable(
    tmp_path: Path, server: ScriptedServer, variable: str
) -> None:
    for kind, bundle in wrong_bundles(tmp_path, Path(certifi.where())).items():
        result = check("talentics", base_url_of(server), tmp_path, env={variable: bundle})
        status, words = verdict(result)
        assert (status, words.partition(": ")[0]) == ("FAILED", variable), kind
        assert bundle not in words
    assert server.requests == []


@pytest.mark.parametrize("env", [{"HTTPS_PROXY": "ftp://127.0.0.1"}, {"REQUESTS_CA_BUNDLE": "/nowhere"}], ids=str)
@every_source
def test_a_read_and_a_tap_say_the_same_before_any_request(
    tmp_path: Path,
    server: ScriptedServer,
    catalogs: Mapping[str, list[dict[str, Any]]],
    source: str,
    env: dict[str, str],
) -> None:
    base_url = base_url_of(server)
    result = read(source, base_url, tmp_path, catalogs[source], [catalogs[source][0]["name"]], env=env)
    assert result.exit_code == 1
    (variable,) = env
    errors = [(error["failure_type"], error["message"].partition(": ")[0]) for error in result.errors()]
    assert errors == [("config_error", variable)]
    options = arguments(tmp_path, config_of(source, base_url))
    done = run_measured([*tap(source), *options], cwd=tmp_path, env=env)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"{variable}: " in done.stderr
    assert server.requests == []


@every_source
def test_neither_matters_on_the_way_to_this_very_machine(tmp_path: Path, source: str) -> None:
    broken = dict.fromkeys(["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"], PROXIES["another scheme"])
    with serving(lambda _: [empty(source)]) as plain:
        env = {**broken, "NO_PROXY": "", "REQUESTS_CA_BUNDLE": "/nowhere"}
        assert verdict(check(source, f"{plain.origin}/v1", tmp_path, env=env)) == ("SUCCEEDED", "")


def test_a_variable_that_is_empty_is_none(tmp_path: Path, server: ScriptedServer) -> None:
    env = dict.fromkeys(["HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"], "")
    _, words = verdict(check("talentio", base_url_of(server), tmp_path, env=env))
    assert "PROXY" not in words
    assert "BUNDLE" not in words


def test_a_proxy_that_is_down_is_a_passing_fault(tmp_path: Path) -> None:
    env = {"HTTPS_PROXY": f"http://user:{SECRET_OF_PROXY}@127.0.0.1:9", "NO_PROXY": ""}
    result = check("talentio", "https://api.test/v1", tmp_path, env=env)
    assert "the proxy refused the connection" in verdict(result)[1]
    assert SECRET_OF_PROXY not in result.stdout + result.stderr


def test_a_proxy_that_wants_another_password_is_named_by_its_variable(tmp_path: Path) -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with serving(lambda _: [refusal]) as proxy:
        address = proxy.origin.replace("://", f"://user:{SECRET_OF_PROXY}@")
        result = check("talentio", "https://api.test/v1", tmp_path, env={"https_proxy": address, "NO_PROXY": ""})
    status, words = verdict(result)
    assert status == "FAILED"
    assert words.startswith("https_proxy: the proxy asks for a user and password")
    assert SECRET_OF_PROXY not in result.stdout + result.stderr


# --- clocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [10, -10], ids=["the server is ahead", "this machine is ahead"])
@every_source
def test_a_machine_whose_clock_is_days_off_reads_on_from_its_own_state(tmp_path: Path, source: str, ahead: int) -> None:
    now = datetime.now(timezone.utc) + timedelta(days=ahead)
    with running_sandbox(
        "--no-limits", "--tickets", "2", "--candidates", "8", "--now", f"{now:%Y-%m-%dT%H:%M:%SZ}"
    ) as (sandbox):
        config = write_json(tmp_path / "config.json", sandbox.configs[source])
        streams = discovered(run_program(program(source), "discover", "--config", config))
        catalog = write_json(tmp_path / "catalog.json", configured(streams))
        first = run_program(program(source), "read", "--config", config, "--catalog", catalog)
        first.assert_clean()
        state = write_json(tmp_path / "state.json", first.last_states())
        sandbox.forget_requests()
        second = run_program(program(source), "read", "--config", config, "--catalog", catalog, "--state", state)
        second.assert_clean()
        for each in (first, second):
            logs = [message["log"] for message in each.of_type("LOG")]
            (warning,) = [log for log in logs if log["message"].startswith("This machine's clock is ")]
            assert warning["level"] == "WARN"
            # To the second the server's clock is not known.
            side = "behind" if ahead > 0 else "ahead of"
            assert any(f"is {span} {side} the server's" in warning["message"] for span in spans(abs(ahead)))
        refused = refused_state(sandbox, source, now + timedelta(days=3), tmp_path)
    assert "is in the future by the server's clock" in refused


def spans(days: int) -> list[str]:
    return [str(timedelta(days=days, seconds=seconds)) for seconds in range(-60, 60)]


def refused_state(sandbox: Sandbox, source: str, time: datetime, folder: Path) -> str:
    """The words for a list whose state tells this time."""
    stream, field = ("exams", "updated_at") if source == "talentics" else ("candidates", "updatedAt")
    config = write_json(folder / "config.json", sandbox.configs[source])
    streams = discovered(run_program(program(source), "discover", "--config", config))
    catalog = write_json(folder / "catalog.json", configured([it for it in streams if it["name"] == stream]))
    blob = {"stream_descriptor": {"name": stream}, "stream_state": {field: f"{time:%Y-%m-%dT%H:%M:%SZ}"}}
    state = write_json(folder / "state.json", [{"type": "STREAM", "stream": blob}])
    result = run_program(program(source), "read", "--config", config, "--catalog", catalog, "--state", state)
    assert result.exit_code == 1
    (error,) = [error for error in result.errors() if error.get("stream_descriptor")]
    assert error["failure_type"] == "config_error"
    assert f"state of stream {stream} cannot be used" in error["message"]
    return str(error["message"])


@every_source
def test_where_the_server_tells_no_time_a_state_goes_by_this_machines(tmp_path: Path, source: str) -> None:
    with running_sandbox("--no-limits", "--no-date-header") as sandbox:
        told = refused_state(sandbox, source, datetime.now(timezone.utc) + timedelta(days=3), tmp_path)
    assert "is in the future by this machine's clock" in told


# --- requests --------------------------------------------------------------------------------------------------------


@every_source
def test_requests_name_the_source_and_its_version_and_nothing_of_the_machine(tmp_path: Path, source: str) -> None:
    with serving(lambda _: [empty(source)]) as server:
        check(source, f"{server.origin}/v1", tmp_path)
    (request,) = server.requests
    assert request.headers["user-agent"] == f"airbyte-source-{source}/{version('airbyte-source-talentics-talentio')}"


_TRIED = (("talentics", 1), ("talentio", 200))


@pytest.mark.parametrize(
    ("source", "threads"),
    [
        pytest.param(source, threads, marks=() if (source, threads) in _TRIED else pytest.mark.long)
        for source in SOURCES
        for threads in (1, 2, 3, 200)
    ],
)
def test_no_number_in_a_manifest_makes_a_read_hang(tmp_path: Path, source: str, threads: int) -> None:
    level = {"type": "ConcurrencyLevel", "default_concurrency": threads}
    command = [
        sys.executable,
        "-c",
        "import connector_kit.source as kit; load = kit.load_manifest; "
        f"kit.load_manifest = lambda package: {{**load(package), 'concurrency_level': {level}}}; "
        f"from source_{source}.__main__ import main; main()",
    ]
    with running_sandbox("--no-limits", "--tickets", "2", "--candidates", "8") as sandbox:
        config = write_json(tmp_path / "config.json", sandbox.configs[source])
        streams = discovered(run_program(program(source), "discover", "--config", config))
        catalog = write_json(tmp_path / "catalog.json", configured(streams))
        result = run_program(command, "read", "--config", config, "--catalog", catalog, patience=60)
    result.assert_clean()
    assert result.records().keys() == {stream["name"] for stream in streams}
