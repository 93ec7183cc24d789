"""Stream `candidates`: a list that the API filters by time."""

from __future__ import annotations

import pytest

from unit_tests.support.list_tests import ListTests
from unit_tests.support.talentio_streams import CANDIDATE, CANDIDATES
from unit_tests.support.vendors import MISSING, TALENTIO, bare, counted_page, numbered

ROW = CANDIDATES.given


class TestCandidates(ListTests):
    stream = CANDIDATES


def test_every_page_of_a_filtered_list_bears_the_filter() -> None:
    changed = numbered({**CANDIDATE, "updatedAt": "2024-05-12T09:00:00+09:00"}, 101)
    pages = {
        CANDIDATES.url(1, since=True): counted_page(changed[:100], 101),
        CANDIDATES.url(2, since=True): counted_page(changed[100:], 101),
    }
    outcome = TALENTIO.read("candidates", pages, {"candidates": CANDIDATES.state})
    assert [row["id"] for row in outcome.records["candidates"]] == [row["id"] for row in changed]
    assert outcome.states == {"candidates": {"updatedAt": "2024-05-12T00:00:00Z"}}


def test_without_a_total_the_list_ends_with_an_empty_page() -> None:
    answers = {CANDIDATES.url(1): bare(numbered(CANDIDATE, 99)), CANDIDATES.url(2): bare([])}
    # Read again, as a deletion might have emptied the second page.
    assert TALENTIO.read("candidates", answers, times=2).records == {"candidates": numbered(ROW, 99)}


@pytest.mark.parametrize("behind", ["404", "last", "empty"])
def test_the_page_behind_the_last_may_be_anything(behind: str) -> None:
    """Rows that the token may not see are missing on both pages, and nothing tells how many there are."""
    sent = numbered(CANDIDATE, 140)
    last = {"404": MISSING, "last": bare(sent[75:]), "empty": bare([])}[behind]
    pages = {CANDIDATES.url(1): bare(sent[:75]), CANDIDATES.url(2): bare(sent[75:]), CANDIDATES.url(3): last}
    assert TALENTIO.read("candidates", pages, times=2).records == {"candidates": numbered(ROW, 140)}


def test_several_pages_without_a_total_are_read_again_because_a_deletion_would_not_be_seen() -> None:
    sent = numbered(CANDIDATE, 101)
    pages = {CANDIDATES.url(1): bare(sent[:100]), CANDIDATES.url(2): bare(sent[100:]), CANDIDATES.url(3): bare([])}
    outcome = TALENTIO.read("candidates", pages, times=2)
    assert outcome.records == {"candidates": numbered(ROW, 101)}
    assert outcome.states == {"candidates": CANDIDATES.state}


def test_the_state_stays_five_minutes_behind_the_servers_clock() -> None:
    # 23:58 UTC on the day before; the server says midnight.
    fresh = {"updatedAt": "2024-06-01T08:58:00+09:00"}
    page = counted_page([{**CANDIDATE, **fresh}])
    outcome = TALENTIO.read("candidates", {CANDIDATES.url(): page})
    assert outcome.states == {"candidates": {"updatedAt": "2024-05-31T23:55:00Z"}}
    since = f"{CANDIDATES.url()}&updatedAtFrom=2024-05-31T23:54:59"
    again = TALENTIO.read("candidates", {since: page}, outcome.states)
    assert again.records == {"candidates": [{**ROW, **fresh}]}
    assert again.states == outcome.states


def test_inactive_employees_are_left_out_where_the_config_says_so() -> None:
    url = "/candidates?page=1&includeInactiveResponsibleEmployees=false"
    outcome = TALENTIO.read(
        "candidates", {url: counted_page([CANDIDATE])}, include_inactive_responsible_employees=False
    )
    assert outcome.records == {"candidates": [ROW]}


def test_start_date_is_asked_of_the_api_and_checked_again() -> None:
    newer = {"id": 102, "updatedAt": "2024-05-12T09:00:00+09:00"}
    url = f"{CANDIDATES.url()}&updatedAtFrom=2024-05-11T23:59:58"
    page = counted_page([CANDIDATE, {**CANDIDATE, **newer}])
    outcome = TALENTIO.read("candidates", {url: page}, start_date="2024-05-12")
    assert outcome.records == {"candidates": [{**ROW, **newer}]}
    assert outcome.states == {"candidates": {"updatedAt": "2024-05-12T00:00:00Z"}}


def test_values_of_custom_fields_are_text() -> None:
    fields = [{"name": "等級", "value": 3}, {"name": "資格", "value": ["甲", "乙"]}, {"name": "空", "value": None}]
    outcome = TALENTIO.read("candidates", {CANDIDATES.url(): counted_page([{**CANDIDATE, "customFields": fields}])})
    values = [custom["value"] for custom in outcome.records["candidates"][0]["customFields"]]
    assert values == ["3", '["甲", "乙"]', None]
