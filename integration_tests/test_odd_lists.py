"""The programs against lists that end oddly and parents that fail: all rows come, or a word of those that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration_tests.processes import Run, Sandbox, configured, discovered, program, run, running_sandbox, write_json

COUNTS = ("--exams", "4", "--tickets", "60", "--jobs", "2", "--applicants", "130", "--candidates", "287")
ODD = {
    "talentics": {
        "links alone, small pages": ("--talentics-pages", "simple", "--ignore-per-page"),
        "cursors": ("--talentics-pages", "cursor", "--largest-page", "20"),
        "totals, capped, 404 behind the last": ("--largest-page", "30", "--past-end", "404"),
        "nothing told, the last page again": ("--no-links", "--no-totals", "--past-end", "last"),
        "ties": ("--ties", "55", "--largest-page", "20"),
    },
    "talentio": {
        "no totals": ("--no-totals",),
        "no totals, 404 behind the last": ("--no-totals", "--past-end", "404"),
        "one tie at a page's edge": ("--ties", "101"),
        "a bulk import": ("--ties", "200"),
        "comments in pages": ("--comments-per-page", "2"),
    },
}
LISTS = {"talentics": ("exams", "tickets", "jobs", "applicants"), "talentio": ("candidates", "candidate_comments")}


def read(source: str, sandbox: Sandbox, streams: tuple[str, ...], folder: Path, *more: str | Path) -> Run:
    config = write_json(folder / "config.json", sandbox.configs[source])
    found = discovered(run(program(source), "discover", "--config", config, cwd=folder))
    catalog = write_json(folder / "catalog.json", configured([it for it in found if it["name"] in streams]))
    return run(program(source), "read", "--config", config, "--catalog", catalog, *more, cwd=folder)


@pytest.mark.parametrize(("source", "way"), [(source, way) for source, ways in ODD.items() for way in ways])
def test_every_record_of_every_list_comes(source: str, way: str, tmp_path: Path) -> None:
    options = (*COUNTS, "--no-limits", "--paged-applicants", *ODD[source][way])
    with running_sandbox(*options) as sandbox:
        result = read(source, sandbox, LISTS[source], tmp_path)
        result.assert_clean()
        rows = result.records()
        for stream in LISTS[source]:
            wanted = sandbox.get(f"data/{source}/{stream}")
            if stream == "candidate_comments":
                assert len(rows[stream]) >= len({(it["candidateId"], it["createdAt"]) for it in rows[stream]}) > 100
                continue
            assert {row["id"] for row in rows[stream]} == {row["id"] for row in wanted}, stream


def test_rows_that_the_token_may_not_see_are_told_and_hold_the_state(tmp_path: Path) -> None:
    with running_sandbox(*COUNTS, "--no-limits", "--hidden", "0.2") as sandbox:
        result = read("talentio", sandbox, ("candidates",), tmp_path)
    result.assert_clean()
    seen = len({row["id"] for row in result.records()["candidates"]})
    told = [it["log"]["message"] for it in result.of_type("LOG") if it["log"]["level"] == "WARN"]
    assert any(f"shows {seen} of 287 records." in line for line in told)
    assert result.last_states()[0]["stream"]["stream_state"] == {}


def test_one_exam_that_fails_costs_no_other_exam_anything(tmp_path: Path) -> None:
    with running_sandbox(*COUNTS, "--no-limits") as sandbox:
        exams = [exam["id"] for exam in sandbox.get("data/talentics/exams")]
        sandbox.post("settings", {"answers": [[f"*/exams/{exams[1]}/tickets", 422]]})
        first = read("talentics", sandbox, ("tickets", "ticket_scores"), tmp_path)
        assert first.exit_code == 1
        assert {row["exam_id"] for row in first.records()["tickets"]} == set(exams) - {exams[1]}
        assert {row["exam_id"] for row in first.records()["ticket_scores"]} == set(exams) - {exams[1]}
        path = f"/talentics/v2/exams/{exams[1]}/tickets"
        assert any("(HTTP 422)" in error["message"] and path in error["message"] for error in first.errors())
        sandbox.post("settings", {"answers": []})
        sandbox.forget_requests()
        states = write_json(tmp_path / "state.json", first.last_states())
        second = read("talentics", sandbox, ("tickets", "ticket_scores"), tmp_path, "--state", states)
        second.assert_clean()
        assert {row["exam_id"] for row in second.records()["ticket_scores"]} == {exams[1]}
