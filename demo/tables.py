"""Plain text tables and counts of rows, read from the DuckDB file that the Airbyte client wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from demo.program import Failed

_OWN_COLUMNS = ("_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta")


@dataclass(frozen=True)
class Difference:
    """What a sync did to a table."""

    rows: int
    """Rows in the table now."""
    changed: int
    """Rows that are new, or whose content is another than before."""
    changed_keys: frozenset[int]
    """The values of the key column in these rows."""


@contextmanager
def opened(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB file, to be read. Raises Failed where it cannot be."""
    try:
        connection = duckdb.connect(database, read_only=True)
    except duckdb.IOException as problem:
        raise Failed(f"cannot open {database}: close other programs that use it. DuckDB says: {problem}") from None
    with connection:
        yield connection


def table_names(connection: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    """The tables of streams in a schema, without those that the client keeps its books in."""
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = ? AND NOT starts_with(table_name, '_airbyte')",
        [schema],
    ).fetchall()
    return [name for (name,) in rows]


def contents(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> frozenset[int]:
    """A hash of each row, without the columns that the client adds. Empty where there is no such table yet."""
    return frozenset(content for content, _ in _rows(connection, schema, table, key="NULL"))


def difference(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, before: frozenset[int], key: str | None = None
) -> Difference:
    """A table compared with its earlier contents. `key` names a column of integers."""
    rows = _rows(connection, schema, table, key=f'"{key}"' if key else "NULL")
    changed = [value for content, value in rows if content not in before]
    return Difference(len(rows), len(changed), frozenset(value for value in changed if value is not None))


def _rows(connection: duckdb.DuckDBPyConnection, schema: str, table: str, *, key: str) -> list[tuple[int, int | None]]:
    columns = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?", [schema, table]
    ).fetchall()
    content = ", ".join(f'"{column}"' for (column,) in columns if column not in _OWN_COLUMNS)
    return connection.sql(f'SELECT hash({content}), {key} FROM "{schema}"."{table}"').fetchall() if columns else []


def render(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A table of text under its headings. Columns whose number is in `right` are set flush right."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        placed = (
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join(placed).rstrip()

    return "\n".join([line(headings), "  ".join("─" * width for width in widths), *map(line, rows)])
