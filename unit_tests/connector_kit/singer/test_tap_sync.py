"""One sync of a tap: the source's own rows, in messages that every target takes, each covered by a state behind it."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from connector_kit import times
from unit_tests.support.singer_judge import Judge
from unit_tests.support.taps import TapAccount

Rows = dict[str, list[dict[str, Any]]]


@pytest.mark.slow
def test_a_full_read_leaves_nothing_to_find_fault_with(account: TapAccount) -> None:
    catalog = account.catalog()
    judge = account.run().judged().require_bookmarks(catalog.incremental)
    assert judge.findings == []
    assert [stream for stream, rows in judge.rows.items() if not rows] == []
    assert judge.rows.keys() == {entry["tap_stream_id"] for entry in catalog.document["streams"]}


@pytest.mark.slow
def test_the_rows_are_those_of_the_source_but_for_the_zone_of_their_times(account: TapAccount) -> None:
    output = account.run()
    read = rows_of_source(account)
    for stream, rows in read.items():
        assert [in_utc(row) for row in sorted_rows(output.rows(stream))] == [in_utc(row) for row in sorted_rows(rows)]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["hash", "drop"])
def test_personal_data_is_dealt_with_as_by_the_source(account: TapAccount, mode: str) -> None:
    config = {"personal_data": mode, "personal_data_key": "a long random text"}
    output = account.run(config)
    assert output.judged().findings == []
    for stream, rows in rows_of_source(account, config).items():
        assert [in_utc(row) for row in sorted_rows(output.rows(stream))] == [in_utc(row) for row in sorted_rows(rows)]


@pytest.mark.slow
def test_a_tap_asks_for_each_url_once_as_the_source_does(account: TapAccount) -> None:
    sent = account.run().sent
    assert len(sent) == len(set(sent))


@pytest.mark.slow
def test_the_first_state_comes_before_all_records_and_says_nothing_is_stored(account: TapAccount) -> None:
    kinds = [message["type"] for message in account.run().messages]
    first = kinds.index("STATE")
    assert set(kinds[:first]) == {"SCHEMA"}
    assert account.run().of("STATE")[0]["value"] == {"bookmarks": {}}


@pytest.mark.slow
def test_a_state_is_behind_the_last_record_also_of_a_stream_without_a_bookmark(talentics: TapAccount) -> None:
    # target-jsonl forgets a state when a record follows, and the whole sync would come again.
    talentics.later()
    bookmarks = talentics.run(catalog=talentics.catalog().select("exams")).state
    output = talentics.run(catalog=talentics.catalog().select("applicants"), state=bookmarks)
    kinds = [message["type"] for message in output.messages]
    assert "RECORD" in kinds
    assert kinds[-1] == "STATE"
    assert output.state == bookmarks


def test_a_state_is_behind_the_last_record_where_a_stream_fails(talentics: TapAccount) -> None:
    talentics.world.settings.answers = (("*/exams", 403),)
    output = talentics.run(catalog=talentics.catalog().select("applicants", "exams"))
    assert output.error is not None
    assert [message["type"] for message in output.messages][-2:] == ["RECORD", "STATE"]


def test_bookmarks_hold_the_state_of_the_source_and_show_how_far_it_is(talentio: TapAccount) -> None:
    talentio.later()
    bookmark = talentio.run().state["bookmarks"]["candidates"]
    assert bookmark["replication_key"] == "updatedAt"
    reached = bookmark["airbyte_stream_state"]["updatedAt"]
    assert times.instant(bookmark["replication_key_value"]) == times.instant(reached)
    assert bookmark["replication_key_value"].endswith("Z")


def test_a_stream_that_fails_is_named_and_the_others_are_complete_and_remembered(
    talentio: TapAccount, caplog: pytest.LogCaptureFixture
) -> None:
    talentio.world.settings.answers = (("*/channels", 403),)
    with caplog.at_level(logging.ERROR):
        output = talentio.run()
    assert "1 of 13 streams failed: channels" in str(output.error)
    assert any("channels: No access to" in record.getMessage() for record in caplog.records)
    judge = Judge().read(output.lines).require_bookmarks(talentio.catalog().incremental)
    assert judge.findings == []
    assert [stream for stream, rows in judge.rows.items() if not rows] == ["channels"]
    unread = [name for name, saved in output.state["bookmarks"].items() if not saved["airbyte_stream_state"]]
    assert unread == ["channels"]


def test_a_field_that_no_schema_declares_is_left_out_at_any_depth_and_named_once(
    talentio: TapAccount, caplog: pytest.LogCaptureFixture
) -> None:
    for number in talentio.world.data.ids("candidates"):
        talentio.world.data.update("candidates", number, brandNew="x", requisition={"id": 1, "deepNew": 2})
    with caplog.at_level(logging.INFO):
        output = talentio.run()
    assert output.judged().findings == []
    assert "brandNew" not in json.dumps(output.messages)
    told = [record.getMessage() for record in caplog.records if "brandNew" in record.getMessage()]
    assert sorted(line.partition(":")[0] for line in told) == ["candidate_details", "candidates"]
    assert all("left out, because Singer targets" in line for line in told)


@pytest.mark.slow
def test_metrics_count_the_records_of_each_stream(account: TapAccount, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        output = account.run()
    points = [
        json.loads(record.getMessage().removeprefix("METRIC: "))
        for record in caplog.records
        if record.getMessage().startswith("METRIC: ")
    ]
    counted = {point["tags"]["stream"]: point["value"] for point in points if point["metric"] == "record_count"}
    assert counted == {stream: len(rows) for stream, rows in output.judged().rows.items()}
    timed = {point["tags"]["stream"]: point["tags"]["status"] for point in points if point["metric"] == "sync_duration"}
    assert timed == dict.fromkeys(counted, "succeeded")


def rows_of_source(account: TapAccount, config: dict[str, Any] | None = None) -> Rows:
    """What `source-… read` gives for all streams."""
    outcome = account.read(account.streams, **(config or {}))
    assert not outcome.failures
    return outcome.records


def in_utc(value: Any) -> Any:
    """A value with every time in it as its instant, so that only its spelling is forgiven."""
    if isinstance(value, dict):
        return {name: in_utc(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [in_utc(inner) for inner in value]
    looks_like_a_time = isinstance(value, str) and len(value) > 10 and value[4:5] == "-" and "T" in value
    return times.instant(value) if looks_like_a_time else value


def sorted_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: json.dumps(in_utc(row), sort_keys=True))
