"""The report's page and its pictures, on small tables."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import duckdb
import pytest

from demo import own_report
from demo.models import dbt, schemas_of
from demo.page import answers, page, write_report
from demo.pictures import Bar, bars, columns, standalone
from demo.questions import QUESTIONS

_SVG = "{http://www.w3.org/2000/svg}"


def svg(text: str) -> ET.Element:
    """The picture in the text; browsers need no namespace inside a page."""
    start = text.index("<svg")
    return ET.fromstring(text[start : text.index("</svg>") + 6].replace("<svg", f'<svg xmlns="{_SVG[1:-1]}"', 1))


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA analytics")
    return connection


def load(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "CREATE TABLE analytics.interviewer_load AS SELECT * FROM (VALUES"
        " (1, '<b>佐藤</b>', 3, 1, 4), (2, 'Ann', 2, 0, 2), (1, '<b>佐藤</b>', 2, 0, 2))"
        " AS t(employee_id, employee_label, finished, unfinished, evaluations)"
    )
    connection.execute("CREATE TABLE analytics.time_to_hire (days_to_decision DOUBLE)")
    connection.execute("INSERT INTO analytics.time_to_hire VALUES (12), (18.5), (44), (1000), (NULL)")


def test_bars_are_as_long_as_their_values() -> None:
    drawn = svg(bars([Bar("all", [30, 10], "40"), Bar("some", [20, 0], "20")], ("in", "out")))

    # The first two are the legend's.
    widths = [float(rect.attrib["width"]) for rect in drawn.iter(f"{_SVG}rect")][2:]
    assert widths[0] == pytest.approx(3 * widths[1], abs=0.2)
    assert widths[2] == pytest.approx(2 * widths[1], abs=0.2)
    assert len(widths) == 3
    assert [title.text for title in drawn.iter(f"{_SVG}title")] == ["all, in: 30", "all, out: 10", "some, in: 20"]
    assert drawn.attrib["aria-label"] == "all 40, some 20"


@pytest.mark.parametrize(("other", "told"), [(0, []), (4, ["Started, other: 4"])])
def test_the_funnel_has_room_for_a_status_that_nobody_knows(other: int, told: list[str]) -> None:
    (question,) = (one for one in QUESTIONS if one.name == "funnel")

    drawn = question.picture([("Started", 10, 1, 2, 0, 3, other)])

    assert [it.text for it in svg(drawn).iter(f"{_SVG}title") if "other" in (it.text or "")] == told
    assert ("other" in drawn) == bool(other)


def test_columns_are_as_high_as_their_values_and_nothing_has_none() -> None:
    drawn = svg(columns([("0", 5), ("10", 0), ("20", 10)], "score"))

    heights = [float(rect.attrib["height"]) for rect in drawn.iter(f"{_SVG}rect")]
    assert heights == [65, 130]
    assert [text.text for text in drawn.iter(f"{_SVG}text")] == ["5", "0", "10", "10", "20", "score"]


def test_a_picture_in_a_file_of_its_own_holds_all_that_the_page_has() -> None:
    both = standalone(bars([Bar("all", [1], "1")]) + columns([("0", 5)], "score"))

    drawn = ET.fromstring(both)
    assert [text.text for text in drawn.iter(f"{_SVG}text")] == ["all", "1", "5", "0", "score"]
    assert [float(inner.attrib.get("y", 0)) for inner in drawn.findall(f"{_SVG}svg")] == [0, 44]


def test_long_names_are_shortened_in_the_picture_and_whole_in_words() -> None:
    name = "採用担当者の長い名前" * 3
    drawn = svg(bars([Bar(name, [1], "1")]))

    shown = next(drawn.iter(f"{_SVG}text")).text or ""
    assert shown.endswith("…")
    assert len(shown) < len(name)
    assert name in drawn.attrib["aria-label"]


def test_a_page_has_the_questions_whose_models_are_built(connection: duckdb.DuckDBPyConnection) -> None:
    load(connection)

    assert [answer.question.name for answer in answers(connection)] == ["time_to_hire", "interviewers"]
    assert {answer.question.name: answer.rows for answer in answers(connection)} == {
        "time_to_hire": [(10, 2), (40, 1), (180, 1)],
        "interviewers": [("<b>佐藤</b>", 5, 1, 6), ("Ann", 2, 0, 2)],
    }


def test_what_stands_in_the_data_is_text_to_the_page(connection: duckdb.DuckDBPyConnection) -> None:
    load(connection)
    shown = page(connection)

    assert "<b>" not in shown
    assert "&lt;b&gt;佐藤&lt;/b&gt;" in shown
    assert "<td class=number>5</td><td class=number>1</td><td class=number>6</td>" in shown


def test_the_page_loads_and_runs_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    load(connection)
    shown = page(connection)

    assert "default-src 'none'" in shown
    for word in ("<script", "<link", "<img", "src=", "url(", "http:", "https:", "@import"):
        assert word not in shown


def test_an_account_without_data_has_a_page_too(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    load(connection)
    connection.execute("DELETE FROM analytics.time_to_hire")
    write_report(connection, tmp_path / "report.html")

    assert "No rows yet." in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_score_that_is_far_off_leaves_the_page_small(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "CREATE TABLE analytics.assessment_results AS SELECT 'a' AS assessment_slug, 'A' AS assessment_name, score"
        " AS total_score FROM (VALUES (5.0), (12.0), (30000000.0)) AS t(score)"
    )

    shown = page(connection)

    assert len(shown) < 20_000
    assert ">30000000</text>" in shown


def test_each_question_is_asked_once() -> None:
    assert len({question.name for question in QUESTIONS}) == len(QUESTIONS)


@pytest.mark.parametrize(
    ("file", "told"), [("", "DUCKDB is missing"), ("/nowhere/talentio.duckdb", "run `make sync` first")]
)
def test_a_file_that_is_not_there_is_named(file: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert own_report.main(["--duckdb", file]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("name", ["analytics", "main"])
def test_a_file_whose_name_duckdb_uses_itself_is_to_be_renamed(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"{name}.duckdb"
    duckdb.connect(file).close()

    assert own_report.main(["--duckdb", str(file)]) == 1
    assert f"from what it calls {name} itself: rename the file" in capsys.readouterr().err


def test_what_is_set_for_another_dbt_project_is_not_for_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "dbt"
    program.write_text("#!/bin/sh\nenv\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("DBT_TARGET", "production")

    told = dbt("build", RECRUITING_DUCKDB="some.duckdb").stdout.splitlines()

    assert "RECRUITING_DUCKDB=some.duckdb" in told
    assert not [line for line in told if line.startswith("DBT_TARGET=")]


@pytest.mark.parametrize(
    ("statements", "schemas"),
    [
        (["CREATE TABLE jobs (id INT)"], {"talentics": "main"}),
        (["CREATE SCHEMA tap_talentio", "CREATE TABLE tap_talentio.candidates (id INT)"], {"talentio": "tap_talentio"}),
        (["CREATE TABLE another (id INT)"], {}),
    ],
)
def test_tables_are_found_in_whichever_schema_they_are(
    tmp_path: Path, statements: list[str], schemas: dict[str, str]
) -> None:
    database = tmp_path / "some.duckdb"
    with duckdb.connect(database) as connection:
        for statement in statements:
            connection.execute(statement)

    assert schemas_of(database) == schemas
