"""Both taps under Meltano, from the `meltano.yml` of this repository, into real targets: what a Meltano user sees.

Each target is loaded three times: everything, what changed since, and everything again with `--full-refresh`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from expected_rows import PRIMARY_KEYS, expected
from meltano_project import (
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
from postgres import Postgres
from processes import SOURCES, Sandbox, running_sandbox, write_json

pytestmark = pytest.mark.timeout(900)

SIZE = ("--candidates=40", "--employees=8", "--exams=2", "--tickets=8", "--jobs=2", "--applicants=6")
STREAMS = [(source, stream) for source in SOURCES for stream in PRIMARY_KEYS[source]]
# Their every read is a whole one, so there is nothing to remember.
WITHOUT_BOOKMARK = {"applicants", "applicant_details"}
TABLES = ("target-duckdb", "target-postgres")

Keys = dict[tuple[str, str], Counter[Cells]]
"""By source and stream, the number of rows with each primary key."""


@dataclass(frozen=True)
class History:
    """What the sandbox had before and after its data changed, and what each target held after each load."""

    before: Keys
    after: Keys
    first: Mapping[str, Keys]
    second: Mapping[str, Keys]
    full: Mapping[str, Keys]
    updates: Mapping[int, str]
    """When candidates were updated before the change, as the API gives it."""
    stored_updates: Mapping[str, Mapping[int, datetime]]
    """The same as each target had it after the first load."""
    projects: Mapping[str, Project]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(*SIZE, "--no-limits") as running:
        yield running


@pytest.fixture(scope="module")
def history(
    sandbox: Sandbox,
    plugins: None,
    catalogs: Mapping[str, dict[str, Any]],
    postgres: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> History:
    folders = {target: tmp_path_factory.mktemp(target) for target in TARGETS}
    settings = {f"TARGET_POSTGRES_{name.upper()}": str(value) for name, value in postgres_settings(postgres).items()}
    settings["TARGET_DUCKDB_FILEPATH"] = str(folders["target-duckdb"] / "loaded.duckdb")
    projects = {target: Project(folder, sandbox.configs, **settings) for target, folder in folders.items()}

    def load(number: str, *options: str, **more: str) -> Mapping[str, Loaded]:
        # A folder for each load: target-jsonl appends, and knows no keys.
        lines = folders["target-jsonl"] / number
        more["TARGET_JSONL_DESTINATION_PATH"] = str(lines)
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda target: projects[target].run(target, *options, **more), TARGETS))
        return {
            "target-jsonl": JsonLines(lines),
            "target-duckdb": DuckDb(Path(settings["TARGET_DUCKDB_FILEPATH"])),
            "target-postgres": PostgresTables(postgres),
        }

    before = keys_of_sandbox(sandbox)
    updates = {candidate["id"]: candidate["updatedAt"] for candidate in sandbox.get("data/talentio/candidates")}
    loaded = load("first")
    first = keys_of_targets(loaded)
    stored_updates = {
        target: {key: instant(time) for key, time in found.cells("talentio", "candidates", "id", "updatedAt")}
        for target, found in loaded.items()
    }
    sandbox.post("change", {"created": 8, "updated": 16})
    # Discovery takes seconds of each run. The first ones did it; the others get its result.
    discovered = {
        f"{tap}__CATALOG".replace("-", "_").upper(): str(write_json(folders["target-jsonl"] / f"{tap}.json", found))
        for tap, found in catalogs.items()
    }
    second = keys_of_targets(load("second", **discovered))
    full = keys_of_targets(load("full", "--full-refresh", **discovered))
    return History(before, keys_of_sandbox(sandbox), first, second, full, updates, stored_updates, projects)


def keys_of_sandbox(sandbox: Sandbox) -> Keys:
    keys = {}
    for source in SOURCES:
        raw = {stream: sandbox.get(f"data/{source}/{stream}") for stream in sandbox.get("data")[source]}
        rows = expected(source, raw.__getitem__)
        for stream, of_stream in rows.items():
            names = PRIMARY_KEYS[source][stream]
            keys[source, stream] = Counter(comparable(tuple(row[name] for name in names)) for row in of_stream)
    return keys


def keys_of_targets(loaded: Mapping[str, Loaded]) -> Mapping[str, Keys]:
    return {target: keys_of_target(found) for target, found in loaded.items()}


def keys_of_target(loaded: Loaded) -> Keys:
    keys: Keys = {}
    for source, stream in STREAMS:
        keys[source, stream] = Counter()
        for key, rows in loaded.cells(source, stream, *PRIMARY_KEYS[source][stream]).items():
            keys[source, stream][comparable(key)] += rows
    return keys


def comparable(key: Cells) -> Cells:
    """A key with its times as instants, whatever a target makes of them."""
    return tuple(instant(value) if is_time(value) else value for value in key)


def is_time(value: Any) -> bool:
    return isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == value[7:8] == "-")


def instant(value: Any) -> datetime:
    """The moment that a stored time means. Databases have it without a zone, and then it is in UTC."""
    time = value if isinstance(value, datetime) else datetime.fromisoformat(value.replace("Z", "+00:00"))
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


@pytest.mark.parametrize("target", TARGETS)
def test_the_first_load_has_every_row_of_every_stream_once(history: History, target: str) -> None:
    assert history.first[target] == history.before
    assert all(history.before.values())


@pytest.mark.parametrize("target", TABLES)
def test_the_second_load_adds_what_is_new_and_repeats_no_row(history: History, target: str) -> None:
    assert history.before != history.after
    for stream, rows in history.second[target].items():
        # A row that an update took away at the source stays: nothing tells of it.
        assert rows.keys() == history.before[stream].keys() | history.after[stream].keys(), stream
        assert set(rows.values()) == {1}, stream


def test_the_second_load_of_a_target_that_appends_is_what_changed(history: History) -> None:
    first, second = history.first["target-jsonl"], history.second["target-jsonl"]
    for stream in history.after:
        assert first[stream].keys() | second[stream].keys() >= history.after[stream].keys(), stream
    assert len(second["talentio", "candidates"]) < len(history.before["talentio", "candidates"])
    assert len(second["talentics", "tickets"]) < len(history.before["talentics", "tickets"])


@pytest.mark.parametrize("target", TABLES)
def test_a_full_refresh_brings_everything_again_and_tables_do_not_grow(history: History, target: str) -> None:
    assert history.full["target-jsonl"] == history.after
    assert history.full[target] == history.second[target]


@pytest.mark.parametrize("target", TARGETS)
def test_times_with_an_offset_are_stored_as_the_moment_they_mean(history: History, target: str) -> None:
    assert all(time.endswith("+09:00") for time in history.updates.values())
    assert history.stored_updates[target] == {key: instant(time) for key, time in history.updates.items()}


@pytest.mark.parametrize("tap", TAPS)
def test_meltano_shows_a_bookmark_for_each_incremental_stream(history: History, tap: str) -> None:
    bookmarks = history.projects["target-jsonl"].bookmarks(tap, "target-jsonl")
    assert bookmarks.keys() == PRIMARY_KEYS[tap.removeprefix("tap-")].keys() - WITHOUT_BOOKMARK
    assert all(bookmark["replication_key_value"] for bookmark in bookmarks.values())


def test_a_run_with_merge_state_and_other_streams_keeps_the_other_bookmarks(history: History, tmp_path: Path) -> None:
    project, tap, target = history.projects["target-jsonl"], "tap-talentio", "target-jsonl"
    before = project.bookmarks(tap, target)
    project.run(
        target,
        "--merge-state",
        taps=(tap,),
        TAP_TALENTIO__SELECT='["job_titles.*"]',
        TARGET_JSONL_DESTINATION_PATH=str(tmp_path),
    )
    assert [path.name for path in tmp_path.iterdir()] in ([], ["job_titles.jsonl"])
    after = project.bookmarks(tap, target)
    assert before.keys() == after.keys()
    assert {name: kept for name, kept in after.items() if name != "job_titles"} == {
        name: kept for name, kept in before.items() if name != "job_titles"
    }
