"""Promise: failures have names. Every row of the failure table, at lists, at their children and at grandchildren."""

from __future__ import annotations

import re

import pytest
import requests

from unit_tests.support.failing_streams import (
    LISTS,
    Group,
    Happening,
    answers,
    assert_complete,
    assert_failed,
    each_group,
    raises,
    read,
    undisturbed,
)


@pytest.mark.slow
@each_group
@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (400, "system_error", r"refused the request \(HTTP 400\)"),
        (401, "config_error", r"The server refused .* \(HTTP 401 on .*\)\. Check .* or get a new credential in "),
        (403, "config_error", r"No access to .* \(HTTP 403\)\. .*deselect the stream\."),
    ],
)
def test_what_is_refused_is_told_at_once_and_fails_its_stream_alone(
    group: Group, status: int, kind: str, words: str
) -> None:
    outcome = read(group.source, group.failing | {*group.survives}, dict.fromkeys(group.fails, answers(status)))
    assert_failed(outcome, group, kind, words)
    for pattern in group.fails:
        # What was in flight when the first answer came is the most that was sent, and nothing twice.
        assert set(outcome.asked_of(pattern)) == {1}
        assert len(outcome.asked_of(pattern)) <= 4


@pytest.mark.slow
@each_group
def test_a_firewalls_page_is_told_as_that(group: Group) -> None:
    page = answers(403, b"<!DOCTYPE html><html></html>")
    outcome = read(group.source, group.failing | {*group.survives}, dict.fromkeys(group.fails, page))
    assert_failed(outcome, group, "config_error", r"firewall .* blocked .* \(HTTP 403 with an HTML page\)\. Check ")


@pytest.mark.slow
@each_group
@pytest.mark.parametrize(
    ("happen", "words"),
    [
        (
            answers(302, headers={"Location": "https://elsewhere.example.com/"}),
            r"redirect \(HTTP 302\), which is refused\. Check",
        ),
        (raises(requests.exceptions.SSLError), r"TLS certificate could not be verified\. Check base_url"),
    ],
    ids=["redirect", "certificate"],
)
def test_another_address_is_never_gone_to(group: Group, happen: Happening, words: str) -> None:
    outcome = read(group.source, group.failing | {*group.survives}, dict.fromkeys(group.fails, happen))
    assert outcome.errors.keys() == group.failing
    for failure in outcome.errors.values():
        assert failure.kind == "config_error"
        assert re.search(words, failure.message)
    for pattern in group.fails:
        assert set(outcome.asked_of(pattern)) == {1}
    assert_complete(outcome, group.source, group.survives)


@each_group
def test_what_is_missing_is_an_error_at_a_list_and_none_below(group: Group) -> None:
    outcome = read(group.source, group.failing | {*group.survives}, dict.fromkeys(group.fails, answers(404)))
    assert outcome.errors.keys() == group.failing & LISTS
    for failure in outcome.errors.values():
        assert failure.kind == "config_error"
        assert re.search(r"does not exist .*\(HTTP 404\)\. Check base_url: https://api\.test/", failure.message)
    for stream in group.failing - LISTS:
        assert outcome.statuses[stream] == "COMPLETE"
        assert outcome.records[stream] == []
    for streams in group.fails.values():
        if streams[0] not in LISTS:
            # One line with the count for an endpoint; where the path itself is in doubt, one that says so.
            (line,) = [line for line in outcome.log if line.startswith(f"{streams[0]}: ") and "404" in line]
            told = r": no record for \d+ of \d+ \w+ \(HTTP 404\)\. |answered HTTP 404 for all \d+ \w+\. The vendor's "
            assert re.search(told, line)
    assert_complete(outcome, group.source, group.survives)


@pytest.mark.parametrize(
    ("source", "pattern", "stream"),
    [
        ("talentics", r"/scores$", "ticket_scores"),
        ("talentics", r"/employment-application-form$", "employment_application_forms"),
        ("talentio", r"/candidates/\d+$", "candidate_details"),
        ("talentio", r"/comments$", "candidate_comments"),
    ],
)
def test_one_that_is_missing_leaves_the_others(source: str, pattern: str, stream: str) -> None:
    whole = undisturbed(source)
    path = min(path for path in whole.asked if re.search(pattern, path))
    outcome = read(source, {stream}, {path + "$": answers(404)})
    assert outcome.ended is None
    assert 0 < len(outcome.records[stream]) < len(whole.records[stream])
    assert outcome.states[stream] == whole.states[stream] or "seen" in outcome.states[stream]
    assert [line for line in outcome.log if re.match(rf"{stream}: no record for \d+ of \d+ \w+ \(HTTP 404\)\. ", line)]


@pytest.mark.slow
@each_group
@pytest.mark.parametrize(
    "headers",
    [{"Retry-After": "900"}, {"Retry-After": "0"}, {"X-Reset": "600", "X-Remaining": "0"}, {}],
    ids=["retry-after", "at once", "reset", "nothing"],
)
def test_a_limit_that_is_used_up_never_fails_a_read(group: Group, headers: dict[str, str]) -> None:
    refusals = 30
    happens = dict.fromkeys(group.fails, answers(429, headers=headers))
    outcome = read(group.source, group.failing | {*group.survives}, happens, refusals, num_workers=1)
    assert outcome.ended is None
    assert outcome.errors == {}
    assert_complete(outcome, group.source, group.failing | {*group.survives})
    for pattern, streams in group.fails.items():
        assert set(outcome.asked_of(pattern)) == {refusals + 1}
        assert any(re.match(rf"{streams[0]}: .*\(HTTP 429\)", line) for line in outcome.log)


@pytest.mark.parametrize("source", ["talentics", "talentio"])
def test_a_bad_value_in_the_config_is_refused_before_any_request(source: str) -> None:
    outcome = read(source, {"exams" if source == "talentics" else "candidates"}, num_workers=0)
    assert outcome.ended is not None
    assert outcome.ended.message.startswith("num_workers: ")
    assert outcome.ended.kind == "config_error"
    assert not outcome.asked
