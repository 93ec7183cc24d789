"""The ways that docs/BEHAVIOR.md tells for changing `personal_data` leave no clear value in tables that existed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest

from integration_tests.meltano_project import postgres_settings, tap_program
from integration_tests.pipes import Pipe
from integration_tests.postgres import Postgres
from integration_tests.processes import Sandbox, run, running_sandbox, write_json

pytestmark = pytest.mark.timeout(1800)

SIZE = ("--candidates=12", "--employees=6", "--requisitions=3", "--exams=1", "--jobs=1")
# Names, contacts, a time, and numbers and booleans.
STREAMS = ("candidates", "employees", "evaluation_items")
# The harder of the two modes: columns change their type, which `drop` leaves as it is.
HASH = {"personal_data": "hash", "personal_data_key": "a long random text that is never changed"}
JAPAN = timezone(timedelta(hours=9))
PROGRAM = Path(__file__).with_name("pyairbyte_program.py")

Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(*SIZE, "--no-limits") as running:
        yield running


@pytest.mark.parametrize("target", ["target-duckdb", "target-postgres"])
@pytest.mark.usefixtures("plugins")
def test_a_target_whose_tables_and_state_were_dropped(
    sandbox: Sandbox,
    catalogs: Mapping[str, dict[str, Any]],
    postgres: Postgres,
    tmp_path: Path,
    target: str,
) -> None:
    schema = "changed"
    database = tmp_path / "loaded.duckdb"
    in_duckdb = target == "target-duckdb"
    settings = {"filepath": str(database)} if in_duckdb else postgres_settings(postgres)
    query = of_duckdb(database) if in_duckdb else postgres.query
    clear = clear_values(sandbox, timezone.utc)

    def load(folder: str, catalog: dict[str, Any], **changed: str) -> None:
        # A folder of its own has no state.
        (tmp_path / folder).mkdir()
        pipe = Pipe(tmp_path / folder, sandbox, {"tap-talentio": catalog}, "talentio", **changed)
        pipe.load(pipe.read(STREAMS).stdout, target, {**settings, "default_target_schema": schema})

    load("before", catalogs["tap-talentio"])
    assert clear <= held(query, schema), "the test looks for values that come into the tables otherwise"

    sandbox.post("record", {"do": "delete", "kind": "candidates", "id": min(living(sandbox))})
    drop = f'DROP SCHEMA "{schema}" CASCADE'
    if in_duckdb:
        with duckdb.connect(database) as connection:
            connection.execute(drop)
    else:
        postgres.execute(drop)
    config = write_json(tmp_path / "config.json", {**sandbox.configs["talentio"], **HASH})
    load("after", json.loads(run([tap_program("tap-talentio")], "--discover", "--config", config).stdout), **HASH)
    assert not clear & held(query, schema)
    assert {key for (key,) in query(f'SELECT id FROM "{schema}".candidates')} == living(sandbox)


def test_pyairbyte_told_to_replace_and_to_read_everything(sandbox: Sandbox, pyairbyte: Path, tmp_path: Path) -> None:
    database = tmp_path / "recruiting.duckdb"
    query = of_duckdb(database)
    clear = clear_values(sandbox, JAPAN)

    def sync(changed: Mapping[str, Any], **options: Any) -> None:
        config = json.dumps({**sandbox.configs["talentio"], **changed})
        command: list[str | Path] = [pyairbyte, PROGRAM, database, json.dumps(options), *STREAMS]
        done = subprocess.run(command, input=config, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]

    sync({})
    assert clear <= held(query, "talentio"), "the test looks for values that come into the tables otherwise"

    sandbox.post("record", {"do": "delete", "kind": "candidates", "id": min(living(sandbox))})
    sync(HASH, write_strategy="replace", force_full_refresh=True)
    assert not clear & held(query, "talentio")
    assert {key for (key,) in query("SELECT id FROM talentio.candidates")} == living(sandbox)

    # What it remembers now is of the new tables: the next sync goes on from there.
    new = sandbox.post("record", {"do": "create", "kind": "candidates"})["id"]
    clear = clear_values(sandbox, JAPAN)
    sandbox.forget_requests()
    sync(HASH)
    assert (new,) in query("SELECT id FROM talentio.candidates")
    assert not clear & held(query, "talentio")
    assert sandbox.requests_by_endpoint("talentio")["candidate"] == 1


def living(sandbox: Sandbox) -> set[int]:
    return {record["id"] for record in sandbox.get("data/talentio/candidates")}


def clear_values(sandbox: Sandbox, zone: timezone) -> set[str]:
    """Personal values of the sandbox, as a table shows them that has times of this zone."""
    candidates, employees = (sandbox.get(f"data/talentio/{stream}") for stream in ("candidates", "employees"))
    born = [datetime.fromisoformat(one["birthAt"]) for one in candidates if one["birthAt"]]
    return {
        *(person["email"] for person in (*candidates, *employees) if person["email"]),
        *(employee["name"] for employee in employees),
        *(str(time.astimezone(zone).replace(tzinfo=None)) for time in born),
    }


def held(query: Query, schema: str) -> set[str]:
    """Every value of every column of every table, as text."""
    tables = query(f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{schema}'")
    return {str(value) for (table,) in tables for row in query(f'SELECT * FROM "{schema}"."{table}"') for value in row}


def of_duckdb(file: Path) -> Query:
    def query(statement: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(file, read_only=True) as connection:
            return connection.execute(statement).fetchall()

    return query
