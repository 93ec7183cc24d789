"""`make verify` against the sandbox: each odd mode is recognised, within 20 requests, and nobody's data is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox import Limit, Running, Settings, World, serve
from verify.__main__ import main
from verify.api import MOST

Row = tuple[str, str]
"""What is shown, and the verdict."""

_NO_LIMIT: dict[str, Any] = {"talentics_limit": None, "talentio_limit": None}


def verified(
    running: Running, source: str, folder: Path, capsys: pytest.CaptureFixture[str], **config: Any
) -> tuple[int, dict[str, Row], str]:
    """The exit code, the table by fact, and all that was printed."""
    path = folder / "config.json"
    path.write_text(json.dumps({**running.configs[source], **config}), encoding="utf-8")
    code = main(["--source", source, "--config", str(path)])
    printed = capsys.readouterr()
    cells = [line.strip("| ").split(" | ") for line in printed.out.splitlines() if line.startswith("| ")]
    return code, {row[0]: (row[2], row[3].rstrip(" |")) for row in cells[1:]}, printed.out + printed.err


@pytest.mark.parametrize("source", ["talentics", "talentio"])
def test_the_vendors_own_ways_are_as_thought(source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serve(Settings.for_size("small")) as running:
        code, rows, text = verified(running, source, tmp_path, capsys)
        asked = len(running.world.log.requests)
        names = {record["name"] for record in running.world.records("talentics", "applicants")}
        names |= {record["lastName"] for record in running.world.records("talentio", "candidates")}
    assert code == 0
    assert {verdict for _, verdict in rows.values()} <= {"as thought", "not seen"}
    assert asked <= MOST
    assert text.startswith("Asks the real API at most 20 requests")
    assert f"{asked} requests." in text
    assert [name for name in names if name in text] == []


TALENTICS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"totals": False}, "Lists tell their total", "no `meta.total`", "contradicted"),
    ({"links": False}, "Lists have links to their pages", "no `links`", "differs"),
    (
        {"exams": 30, "tickets": 1, "ties": 30},
        "A list stands still while nothing changes",
        "two answers, two orders: ties",
        "differs",
    ),
    ({"ignore_per_page": True}, "A page is as large as asked for", "3 of 2", "contradicted"),
    ({"largest_page": 1}, "A page is as large as asked for", "1 of 2", "contradicted"),
    ({"talentics_pages": "cursor"}, "Lists are paged by number", "by cursor", "differs"),
    ({"links_origin": "http://10.0.0.1"}, "Links lead to base_url", "elsewhere", "differs"),
    ({"past_end": "404"}, "Behind the last page of exams comes an empty one", "HTTP 404", "differs"),
    (
        {"past_end": "last"},
        "Behind the last page of exams comes an empty one",
        "records that were on an earlier page",
        "differs",
    ),
    (
        {"scores_routes": ("ticket",)},
        "Scores stand at `/exams/tickets/{id}/scores`",
        "at `/exams/ticket/{id}/scores`",
        "differs",
    ),
    ({"forms_absent": "null"}, "An applicant without a form answers 404 or empty", "`data` is null", "as thought"),
    ({"forms_absent": "object"}, "An applicant without a form answers 404 or empty", "`data` is {}", "as thought"),
    ({"paged_applicants": True}, "Applicants come in one answer, without pages", "in pages", "differs"),
    ({"date_header": False}, "Answers have a `Date` header", "no", "differs"),
    ({"answers": (("*/jobs", 403),)}, "`/jobs` can be read", "HTTP 403", "contradicted"),
    ({"faults": ("html:*/jobs",)}, "`/jobs` is JSON", "no JSON", "contradicted"),
    ({}, "Every answer tells how many requests are left", "no such header", "differs"),
]
TALENTIO: list[tuple[dict[str, Any], str, str, str]] = [
    ({"totals": False}, "Lists tell their total", "no `X-Total`", "contradicted"),
    ({"ties": 100}, "A list stands still while nothing changes", "two answers, two orders: ties", "differs"),
    ({"talentio_page": 30}, "A page has 100 records", "30", "contradicted"),
    (
        {"past_end": "all"},
        "Behind the last page of candidates comes an empty one",
        "other records",
        "differs",
    ),
    (
        {"sort_by_updated": False},
        "Candidates can be sorted by `-registeredAt`, `-updatedAt`",
        "`-registeredAt`",
        "differs",
    ),
    ({"filter_zone_hours": 0}, "`updatedAtFrom` in UTC leaves nothing out", "read in UTC", "as thought"),
    (
        {"comments_per_page": 1},
        "Comments stand at `/candidates/{id}/comments`, all in one answer",
        "in pages",
        "differs",
    ),
    ({"answers": (("*/channels", 404),)}, "`/channels` can be read", "HTTP 404", "contradicted"),
    ({"date_skew": 7200}, "Answers have a `Date` header", "120 minutes from this machine's clock", "differs"),
]


@pytest.mark.parametrize(
    ("source", "settings", "fact", "shown", "verdict"),
    [("talentics", *case) for case in TALENTICS] + [("talentio", *case) for case in TALENTIO],
)
def test_an_odd_mode_is_recognised_and_fails_the_run_where_a_sync_would_suffer(
    source: str,
    settings: Mapping[str, Any],
    fact: str,
    shown: str,
    verdict: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serve(world=World(Settings.for_size("small", **{**_NO_LIMIT, **settings}))) as running:
        code, rows, _ = verified(running, source, tmp_path, capsys)
        asked = len(running.world.log.requests)
    assert rows[fact] == (shown, verdict)
    assert code == int("contradicted" in {row[1] for row in rows.values()})
    assert asked <= MOST


def test_a_field_that_the_schema_lacks_is_named_in_keep_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(Settings.for_size("small")) as running:
        running.world.set_rewrite(lambda _, record: {**record, "newField": "Somebody"})
        _, kept, text = verified(running, "talentics", tmp_path, capsys)
        _, dropped, _ = verified(running, "talentics", tmp_path, capsys, personal_data="drop")
    assert kept["The schema of `exams` has every field"] == ("`newField`", "differs")
    assert dropped["The schema of `exams` has every field"] == ("1 more", "differs")
    assert "Somebody" not in text


@pytest.mark.parametrize(
    ("config", "limit", "told"),
    [
        ({"app_secret": "wrong"}, None, "Stopped before the end: the credential is refused (HTTP 401): copy it again."),
        ({}, Limit(2, 900), "Stopped before the end: all 2 requests are used."),
        ({"rate_limit_requests": 50}, Limit(1, 900), "the limit is used up (HTTP 429)"),
        ({"base_url": "http://talentics.example"}, None, "Failed: base_url: must begin with https://"),
    ],
)
def test_it_stops_and_says_why(
    config: Mapping[str, Any], limit: Limit | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(Settings.for_size("small", talentics_limit=limit)) as running:
        code, _, text = verified(running, "talentics", tmp_path, capsys, **config)
    assert code == 1
    assert told in text
