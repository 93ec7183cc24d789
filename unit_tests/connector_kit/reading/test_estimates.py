"""Estimates: platforms learn how many rows a stream will have as soon as a total tells it, and of each correction."""

from __future__ import annotations

import json
import logging
from collections import Counter
from typing import Any

import pytest

from connector_kit.source import ManifestSource
from unit_tests.support.account import Account
from unit_tests.support.outcome import Outcome
from unit_tests.support.talentio_streams import CANDIDATE, CANDIDATES
from unit_tests.support.transport import Sent
from unit_tests.support.vendors import TALENTIO, bare, counted_page, numbered


def estimates(outcome: Outcome) -> dict[str, list[tuple[int, int]]]:
    """What was told of each stream: how many of its records had come before, and the estimate."""
    told: dict[str, list[tuple[int, int]]] = {}
    rows: Counter[str] = Counter()
    for message in map(json.loads, outcome.lines):
        if message["type"] == "RECORD":
            rows[message["record"]["stream"]] += 1
        elif message["type"] == "TRACE" and message["trace"]["type"] == "ESTIMATE":
            estimate = message["trace"]["estimate"]
            assert set(message["trace"]) == {"type", "emitted_at", "estimate"}
            assert estimate["type"] == "STREAM"
            told.setdefault(estimate["name"], []).append((rows[estimate["name"]], estimate["row_estimate"]))
    return told


@pytest.mark.slow
@pytest.mark.parametrize("source", ["talentics", "talentio"])
def test_the_last_estimate_is_what_came(source: str) -> None:
    account = Account(
        source, {"exams": 3, "tickets": 4, "jobs": 2, "applicants": 3, "candidates": 30, "requisitions": 4}
    )
    account.later()
    first = account.read(account.streams)
    for kind in ("exams", "jobs") if source == "talentics" else ("candidates",):
        account.world.data.update(kind, account.world.data.ids(kind)[0])
    account.later()
    for outcome in (first, account.read(account.streams, states=first.states), account.read(account.streams)):
        assert not outcome.failures
        told = estimates(outcome)
        assert {name: numbers[-1][1] for name, numbers in told.items()} == {
            name: len(rows) for name, rows in outcome.records.items()
        }


def test_the_total_of_a_list_is_told_with_its_first_page() -> None:
    sent = numbered(CANDIDATE, 201)
    pages = {CANDIDATES.url(page): counted_page(sent[page * 100 - 100 :][:100], 201) for page in (1, 2, 3)}
    outcome = TALENTIO.read("candidates candidate_stages", pages)
    # As many stages as candidates: each has one, with the same id.
    assert estimates(outcome) == {"candidates": [(100, 201)], "candidate_stages": [(100, 201)]}


def test_a_total_that_grows_corrects_the_estimate() -> None:
    sent = numbered(CANDIDATE, 210)
    once = {
        CANDIDATES.url(1): counted_page(sent[:100], 201),
        CANDIDATES.url(2): counted_page(sent[100:200], 210),
    }
    # In flight when the second page told that the list had grown, so asked for again.
    last = {CANDIDATES.url(3): counted_page(sent[200:], 210)}
    assert estimates(TALENTIO.read("candidates", last, once=once, times=2)) == {"candidates": [(100, 201), (200, 210)]}


def test_of_a_list_that_is_read_in_full_for_a_few_changes_the_estimate_comes_down_to_them() -> None:
    old = numbered(TALENTIO.sample("employees", updatedAt="2024-01-01T00:00:00+09:00"), 300)
    old[250] |= {"updatedAt": "2024-05-12T09:00:00+09:00"}
    pages = {f"/employees?page={page}": counted_page(old[page * 100 - 100 :][:100], 300) for page in (1, 2, 3)}
    outcome = TALENTIO.read("employees", pages, {"employees": {"updatedAt": "2024-05-01T00:00:00Z"}})
    assert estimates(outcome) == {"employees": [(0, 200), (0, 100), (1, 1)]}


def test_without_a_total_nothing_is_told_before_the_end() -> None:
    answers = {CANDIDATES.url(1): bare(numbered(CANDIDATE, 99)), CANDIDATES.url(2): bare([])}
    assert estimates(TALENTIO.read("candidates", answers, times=2)) == {"candidates": [(99, 99)]}


def test_details_are_told_before_the_first_of_them_comes() -> None:
    """As many as are due. Rows made of them follow the first answer."""
    account = Account("talentio", {"candidates": 30})
    account.later()
    asked: list[str] = []
    outcome = account.read(
        ["candidate_details", "evaluation_items"], lambda sent: asked.append(sent.path), num_workers=1
    )
    told = estimates(outcome)
    assert told["candidate_details"] == [(0, 30)]
    assert told["evaluation_items"][-1] == (len(outcome.records["evaluation_items"]),) * 2


def test_what_is_gone_corrects_the_estimate_of_details() -> None:
    account = Account("talentio", {"candidates": 30})
    account.later()
    victim = account.world.data.ids("candidates")[-1]

    def script(sent: Sent) -> None:
        if sent.number == 1:
            account.world.data.delete("candidates", victim)

    outcome = account.read(["candidate_details"], script, num_workers=1)
    assert [estimate for _, estimate in estimates(outcome)["candidate_details"]] == [30, 29]


def test_lists_of_many_parents_are_told_by_the_average_of_those_read() -> None:
    account = Account("talentics", {"exams": 4, "tickets": 5})
    account.later()
    told = estimates(account.read(["tickets"]))["tickets"]
    assert told == [(5, 20)]


@pytest.mark.parametrize("source", ["talentics", "talentio"])
def test_a_check_tells_none(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(source)
    emitted: list[Any] = []
    kit = ManifestSource(account.package, config=account.config, clock=account.clock, transport=account.transport())
    monkeypatch.setattr(kit._message_repository, "emit_message", emitted.append)
    kit.check(logging.getLogger(), account.config)
    assert emitted == []
