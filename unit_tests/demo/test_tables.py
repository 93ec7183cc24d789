"""What a sync did to a table, counted on a small DuckDB file, and how it is printed."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from demo.program import Failed
from demo.report import demo_table, footnote, sync_table
from demo.streams import Stream
from demo.tables import Difference, contents, difference, opened, render, table_names


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA talentio")
    connection.execute("CREATE TABLE talentio.channels (id BIGINT, name VARCHAR, _airbyte_raw_id VARCHAR)")
    connection.execute("CREATE TABLE talentio._airbyte_state (stream_name VARCHAR)")
    connection.execute("INSERT INTO talentio.channels VALUES (1, 'web', 'a'), (2, NULL, 'b'), (3, 'agent', 'c')")
    return connection


def test_rows_written_again_as_they_were_are_no_change(connection: duckdb.DuckDBPyConnection) -> None:
    before = contents(connection, "talentio", "channels")
    connection.execute("UPDATE talentio.channels SET _airbyte_raw_id = 'new'")

    assert difference(connection, "talentio", "channels", before, "id") == Difference(3, 0, frozenset())


def test_new_and_different_rows_are_counted_and_named(connection: duckdb.DuckDBPyConnection) -> None:
    before = contents(connection, "talentio", "channels")
    connection.execute("UPDATE talentio.channels SET name = 'referral' WHERE id = 2")
    connection.execute("INSERT INTO talentio.channels VALUES (4, 'web', 'd')")

    assert difference(connection, "talentio", "channels", before, "id") == Difference(4, 2, frozenset({2, 4}))


def test_without_a_key_changes_are_counted_only(connection: duckdb.DuckDBPyConnection) -> None:
    assert difference(connection, "talentio", "channels", frozenset()) == Difference(3, 3, frozenset())


def test_a_table_that_is_not_there_has_no_rows(connection: duckdb.DuckDBPyConnection) -> None:
    assert contents(connection, "talentio", "employees") == frozenset()
    assert difference(connection, "talentio", "employees", frozenset(), "id") == Difference(0, 0, frozenset())


def test_the_clients_books_are_no_streams(connection: duckdb.DuckDBPyConnection) -> None:
    assert table_names(connection, "talentio") == ["channels"]


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "talentio.duckdb"
    file.write_text("not a database " * 1000)

    with pytest.raises(Failed, match=r"talentio\.duckdb"), opened(file):
        pass


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    table = render(("stream", "rows"), [("jobs", "1,200"), ("applicants", "3")], right=(1,))

    assert table.splitlines() == [
        "stream       rows",
        "──────────  ─────",
        "jobs        1,200",
        "applicants      3",
    ]


def test_the_demos_table_gives_requests_of_both_syncs_and_names_the_streams_without_any() -> None:
    streams = [Stream("candidates", incremental=True), Stream("candidate_stages", incremental=True)]
    differences = {
        "candidates": Difference(1200, 5, frozenset()),
        "candidate_stages": Difference(30, 7, frozenset()),
    }
    first, second = ({"talentio.candidates": {"requests": count, "distinct_urls": count}} for count in (12, 1))

    lines = demo_table("talentio", streams, differences, first, second).splitlines()

    assert [line.split() for line in lines[2:]] == [
        ["candidates", "1,200", "5", "12", "→", "1"],
        ["candidate_stages", "30", "7", "with", "candidates"],
        ["all", "1,230", "12", "12", "→", "1"],
    ]


def test_requests_are_found_under_the_endpoints_own_name() -> None:
    streams = [Stream("candidate_comments", incremental=True)]
    differences = {"candidate_comments": Difference(3, 0, frozenset())}
    log = {"talentio.comments": {"requests": 4}}

    assert "4 → 0" in demo_table("talentio", streams, differences, log, {})


def test_streams_without_a_cursor_are_marked_and_explained() -> None:
    streams = [Stream("jobs", incremental=True), Stream("applicants", incremental=False)]
    differences = {stream.name: Difference(1, 0, frozenset()) for stream in streams}

    table = sync_table(streams, differences)

    assert "applicants *" in table
    assert "jobs *" not in table
    assert footnote(streams).startswith("*")
    assert footnote(streams[:1]) == ""
