"""The sandbox as a process of its own, stopped when the block ends, and its control endpoints."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from demo.program import ROOT, Failed

_SECONDS = 30


class SandboxFailed(Failed):
    """The sandbox did not start."""


class RunningSandbox:
    """What the sandbox printed when it started, and calls to its control endpoints."""

    def __init__(self, announced: dict[str, Any]) -> None:
        self._announced = announced
        self._session = requests.Session()
        # Loopback is reached directly, whatever proxy the environment names.
        self._session.trust_env = False

    def config(self, source: str) -> dict[str, Any]:
        """The config with which a source reads this sandbox."""
        return dict(self._announced[source])

    def take_requests(self) -> dict[str, dict[str, int]]:
        """Requests by endpoint since the last call."""
        summary = self._call("GET", "/requests?entries=false")["summary"]
        self._call("DELETE", "/requests")
        return dict(summary["by_endpoint"])

    def change(self, created: int, updated: int, deleted: int) -> dict[str, dict[str, list[Any]]]:
        """Makes random changes; gives the ids by `created`, `updated`, `deleted` and by kind of record."""
        order = {"created": created, "updated": updated, "deleted": deleted}
        return dict(self._call("POST", "/change", order))

    def delete(self, kind: str, number: int) -> None:
        """Deletes one record."""
        self._call("POST", "/record", {"do": "delete", "kind": kind, "id": number})

    def living_ids(self, source: str, stream: str) -> set[int]:
        """The ids that the API would list now."""
        return {record["id"] for record in self._call("GET", f"/data/{source}/{stream}")}

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        response = self._session.request(method, self._announced["control"] + path, json=body, timeout=_SECONDS)
        response.raise_for_status()
        return response.json()


@contextmanager
def running_sandbox(size: str, *options: str) -> Iterator[RunningSandbox]:
    """Runs a sandbox without limits on a free port for as long as the block lasts. Raises SandboxFailed.

    `options` are further ones of the sandbox's own.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--size", size, *options, "--no-limits", "--json", "--until-input-ends"],
        cwd=ROOT,
        # Nothing is written to it: its end tells the sandbox that we are gone, even where we were killed.
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C reaches us alone: the sandbox goes last, after the source that reads it.
        start_new_session=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise SandboxFailed(f"the sandbox ended with exit code {process.wait()} before it could be reached")
        yield RunningSandbox(json.loads(line))
    finally:
        process.terminate()
        try:
            process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
