"""Runs of the sources against a server that a test scripts: configs, catalogs, and what they tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from integration_tests.processes import SOURCES, configured, discovered, program, run, write_json
from integration_tests.scripted_server import Measured, reply, run_measured

CREDENTIALS = {
    "talentics": {"app_id": "an-app", "app_secret": "its-long-secret"},
    "talentio": {"access_token": "a-long-access-token"},
}
# Lists that hang on no other.
LISTS = {
    "talentics": ("exams", "jobs"),
    "talentio": ("candidates", "requisitions", "job_titles", "channels", "employees", "employee_groups", "workspaces"),
}


def config_of(source: str, base_url: str) -> dict[str, Any]:
    return {**CREDENTIALS[source], "base_url": base_url, "rate_limit_requests": 1_000_000}


def check(
    source: str, base_url: str, folder: Path, env: Mapping[str, str] | None = None, command: Sequence[str] = ()
) -> Measured:
    config = write_json(folder / "config.json", config_of(source, base_url))
    return run_measured([*(command or program(source)), "check", "--config", str(config)], cwd=folder, env=env)


def all_streams(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The streams of each source, as `discover` gives them."""
    return {
        source: discovered(
            run(
                program(source),
                "discover",
                "--config",
                write_json(folder / source, config_of(source, "https://a.test")),
            )
        )
        for source in SOURCES
    }


def read(
    source: str,
    base_url: str,
    folder: Path,
    streams: Sequence[Mapping[str, Any]],
    names: Iterable[str],
    command: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> Measured:
    selected = configured([stream for stream in streams if stream["name"] in set(names)])
    return run_measured(
        [*(command or program(source)), "read"],
        "--config", write_json(folder / "config.json", config_of(source, base_url)),
        "--catalog", write_json(folder / "catalog.json", selected),
        cwd=folder,
        env=env,
    )  # fmt: skip


def verdict(result: Measured) -> tuple[str, str]:
    (message,) = result.of_type("CONNECTION_STATUS")
    return message["connectionStatus"]["status"], message["connectionStatus"].get("message", "")


def failures(result: Measured) -> dict[str, tuple[str, str]]:
    """Kind and words of what went wrong, by stream."""
    named = [error for error in result.errors() if error.get("stream_descriptor")]
    return {error["stream_descriptor"]["name"]: (error["failure_type"], error["message"]) for error in named}


def empty(source: str) -> bytes:
    """A list without a record."""
    return reply([], X_Total="0") if source == "talentio" else reply({"data": [], "meta": {"total": 0}})


def page(source: str, ids: Iterable[int], total: int | None) -> bytes:
    """A page of a list; its link leads to another server."""
    rows = [{"id": number, "updatedAt": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01 00:00:00"} for number in ids]
    if source == "talentio":
        return reply(rows, **({} if total is None else {"X_Total": str(total)}))
    meta = {} if total is None else {"total": total}
    return reply({"data": rows, "links": {"next": "http://127.0.0.1:9/stolen"}, "meta": meta})
