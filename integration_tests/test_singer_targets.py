"""A tap piped into a target, without Meltano: resuming, deletions, batches, and values that nobody promises."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from integration_tests.expected_rows import PRIMARY_KEYS, expected
from integration_tests.meltano_project import (
    TARGETS,
    DuckDb,
    JsonLines,
    Loaded,
    PostgresTables,
    postgres_settings,
)
from integration_tests.pipes import Pipe
from integration_tests.postgres import Postgres
from integration_tests.processes import Sandbox, running_sandbox

pytestmark = [pytest.mark.timeout(1800), pytest.mark.usefixtures("plugins")]

SIZE = ("--candidates=12", "--employees=6", "--requisitions=3", "--exams=1", "--jobs=3", "--applicants=4")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(*SIZE, "--no-limits") as running:
        yield running


def ids(loaded: Loaded, source: str, stream: str) -> Counter[int]:
    return Counter({key: rows for (key,), rows in loaded.cells(source, stream, "id").items()})


def living(sandbox: Sandbox, source: str, stream: str) -> Counter[int]:
    return Counter(record["id"] for record in sandbox.get(f"data/{source}/{stream}"))


def in_schema(postgres: Postgres, name: str) -> tuple[PostgresTables, dict[str, Any]]:
    """Tables of this name's schema, and the settings with which target-postgres fills them."""
    return PostgresTables(postgres, name), {**postgres_settings(postgres), "default_target_schema": name}


def test_a_pipe_goes_on_from_the_last_state_of_the_target(
    sandbox: Sandbox, catalogs: Mapping[str, dict[str, Any]], tmp_path: Path
) -> None:
    pipe = Pipe(tmp_path, sandbox, catalogs, "talentio")
    database = DuckDb(tmp_path / "loaded.duckdb", "piped")
    settings = {"filepath": str(database.file), "default_target_schema": "piped"}
    pipe.load(pipe.read().stdout, "target-duckdb", settings)
    assert ids(database, "talentio", "candidates") == living(sandbox, "talentio", "candidates")

    sandbox.post("record", {"do": "create", "kind": "candidates"})
    sandbox.forget_requests()
    second = pipe.read()
    pipe.load(second.stdout, "target-duckdb", settings)
    assert ids(database, "talentio", "candidates") == living(sandbox, "talentio", "candidates")
    assert sandbox.requests_by_endpoint("talentio")["candidate"] == 1


def test_only_a_complete_read_deletes_rows_in_the_target(
    sandbox: Sandbox, catalogs: Mapping[str, dict[str, Any]], postgres: Postgres, tmp_path: Path
) -> None:
    # With one request at a time, the job whose applicants were read last is the last in the next read too.
    pipe = Pipe(tmp_path, sandbox, catalogs, "talentics", emit_activate_version_messages=True, num_workers=1)
    tables, settings = in_schema(postgres, "deleting")
    settings["hard_delete"] = True
    pipe.load(pipe.read({"applicants"}).stdout, "target-postgres", settings)
    before = living(sandbox, "talentics", "applicants")
    assert ids(tables, "talentics", "applicants") == before

    gone = min(before)
    sandbox.post("record", {"do": "delete", "kind": "applicants", "id": gone})
    last = sandbox.get("requests")["requests"][-1]["path"]
    assert last.endswith("/applicants")
    sandbox.post("settings", {"answers": [[last, 403]]})
    broken = pipe.read({"applicants"})
    assert broken.exit_code == 1
    assert '"ACTIVATE_VERSION"' not in broken.stdout
    assert '"RECORD"' in broken.stdout
    pipe.load(broken.stdout, "target-postgres", settings)
    assert ids(tables, "talentics", "applicants") == before

    sandbox.post("settings", {"answers": []})
    complete = pipe.read({"applicants"})
    kinds = [json.loads(line)["type"] for line in complete.stdout.splitlines()]
    assert kinds.index("ACTIVATE_VERSION") > max(at for at, kind in enumerate(kinds) if kind == "RECORD")
    pipe.load(complete.stdout, "target-postgres", settings)
    assert (
        ids(tables, "talentics", "applicants") == living(sandbox, "talentics", "applicants") == before - Counter([gone])
    )


def test_batches_load_the_same_rows(
    sandbox: Sandbox, catalogs: Mapping[str, dict[str, Any]], postgres: Postgres, tmp_path: Path
) -> None:
    files = tmp_path / "batches"
    files.mkdir()
    batches = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": files.as_uri(), "prefix": "talentio-"},
    }
    pipe = Pipe(tmp_path, sandbox, catalogs, "talentio", batch_config=batches)
    tables, settings = in_schema(postgres, "batches")
    written = pipe.read()
    assert '"RECORD"' not in written.stdout
    pipe.load(written.stdout, "target-postgres", settings)
    raw = {stream: sandbox.get(f"data/talentio/{stream}") for stream in sandbox.get("data")["talentio"]}
    for stream, rows in expected("talentio", raw.__getitem__).items():
        assert tables.cells("talentio", stream, *PRIMARY_KEYS["talentio"][stream]).total() == len(rows), stream


def test_values_that_the_api_does_not_promise_stop_no_target(
    sandbox: Sandbox, catalogs: Mapping[str, dict[str, Any]], postgres: Postgres, tmp_path: Path
) -> None:
    odd = {
        "lastName": "A\0B",
        "gender": 5,
        "priority": 2**65,
        "appliedAt": "",
        "joinedAt": "2024/01/01 10:00",
        "birthAt": "soon",
        "maybeDuplicated": "yes",
        "tags": {"id": 1},
        "description": {"any": ["thing", None]},
        "customFields": [{"id": 1, "label": "x", "value": value} for value in (1, True, {"v": [2]}, "x", None, 1.5)],
        "未知-フィールド.x": 1,
        "x-" * 40: [{"deep": {"er": 1}}],
    }
    candidates = [candidate["id"] for candidate in sandbox.get("data/talentio/candidates")]
    sandbox.post("record", {"do": "update", "kind": "candidates", "id": candidates[0], "fields": odd})
    pipe = Pipe(tmp_path, sandbox, catalogs, "talentio")
    messages = pipe.read()
    assert messages.exit_code == 0, messages.stderr[-4000:]

    tables, postgres_with_schema = in_schema(postgres, "odd")
    database = DuckDb(tmp_path / "loaded.duckdb", "odd")
    lines = tmp_path / "lines"
    targets: dict[str, tuple[Loaded, dict[str, Any]]] = {
        "target-jsonl": (JsonLines(lines), {"destination_path": str(lines), "do_timestamp_file": False}),
        "target-duckdb": (database, {"filepath": str(database.file), "default_target_schema": "odd"}),
        "target-postgres": (tables, postgres_with_schema),
    }
    assert targets.keys() == set(TARGETS)
    for target, (loaded, settings) in targets.items():
        pipe.load(messages.stdout, target, settings)
        assert ids(loaded, "talentio", "candidates") == Counter(candidates), target
