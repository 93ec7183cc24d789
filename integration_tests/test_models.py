"""`dbt_recruiting` on the tables of each loader, in each mode of personal data: it says what the sandbox holds."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from demo.page import answers, write_report
from demo.questions import QUESTIONS
from demo.tables import opened
from integration_tests.browser import Browser, find_browser
from integration_tests.meltano_project import postgres_settings
from integration_tests.postgres import Postgres
from integration_tests.processes import Sandbox, running_sandbox
from integration_tests.recruiting_models import (
    Query,
    assert_all_passed,
    build,
    contents,
    load,
    models,
    of_duckdb,
    sync,
)

pytestmark = pytest.mark.timeout(1800)

OF_TALENTICS = ["applicant_assessment", "aspect_profile", "assessment_results", "exam_completion", "form_answers"]
OF_TALENTIO = [
    "candidate", "candidate_status_history", "evaluation_detail", "hiring_funnel", "interviewer_load",
    "requisition_health", "source_effectiveness", "stage_history", "time_to_hire",
]  # fmt: skip
OF_BOTH = ["candidate_assessment"]
HASH = {"personal_data": "hash", "personal_data_key": "a long random text that is never changed"}
SINGER = {"talentics_schema": "tap_talentics", "talentio_schema": "tap_talentio"}
PLACES = {"contact": 1, "resume": 2, "interview": 3, "reference": 4, "final": 5}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox("--story", "--no-limits", "--tickets=20", "--candidates=60") as running:
        yield running


@pytest.fixture(scope="module")
def loaded(pyairbyte: Path, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both sources in clear, and the models upon them."""
    database = tmp_path_factory.mktemp("keep") / "loaded.duckdb"
    sync(pyairbyte, sandbox, database)
    assert_all_passed(build(pyairbyte, database, database.parent))
    return database


@pytest.fixture
def browser() -> Browser:
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium or Chrome is installed; CHROMIUM=/path/to/it names one")
    return Browser(program)


@pytest.fixture
def query(loaded: Path) -> Query:
    return of_duckdb(loaded)


def test_all_models_are_built_and_the_second_time_they_are_the_same(pyairbyte: Path, loaded: Path) -> None:
    query = of_duckdb(loaded)
    before = contents(query)
    assert sorted(before) == sorted(OF_TALENTICS + OF_TALENTIO + OF_BOTH)
    assert [model for model, rows in before.items() if not rows] == []

    assert_all_passed(build(pyairbyte, loaded, loaded.parent))

    assert contents(query) == before


def test_the_funnel_counts_the_sandboxs_candidates(sandbox: Sandbox, query: Query) -> None:
    reached = [
        6 if one["status"] == "pass" else max((PLACES[stage["type"]] for stage in one["stages"]), default=0)
        for one in sandbox.get("data/talentio/candidates")
    ]

    assert query("SELECT place, sum(candidates) FROM analytics.hiring_funnel GROUP BY place ORDER BY place") == [
        (place, sum(far >= place for far in reached)) for place in range(7)
    ]


def test_hires_take_as_long_as_in_the_sandbox(sandbox: Sandbox, query: Query) -> None:
    days = sorted(
        (at(one["fixedAt"]) - at(one["appliedAt"])).total_seconds() / 86_400
        for one in sandbox.get("data/talentio/candidates")
        if one["status"] == "pass"
    )

    found = query("SELECT days_to_decision FROM analytics.time_to_hire ORDER BY days_to_decision")
    assert [row[0] for row in found] == pytest.approx(days)


def test_times_in_stages_channels_and_opinions_are_the_sandboxs(sandbox: Sandbox, query: Query) -> None:
    details = sandbox.get("data/talentio/candidate_details")
    in_stage: dict[str, list[float]] = {}
    for stage in (stage for one in details for stage in one["stages"] if stage["fixedAt"]):
        days = (at(stage["fixedAt"]) - at(stage["createdAt"])).total_seconds() / 86_400
        in_stage.setdefault(stage["type"], []).append(days)
    levels = [
        item["input"]
        for one in details
        for stage in one["stages"]
        for mark in stage["evaluations"]
        for item in mark["items"]
        if item["type"] == "5level" and item["input"] is not None
    ]

    found: dict[str, float | None] = dict(
        query("SELECT stage_type, median(days_in_stage) FROM analytics.stage_history GROUP BY stage_type")
    )
    assert {kind: pytest.approx(statistics.median(days)) for kind, days in in_stage.items()} == {
        kind: median for kind, median in found.items() if median is not None
    }
    assert Counter(dict(query("SELECT channel_id, candidates FROM analytics.source_effectiveness"))) == Counter(
        one["channelId"] for one in details
    )
    given = query("SELECT number_given FROM analytics.evaluation_detail WHERE item_type = '5level'")
    assert sorted(number for (number,) in given if number is not None) == sorted(levels)


def test_all_times_are_in_one_zone(sandbox: Sandbox, query: Query) -> None:
    """Talentio's in Japan's, tickets' in UTC, exams' in Indonesia's: the models' are all UTC."""

    def moments(source: str, stream: str, field: str, zone: str = "") -> list[datetime]:
        texts = (record[field] for record in sandbox.get(f"data/{source}/{stream}"))
        return sorted(utc(mended(text) + zone) for text in texts if text)

    for model, column, expected in (
        ("candidate", "applied_at", moments("talentio", "candidates", "appliedAt")),
        ("assessment_results", "finished_at", moments("talentics", "tickets", "finished_at")),
        ("exam_completion", "opens_at", moments("talentics", "exams", "started_at", "+07:00")),
    ):
        found = query(f"SELECT {column} FROM analytics.{model} WHERE {column} IS NOT NULL")
        assert {moment for (moment,) in found} == set(expected)


def test_tests_and_their_persons_are_the_sandboxs(sandbox: Sandbox, query: Query) -> None:
    tickets = {ticket["id"]: ticket for ticket in sandbox.get("data/talentics/tickets")}
    results = [
        (tickets[scores["ticket_id"]]["email"], result["assessment_slug"], result["total_score"])
        for scores in sandbox.get("data/talentics/ticket_scores")
        for result in scores["results"]
    ]
    applicants = Counter(one["email"] for one in sandbox.get("data/talentics/applicants"))
    candidates = Counter(one["email"] for one in sandbox.get("data/talentio/candidates"))

    def matched(people: Counter[str]) -> list[tuple[Any, ...]]:
        return sorted((slug, score or -1) for mail, slug, score in results for _ in range(people[mail]))

    for model, people in (("applicant_assessment", applicants), ("candidate_assessment", candidates)):
        found = query(f"SELECT assessment_slug, coalesce(total_score, -1) FROM analytics.{model}")
        assert sorted(found) == matched(people)
        assert found
    assert query("SELECT sum(invited), sum(finished) FROM analytics.exam_completion") == [
        (len(tickets), sum(ticket["finished_at"] is not None for ticket in tickets.values()))
    ]


def test_a_browser_shows_the_report_with_the_tables_figures(browser: Browser, loaded: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    with opened(loaded) as connection:
        write_report(connection, path)
        expected = {answer.question.name: answer.rows for answer in answers(connection)}

    shown = browser.show(path, width=360, dark=True)

    assert shown.console == []
    assert list(expected) == [question.name for question in QUESTIONS]
    assert shown.tables.keys() == expected.keys()
    for name, rows in expected.items():
        assert [[cell_of(value) for value in row] for row in rows] == shown.tables[name]
        assert shown.pictures[name] > 0
    assert shown.content_width <= 360, "a phone need not scroll to the side"
    assert browser.show(path, width=900).background != shown.background


@pytest.mark.long
@pytest.mark.parametrize(
    ("without", "expected"), [("talentics", OF_TALENTIO), ("talentio", OF_TALENTICS)], ids=["talentio", "talentics"]
)
def test_each_source_builds_alone(
    pyairbyte: Path, loaded: Path, tmp_path: Path, without: str, expected: list[str]
) -> None:
    database = tmp_path / "alone.duckdb"
    copied = of_duckdb(loaded)("SELECT schema_name, table_name FROM duckdb_tables()")
    statements = [f'CREATE TABLE "{schema}"."{table}" AS FROM kept."{schema}"."{table}"' for schema, table in copied]
    write(database, loaded, [line for line in statements if f'"{without}"."' not in line and '"analytics"' not in line])

    variables: dict[str, Any] = {without: False}
    assert_all_passed(build(pyairbyte, database, tmp_path, **variables))

    assert models(of_duckdb(database)) == sorted(expected)


@pytest.mark.long
def test_pass_rates_by_gender_are_built_only_when_asked_for(pyairbyte: Path, loaded: Path, sandbox: Sandbox) -> None:
    assert "pass_rate_by_gender" not in models(of_duckdb(loaded))

    assert_all_passed(
        build(pyairbyte, loaded, loaded.parent, "--select", "pass_rate_by_gender", pass_rates_by_gender=True)
    )

    counted = Counter(one["gender"] or "not told" for one in sandbox.get("data/talentio/candidates"))
    query = of_duckdb(loaded)
    assert dict(query("SELECT gender, reached FROM analytics.pass_rate_by_gender WHERE place = 0")) == counted
    write(loaded, None, ["DROP TABLE analytics.pass_rate_by_gender"])


@pytest.mark.long
def test_persons_meet_under_hash_and_none_can_be_read(
    pyairbyte: Path, loaded: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    database = tmp_path / "hashed" / "loaded.duckdb"
    sync(pyairbyte, sandbox, database, **HASH)

    assert_all_passed(build(pyairbyte, database, tmp_path))

    query, clear = of_duckdb(database), of_duckdb(loaded)
    for model in ("applicant_assessment", "candidate_assessment"):
        count = f"SELECT assessment_slug, count(*) FROM analytics.{model} GROUP BY ALL ORDER BY ALL"
        assert query(count) == clear(count)
    funnel = "SELECT place, sum(candidates) FROM analytics.hiring_funnel GROUP BY ALL ORDER BY ALL"
    assert query(funnel) == clear(funnel)
    shown = str(contents(query))
    people = [*sandbox.get("data/talentio/candidates"), *sandbox.get("data/talentics/applicants")]
    assert [one["email"] for one in people if one["email"] and one["email"] in shown] == []


@pytest.mark.long
def test_without_personal_data_the_counts_stay(pyairbyte: Path, loaded: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    database = tmp_path / "dropped" / "loaded.duckdb"
    sync(pyairbyte, sandbox, database, personal_data="drop")

    assert_all_passed(build(pyairbyte, database, tmp_path))

    query, clear = of_duckdb(database), of_duckdb(loaded)
    for model in ("hiring_funnel", "stage_history", "exam_completion", "time_to_hire", "requisition_health"):
        assert contents(query)[model] == contents(clear)[model]
    assert query("SELECT count(*) FROM analytics.applicant_assessment") == [(0,)]


@pytest.mark.long
@pytest.mark.usefixtures("plugins")
def test_singer_targets_give_the_same_models(
    pyairbyte: Path,
    loaded: Path,
    sandbox: Sandbox,
    catalogs: Mapping[str, dict[str, Any]],
    postgres: Postgres,
    tmp_path: Path,
) -> None:
    expected = contents(of_duckdb(loaded))
    database = tmp_path / "singer.duckdb"

    load("target-duckdb", {"filepath": str(database)}, sandbox, catalogs, tmp_path / "duckdb")
    assert_all_passed(build(pyairbyte, database, tmp_path, **SINGER))
    assert contents(of_duckdb(database)) == expected

    load("target-postgres", postgres_settings(postgres), sandbox, catalogs, tmp_path / "postgres")
    assert_all_passed(build(pyairbyte, postgres, tmp_path, **SINGER))
    assert contents(postgres.query) == expected


def cell_of(value: Any) -> str:
    """A value as a table of the page has it."""
    if isinstance(value, str):
        return value
    if value is None:
        return "–"
    digits = 0 if value == int(value) else 2 if abs(value) < 10 else 1
    return f"{value:,.{digits}f}"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return at(text).astimezone(timezone.utc).replace(tzinfo=None)


def mended(text: str) -> str:
    """A time as Python 3.10 reads it: days of two digits, an offset for Z."""
    day, _, clock = text.replace(" ", "T").partition("T")
    year, month, number = day.split("-")
    return f"{year}-{month}-{number:0>2}T{clock.replace('.000000Z', '+00:00')}"


def write(database: Path, other: Path | None, statements: list[str]) -> None:
    """Executes statements in a file; another is attached as `kept`."""
    import duckdb

    with duckdb.connect(database) as connection:
        if other:
            connection.execute(f"ATTACH '{other}' AS kept (READ_ONLY)")
            for schema in ("talentics", "talentio"):
                connection.execute(f"CREATE SCHEMA {schema}")
        for statement in statements:
            connection.execute(statement)
