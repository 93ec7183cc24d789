"""One parent is one parent: what fails for it for good leaves the others, and the next sync asks for it alone."""

from __future__ import annotations

import re

import pytest
import requests

from unit_tests.support.failing_streams import (
    Happening,
    always_asked,
    answers,
    each_child,
    one_of,
    raises,
    read,
    rows,
    undisturbed,
)
from unit_tests.support.outcome import Outcome

FAILURES: dict[str, tuple[Happening, str, str]] = {
    "400": (answers(400), "HTTP 400", "system_error"),
    "409": (answers(409), "HTTP 409", "system_error"),
    "422": (answers(422), "HTTP 422", "system_error"),
    "423": (answers(423), "HTTP 423", "system_error"),
    "451": (answers(451), "HTTP 451", "system_error"),
    "500": (answers(500), "HTTP 500", "transient_error"),
    "HTML": (answers(200, b"<html>"), "HTTP 200 with an HTML page", "transient_error"),
    "junk": (answers(200, b'"ok"'), "JSON", "transient_error"),
    "reset": (raises(requests.exceptions.ConnectionError), "the connection was refused or reset", "transient_error"),
}


def waited(outcome: Outcome) -> float:
    """Seconds that a read waited for retries, by its own summary."""
    (said,) = [match for line in outcome.log if (match := re.search(r"(\d+) s waited for", line))]
    return float(said[1])


@pytest.mark.slow
@each_child
# One failure that lasts and one that may pass, among the others, before and behind them; the rest differ in words, so
# that their other places are tried in the long run.
@pytest.mark.parametrize(
    ("which", "failure"),
    [
        pytest.param(which, failure, marks=() if which in usual else pytest.mark.long)
        for failure in FAILURES
        for usual in [(2, 3, 5) if failure in ("422", "reset") else (0,)]
        for which in (0, 2, 3, 5)
    ],
)
def test_the_others_are_read_and_the_next_sync_asks_for_the_failed_one_alone(
    source: str, pattern: str, stream: str, which: int, failure: str
) -> None:
    happen, what, kind = FAILURES[failure]
    path = one_of(source, pattern, which)
    first = read(source, {stream}, {path + "$": happen})
    message = first.errors[stream].message
    asked = len(first.asked_of(pattern))
    assert first.errors[stream].kind == kind
    assert re.search(rf"\S+{{id}}\S* failed for 1 of {asked} parents \({what}", message)
    assert f"The next sync asks again for what failed: {path}." in message
    whole = undisturbed(source)
    assert 0 < len(rows(first, stream=stream)) <= len(rows(whole, stream=stream))

    always = always_asked(source, stream)
    again = read(source, {stream}, states=first.states)
    assert again.ended is None
    assert {it for it in again.asked if re.search(pattern, it)} == {path} | {
        it for it in always if re.search(pattern, it)
    }
    assert rows(first, again, stream=stream) == rows(whole, stream=stream)


@pytest.mark.slow
@pytest.mark.parametrize("status", [404, 410])
@each_child
def test_a_parent_that_has_none_is_no_failure(source: str, pattern: str, stream: str, status: int) -> None:
    outcome = read(source, {stream}, {one_of(source, pattern, 1) + "$": answers(status)})
    assert outcome.ended is None
    assert any(re.match(rf"{stream}: no record for \d+ of \d+ ", line) for line in outcome.log)


def test_the_list_of_one_parent_fails_and_the_other_lists_are_read_with_what_hangs_on_them() -> None:
    path = one_of("talentics", r"/exams/\d+/tickets$", 1)
    first = read("talentics", {"tickets", "ticket_scores"}, {path + "$": answers(422)})
    assert first.errors["tickets"].kind == "system_error"
    assert "failed for 1 of 2 parents (HTTP 422). The others were read. " in first.errors["tickets"].message
    assert first.records["tickets"]
    assert first.records["ticket_scores"]
    again = read("talentics", {"tickets", "ticket_scores"}, states=first.states)
    for stream in ("tickets", "ticket_scores"):
        assert rows(first, again, stream=stream) == rows(undisturbed("talentics"), stream=stream)
    scores = {it for it in first.asked if it.endswith("/scores")}
    assert not scores & set(again.asked)


def test_parents_that_fail_for_minutes_hold_nobody_else_for_minutes_each() -> None:
    failing = {path + "$": answers(500) for path in sorted(undisturbed("talentio").asked) if path.endswith("/comments")}
    failing.popitem()
    failing.popitem()
    assert len(failing) == 4
    outcome = read("talentio", {"candidate_comments"}, failing, states=_half_read(), num_workers=1)
    assert "failed for 4 of 6 parents (HTTP 500)" in outcome.errors["candidate_comments"].message
    one = read("talentio", {"candidate_comments"}, dict([*failing.items()][:1]), states=_half_read(), num_workers=1)
    assert waited(outcome) < 2 * waited(one)


def test_a_fault_that_passes_while_the_others_are_read_costs_nothing() -> None:
    path = one_of("talentio", r"/candidates/\d+$", 1)
    outcome = read("talentio", {"candidate_details"}, {path + "$": answers(500)}, times=7)
    assert outcome.ended is None
    assert outcome.asked[path] == 8
    assert rows(outcome, stream="candidate_details") == rows(undisturbed("talentio"), stream="candidate_details")
    # All was read, and the state is behind all of it.
    assert "recent" not in outcome.states["candidate_details"]
    again = read("talentio", {"candidate_details"}, states=outcome.states)
    assert not again.asked_of(r"/candidates/\d+$")


@pytest.mark.parametrize("status", [422, 301, 304])
def test_the_oldest_parents_may_fail_one_and_all_and_the_newest_not(status: int) -> None:
    """Without a state nothing says that the endpoint answers at all, so one of the newest is asked."""
    in_order = read("talentio", {"candidate_details"}, num_workers=1).asked
    oldest = [path for path in in_order if re.search(r"/candidates/\d+$", path)][:4]
    outcome = read("talentio", {"candidate_details"}, {path + "$": answers(status) for path in oldest})
    assert (
        f"failed for 4 of 6 parents (HTTP {status}). The others were read."
        in outcome.errors["candidate_details"].message
    )
    assert len(outcome.records["candidate_details"]) == 2
    again = read("talentio", {"candidate_details"}, states=outcome.states)
    assert {path for path in again.asked if re.search(r"/candidates/\d+$", path)} == set(oldest)
    assert rows(outcome, again, stream="candidate_details") == rows(undisturbed("talentio"), stream="candidate_details")


def test_an_endpoint_that_fails_for_everybody_is_given_up_after_a_few() -> None:
    outcome = read("talentics", {"ticket_scores"}, {r"/scores$": answers(422)})
    assert len(outcome.asked_of(r"/scores$")) == 4
    assert re.match(
        r"\S+/\d+/scores: the server refused the request \(HTTP 422\)\. ", outcome.errors["ticket_scores"].message
    )


def _half_read() -> dict[str, dict[str, object]]:
    """A state by which the endpoint has answered once, so that a few failures in a row are not the endpoint's."""
    return {"candidate_comments": {"candidateUpdatedAt": "1990-01-01T00:00:00Z", "id": 1}}
