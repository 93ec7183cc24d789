"""Both taps under Meltano, from the `meltano.yml` of this repository, into real targets: what a Meltano user sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from integration_tests.expected_rows import PRIMARY_KEYS, expected
from integration_tests.meltano_project import (
    TAPS,
    TARGETS,
    Cells,
    DuckDb,
    JsonLines,
    Loaded,
    PostgresTables,
    Project,
    postgres_settings,
)
from integration_tests.postgres import Postgres
from integration_tests.processes import SOURCES, Sandbox, running_sandbox, write_json

# Each of them starts many programs.
pytestmark = [pytest.mark.timeout(1800), pytest.mark.usefixtures("plugins")]

SIZE = ("--candidates=40", "--employees=8", "--exams=2", "--tickets=8", "--jobs=2", "--applicants=6")
STREAMS = [(source, stream) for source in SOURCES for stream in PRIMARY_KEYS[source]]
# Their every read is a whole one, so there is nothing to remember.
WITHOUT_BOOKMARK = {"applicants", "applicant_details"}

Keys = dict[tuple[str, str], Counter[Cells]]
"""By source and stream, the number of rows with each primary key."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(*SIZE, "--no-limits") as running:
        yield running


@pytest.fixture
def discovered(catalogs: Mapping[str, dict[str, Any]], tmp_path: Path) -> dict[str, str]:
    """Settings that give Meltano what the taps discover, which else takes seconds of each run."""
    return {
        f"{tap.replace('-', '_').upper()}__CATALOG": str(write_json(tmp_path / f"{tap}.json", catalog))
        for tap, catalog in catalogs.items()
    }


@pytest.mark.parametrize(
    "target", [pytest.param(it, marks=[] if it == "target-postgres" else pytest.mark.long) for it in TARGETS]
)
def test_everything_then_what_changed_then_everything_again(
    target: str, sandbox: Sandbox, discovered: dict[str, str], postgres: Postgres, tmp_path: Path
) -> None:
    database = DuckDb(tmp_path / "loaded.duckdb")
    of_postgres = {f"TARGET_POSTGRES_{name.upper()}": str(value) for name, value in postgres_settings(postgres).items()}
    project = Project(tmp_path, sandbox.configs, TARGET_DUCKDB_FILEPATH=str(database.file), **of_postgres, **discovered)
    appends = target == "target-jsonl"

    def load(number: str, *options: str) -> Loaded:
        # A folder for each load: target-jsonl appends, and knows no keys.
        lines = tmp_path / number
        project.run(target, *options, lines=lines)
        if appends:
            return JsonLines(lines)
        return database if target == "target-duckdb" else PostgresTables(postgres)

    before = keys_of_sandbox(sandbox)
    assert all(before.values())
    loaded = load("first")
    assert keys_of_target(loaded) == before
    assert_times_are_moments(sandbox, loaded)

    sandbox.post("change", {"created": 8, "updated": 16})
    after = keys_of_sandbox(sandbox)
    assert before != after
    second = keys_of_target(load("second"))
    for stream, keys in after.items():
        if appends:
            assert before[stream].keys() | second[stream].keys() >= keys.keys(), stream
        else:
            # A row that an update took away at the source stays: nothing tells of it.
            assert second[stream].keys() == before[stream].keys() | keys.keys(), stream
            assert set(second[stream].values()) == {1}, stream
    if appends:
        for stream in (("talentio", "candidates"), ("talentics", "tickets")):
            assert 0 < len(second[stream]) < len(before[stream]), stream

    again = keys_of_target(load("again", "--full-refresh"))
    assert again == (after if appends else second)


def test_meltano_shows_the_state_and_merges_it(sandbox: Sandbox, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    project = Project(tmp_path, sandbox.configs)
    project.run("target-jsonl", lines=lines)
    bookmarks = {tap: project.bookmarks(tap, "target-jsonl") for tap in TAPS}
    for tap, source in zip(TAPS, SOURCES, strict=True):
        assert bookmarks[tap].keys() == PRIMARY_KEYS[source].keys() - WITHOUT_BOOKMARK
        assert all(bookmark["replication_key_value"] for bookmark in bookmarks[tap].values())

    some = tmp_path / "some"
    new = sandbox.post("record", {"do": "create", "kind": "job_titles"})["id"]
    project.run(
        "target-jsonl",
        "--merge-state",
        taps=("tap-talentio",),
        lines=some,
        TAP_TALENTIO__SELECT='["job_titles.*"]',
    )
    assert [path.name for path in some.iterdir()] == ["job_titles.jsonl"]
    assert JsonLines(some).cells("talentio", "job_titles", "id")[new,] == 1
    merged = project.bookmarks("tap-talentio", "target-jsonl")
    moved = {name for name, bookmark in bookmarks["tap-talentio"].items() if merged[name] != bookmark}
    assert merged.keys() == bookmarks["tap-talentio"].keys()
    assert moved == {"job_titles"}


def keys_of_sandbox(sandbox: Sandbox) -> Keys:
    keys = {}
    for source in SOURCES:
        raw = {stream: sandbox.get(f"data/{source}/{stream}") for stream in sandbox.get("data")[source]}
        for stream, rows in expected(source, raw.__getitem__).items():
            names = PRIMARY_KEYS[source][stream]
            keys[source, stream] = Counter(comparable(tuple(row[name] for name in names)) for row in rows)
    return keys


def keys_of_target(loaded: Loaded) -> Keys:
    keys: Keys = {}
    for source, stream in STREAMS:
        keys[source, stream] = Counter()
        for key, rows in loaded.cells(source, stream, *PRIMARY_KEYS[source][stream]).items():
            keys[source, stream][comparable(key)] += rows
    return keys


def assert_times_are_moments(sandbox: Sandbox, loaded: Loaded) -> None:
    updates = {candidate["id"]: candidate["updatedAt"] for candidate in sandbox.get("data/talentio/candidates")}
    assert all(time.endswith("+09:00") for time in updates.values())
    stored = {key: instant(time) for key, time in loaded.cells("talentio", "candidates", "id", "updatedAt")}
    assert stored == {key: instant(time) for key, time in updates.items()}


def comparable(key: Cells) -> Cells:
    """A key with its times as moments, whatever a target makes of them."""
    return tuple(instant(value) if is_time(value) else value for value in key)


def is_time(value: Any) -> bool:
    return isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == value[7:8] == "-")


def instant(value: Any) -> datetime:
    """The moment that a stored time means. Databases have it without a zone, and then it is in UTC."""
    time = value if isinstance(value, datetime) else datetime.fromisoformat(value.replace("Z", "+00:00"))
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)
