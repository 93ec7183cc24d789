"""The portable manifests, run by airbyte-cdk's own program against the sandbox, beside the real sources."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integration_tests.expected_rows import PRIMARY_KEYS, Row, Rows
from integration_tests.processes import (
    ROOT,
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

CDK_PROGRAM = Path(sys.executable).parent / "source-declarative-manifest"

CREDENTIALS = {"app_id": "nobodys-app", "app_secret": "nobodys-secret"}

OUT_OF_REACH = {
    ("evaluation_items", "stageId"): (
        "airbyte-cdk copies fields from the row's own parent alone, which is the evaluation; join stage_evaluations"
    ),
}
"""The fields that a portable manifest leaves empty, and why."""


def portable(source: str, command: str, folder: Path, manifest: Path | None = None, *options: str | Path) -> Run:
    """A command of airbyte-cdk's own program with the manifest, by the files in a folder."""
    path = manifest or ROOT / "portable" / f"{source}.yaml"
    arguments = (command, "--manifest-path", path, "--config", folder / "config.json", *options)
    return run([str(CDK_PROGRAM)], *arguments, cwd=folder)


_catalogs: dict[tuple[str, Path | None], list[dict[str, Any]]] = {}


def catalog_of(source: str, folder: Path, manifest: Path | None = None) -> list[dict[str, Any]]:
    """What a manifest discovers, which is the same for each config."""
    if (source, manifest) not in _catalogs:
        _catalogs[source, manifest] = discovered(portable(source, "discover", folder, manifest))
    return _catalogs[source, manifest]


def read(
    source: str, folder: Path, streams: Sequence[str] = (), *options: str | Path, manifest: Path | None = None
) -> Run:
    """A read of the streams, of all without a name."""
    found = catalog_of(source, folder, manifest)
    chosen = [stream for stream in found if not streams or stream["name"] in streams]
    catalog = write_json(folder / "catalog.json", configured(chosen))
    return portable(source, "read", folder, manifest, "--catalog", catalog, *options)


@dataclass(frozen=True)
class Both:
    """One sandbox read by the real source and twice by the portable manifest."""

    real_catalog: list[dict[str, Any]]
    catalog: list[dict[str, Any]]
    check: Run
    real: Run
    first: Run
    rows: Rows
    real_rows: Rows
    second: Run
    second_requests: dict[str, int]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Both]:
    # A zone-less filter read in the zone in which it is sent: the second sync then asks for what is new alone.
    fewer = ("--candidates=40", "--tickets=8")
    with running_sandbox("--no-limits", *fewer, "--filter-zone-hours", "0") as sandbox:
        return {source: _both(sandbox, source, tmp_path_factory.mktemp(source)) for source in SOURCES}


def _both(sandbox: Sandbox, source: str, folder: Path) -> Both:
    config = write_json(folder / "config.json", sandbox.configs[source])
    real_catalog = discovered(run(program(source), "discover", "--config", config, cwd=folder))
    catalog = write_json(folder / "real_catalog.json", configured(real_catalog))
    real = run(program(source), "read", "--config", config, "--catalog", catalog, cwd=folder)
    first = read(source, folder)
    sandbox.forget_requests()
    second = read(source, folder, (), "--state", write_json(folder / "state.json", first.last_states()))
    return Both(
        real_catalog=real_catalog,
        catalog=catalog_of(source, folder),
        check=portable(source, "check", folder),
        real=real,
        first=first,
        rows=first.records(),
        real_rows=real.records(),
        second=second,
        second_requests=sandbox.requests_by_endpoint(source),
    )


@pytest.mark.parametrize("source", SOURCES)
def test_check_discover_and_two_reads_succeed_without_a_warning(both: dict[str, Both], source: str) -> None:
    ran = both[source]
    assert [message["connectionStatus"]["status"] for message in ran.check.of_type("CONNECTION_STATUS")] == [
        "SUCCEEDED"
    ]
    for each in (ran.check, ran.first, ran.second):
        each.assert_clean()
        levels = {message["log"]["level"] for message in each.of_type("LOG")}
        assert levels <= {"INFO", "DEBUG"}


@pytest.mark.parametrize("source", SOURCES)
def test_the_catalog_is_the_real_sources_but_for_the_ids_of_its_making(both: dict[str, Both], source: str) -> None:
    def essence(streams: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        names = ("name", "source_defined_primary_key", "default_cursor_field", "supported_sync_modes")
        return [(*(stream.get(name) for name in names), set(_properties(stream))) for stream in streams]

    assert essence(both[source].catalog) == essence(both[source].real_catalog)


def _properties(stream: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = stream["json_schema"]["properties"]
    return properties


@pytest.mark.parametrize(("source", "stream"), [(source, name) for source in SOURCES for name in PRIMARY_KEYS[source]])
def test_the_rows_of_a_quiet_source_are_the_real_sources(both: dict[str, Both], source: str, stream: str) -> None:
    lost = {field for of, field in OUT_OF_REACH if of == stream}
    got, wanted = _by_key(source, stream, both[source].rows), _by_key(source, stream, both[source].real_rows)
    assert wanted
    assert got == [{name: value for name, value in row.items() if name not in lost} for row in wanted]
    assert all(lost <= row.keys() for row in wanted)


def _by_key(source: str, stream: str, rows: Rows) -> list[Row]:
    return sorted(rows[stream], key=lambda row: [row[name] for name in PRIMARY_KEYS[source][stream]])


def test_a_second_sync_asks_for_details_of_the_newest_alone(both: dict[str, Both]) -> None:
    talentics, talentio = both["talentics"].second_requests, both["talentio"].second_requests
    # The record that the state stands at, for each stream; the three of scores don't share an answer.
    assert {name: talentics[name] for name in ("exam", "scores", "job")} == {"exam": 1, "scores": 3, "job": 1}
    # Neither applicants nor their forms tell when they changed; both streams of forms ask for all again.
    assert {name: talentics[name] for name in ("applicant", "form")} == {"applicant": 30, "form": 60}
    assert {name: talentio[name] for name in ("candidate", "comments")} == {"candidate": 3, "comments": 1}


def test_the_page_names_each_field_that_is_out_of_reach() -> None:
    page = (ROOT / "docs" / "connector-builder.md").read_text(encoding="utf-8")
    assert [f"`{stream}` has no `{field}`" in page for stream, field in OUT_OF_REACH] == [True]


def test_the_package_refuses_a_state_that_does_not_say_what_was_surely_read(
    both: dict[str, Both], tmp_path: Path
) -> None:
    states = {one["stream"]["stream_descriptor"]["name"]: one for one in both["talentics"].first.last_states()}
    config = write_json(tmp_path / "config.json", {**CREDENTIALS, "base_url": "http://127.0.0.1:9"})
    tickets = [stream for stream in both["talentics"].real_catalog if stream["name"] == "tickets"]
    catalog = write_json(tmp_path / "catalog.json", configured(tickets))
    state = write_json(tmp_path / "state.json", [states["tickets"]])
    outcome = run(
        program("talentics"), "read", "--config", config, "--catalog", catalog, "--state", state, cwd=tmp_path
    )
    (error,) = {error["message"] for error in outcome.errors() if error["failure_type"] == "config_error"}
    assert error.startswith("The saved state of stream tickets cannot be used")


def test_a_start_date_leaves_out_no_ticket_of_an_older_exam(tmp_path: Path) -> None:
    streams = ("exams", "tickets", "ticket_scores")
    with running_sandbox("--no-limits") as sandbox:
        config = write_json(tmp_path / "config.json", {**sandbox.configs["talentics"], "start_date": "2025-01-31"})
        found = discovered(run(program("talentics"), "discover", "--config", config, cwd=tmp_path))
        chosen = configured([stream for stream in found if stream["name"] in streams])
        catalog = write_json(tmp_path / "real_catalog.json", chosen)
        wanted = run(program("talentics"), "read", "--config", config, "--catalog", catalog, cwd=tmp_path).records()
        got = read("talentics", tmp_path, streams).records()
    assert {name: len(rows) for name, rows in got.items()} == {name: len(rows) for name, rows in wanted.items()}


JUNK = [
    # One list, one list for each parent, one detail: of each, the first answers are no JSON of the API, with HTTP 200.
    ("talentics", ("ticket_scores",), ("html:*/exams:x1", "empty:*/tickets:x1", "badjson:*/scores:x1"), 45),
    ("talentio", ("candidate_details",), ("empty:*/candidates:x1", "html:*/candidates/*:x1"), 120),
    # Of these an empty page would be made, which ends a list.
    ("talentio", ("candidate_details",), ("null:*/candidates:x1", "null:*/candidates/*:x1"), 120),
]


@pytest.mark.long
@pytest.mark.parametrize(("source", "streams", "faults", "requests_for_details"), JUNK)
def test_junk_with_200_is_asked_for_again_and_nothing_is_lost(
    tmp_path: Path, source: str, streams: tuple[str, ...], faults: tuple[str, ...], requests_for_details: int
) -> None:
    options = [option for fault in faults for option in ("--fault", fault)]
    with running_sandbox("--no-limits", *options) as sandbox:
        sandbox.post("settings", {"unfinished_scores": "empty"})
        write_json(tmp_path / "config.json", sandbox.configs[source])
        outcome = read(source, tmp_path, streams)
        requests = sandbox.requests_by_endpoint(source)
    outcome.assert_clean()
    endpoint = {"ticket_scores": "scores", "candidate_details": "candidate"}[streams[0]]
    assert requests[endpoint] == requests_for_details + 1
    assert len(outcome.records()[streams[0]]) == requests_for_details


@pytest.mark.long
def test_a_429_is_waited_out_and_costs_no_stream(tmp_path: Path) -> None:
    with running_sandbox("--no-limits", "--fault", "429=1:*/exams:x3") as sandbox:
        write_json(tmp_path / "config.json", sandbox.configs["talentics"])
        manifest = _with_period(tmp_path, "PT2S")
        outcome = read("talentics", tmp_path, ("exams",), manifest=manifest)
        requests = sandbox.requests_by_endpoint("talentics")
    outcome.assert_clean()
    assert (requests["exams"], len(outcome.records()["exams"])) == (4, 3)


def _with_period(folder: Path, period: str) -> Path:
    """Talentics' manifest with another period of the limit, which a config can't change here."""
    text = (ROOT / "portable" / "talentics.yaml").read_text(encoding="utf-8")
    assert "interval: PT15M" in text
    path = folder / "talentics.yaml"
    path.write_text(text.replace("interval: PT15M", f"interval: {period}"), encoding="utf-8")
    return path
