"""`make verify` against the sandbox: each odd mode is recognised, within 20 requests, and nobody's data is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from connector_kit.records.bodies import MARKED, UNDECODABLE, UNESCAPED
from sandbox import Limit, Running, Settings, World, serve
from verify import talentics
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
    (
        {"talentics_window": "shared", "talentics_limit": Limit(50, 900)},
        "Each endpoint has its own window",
        "one for all",
        "differs",
    ),
    ({"hidden": 0.5, "exams": 20, "tickets": 1}, "The total is what the pages show", "it is not", "contradicted"),
    ({"unfinished_scores": "404"}, "A ticket without scores answers 404 or empty", "HTTP 404", "as thought"),
    ({"unfinished_scores": "empty"}, "A ticket without scores answers 404 or empty", "`results` is []", "as thought"),
    ({"duplicate_rows": True}, "Answers of a form differ by their question", "", "differs"),
    (
        {"faults": ("uuid-ids:*/exams",)},
        "Ids of exams are whole numbers",
        "str, not all of them numbers",
        "contradicted",
    ),
    ({"faults": ("php-list:*/exams",)}, "Lists are arrays", "objects with numbers as keys", "differs"),
    ({"faults": ("null-records:*/exams",)}, "Lists hold records alone", "nulls among them", "differs"),
    ({"faults": ("bom:*/exams",)}, "Answers are valid JSON", MARKED, "differs"),
    ({"faults": ("control-char:*/exams",)}, "Answers are valid JSON", UNESCAPED, "differs"),
    ({"faults": ("bad-utf8:*/exams",)}, "Answers are valid JSON", UNDECODABLE, "differs"),
    ({"faults": ("empty:*/exams",)}, "`/exams` is JSON", "JSON without records", "contradicted"),
    ({"answers": (("*/exams/*/tickets", 403),)}, "`/exams/{id}/tickets` can be read", "HTTP 403", "contradicted"),
    ({"answers": (("*/exams/*/tickets", 404),)}, "`/exams/{id}/tickets` can be read", "HTTP 404", "contradicted"),
    ({"answers": (("*/scores", 403),)}, "`/exams/tickets/{id}/scores` can be read", "HTTP 403", "contradicted"),
    ({"answers": (("*/jobs/*/applicants", 500),)}, "`/jobs/{id}/applicants` can be read", "HTTP 500", "contradicted"),
    (
        {"answers": (("*/jobs/applicants/??", 403),)},
        "`/jobs/applicants/{id}` can be read",
        "HTTP 403",
        "contradicted",
    ),
    ({"answers": (("*-form", 403),)}, "An applicant without a form answers 404 or empty", "HTTP 403", "contradicted"),
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
    ({"answers": (("*/requisitions/*", 403),)}, "`/requisitions/{id}` can be read", "HTTP 403", "contradicted"),
    (
        {"answers": (("*/comments", 403),)},
        "Comments stand at `/candidates/{id}/comments`, all in one answer",
        "HTTP 403",
        "contradicted",
    ),
    ({"hidden": 0.2, "candidates": 60}, "The total is what the pages show", "it is more", "contradicted"),
    (
        {"talentio_page": 30, "past_end": "last"},
        "Behind the last page of candidates comes an empty one",
        "other records",
        "differs",
    ),
    ({"talentio_page": 30}, "Behind the last page of candidates comes an empty one", "an empty page", "as thought"),
    ({"inactive_hides_candidates": True}, "`includeInactiveResponsibleEmployees` leaves nobody out", "", "as thought"),
    ({"duplicate_rows": True}, "Comments of a candidate differ by time and author", "", "differs"),
    ({"faults": ("php-list:*/employees",)}, "Lists are arrays", "objects with numbers as keys", "differs"),
    ({"date_skew": 7200}, "Answers have a `Date` header", "120 minutes from this machine's clock", "differs"),
]


@pytest.mark.slow
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
    # Without words where they hold a number that depends on the data.
    assert rows[fact] == (shown or rows[fact][0], verdict)
    assert code == int("contradicted" in {row[1] for row in rows.values()})
    assert asked <= MOST


def test_of_a_list_that_is_denied_nothing_else_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lists = {"talentics": "exams", "talentio": "candidates"}
    answers = tuple((f"*/{name}", 403) for name in lists.values())
    with serve(Settings.for_size("small", **_NO_LIMIT, answers=answers)) as running:
        for source, name in lists.items():
            code, rows, _ = verified(running, source, tmp_path, capsys)
            assert code == 1
            assert [fact for fact, row in rows.items() if row[1] == "contradicted"] == [f"`/{name}` can be read"]


def test_a_limit_below_the_configs_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serve(Settings.for_size("small", talentics_limit=Limit(40, 900))) as running:
        code, rows, _ = verified(running, "talentics", tmp_path, capsys, rate_limit_requests=50)
    assert (code, rows["The limit is 50 requests"]) == (0, ("40", "differs"))
    assert rows["Each endpoint has its own window"] == ("yes", "as thought")


@pytest.mark.parametrize("source", ["talentics", "talentio"])
def test_fields_are_looked_for_wherever_an_answer_came(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def with_more(_: str, record: dict[str, Any]) -> dict[str, Any]:
        inner = {name: {**value, "inner": 1} if isinstance(value, dict) else value for name, value in record.items()}
        return {**inner, "newField": 1, "odd | name": 1}

    with serve(Settings.for_size("small", **_NO_LIMIT)) as running:
        running.world.set_rewrite(with_more)
        _, rows, _ = verified(running, source, tmp_path, capsys)
    shown = {fact.split("`")[1]: row[0] for fact, row in rows.items() if fact.startswith("The schema of ")}
    assert len(shown) == {"talentics": 8, "talentio": 10}[source]
    assert [name for name, told in shown.items() if "`newField`" not in told or "1 with odd names" not in told] == []
    nested = {"talentics": ("tickets", "`exam.inner`"), "talentio": ("candidate_comments", "`employeeCreatedBy.inner`")}
    name, field = nested[source]
    assert field in shown[name]


def test_what_was_found_is_shown_although_an_answer_was_not_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise TypeError("of Somebody")

    monkeypatch.setattr(talentics, "_zone", broken)
    with serve(Settings.for_size("small")) as running:
        code, rows, text = verified(running, "talentics", tmp_path, capsys)
    assert (code, rows["Lists tell their total"]) == (1, ("`meta.total`", "as thought"))
    assert "an answer was not understood (TypeError)" in text
    assert "Somebody" not in text


def test_what_is_missing_is_asked_for_by_the_target_that_was_called(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--source", "talentio"]):
        assert main(arguments) == 1
        assert "For example: make verify SOURCE=talentio" in capsys.readouterr().err


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
