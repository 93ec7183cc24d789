"""A 403 for one parent among others is of that parent: the rest is read, and the next sync asks for it again."""

from __future__ import annotations

import re

import pytest

from unit_tests.support.doc_pages import PAGES, under
from unit_tests.support.failing_streams import (
    always_asked,
    answers,
    assert_complete,
    each_child,
    one_of,
    read,
    rows,
    undisturbed,
)

REFUSED = answers(403)


# Four tickets share a time. As details are read, one is refused between them, one before all others, one behind them.
@pytest.mark.slow
@each_child
@pytest.mark.parametrize(
    "which", [pytest.param(it, marks=() if it in (2, 3, 5) else pytest.mark.long) for it in range(6)]
)
@pytest.mark.parametrize("workers", [1, 4])
def test_the_others_are_read_and_the_one_is_asked_for_again(
    source: str, pattern: str, stream: str, which: int, workers: int
) -> None:
    path = one_of(source, pattern, which)
    first = read(source, {stream}, {path + "$": REFUSED}, num_workers=workers)
    message = first.errors[stream].message
    assert first.errors[stream].kind == "config_error"
    asked = len(first.asked_of(pattern))
    told = rf"No access to \S+{{id}}\S* for 1 of {asked} parents \(HTTP 403\)\. The others were read\. "
    assert re.match(told, message)
    assert 0 < len(rows(first, stream=stream)) <= len(rows(undisturbed(source), stream=stream))

    always = always_asked(source, stream)
    still = read(source, {stream}, {path + "$": REFUSED}, states=first.states, num_workers=workers)
    assert set(still.asked_of(pattern)) == {1}
    assert {it for it in still.asked if re.search(pattern, it)} == {path} | {
        it for it in always if re.search(pattern, it)
    }
    assert stream in still.errors

    granted = read(source, {stream}, states=still.states, num_workers=workers)
    assert path in granted.asked
    assert set(granted.asked) <= always | {path}
    assert granted.ended is None
    assert rows(first, granted, stream=stream) == rows(undisturbed(source), stream=stream)


@pytest.mark.parametrize("selected", [{"tickets", "ticket_scores"}, {"ticket_scores"}], ids=["both", "the child"])
def test_a_list_of_one_parent_leaves_the_other_lists_and_what_hangs_on_them(selected: set[str]) -> None:
    path = one_of("talentics", r"/exams/\d+/tickets$", 1)
    first = read("talentics", selected, {path + "$": REFUSED})
    assert first.errors.keys() == ({"tickets"} if "tickets" in selected else {"ticket_scores"})
    assert first.records["ticket_scores"]
    granted = read("talentics", selected, states=first.states)
    assert granted.ended is None
    for stream in selected:
        assert rows(first, granted, stream=stream) == rows(undisturbed("talentics"), stream=stream)
    # What was read is not asked for again.
    scores = [it for it in first.asked if it.endswith("/scores")]
    assert scores
    assert not set(scores) & set(granted.asked)


def test_other_streams_are_complete() -> None:
    path = one_of("talentics", r"/scores$", 1)
    outcome = read("talentics", {"exams", "tickets", "ticket_scores"}, {path + "$": REFUSED})
    assert outcome.errors.keys() == {"ticket_scores"}
    assert_complete(outcome, "talentics", ("exams", "tickets"))


def test_an_endpoint_that_refuses_everything_is_given_up_after_a_few() -> None:
    for workers in (1, 4):
        outcome = read("talentics", {"ticket_scores"}, {r"/scores$": REFUSED}, num_workers=workers)
        assert len(outcome.asked_of(r"/scores$")) == 4
        assert re.match(r"No access to \S+/\d+/scores \(HTTP 403\)\. ", outcome.errors["ticket_scores"].message)


@pytest.mark.parametrize("source", PAGES)
def test_the_message_is_documented(source: str) -> None:
    pattern, stream = {"source_talentics": (r"/scores$", "ticket_scores")}.get(
        source, (r"/comments$", "candidate_comments")
    )
    api = source.removeprefix("source_")
    message = read(api, {stream}, {one_of(api, pattern, 1) + "$": REFUSED}).errors[stream].message
    as_documented = message.replace(f"/{api}/", "/", 1)
    as_documented = re.sub(r"for 1 of \d+ parents", "for 3 of 400 parents", as_documented)
    example = {"talentics": "/v2/exams/tickets/501/scores", "talentio": "/api/v1/candidates/101/comments"}[api]
    as_documented = re.sub(r"what failed: \S+\.$", f"what failed: {example}.", as_documented)
    assert as_documented in under(PAGES[source], "HTTP 403"), as_documented
