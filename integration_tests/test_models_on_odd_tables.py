"""`dbt_recruiting` on tables that no sandbox fills: rows that are gone or came twice, few columns, other types."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from integration_tests.processes import ROOT, run
from integration_tests.recruiting_models import Query, build, of_duckdb

pytestmark = pytest.mark.timeout(900)

# As Airbyte's destinations write: the API's names, times with a zone, and in append mode all versions of a row.
TABLES = """
CREATE SCHEMA talentio;
CREATE TABLE talentio.candidates (
    "id" BIGINT, "status" VARCHAR, "email" VARCHAR, "appliedAt" TIMESTAMPTZ, "updatedAt" TIMESTAMPTZ,
    "birthAt" VARCHAR, "requisition" JSON, "_ab_cdc_deleted_at" TIMESTAMPTZ, "_airbyte_extracted_at" TIMESTAMPTZ
);
INSERT INTO talentio.candidates VALUES
    (1, 'ongoing', 'Ann@Example.com ', '2026-01-31 23:30:00+09', '2026-02-01 10:00:00+09', repeat('a', 64),
     '{"id": 7, "name": "Cook", "jobTitle": {"id": 3, "name": "Kitchen"}}', NULL, '2026-02-02 00:00:00+00'),
    (1, 'pass', 'Ann@Example.com ', '2026-01-31 23:30:00+09', '2026-02-03 10:00:00+09', '2001-02-03T00:00:00+09:00',
     '{"id": 7, "name": "Cook", "jobTitle": {"id": 3, "name": "Kitchen"}}', NULL, '2026-02-04 00:00:00+00'),
    (2, 'pass', 'gone@example.com', '2026-01-01 00:00:00+09', '2026-01-02 00:00:00+09', NULL, NULL, NULL,
     '2026-02-02 00:00:00+00'),
    (2, NULL, NULL, NULL, '2026-02-04 00:00:00+00', NULL, NULL, '2026-02-04 00:00:00+00', '2026-02-04 00:00:00+00'),
    (3, 'new word', NULL, NULL, '2026-02-01 00:00:00+09', NULL, NULL, NULL, '2026-02-02 00:00:00+00'),
    (4, 'fail', NULL, NULL, '2026-01-15 00:00:00+09', NULL, NULL, NULL, '2026-02-02 00:00:00+00'),
    (4, NULL, NULL, NULL, '2026-02-04 00:00:00+00', NULL, NULL, '2026-02-04 00:00:00+00', '2026-02-04 00:00:00+00'),
    (4, 'fail', NULL, NULL, '2026-01-15 00:00:00+09', NULL, NULL, NULL, '2026-02-05 00:00:00+00');
CREATE TABLE talentio.candidate_stages (
    "id" BIGINT, "type" VARCHAR, "candidateId" BIGINT, "candidateUpdatedAt" TIMESTAMPTZ, "createdAt" TIMESTAMPTZ,
    "fixedAt" TIMESTAMPTZ
);
INSERT INTO talentio.candidate_stages VALUES
    (11, 'contact', 1, '2026-02-03 10:00:00+09', '2026-02-01 00:00:00+09', '2026-02-02 12:00:00+09'),
    (12, 'interview', 1, '2026-02-01 10:00:00+09', '2026-02-01 00:00:00+09', NULL),
    (21, 'final', 2, '2026-01-02 00:00:00+09', '2026-01-01 00:00:00+09', NULL);
"""


@pytest.fixture(scope="module")
def query(pyairbyte: Path, tmp_path_factory: pytest.TempPathFactory) -> Query:
    folder = tmp_path_factory.mktemp("odd")
    database = folder / "loaded.duckdb"
    with duckdb.connect(database) as connection:
        connection.execute(TABLES)
    built = build(pyairbyte, database, folder, talentics=False, recruiting_time_zone="Asia/Tokyo")
    assert built.exit_code == 0, built.stdout[-6000:]
    # The vendor's new word, and a job opening that was not loaded: both are told and stop nothing.
    assert "WARN=2 ERROR=0 SKIP=0" in built.stdout
    return of_duckdb(database)


def test_of_a_row_that_came_twice_the_newest_counts_and_one_that_is_gone_does_not(query: Query) -> None:
    found = query("SELECT candidate_id, status, outcome, email FROM analytics.candidate ORDER BY 1")
    assert found[:2] == [(1, "pass", "passed", "ann@example.com"), (3, "new word", "other", None)]


def test_a_row_that_came_back_with_its_old_time_counts_although_the_mark_has_a_later_one(query: Query) -> None:
    assert query("SELECT candidate_id, status FROM analytics.candidate WHERE candidate_id = 4") == [(4, "fail")]


def test_a_stage_that_is_older_than_its_sibling_is_gone_and_so_are_those_of_a_candidate_who_is(query: Query) -> None:
    assert query("SELECT stage_id, days_in_stage FROM analytics.stage_history") == [(11, 1.5)]


def test_times_and_months_are_in_the_zone_that_was_asked_for(query: Query) -> None:
    assert query(
        "SELECT applied_at, cast(applied_month AS VARCHAR) FROM analytics.candidate WHERE candidate_id = 1"
    ) == [(datetime(2026, 1, 31, 23, 30), "2026-01-01")]


def test_what_a_table_lacks_is_null_and_a_hash_is_no_time(query: Query) -> None:
    staged = "analytics.stg_talentio__candidates"
    assert query(f"SELECT DISTINCT channel_id, last_name FROM {staged}") == [(None, None)]
    assert query(f"SELECT birth_at FROM {staged} WHERE id = 1") == [(datetime(2001, 2, 3),)]
    assert query("SELECT job_title FROM analytics.candidate ORDER BY candidate_id") == [
        ("Kitchen",),
        ("none",),
        ("none",),
    ]


def test_a_stream_that_was_not_selected_has_no_rows(query: Query) -> None:
    assert query("SELECT count(*) FROM analytics.evaluation_detail") == [(0,)]
    assert query("SELECT count(*) FROM analytics.requisition_health") == [(0,)]


@pytest.mark.long
def test_make_report_builds_what_is_there_and_writes_the_page_beside_it(pyairbyte: Path, tmp_path: Path) -> None:
    database = tmp_path / "talentio.duckdb"
    with duckdb.connect(database) as connection:
        # Where `make sync` has its tables.
        connection.execute(TABLES.replace("CREATE SCHEMA talentio;", "").replace("talentio.", "main."))

    done = run([str(pyairbyte), "-m", "demo.own_report", "--duckdb", str(database)], cwd=ROOT)

    page = tmp_path / "talentio-report.html"
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].split() == ["Report", str(page)]
    assert re.findall(r'<section id="(\w+)">', page.read_text(encoding="utf-8")) == [
        "funnel", "time_in_stage", "time_to_hire", "sources", "interviewers", "requisitions",
    ]  # fmt: skip


def test_other_databases_get_sql_without_a_connection(pyairbyte: Path, tmp_path: Path) -> None:
    database = tmp_path / "empty.duckdb"
    compiled = build(pyairbyte, database, tmp_path, "--no-introspect", command="compile")

    written = tmp_path / "target/compiled/dbt_recruiting/models/staging/talentio/stg_talentio__candidates.sql"
    assert compiled.exit_code == 0, compiled.stdout[-4000:]
    assert 'cast("lastName" as TEXT) as last_name' in written.read_text(encoding="utf-8")
