"""Builds `dbt_recruiting` in a DuckDB file, with dbt as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from demo.program import ROOT, Failed
from demo.tables import opened

PROJECT = ROOT / "dbt_recruiting"
_KEPT = ROOT / ".cache" / "dbt"
# A stream of each source that nobody leaves out: where its table is, there the others are.
_TABLES = {"talentics": ("exams", "tickets", "jobs", "applicants"), "talentio": ("candidates", "candidate_stages")}
_LAST_LINES = 40


class BuildFailed(Failed):
    """dbt gave up; the text says why."""


def build(database: Path) -> None:
    """Builds and tests the models of the sources that the file has tables of. Raises Failed."""
    schemas = schemas_of(database)
    if not schemas:
        raise Failed(f"{database} has no tables of Talentics or Talentio: run `make sync` first")
    variables = {
        **{source: source in schemas for source in _TABLES},
        **{f"{source}_schema": schema for source, schema in schemas.items()},
    }
    done = dbt("build", "--vars", json.dumps(variables), RECRUITING_DUCKDB=str(database))
    if done.returncode:
        told = "\n".join(done.stdout.splitlines()[-_LAST_LINES:])
        raise BuildFailed(f"dbt could not build the models in {database}:\n{told}{done.stderr}")


def dbt(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Calls dbt in the package and waits; `settings` are environment variables, such as those of profiles.yml."""
    command = [str(Path(sys.executable).parent / "dbt"), "--no-use-colors", *arguments]
    environment = {
        # What somebody who works with dbt has set for a project of their own, such as DBT_TARGET, is not for this one.
        **{name: value for name, value in os.environ.items() if not name.startswith("DBT_")},
        "DO_NOT_TRACK": "1",
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(_KEPT / "target"),
        "DBT_LOG_PATH": str(_KEPT / "logs"),
        **settings,
    }
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def schemas_of(database: Path) -> dict[str, str]:
    """The schema of each source's tables in a file that PyAirbyte or target-duckdb wrote."""
    with opened(database) as connection:
        tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
    return {
        source: schema
        for source, names in _TABLES.items()
        for schema, table in sorted(tables, reverse=True)
        if table in names
    }
