"""States: what one run confirms, the next does not ask for again; what nobody can read is refused and never ignored."""

from __future__ import annotations

from typing import Any

import pytest

from connector_kit import times
from unit_tests.support.taps import TINY, TapAccount


@pytest.mark.slow
def test_nothing_changed_gives_no_row_and_asks_for_lists_alone(account: TapAccount) -> None:
    first = account.run()
    account.later()
    # The second run confirms what the first could not yet: what was touched right before it.
    second = account.run(state=first.state)
    account.later()
    third = account.run(state=second.state)
    incremental = account.catalog().incremental
    assert {stream: third.rows(stream) for stream in incremental} == {stream: [] for stream in incremental}
    assert len(third.sent) < len(first.sent)


def test_one_change_gives_one_row_and_one_detail(talentio: TapAccount) -> None:
    talentio.later()
    first = talentio.run()
    talentio.later()
    changed = talentio.world.data.ids("candidates")[3]
    talentio.world.data.update("candidates", changed, lastName="新")
    talentio.later()
    second = talentio.run(state=first.state)
    assert [row["id"] for row in second.rows("candidates")] == [changed]
    assert [row["id"] for row in second.rows("candidate_details")] == [changed]
    lists = [url for url in second.sent if "/candidates?" in url]
    assert len(lists) == 1
    assert "updatedAtFrom=" in lists[0]
    assert {url.partition("?")[0] for url in second.sent if "/candidates/" in url} == {
        f"/talentio/api/v1/candidates/{changed}",
        f"/talentio/api/v1/candidates/{changed}/comments",
    }


@pytest.mark.slow
def test_bookmarks_of_streams_that_are_not_selected_stay(talentio: TapAccount) -> None:
    talentio.later()
    first = talentio.run()
    second = talentio.run(catalog=talentio.catalog().select("channels"), state=first.state)
    assert second.state == first.state
    assert second.of("STATE")[0]["value"] == first.state


def test_a_bookmark_written_by_hand_is_honoured(talentio: TapAccount) -> None:
    rows = sorted(talentio.run().rows("candidates"), key=lambda row: times.instant(row["updatedAt"]) or 0)
    middle = rows[TINY["candidates"] // 2]["updatedAt"]
    later = {row["id"] for row in rows if row["updatedAt"] > middle}
    state = {"bookmarks": {"candidates": {"replication_key": "updatedAt", "replication_key_value": middle}}}
    output = talentio.run(catalog=talentio.catalog().select("candidates"), state=state)
    assert {row["id"] for row in output.rows("candidates")} == later != set()
    assert all("updatedAtFrom=" in url for url in output.sent)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"bookmarks": {"candidates": {"replication_key_value": "last week"}}}, ("candidates", "updatedAt")),
        ({"bookmarks": {"candidates": {"replication_key_value": 5}}}, ("candidates", "updatedAt")),
        ({"bookmarks": {"candidates": {"position": 5}}}, ("candidates", "airbyte_stream_state")),
        ({"bookmarks": {"candidates": {"airbyte_stream_state": []}}}, ("candidates", "airbyte_stream_state")),
        ({"bookmarks": {"candidates": {"airbyte_stream_state": {"page": 3}}}}, ("candidates", "page")),
        ({"bookmarks": {"candidates": {"replication_key": "id", "replication_key_value": 3}}}, ("candidates", "'id'")),
        ({"bookmarks": {"candidates": "yesterday"}}, ("candidates", "object")),
        ({"bookmarks": {"salaries": {}}}, ("salaries", "candidates")),
        ({"bookmarks": []}, ("bookmarks",)),
        ({"type": "STATE", "value": {"bookmarks": {}}}, ("bookmarks",)),
    ],
)
def test_a_state_that_cannot_be_read_is_refused_before_anything_is_written(
    talentio: TapAccount, state: dict[str, Any], words: tuple[str, ...]
) -> None:
    output = talentio.run(state=state)
    assert output.error is not None
    assert all(word in str(output.error) for word in words), str(output.error)
    assert (output.lines, output.sent) == ([], [])


@pytest.mark.slow
def test_an_empty_state_is_none(talentio: TapAccount) -> None:
    states: list[dict[str, Any]] = [{}, {"bookmarks": {}}, {"bookmarks": {"candidates": {}}}]
    for state in states:
        assert len(talentio.run(state=state).rows("candidates")) == TINY["candidates"]


def test_a_cursorless_stream_with_a_foreign_bookmark_keeps_none(talentics: TapAccount) -> None:
    state = {"bookmarks": {"applicants": {"replication_key_value": "2024-01-01"}, "exams": {}}}
    output = talentics.run(catalog=talentics.catalog().select("applicants"), state=state)
    assert output.judged().rows["applicants"]
    assert "applicants" not in output.state["bookmarks"]
