"""Promise: failures have names. A fault that may pass is tried again, and fails its stream alone where it lasts."""

from __future__ import annotations

import re

import pytest
import requests

from connector_kit.http.failure_table import PAUSES
from connector_kit.http.transport import LARGEST_BODY
from unit_tests.support.failing_streams import (
    GROUPS,
    LISTS,
    TRIES,
    Group,
    Happening,
    answers,
    assert_complete,
    each_group,
    raises,
    read,
    undisturbed,
)
from unit_tests.support.outcome import Outcome
from unit_tests.support.transport import Reply, Sent

PASSING: dict[str, tuple[Happening, str]] = {
    "500": (answers(500), r": the server failed \(HTTP 500\)\."),
    "503 with HTML": (answers(503, b"<html>"), r": the server failed \(HTTP 503\)\."),
    "599": (answers(599), r": the server failed \(HTTP 599\)\."),
    "reset": (
        raises(requests.exceptions.ConnectionError),
        r": no usable answer \(the connection was refused or reset\)",
    ),
    "no answer": (raises(requests.exceptions.ReadTimeout), r": no usable answer \(no answer in time\)\."),
    "no connection": (raises(requests.exceptions.ConnectTimeout), r": no usable answer \(no connection in time\)\."),
    "cut body": (raises(requests.exceptions.ChunkedEncodingError), r": no usable answer \(the answer was cut off\)\."),
    "bad JSON": (answers(200, b'{"data": [{"id": 1'), r": no usable answer \(HTTP 200 with no valid JSON\)\."),
    "HTML": (
        answers(200, b"<!DOCTYPE html><title>Login</title>"),
        r": no usable answer \(HTTP 200 with an HTML page\)",
    ),
    "other JSON": (answers(200, b'"ok"'), r": no usable answer \(JSON "),
}


# Those that are one row of the table in other clothes are tried at one source alone.
VARIANTS = {"503 with HTML", "599", "no connection", "other JSON"}


each_passing_fault = pytest.mark.parametrize(
    ("group", "happen", "words"),
    [
        pytest.param(group, *fault, id=f"{name}-{group}")
        for name, fault in PASSING.items()
        for group in (GROUPS if name not in VARIANTS else GROUPS[-1:])
    ],
)


def tries_of(group: Group, pattern: str) -> list[int]:
    """How often each path is asked for that never answers.

    Of several parents the first ones are set aside after a few tries, in case that others answer; where none of four
    does it is the endpoint, and the fourth is tried to the end. Where there are fewer, each is.
    """
    parents = len(undisturbed(group.source).asked_of(pattern))
    return [TRIES] * parents if parents < 4 else [5, 3, 3, TRIES]


def pauses_of(outcome: Outcome, stream: str) -> list[int]:
    """The seconds between its tries, as the log tells them."""
    found = [re.match(rf"{stream}: .* Trying again in (\d+) s\.$", line) for line in outcome.log]
    return [int(match[1]) for match in found if match]


@pytest.mark.slow
@each_passing_fault
def test_a_fault_that_lasts_fails_its_stream_alone_after_five_minutes(
    group: Group, happen: Happening, words: str
) -> None:
    outcome = read(group.source, group.failing | {*group.survives}, dict.fromkeys(group.fails, happen), num_workers=1)
    assert outcome.errors.keys() == group.failing
    lasting = (
        rf" It still failed after {TRIES} tries over \d+ min\. What was read is kept; run the sync again to continue"
    )
    for pattern, streams in group.fails.items():
        assert outcome.asked_of(pattern) == tries_of(group, pattern)
        for stream in streams:
            failure = outcome.errors[stream]
            assert failure.kind == "transient_error"
            assert re.search(pattern[:-1] + words, failure.message)
            assert re.search(lasting, failure.message)
        if outcome.asked_of(pattern) != [TRIES]:
            continue
        pauses = pauses_of(outcome, streams[0])
        assert len(pauses) == len(PAUSES)
        assert 240 <= sum(pauses) <= 370
        assert all(0.8 * pause - 1 <= said <= 1.2 * pause + 1 for pause, said in zip(PAUSES, pauses, strict=True))
        assert tuple(pauses) != tuple(map(int, PAUSES)), "pauses without jitter make all clients come back at once"
    assert_complete(outcome, group.source, group.survives)


def test_an_answer_without_a_body_is_a_fault_of_a_list_alone() -> None:
    """Below a list it says that there is nothing."""
    group = GROUPS[-1]
    outcome = read(group.source, group.failing | {*group.survives}, dict.fromkeys(group.fails, answers(200, b"")))
    assert outcome.errors.keys() == group.failing & LISTS
    assert re.search(
        r"requisitions: no usable answer \(HTTP 200 with no valid JSON\)\.", outcome.errors["requisitions"].message
    )
    assert {outcome.statuses[stream] for stream in group.failing - LISTS} == {"COMPLETE"}
    assert_complete(outcome, group.source, group.survives)


BEYOND = {
    "values": (b"[" + b"[]," * 600_000 + b"[]]", "more values than an answer of this API can hold"),
    "depth": (b"[" * 2000 + b"]" * 2000, "JSON nested too deep"),
    "bytes": (b"[" + b" " * LARGEST_BODY + b"]", "more than 64 MiB"),
}


@pytest.mark.parametrize("bound", BEYOND)
def test_an_answer_beyond_the_bounds_is_refused_at_once(bound: str) -> None:
    """It would be the same at each try."""
    body, words = BEYOND[bound]
    group = GROUPS[-1]
    streams = {"requisitions", *group.survives}
    outcome = read(group.source, streams, {r"/requisitions$": answers(200, body)})
    assert outcome.asked_of(r"/requisitions$") == [1]
    assert outcome.errors.keys() == {"requisitions"}
    failure = outcome.errors["requisitions"]
    assert failure.kind == "system_error"
    assert failure.message.startswith("/talentio/api/v1/requisitions: the answer is refused (HTTP 200 with ")
    assert words in failure.message
    assert_complete(outcome, group.source, group.survives)


@pytest.mark.slow
@each_group
@pytest.mark.parametrize(
    "happen", [PASSING[name][0] for name in ("500", "reset", "HTML")], ids=["500", "reset", "HTML"]
)
def test_a_fault_that_passes_costs_nothing(group: Group, happen: Happening) -> None:
    outcome = read(group.source, group.failing | {*group.survives}, dict.fromkeys(group.fails, happen), 3)
    assert outcome.ended is None
    assert_complete(outcome, group.source, group.failing | {*group.survives})
    for pattern in group.fails:
        assert set(outcome.asked_of(pattern)) == {4}


@pytest.mark.parametrize(
    ("source", "pattern", "stream", "key"),
    [
        ("talentics", r"/scores$", "ticket_scores", "ticket_id"),
        ("talentics", r"/employment-application-form$", "employment_application_forms", "id"),
        ("talentio", r"/candidates/\d+$", "candidate_details", "id"),
    ],
)
def test_what_was_read_before_the_fault_is_kept(source: str, pattern: str, stream: str, key: str) -> None:
    whole = undisturbed(source)
    middle = whole.records[stream][len(whole.records[stream]) // 2][key]
    (path,) = [path for path in whole.asked if re.search(pattern, path) and f"/{middle}/" in f"{path}/"]
    outcome = read(source, {stream}, {path + "$": answers(500)}, num_workers=1)
    assert outcome.errors.keys() == {stream}
    kept = {record[key] for record in outcome.records[stream]}
    assert kept == {record[key] for record in whole.records[stream]} - {middle}
    assert outcome.states[stream]
    assert outcome.states[stream] != whole.states[stream]


@each_group
def test_a_defect_of_ours_fails_its_stream_alone(group: Group) -> None:
    def happen(sent: Sent) -> Reply:
        raise ZeroDivisionError

    outcome = read(group.source, group.failing | {*group.survives}, dict.fromkeys(group.fails, happen))
    assert outcome.errors.keys() == group.failing
    assert {failure.kind for failure in outcome.errors.values()} == {"system_error"}
    assert_complete(outcome, group.source, group.survives)
