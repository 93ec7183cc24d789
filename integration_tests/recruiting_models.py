"""Tables as loaders write them, and `dbt_recruiting` built upon them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from integration_tests.meltano_project import postgres_settings
from integration_tests.pipes import Pipe
from integration_tests.postgres import USER, Postgres
from integration_tests.processes import ROOT, SOURCES, Run, Sandbox, run

PROJECT = ROOT / "dbt_recruiting"
_PATIENCE = 900
# A sync of both sources into one file, as `make demo` does it.
_SYNC = """
import json, sys
from pathlib import Path
from demo.airbyte_client import AirbyteClient
client = AirbyteClient(Path(sys.argv[1]).parent / "pyairbyte")
for source, config in json.load(sys.stdin).items():
    client.sync(source, config, Path(sys.argv[1]), source)
"""

Rows = list[tuple[Any, ...]]
Query = Callable[[str], Rows]


def sync(python: Path, sandbox: Sandbox, database: Path, **settings: str) -> None:
    """Both sources into schemas of their own, by PyAirbyte."""
    database.parent.mkdir(exist_ok=True)
    configs = {source: {**sandbox.configs[source], **settings} for source in SOURCES}
    config = database.with_suffix(".json")
    config.write_text(json.dumps(configs), encoding="utf-8")
    done = run(
        ["sh", "-c", 'exec "$0" -c "$1" "$2" < "$3"', str(python), _SYNC, str(database), str(config)],
        cwd=ROOT,
        patience=_PATIENCE,
    )
    assert done.exit_code == 0, done.stdout[-4000:] + done.stderr[-4000:]


def load(
    target: str,
    settings: Mapping[str, Any],
    sandbox: Sandbox,
    catalogs: Mapping[str, dict[str, Any]],
    folder: Path,
) -> None:
    """Both taps into a target, in schemas `tap_talentics` and `tap_talentio`."""
    for source in SOURCES:
        (folder / source).mkdir(parents=True)
        pipe = Pipe(folder / source, sandbox, catalogs, source)
        pipe.load(pipe.read().stdout, target, {**settings, "default_target_schema": f"tap_{source}"})


def build(
    python: Path, target: Path | Postgres, folder: Path, *arguments: str, command: str = "build", **variables: Any
) -> Run:
    """`dbt build`, or another command, on a DuckDB file or a server."""
    name, settings = "duckdb", {"RECRUITING_DUCKDB": str(target)}
    if isinstance(target, Postgres):
        name, settings = "postgres", _server(target)
    return run(
        [str(python.parent / "dbt"), "--no-use-colors", command, "--target", name],
        *arguments,
        "--vars",
        json.dumps(variables),
        cwd=ROOT,
        env={
            "DBT_PROJECT_DIR": str(PROJECT),
            "DBT_PROFILES_DIR": str(PROJECT),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "DO_NOT_TRACK": "1",
            **settings,
        },
        patience=_PATIENCE,
    )


def assert_all_passed(built: Run) -> None:
    """Every model was built and every test passed, without so much as a warning."""
    assert built.exit_code == 0, built.stdout[-6000:] + built.stderr
    assert "WARN=0 ERROR=0 SKIP=0" in built.stdout, built.stdout[-6000:]


def of_duckdb(database: Path) -> Query:
    """Asks a DuckDB file."""

    def query(statement: str) -> Rows:
        with duckdb.connect(database, read_only=True) as connection:
            return connection.execute(statement).fetchall()

    return query


def models(query: Query) -> list[str]:
    """The models that were built, without those of staging."""
    rows = query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'analytics'")
    return sorted(name for (name,) in rows if not name.startswith("stg_"))


def contents(query: Query) -> dict[str, list[str]]:
    """All rows of all models, as text. What dbt adds to a snapshot is left out."""
    found = {}
    for model in models(query):
        rows = query(
            "SELECT column_name FROM information_schema.columns"
            f" WHERE table_schema = 'analytics' AND table_name = '{model}' ORDER BY ordinal_position"
        )
        columns = ", ".join(f'"{name}"' for (name,) in rows if name not in ("dbt_scd_id",))
        found[model] = sorted(str(tuple(map(_plain, row))) for row in query(f"SELECT {columns} FROM analytics.{model}"))
    return found


def _plain(value: Any) -> Any:
    # Databases differ in the last digits of an average, and in the type of a count.
    return round(float(value), 6) if hasattr(value, "__float__") and not isinstance(value, bool) else value


def _server(server: Postgres) -> dict[str, str]:
    settings = postgres_settings(server)
    return {
        "RECRUITING_PGPORT": str(settings["port"]),
        "RECRUITING_PGUSER": USER,
        "RECRUITING_PGPASSWORD": str(settings["password"]),
        "RECRUITING_PGDATABASE": server.database,
    }
