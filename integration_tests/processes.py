"""The sandbox and the programs as processes, as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from integration_tests.warm_programs import is_ours, run_warm

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("talentics", "talentio")
# Long enough for a loaded machine; a program that hangs fails its own test and not the whole run.
PATIENCE = 240


@dataclass(frozen=True)
class Sandbox:
    """A sandbox that runs as a process of its own."""

    configs: Mapping[str, dict[str, Any]]
    control: str

    def get(self, path: str) -> Any:
        return self._json(requests.get(f"{self.control}/{path}", timeout=60))

    def post(self, path: str, body: Any) -> Any:
        return self._json(requests.post(f"{self.control}/{path}", json=body, timeout=60))

    def forget_requests(self) -> None:
        requests.delete(f"{self.control}/requests", timeout=60).raise_for_status()

    def requests_by_endpoint(self, source: str) -> dict[str, int]:
        """The number of requests since `forget_requests`, by endpoint."""
        counts = self.get("requests?entries=false")["summary"]["by_endpoint"]
        prefix = f"{source}."
        return {
            name.removeprefix(prefix): count["requests"] for name, count in counts.items() if name.startswith(prefix)
        }

    @staticmethod
    def _json(response: requests.Response) -> Any:
        response.raise_for_status()
        return response.json()


@contextmanager
def running_sandbox(*options: str) -> Iterator[Sandbox]:
    """`python -m sandbox` with the options, for as long as the block lasts."""
    # The pipe's end tells the sandbox that we are gone, even where we were killed.
    command = [sys.executable, "-m", "sandbox", "--json", "--until-input-ends", *options]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        try:
            assert process.stdout is not None
            announced = json.loads(process.stdout.readline())
            control = announced.pop("control")
            yield Sandbox(announced, control)
        finally:
            process.terminate()


@dataclass(frozen=True)
class Run:
    """What a program did."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Every line of stdout as a protocol message. Fails where one is none."""
        return [_message(line) for line in self.stdout.splitlines()]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    def records(self) -> dict[str, list[dict[str, Any]]]:
        """The records by stream, in the order in which they came."""
        found: dict[str, list[dict[str, Any]]] = {}
        for message in self.of_type("RECORD"):
            found.setdefault(message["record"]["stream"], []).append(message["record"]["data"])
        return found

    def last_states(self) -> list[dict[str, Any]]:
        """The last state of each stream, as a state file for the next sync takes it."""
        last = {message["state"]["stream"]["stream_descriptor"]["name"]: message for message in self.of_type("STATE")}
        return [message["state"] for message in last.values()]

    def errors(self) -> list[dict[str, Any]]:
        traces = [message["trace"] for message in self.of_type("TRACE")]
        return [trace["error"] for trace in traces if trace["type"] == "ERROR"]

    def assert_clean(self) -> None:
        """Exit code 0, nothing on stderr, nothing but protocol messages on stdout, no error among them."""
        assert (self.exit_code, self.stderr) == (0, "")
        assert self.messages
        assert self.errors() == []


def _message(line: str) -> dict[str, Any]:
    message = json.loads(line)
    assert isinstance(message, dict), line[:200]
    assert message["type"] in ("RECORD", "STATE", "LOG", "TRACE", "SPEC", "CATALOG", "CONNECTION_STATUS"), line[:200]
    return message


def program(source: str) -> list[str]:
    """The installed program of a source."""
    return [str(Path(sys.executable).parent / f"source-{source}")]


def module(source: str) -> list[str]:
    """The same as `python -m`."""
    return [sys.executable, "-m", f"source_{source}"]


def run(
    command: Sequence[str],
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    patience: float = PATIENCE,
    anew: bool = False,
) -> Run:
    """Runs a program to its end, which comes within `patience` seconds. `env` comes on top of the environment.

    Ours begin behind their imports, see `warm_programs`; with `anew` they start as they do at a user's.
    """
    # What the test run itself sets must not leak into a program that a user would start from a plain shell.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment |= env or {}
    words = [*command, *map(str, arguments)]
    if not anew and is_ours(words, env):
        warm = run_warm(words, cwd, environment, patience)
        return Run(warm.exit_code, warm.stdout, warm.stderr)
    done = subprocess.run(
        words,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=patience,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def write_json(path: Path, value: Any) -> Path:
    """A file for its owner alone, as it may hold a credential; it lies in a temporary folder of the test."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(value, file)
    return path


def discovered(run_of_discover: Run) -> list[dict[str, Any]]:
    """The streams of a `discover`."""
    (message,) = run_of_discover.of_type("CATALOG")
    streams: list[dict[str, Any]] = message["catalog"]["streams"]
    return streams


def configured(streams: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A catalog that selects the streams, incremental where they can be."""
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": "incremental" if "incremental" in stream["supported_sync_modes"] else "full_refresh",
                "destination_sync_mode": "append_dedup",
            }
            for stream in streams
        ]
    }


def unshared(kind: str, *options: str) -> list[str]:
    """What a command is put behind to run in a namespace of its own. Skips the test where this machine allows none."""
    wrapper = ["unshare", "--map-root-user", *options]
    try:
        possible = subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        possible = False
    if not possible:
        pytest.skip(f"needs unshare and the right to make {kind} namespaces")
    return wrapper
