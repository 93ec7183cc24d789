"""With `detect_deletions: mark`, real destinations lose what is gone: all of the row but its key, and when it went."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from integration_tests.meltano_project import postgres_settings, tap_program
from integration_tests.pipes import Pipe
from integration_tests.postgres import Postgres
from integration_tests.processes import Sandbox, run, running_sandbox, write_json

pytestmark = pytest.mark.timeout(1800)

SIZE = (
    "--candidates=12",
    "--employees=6",
    "--requisitions=3",
    "--exams=2",
    "--tickets=3",
    "--jobs=2",
    "--applicants=3",
)
MARK = {"detect_deletions": "mark"}
PYAIRBYTE = Path(__file__).with_name("pyairbyte_program.py")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(*SIZE, "--no-limits") as running:
        yield running


def delete(sandbox: Sandbox, kind: str, source: str, stream: str) -> int:
    """Delete the first record of a kind, and return its id."""
    gone: int = sandbox.get(f"data/{source}/{stream}")[0]["id"]
    sandbox.post("record", {"do": "delete", "kind": kind, "id": gone})
    return gone


def held(row: Mapping[str, Any]) -> set[str]:
    """The columns that hold something, without those that the destination adds."""
    return {name for name, value in row.items() if value is not None and not name.startswith(("_airbyte", "_sdc"))}


def test_pyairbyte_empties_the_row_and_keeps_its_key_and_the_mark(
    sandbox: Sandbox, pyairbyte: Path, tmp_path: Path
) -> None:
    database = tmp_path / "recruiting.duckdb"

    def sync() -> None:
        command = [str(pyairbyte), str(PYAIRBYTE), str(database), "{}", "candidates", "candidate_details", "deletions"]
        config = json.dumps({**sandbox.configs["talentio"], **MARK})
        done = subprocess.run(command, input=config, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    def rows(table: str) -> dict[int, dict[str, Any]]:
        with duckdb.connect(database, read_only=True) as connection:
            found = connection.execute(f"SELECT * FROM talentio.{table}")
            names = [column[0] for column in found.description or []]
            return {row["id"]: row for row in (dict(zip(names, values, strict=True)) for values in found.fetchall())}

    sync()
    before = rows("candidates")
    assert not any(row["_ab_cdc_deleted_at"] for row in before.values())
    gone = delete(sandbox, "candidates", "talentio", "candidates")
    sync()
    for table in ("candidates", "candidate_details"):
        after = rows(table)
        assert after.keys() == before.keys()
        assert held(after[gone]) == {"id", "updatedat", "_ab_cdc_deleted_at"}
        assert [number for number, row in after.items() if row["_ab_cdc_deleted_at"]] == [gone]
    assert [(row["stream"], row["id"]) for row in rows("deletions").values()] == [("candidates", gone)]


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(
    ("source", "kind", "streams"),
    [
        ("talentio", "candidates", ("candidates", "candidate_details")),
        ("talentics", "applicants", ("applicants", "applicant_details")),
    ],
)
def test_target_postgres_empties_the_row_and_keeps_its_key_and_the_mark(
    sandbox: Sandbox, postgres: Postgres, tmp_path: Path, source: str, kind: str, streams: tuple[str, ...]
) -> None:
    schema = f"gone_{source}"
    config = write_json(tmp_path / "config.json", {**sandbox.configs[source], **MARK})
    catalog = json.loads(run([tap_program(f"tap-{source}")], "--config", config, "--discover").stdout)
    pipe = Pipe(tmp_path, sandbox, {f"tap-{source}": catalog}, source, **MARK)
    settings = {**postgres_settings(postgres), "default_target_schema": schema, "hard_delete": True}

    def sync() -> None:
        read = pipe.read({*streams, "deletions"})
        assert read.exit_code == 0, read.stderr[-2000:]
        # Not the message that hides all rows that did not come again: it is for complete reads.
        assert '"ACTIVATE_VERSION"' not in read.stdout
        pipe.load(read.stdout, "target-postgres", settings)

    def rows(table: str) -> dict[int, dict[str, Any]]:
        found = postgres.query(f'SELECT id, row_to_json(it) FROM "{schema}"."{table}" it')
        return {int(number): row for number, row in found}

    sync()
    before = rows(streams[0])
    gone = delete(sandbox, kind, source, streams[0])
    sync()
    for table in streams:
        after = rows(table)
        assert after.keys() == before.keys()
        assert held(after[gone]) <= {"id", "updatedAt"}
        assert [number for number, row in after.items() if row["_sdc_deleted_at"]] == [gone]
    assert [(row["stream"], row["id"]) for row in rows("deletions").values()] == [(streams[0], gone)]
