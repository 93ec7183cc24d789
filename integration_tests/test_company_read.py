"""A company's worth of data: every record of every stream, against the sandbox's own data; then a sync without news."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integration_tests.expected_rows import PRIMARY_KEYS, Row, Rows, expected
from integration_tests.processes import (
    SOURCES,
    Run,
    Sandbox,
    configured,
    discovered,
    program,
    run,
    running_sandbox,
    write_json,
)

STREAMS = [(source, stream) for source in SOURCES for stream in PRIMARY_KEYS[source]]


@dataclass(frozen=True)
class Sync:
    """Two syncs of one source, and what the sandbox holds."""

    check: Run
    catalog: list[dict[str, Any]]
    first: Run
    rows: Rows
    first_requests: dict[str, int]
    second: Run
    second_requests: dict[str, int]
    raw: dict[str, list[Row]]
    expected: Rows


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    # Several pages of each large list, and thousands of details; not more of the same.
    fewer = ("--exams=10", "--tickets=120", "--jobs=12", "--candidates=2000")
    with running_sandbox("--size", "company", *fewer, "--no-limits") as running:
        yield running


@pytest.fixture(scope="module")
def syncs(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sync]:
    return {source: synced(sandbox, source, tmp_path_factory.mktemp(source)) for source in SOURCES}


def synced(sandbox: Sandbox, source: str, folder: Path) -> Sync:
    # Another folder than the repository's, as a user has it.
    config = write_json(folder / "config.json", sandbox.configs[source])
    check = run(program(source), "check", "--config", config, cwd=folder)
    discover = run(program(source), "discover", "--config", config, cwd=folder)
    discover.assert_clean()
    catalog = write_json(folder / "catalog.json", configured(discovered(discover)))
    arguments = ("read", "--config", config, "--catalog", catalog)
    sandbox.forget_requests()
    first = run(program(source), *arguments, cwd=folder)
    first_requests = sandbox.requests_by_endpoint(source)
    state = write_json(folder / "state.json", first.last_states())
    sandbox.forget_requests()
    second = run(program(source), *arguments, "--state", state, cwd=folder)
    raw = {stream: sandbox.get(f"data/{source}/{stream}") for stream in sandbox.get("data")[source]}
    return Sync(
        check=check,
        catalog=discovered(discover),
        first=first,
        rows=first.records(),
        first_requests=first_requests,
        second=second,
        second_requests=sandbox.requests_by_endpoint(source),
        raw=raw,
        expected=expected(source, lambda stream: raw[stream]),
    )


@pytest.mark.parametrize("source", SOURCES)
def test_the_programs_do_their_work_and_write_nothing_but_messages(syncs: dict[str, Sync], source: str) -> None:
    sync = syncs[source]
    for each in (sync.check, sync.first, sync.second):
        each.assert_clean()
    assert [message["connectionStatus"]["status"] for message in sync.check.of_type("CONNECTION_STATUS")] == [
        "SUCCEEDED"
    ]


@pytest.mark.parametrize("source", SOURCES)
def test_discover_names_every_stream_with_its_key(syncs: dict[str, Sync], source: str) -> None:
    keys = {stream["name"]: stream["source_defined_primary_key"] for stream in syncs[source].catalog}
    assert keys == {stream: [[field] for field in key] for stream, key in PRIMARY_KEYS[source].items()}


@pytest.mark.parametrize(("source", "stream"), STREAMS)
def test_every_record_comes_once_and_as_it_is(syncs: dict[str, Sync], source: str, stream: str) -> None:
    key = PRIMARY_KEYS[source][stream]
    wanted, got = _by_key(syncs[source].expected[stream], key), _by_key(syncs[source].rows[stream], key)
    assert wanted, "the sandbox has nothing to compare with"
    assert (sorted(wanted.keys() - got.keys()), sorted(got.keys() - wanted.keys())) == ([], [])
    assert {of_key: len(rows) for of_key, rows in got.items()} == {of_key: len(rows) for of_key, rows in wanted.items()}
    different = [
        f"{of_key}.{name}: wanted {row.get(name)!r}, got {gotten.get(name)!r}"[:300]
        for of_key, rows in wanted.items()
        for row, gotten in zip(rows, got[of_key], strict=True)
        if _typed(gotten) != _typed(row)
        for name in row.keys() | gotten.keys()
        if _typed(gotten.get(name)) != _typed(row.get(name))
    ]
    assert different[:5] == []


def test_the_first_sync_asks_for_each_thing_once(syncs: dict[str, Sync]) -> None:
    talentics, talentio = syncs["talentics"], syncs["talentio"]
    assert talentics.first_requests == {
        **_talentics_lists(talentics),
        "exam": len(talentics.raw["exams"]),
        "scores": len(talentics.raw["tickets"]),
        "job": len(talentics.raw["jobs"]),
        "applicant": len(talentics.raw["applicants"]),
        "form": len(talentics.raw["applicants"]),
    }
    assert talentio.first_requests == {
        **{stream: _pages(len(talentio.raw[stream])) for stream in ("candidates", "requisitions")},
        **_talentio_unfiltered_lists(talentio),
        "candidate": len(talentio.raw["candidates"]),
        "comments": len(talentio.raw["candidates"]),
        "requisition": len(talentio.raw["requisitions"]),
    }


def test_a_sync_without_news_asks_for_the_lists_alone(syncs: dict[str, Sync]) -> None:
    talentics, talentio = syncs["talentics"], syncs["talentio"]
    applicants, forms = talentics.raw["applicants"], talentics.raw["employment_application_forms"]
    assert talentics.second_requests == {
        **_talentics_lists(talentics),
        # Nothing in the API tells whether an applicant changed.
        "applicant": len(applicants),
        # Whoever has sent no form yet may have by now.
        "form": len(applicants) - len(forms),
    }
    assert talentio.second_requests == {
        # Both lists take "updated since": one short page each.
        "candidates": 1,
        "requisitions": 1,
        **_talentio_unfiltered_lists(talentio),
    }


def test_a_sync_without_news_repeats_no_detail(syncs: dict[str, Sync]) -> None:
    details = {
        "exam_details",
        "ticket_scores",
        "assessment_scores",
        "aspect_scores",
        "job_details",
        "employment_application_forms",
        "employment_application_answers",
        "candidate_details",
        "stage_evaluations",
        "evaluation_items",
        "candidate_comments",
        "requisition_details",
    }
    for source in SOURCES:
        assert not details & syncs[source].second.records().keys()


def _by_key(rows: list[Row], key: tuple[str, ...]) -> dict[tuple[Any, ...], list[Row]]:
    """The rows by primary key, in an order of their own: the APIs may send two that share a key, as comments do."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[field] for field in key), []).append(row)
    return {of_key: sorted(same, key=lambda row: json.dumps(row, sort_keys=True)) for of_key, same in found.items()}


def _typed(value: Any) -> str:
    """The value's spelling as JSON: to Python `1`, `1.0` and `true` are equal, to a destination they are not."""
    return json.dumps(value, sort_keys=True)


def _pages(records: int) -> int:
    """How many requests a list costs: a hundred to a page, and nothing asked behind the last one."""
    return max(1, -(-records // 100))


def _talentics_lists(sync: Sync) -> dict[str, int]:
    tickets_of = Counter(ticket["exam"]["id"] for ticket in sync.raw["tickets"])
    return {
        "exams": _pages(len(sync.raw["exams"])),
        "tickets": sum(_pages(tickets_of[exam["id"]]) for exam in sync.raw["exams"]),
        "jobs": _pages(len(sync.raw["jobs"])),
        # And a second page of the first job's, to see whether the list is paged.
        "applicants": len(sync.raw["jobs"]) + 1,
    }


def _talentio_unfiltered_lists(sync: Sync) -> dict[str, int]:
    names = ("job_titles", "channels", "employees", "employee_groups", "workspaces")
    return {name: _pages(len(sync.raw[name])) for name in names}
