"""The programs as a user starts them: every command, from anywhere, and what they say when something is wrong."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.expected_rows import PRIMARY_KEYS, expected
from integration_tests.processes import (
    ROOT,
    SOURCES,
    Run,
    Sandbox,
    configured,
    discovered,
    module,
    program,
    run,
    running_sandbox,
    write_json,
)

OTHER = {"talentics": "talentio", "talentio": "talentics"}
STARTS: dict[str, Callable[[str], list[str]]] = {"program": program, "module": module}
SECRET = {"talentics": "app_secret", "talentio": "access_token"}
CHECKED = {"talentics": "exams", "talentio": "employee_groups"}


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    with running_sandbox("--size", "small", "--no-limits") as running:
        yield running


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox without faults, and without the requests of the test before."""
    shared_sandbox.forget_requests()
    yield shared_sandbox
    shared_sandbox.post("faults", {"faults": []})


def with_files_of(folder: Path, source: str) -> Path:
    """The folder, with the files of a connector where a careless program would find them."""
    for name in ("manifest.yaml", "metadata.yaml"):
        shutil.copy(ROOT / f"source_{source}" / name, folder)
    return folder


@pytest.mark.parametrize(
    ("source", "start"), [("talentics", "program"), ("talentio", "program"), ("talentio", "module")]
)
def test_each_command_works_from_a_folder_with_another_manifest(
    sandbox: Sandbox, tmp_path: Path, source: str, start: str
) -> None:
    folder = with_files_of(tmp_path, OTHER[source])
    command = STARTS[start](source)
    config = write_json(folder / "config.json", sandbox.configs[source])

    spec = run(command, "spec", cwd=folder, anew=True)
    check = run(command, "check", "--config", config, cwd=folder, anew=True)
    discover = run(command, "discover", "--config", config, cwd=folder, anew=True)
    for each in (spec, check, discover):
        each.assert_clean()
    (message,) = spec.of_type("SPEC")
    assert SECRET[source] in message["spec"]["connectionSpecification"]["required"]
    assert status(check) == ("SUCCEEDED", "")
    streams = discovered(discover)
    assert {stream["name"] for stream in streams} == PRIMARY_KEYS[source].keys()

    catalog = write_json(folder / "catalog.json", configured(streams))
    read = run(command, "read", "--config", config, "--catalog", catalog, cwd=folder, anew=True)
    read.assert_clean()
    assert keys_of(read.records(), source) == wanted_keys(sandbox, source)


@pytest.mark.parametrize("source", SOURCES)
def test_check_sends_one_request(sandbox: Sandbox, tmp_path: Path, source: str) -> None:
    assert status(check(source, sandbox.configs[source], tmp_path))[0] == "SUCCEEDED"
    assert sandbox.requests_by_endpoint(source) == {CHECKED[source]: 1}


@pytest.mark.parametrize("source", SOURCES)
def test_a_wrong_credential_is_named_and_not_shown(sandbox: Sandbox, tmp_path: Path, source: str) -> None:
    result = check(source, {**sandbox.configs[source], SECRET[source]: "not-the-right-one"}, tmp_path)
    verdict, words = status(result)
    assert verdict == "FAILED"
    assert SECRET[source] in words
    assert "401" in words
    assert "not-the-right-one" not in result.stdout
    assert sandbox.requests_by_endpoint(source) == {CHECKED[source]: 1}


@pytest.mark.parametrize("source", SOURCES)
def test_a_port_where_nobody_listens_fails_the_check(sandbox: Sandbox, tmp_path: Path, source: str) -> None:
    # Bound and not listening: nobody else can take the port while the test runs.
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{silent.getsockname()[1]}/v2"
        result = check(source, {**sandbox.configs[source], "base_url": base_url}, tmp_path)
    verdict, words = status(result)
    assert verdict == "FAILED"
    assert f"/v2/{CHECKED[source]}" in words


@pytest.mark.parametrize("source", SOURCES)
def test_a_stream_that_the_source_lacks_is_refused_by_name(sandbox: Sandbox, tmp_path: Path, source: str) -> None:
    absent = {
        "name": "salaries",
        "json_schema": {"type": "object", "properties": {}},
        "supported_sync_modes": ["full_refresh"],
    }
    catalog = write_json(tmp_path / "catalog.json", configured([absent]))
    config = write_json(tmp_path / "config.json", sandbox.configs[source])
    result = run(program(source), "read", "--config", config, "--catalog", catalog, cwd=tmp_path)
    assert result.exit_code != 0
    (error,) = result.errors()
    assert error["failure_type"] == "config_error"
    assert "salaries" in error["message"]
    assert CHECKED[source] in error["message"], "the message lists what there is"
    assert sandbox.requests_by_endpoint(source) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base_url", "http://api.example.com/v2"),
        ("start_date", "last week"),
        ("rate_limit_period", "15 minutes"),
        ("num_workers", 99),
        ("personal_data_key", ""),
    ],
)
@pytest.mark.parametrize("source", SOURCES)
def test_a_bad_value_is_refused_by_the_name_of_its_field(
    sandbox: Sandbox, tmp_path: Path, source: str, field: str, value: Any
) -> None:
    # A key is asked for where values are to be hashed, and only there.
    hashing = {"personal_data": "hash"} if field == "personal_data_key" else {}
    verdict, words = status(check(source, {**sandbox.configs[source], **hashing, field: value}, tmp_path))
    assert verdict == "FAILED"
    assert words.startswith(f"{field}: ")
    assert sandbox.requests_by_endpoint(source) == {}


@pytest.mark.parametrize("source", SOURCES)
def test_a_missing_credential_is_refused_by_the_name_of_its_field(
    sandbox: Sandbox, tmp_path: Path, source: str
) -> None:
    config = {name: value for name, value in sandbox.configs[source].items() if name != SECRET[source]}
    verdict, words = status(check(source, config, tmp_path))
    assert verdict == "FAILED"
    assert words.startswith(f"{SECRET[source]}: ")


# Every endpoint that the sources read, as the sandbox's faults name paths.
ENDPOINTS = {
    "talentics": (
        "*/v2/exams", "*/exams/*[0-9]", "*/exams/*/tickets", "*/scores", "*/v2/jobs", "*/jobs/[0-9]*[0-9]",
        "*/jobs/*/applicants", "*/jobs/applicants/*[0-9]", "*/employment-application-form",
    ),
    "talentio": (
        "*/candidates", "*/candidates/*[0-9]", "*/comments", "*/requisitions", "*/requisitions/*[0-9]", "*/job_titles",
        "*/channels", "*/employees", "*/employee_groups", "*/workspaces",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        *(("talentics", "html"), ("talentio", "empty"), ("talentics", "badjson")),
        *(
            pytest.param(*it, marks=pytest.mark.long)
            for it in (("talentio", "html"), ("talentics", "empty"), ("talentio", "badjson"))
        ),
        # Many cut answers at once slow all requests down for a minute.
        *(pytest.param(source, "truncated", marks=pytest.mark.long) for source in SOURCES),
    ],
)
def test_an_answer_that_is_none_is_asked_for_again(sandbox: Sandbox, tmp_path: Path, source: str, kind: str) -> None:
    """HTML, `{}` (which has no `data`), cut JSON or a cut body: never an empty page, at any endpoint."""
    order = {"faults": [f"{kind}:{path}:x1" for path in ENDPOINTS[source]]}
    sandbox.post("faults", order)
    result = read(source, sandbox, PRIMARY_KEYS[source], tmp_path)
    result.assert_clean()
    assert [rule["hits"] for rule in sandbox.get("faults")] == [1] * len(ENDPOINTS[source])
    assert keys_of(result.records(), source) == wanted_keys(sandbox, source)


@pytest.mark.parametrize("source", SOURCES)
def test_odd_shapes_and_bytes_cost_no_record(sandbox: Sandbox, tmp_path: Path, source: str) -> None:
    """Each endpoint in turn is odd in another way, at every request."""
    kinds = ("php-list", "bom", "control-char", "bad-utf8", "null-records")
    faults = [f"{kinds[place % len(kinds)]}:{path}" for place, path in enumerate(ENDPOINTS[source])]
    sandbox.post("faults", {"faults": faults})
    result = read(source, sandbox, PRIMARY_KEYS[source], tmp_path)
    result.assert_clean()
    assert keys_of(result.records(), source) == wanted_keys(sandbox, source)


@pytest.mark.parametrize("source", SOURCES)
def test_an_id_that_is_none_fails_its_stream_and_no_other(sandbox: Sandbox, tmp_path: Path, source: str) -> None:
    stream, other = {"talentics": ("exams", "jobs"), "talentio": ("channels", "employees")}[source]
    sandbox.post("faults", {"faults": [f"uuid-ids:*/{stream}"]})
    result = read(source, sandbox, {stream, other}, tmp_path)
    assert result.exit_code != 0
    (error,) = [error for error in result.errors() if error.get("stream_descriptor")]
    assert error["stream_descriptor"]["name"] == stream
    assert f"{stream}: key field id " in error["message"]
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", result.stdout)
    assert 0 not in [row["id"] for row in result.records().get(stream, [])]
    assert keys_of(result.records(), source)[other] == wanted_keys(sandbox, source)[other]
    assert [state for state in result.last_states() if stream in str(state) and "updated" in str(state)] == []


@pytest.mark.parametrize("kind", ["html", "empty", "truncated"])
@pytest.mark.parametrize("source", SOURCES)
def test_check_does_not_take_such_an_answer_for_success(
    sandbox: Sandbox, tmp_path: Path, source: str, kind: str
) -> None:
    sandbox.post("faults", {"faults": [kind]})
    verdict, words = status(check(source, sandbox.configs[source], tmp_path))
    assert verdict == "FAILED"
    assert f"/{CHECKED[source]}" in words


def check(source: str, config: dict[str, Any], folder: Path) -> Run:
    return run(program(source), "check", "--config", write_json(folder / "config.json", config), cwd=folder)


def read(source: str, sandbox: Sandbox, streams: Collection[str], folder: Path) -> Run:
    config = write_json(folder / "config.json", sandbox.configs[source])
    found = discovered(run(program(source), "discover", "--config", config, cwd=folder))
    catalog = configured([stream for stream in found if stream["name"] in streams])
    catalog_path = write_json(folder / "catalog.json", catalog)
    return run(program(source), "read", "--config", config, "--catalog", catalog_path, cwd=folder)


def status(result: Run) -> tuple[str, str]:
    """The verdict of a `check` and the words with it. Fails where the program itself failed or wrote anything else."""
    result.assert_clean()
    (message,) = result.of_type("CONNECTION_STATUS")
    return message["connectionStatus"]["status"], message["connectionStatus"].get("message", "")


def keys_of(rows: dict[str, list[dict[str, Any]]], source: str) -> dict[str, list[tuple[Any, ...]]]:
    """The primary keys of each stream's rows, as often as they came."""
    return {
        stream: sorted(tuple(row[field] for field in key) for row in rows.get(stream, []))
        for stream, key in PRIMARY_KEYS[source].items()
    }


def wanted_keys(sandbox: Sandbox, source: str) -> dict[str, list[tuple[Any, ...]]]:
    return keys_of(expected(source, lambda stream: sandbox.get(f"data/{source}/{stream}")), source)
