"""`make report DUCKDB=output/talentio.duckdb`: the models and the report of tables that `make sync` wrote."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from demo.models import build
from demo.page import SCHEMA, write_pictures, write_report
from demo.program import Failed, run
from demo.tables import opened

_EXAMPLE = "make report DUCKDB=output/talentio.duckdb"
# DuckDB calls a file by its name and cannot tell it from a schema that is called the same, or from its own databases.
_NOT_A_NAME = (SCHEMA, "main", "system", "temp")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program. Exit code 1: the file is not there, or dbt failed."""
    options = argparse.ArgumentParser(prog="python -m demo.own_report", description=__doc__)
    options.add_argument("--duckdb", default="", metavar="FILE", help="a DuckDB file that `make sync` wrote")
    options.add_argument("--pictures", metavar="DIR", type=Path, help="write each picture there too, as SVG")
    given = options.parse_args(arguments)
    return run(lambda: _report(given.duckdb, given.pictures))


def _report(file: str, pictures: Path | None) -> None:
    if not file:
        raise Failed(f"DUCKDB is missing: a file that `make sync` wrote. For example: {_EXAMPLE}")
    database = Path(file).resolve()
    if not database.is_file():
        raise Failed(f"there is no file {file}: run `make sync` first")
    if database.stem in _NOT_A_NAME:
        raise Failed(f"DuckDB cannot tell the file {file} from what it calls {database.stem} itself: rename the file")
    path = database.with_name(f"{database.stem}-report.html")
    print("Building the models …", flush=True)
    build(database)
    with opened(database) as connection:
        write_report(connection, path)
        if pictures:
            write_pictures(connection, pictures)
    print(f"Models  {database}, schema analytics\nReport  {path}")


if __name__ == "__main__":
    raise SystemExit(main())
