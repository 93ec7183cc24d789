"""What the pictures show, counted on a small DuckDB file, and that they can be drawn."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from demo.charts import draw_funnel, draw_scores, funnel, scores

_PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA talentio")
    connection.execute("CREATE SCHEMA talentics")
    connection.execute("CREATE TABLE talentio.candidates (id BIGINT, status VARCHAR)")
    connection.execute("CREATE TABLE talentio.candidate_stages (candidateid BIGINT, type VARCHAR)")
    connection.execute(
        "CREATE TABLE talentics.assessment_scores"
        " (assessment_slug VARCHAR, assessment_name VARCHAR, total_score DECIMAL(38, 9))"
    )
    return connection


def test_the_funnel_counts_how_far_each_candidate_came(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "INSERT INTO talentio.candidates VALUES (1, 'ongoing'), (2, 'fail'), (3, 'poolActive'), (4, 'new'), (5, NULL)"
    )
    connection.execute(
        "INSERT INTO talentio.candidate_stages VALUES"
        " (1, 'contact'), (1, 'interview'), (2, 'resume'), (3, 'contact'), (4, 'unheard of')"
    )

    steps = funnel(connection)

    assert [(step.label, step.total) for step in steps] == [
        ("all candidates", 5), ("contact", 3), ("resume", 2), ("interview", 1), ("reference", 0), ("final", 0),
        ("passed", 0),
    ]  # fmt: skip
    assert steps[0].by_outcome == {"passed": 0, "in selection": 1, "talent pool": 1, "out": 1, "other": 2}
    assert steps[2].by_outcome["out"] == 1


def test_who_passed_has_reached_every_stage(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("INSERT INTO talentio.candidates VALUES (1, 'pass')")

    assert {step.by_outcome["passed"] for step in funnel(connection)} == {1}


def test_scores_are_grouped_by_assessment_the_most_used_first(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "INSERT INTO talentics.assessment_scores VALUES"
        " ('typing', 'Typing', 40), ('english', NULL, 90.5), ('english', NULL, 10), ('typing', 'Typing', NULL)"
    )

    assert scores(connection) == [("english", [10.0, 90.5]), ("Typing", [40.0])]


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 1, 5])
def test_pictures_are_drawn_of_little_data_too(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, count: int
) -> None:
    for number in range(count):
        connection.execute("INSERT INTO talentio.candidates VALUES (?, 'ongoing')", [number])
        connection.execute("INSERT INTO talentics.assessment_scores VALUES (?, 'Tes', 130)", [f"a{number}"])

    draw_funnel(funnel(connection), tmp_path / "funnel.png")
    draw_scores(scores(connection), tmp_path / "scores.png")

    assert (tmp_path / "funnel.png").read_bytes().startswith(_PNG)
    assert (tmp_path / "scores.png").read_bytes().startswith(_PNG)
