"""Plain text tables and counts of rows, read from the DuckDB file that the Airbyte client wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from demo.program import Failed

DELETED_AT = "_ab_cdc_deleted_at"
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
    deleted_keys: frozenset[int] = frozenset()
    """The values of the key column in all rows that are marked as deleted."""


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
    return frozenset(content for content, _, _ in _rows(connection, schema, table, key="NULL"))


def difference(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, before: frozenset[int], key: str | None = None
) -> Difference:
    """A table compared with its earlier contents. `key` names a column of integers."""
    rows = _rows(connection, schema, table, key=f'"{key}"' if key else "NULL")
    changed = [value for content, value, _ in rows if content not in before]
    deleted = [value for _, value, is_deleted in rows if is_deleted]
    return Difference(len(rows), len(changed), _keys(changed), _keys(deleted))


def row_of(connection: duckdb.DuckDBPyConnection, schema: str, table: str, number: int) -> dict[str, str]:
    """The columns of the row with this `id` that hold something, as text."""
    found = connection.execute(f'SELECT * FROM "{schema}"."{table}" WHERE id = ?', [number])
    names = [column[0] for column in found.description or []]
    values = found.fetchone() or ()
    return {
        name: str(value)
        for name, value in zip(names, values, strict=bool(values))
        if value is not None and name not in _OWN_COLUMNS
    }


def _keys(values: list[int | None]) -> frozenset[int]:
    return frozenset(value for value in values if value is not None)


def _rows(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, *, key: str
) -> list[tuple[int, int | None, bool]]:
    found = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?", [schema, table]
    ).fetchall()
    columns = [name for (name,) in found]
    if not columns:
        return []
    content = ", ".join(f'"{name}"' for name in columns if name not in _OWN_COLUMNS)
    is_deleted = f"{DELETED_AT} IS NOT NULL" if DELETED_AT in columns else "false"
    return connection.sql(f'SELECT hash({content}), {key}, {is_deleted} FROM "{schema}"."{table}"').fetchall()


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
