"""`dbt_recruiting` on tables that no sandbox fills: rows that are gone or came twice, few columns, other types."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

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
    (4, 'fail', NULL, NULL, '2026-02-01 00:00:00+09', NULL, NULL, NULL, '2026-02-02 00:00:00+00'),
    (4, NULL, NULL, NULL, '2026-02-04 00:00:00+00', NULL, NULL, '2026-02-04 00:00:00+00', '2026-02-04 00:00:00+00'),
    (4, 'fail', NULL, NULL, '2026-02-01 00:00:00+09', NULL, NULL, NULL, '2026-02-06 00:00:00+00');
CREATE TABLE talentio.candidate_stages (
    "id" BIGINT, "type" VARCHAR, "candidateId" BIGINT, "candidateUpdatedAt" TIMESTAMPTZ, "createdAt" TIMESTAMPTZ,
    "fixedAt" TIMESTAMPTZ
);
INSERT INTO talentio.candidate_stages VALUES
    (11, 'contact', 1, '2026-02-03 10:00:00+09', '2026-02-01 00:00:00+09', '2026-02-02 12:00:00+09'),
    (12, 'interview', 1, '2026-02-01 10:00:00+09', '2026-02-01 00:00:00+09', NULL),
    (21, 'final', 2, '2026-01-02 00:00:00+09', '2026-01-01 00:00:00+09', NULL);
"""

# In New York the clocks of 2026 are put forward on March 8th and back on November 1st, at two in the morning.
WHERE_CLOCKS_CHANGE = """
CREATE SCHEMA talentio;
CREATE TABLE talentio.candidates ("id" BIGINT, "status" VARCHAR, "updatedAt" TIMESTAMPTZ,
    "_ab_cdc_deleted_at" TIMESTAMPTZ, "_airbyte_extracted_at" TIMESTAMPTZ);
INSERT INTO talentio.candidates VALUES
    (1, 'ongoing', '2026-11-01 05:50:00+00', NULL, '2026-11-01 05:55:00+00'),
    (1, 'pass', '2026-11-01 06:10:00+00', NULL, '2026-11-01 06:15:00+00'),
    (2, 'pass', '2026-10-01 00:00:00+00', NULL, '2026-10-01 00:00:00+00'),
    (2, NULL, '2026-11-01 00:00:00+00', '2026-11-01 00:00:00+00', '2026-11-01 00:00:00+00');
CREATE TABLE talentio.candidate_stages ("id" BIGINT, "type" VARCHAR, "candidateId" BIGINT,
    "candidateUpdatedAt" TIMESTAMPTZ, "createdAt" TIMESTAMPTZ, "fixedAt" TIMESTAMPTZ);
INSERT INTO talentio.candidate_stages VALUES
    (11, 'resume', 1, '2026-11-01 05:50:00+00', '2026-03-07 12:00:00+00', NULL),
    (12, 'contact', 1, '2026-11-01 06:10:00+00', '2026-03-07 12:00:00+00', '2026-03-09 12:00:00+00');
CREATE TABLE talentio.stage_evaluations ("id" BIGINT, "finished" BOOLEAN, "employee" JSON, "candidateId" BIGINT,
    "candidateUpdatedAt" TIMESTAMPTZ, "evaluatedAt" TIMESTAMPTZ);
INSERT INTO talentio.stage_evaluations VALUES
    (111, true, '{"id": 5}', 1, '2026-11-01 06:10:00+00', '2026-03-08 12:00:00+00'),
    (211, true, '{"id": 5}', 2, '2026-10-01 00:00:00+00', '2026-03-08 12:00:00+00');
CREATE TABLE talentio.evaluation_items ("evaluationId" BIGINT, "position" BIGINT, "type" VARCHAR,
    "inputNumber" DOUBLE, "candidateId" BIGINT, "candidateUpdatedAt" TIMESTAMPTZ);
INSERT INTO talentio.evaluation_items VALUES (111, 0, '5level', 7, 1, '2026-11-01 06:10:00+00');
-- As PyAirbyte appends: it drops offsets, of times that are Japan's, and of the tombstone's, which is UTC's.
CREATE TABLE talentio.employees (id BIGINT, name VARCHAR, updatedat TIMESTAMP, _ab_cdc_deleted_at TIMESTAMP,
    _airbyte_extracted_at TIMESTAMP);
INSERT INTO talentio.employees VALUES
    (8, 'Eve', '2026-02-01 10:00:00', NULL, '2026-02-01 02:00:00'),
    (8, NULL, '2026-02-01 05:00:00', '2026-02-01 05:00:01', '2026-02-01 05:00:02'),
    (9, 'Joe', '2026-02-01 10:00:00', NULL, '2026-02-01 02:00:00');
CREATE SCHEMA talentics;
CREATE TABLE talentics.exams (id BIGINT, title VARCHAR);
INSERT INTO talentics.exams VALUES (1, 'Sums');
CREATE TABLE talentics.tickets (id BIGINT, exam_id BIGINT, status VARCHAR, finished_at TIMESTAMPTZ);
INSERT INTO talentics.tickets VALUES (1, 1, 'done', '2026-02-01 00:00:00+00'), (2, 1, 'invited', NULL);
CREATE TABLE talentics.employment_application_forms (id BIGINT, applicant_id BIGINT);
INSERT INTO talentics.employment_application_forms VALUES (8, 9);
CREATE TABLE talentics.employment_application_answers (applicant_id BIGINT, name VARCHAR, value VARCHAR);
INSERT INTO talentics.employment_application_answers VALUES (9, 'Mother''s name', 'Siti'), (9, 'religion', '');
"""


@pytest.fixture(scope="module")
def query(pyairbyte: Path, tmp_path_factory: pytest.TempPathFactory) -> Query:
    # The vendor's new word, and a job opening that was not loaded: both are told and stop nothing.
    return built_with_two_warnings(
        pyairbyte, tmp_path_factory.mktemp("odd"), TABLES, talentics=False, recruiting_time_zone="Asia/Tokyo"
    )


def built_with_two_warnings(pyairbyte: Path, folder: Path, tables: str, **variables: Any) -> Query:
    """Ask the models that were built of these tables."""
    database = folder / "loaded.duckdb"
    with duckdb.connect(database) as connection:
        connection.execute(tables)
    built = build(pyairbyte, database, folder, **variables)
    assert built.exit_code == 0, built.stdout[-6000:]
    assert "WARN=2 ERROR=0 SKIP=0" in built.stdout
    return of_duckdb(database)


def test_of_a_row_that_came_twice_the_newest_counts_and_none_that_is_gone_and_did_not_come_back(query: Query) -> None:
    assert query("SELECT candidate_id, status, outcome, email FROM analytics.candidate ORDER BY 1") == [
        (1, "pass", "passed", "ann@example.com"),
        (3, "new word", "other", None),
        (4, "fail", "out", None),
    ]


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
    assert query("SELECT DISTINCT job_title FROM analytics.candidate ORDER BY 1") == [("Kitchen",), ("none",)]


def test_a_stream_that_was_not_selected_has_no_rows(query: Query) -> None:
    assert query("SELECT count(*) FROM analytics.evaluation_detail") == [(0,)]
    assert query("SELECT count(*) FROM analytics.requisition_health") == [(0,)]


@pytest.fixture(scope="module")
def elsewhere(pyairbyte: Path, tmp_path_factory: pytest.TempPathFactory) -> Query:
    """Both sources, where clocks change."""
    folder, questions = tmp_path_factory.mktemp("elsewhere"), ["religion", "Mother's name"]
    # A mark above five levels, and an employee who was not loaded: both are told and stop nothing.
    return built_with_two_warnings(
        pyairbyte, folder, WHERE_CLOCKS_CHANGE, recruiting_time_zone="America/New_York", form_questions=questions
    )


def test_clocks_that_are_put_back_hide_no_change(elsewhere: Query) -> None:
    assert elsewhere("SELECT candidate_id, status FROM analytics.candidate") == [(1, "pass")]
    assert elsewhere("SELECT stage_id FROM analytics.stage_history") == [(12,)]


def test_a_tombstone_counts_by_when_it_was_read_and_not_by_its_time(elsewhere: Query) -> None:
    assert elsewhere("SELECT id, name FROM analytics.stg_talentio__employees") == [(9, "Joe")]


def test_a_day_on_which_clocks_are_put_forward_is_a_whole_one(elsewhere: Query) -> None:
    assert elsewhere("SELECT days_in_stage FROM analytics.stage_history") == [(2,)]


def test_evaluations_of_a_candidate_who_is_gone_are_nobodys_load(elsewhere: Query) -> None:
    assert elsewhere("SELECT employee_id, evaluations, average_level FROM analytics.interviewer_load") == [(5, 1, 7)]


def test_who_finished_has_begun(elsewhere: Query) -> None:
    assert elsewhere("SELECT invited, started, finished, finish_rate FROM analytics.exam_completion") == [(2, 1, 1, 1)]


def test_a_question_may_have_any_name(elsewhere: Query) -> None:
    answers = 'SELECT questions, answered, religion, "Mother\'s name" FROM analytics.form_answers'
    assert elsewhere(answers) == [(2, 1, None, "Siti")]


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


def test_two_statuses_within_one_second_have_a_row_each(pyairbyte: Path, tmp_path: Path) -> None:
    database = tmp_path / "loaded.duckdb"
    statements = [TABLES, "UPDATE talentio.candidates SET status = 'reject' WHERE id = 3"]

    for statement in statements:
        with duckdb.connect(database) as connection:
            connection.execute(statement)
        built = build(pyairbyte, database, tmp_path, "--select", "+candidate_status_history", talentics=False)
        assert built.exit_code == 0, built.stdout[-6000:]

    history = "SELECT status, dbt_valid_to IS NULL FROM analytics.candidate_status_history WHERE candidate_id = 3"
    assert of_duckdb(database)(f"{history} ORDER BY 2") == [("new word", False), ("reject", True)]


def test_other_databases_get_sql_without_a_connection(pyairbyte: Path, tmp_path: Path) -> None:
    database = tmp_path / "empty.duckdb"
    compiled = build(pyairbyte, database, tmp_path, "--no-introspect", command="compile")

    written = tmp_path / "target/compiled/dbt_recruiting/models/staging/talentio/stg_talentio__candidates.sql"
    assert compiled.exit_code == 0, compiled.stdout[-4000:]
    assert 'cast("lastName" as TEXT) as last_name' in written.read_text(encoding="utf-8")
