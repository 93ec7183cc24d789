"""An incremental sync lists, compares, and asks for nothing that did not change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration_tests.whole_syncs import RACES, Company, company

WORKERS = pytest.mark.parametrize("workers", [1, 8])
SIZES = {
    "talentics": {"exams": 4, "tickets": 50, "jobs": 5, "applicants": 4},
    "talentio": {"candidates": 200, "requisitions": 100},
}
# What a sync without news costs: the lists, and on Talentics what has no time to compare.
LISTS = {
    "talentics": {"exams": 1, "tickets": 4, "jobs": 1, "applicants": 6},
    "talentio": {
        **dict.fromkeys(("candidates", "requisitions", "job_titles", "channels"), 1),
        **dict.fromkeys(("employees", "employee_groups", "workspaces"), 1),
    },
}


def without_form(made: Company) -> set[int]:
    talentics, applicants = made.world.data.talentics, made.world.data.collections["applicants"]
    return {number for number in made.ids("applicants") if talentics.form(applicants.living(number)) is None}


def all_but_applicant_details(made: Company) -> list[str]:
    # They have no cursor: each sync reads all of them.
    return [name for name in made.streams() if name != "applicant_details"]


@WORKERS
def test_nothing_changed_costs_the_lists_alone(workers: int) -> None:
    with company("talentio", **SIZES["talentio"]) as made:
        first = made.sync(workers=workers)
        again = made.sync(workers=workers, states=first.states)
    assert again.by_endpoint == LISTS["talentio"]
    with company("talentics", **SIZES["talentics"]) as made:
        first = made.sync(*all_but_applicant_details(made), workers=workers)
        again = made.sync(*all_but_applicant_details(made), workers=workers, states=first.states)
        unknown = without_form(made)
    assert 0 < len(unknown) < 20
    assert again.by_endpoint == {**LISTS["talentics"], "form": len(unknown)}
    assert again.asked("form") == unknown


@WORKERS
@pytest.mark.parametrize("after", [0.0, 3600.0], ids=["changed just now", "changed an hour ago"])
def test_one_percent_changed_costs_one_percent_of_the_details(workers: int, after: float) -> None:
    with company("talentics", **SIZES["talentics"]) as made:
        scored = ("exams", "exam_details", "tickets", "ticket_scores", "assessment_scores", "aspect_scores")
        first = made.sync(*scored, workers=workers)
        changed = made.ids("tickets")[5::100]
        made.clock.advance(3600)
        for ticket in changed:
            made.world.data.update("tickets", ticket)
        again = made.sync(*scored, workers=workers, states=first.states, after=after)
        quiet = made.sync(*scored, workers=workers, states={**first.states, **again.states})
    assert again.by_endpoint == {"exams": 1, "tickets": 4, "scores": 2}
    assert again.asked("scores") == set(changed)
    assert {record["ticket_id"] for record in again.records["ticket_scores"]} == set(changed)
    assert quiet.by_endpoint == {"exams": 1, "tickets": 4}
    with company("talentio", **SIZES["talentio"]) as made:
        names = tuple(made.streams())
        first = made.sync(*names, workers=workers)
        made.clock.advance(3600)
        candidates, requisition = made.ids("candidates")[5::100], made.ids("requisitions")[7]
        for candidate in candidates:
            made.world.data.update("candidates", candidate)
        made.world.data.update("requisitions", requisition)
        again = made.sync(*names, workers=workers, states=first.states, after=after)
        quiet = made.sync(*names, workers=workers, states={**first.states, **again.states})
    assert again.by_endpoint == {**LISTS["talentio"], "candidate": 2, "comments": 2, "requisition": 1}
    assert again.asked("candidate") == again.asked("comments") == set(candidates)
    assert again.asked("requisition") == {requisition}
    assert quiet.by_endpoint == LISTS["talentio"]


@pytest.fixture(scope="module", params=["talentics", "talentio"])
def slow(request: pytest.FixtureRequest) -> Iterator[Company]:
    sizes = {"exams": 1, "tickets": 4} if request.param == "talentics" else {"candidates": 4}
    with company(request.param, **sizes, faults=("slow=0.01",)) as made:
        yield made


@RACES
def test_streams_that_share_details_agree_on_what_changed(slow: Company, workers: int, time: int) -> None:
    kind, details, names = {
        "talentics": ("tickets", "scores", ("tickets", "ticket_scores", "assessment_scores", "aspect_scores")),
        "talentio": ("candidates", "candidate", ("candidates", "candidate_details", "evaluation_items")),
    }[slow.source]
    first = slow.sync(*names, workers=workers)
    changed = slow.ids(kind)[time % 4]
    slow.world.data.update(kind, changed)
    again = slow.sync(*names, workers=workers, states=first.states)
    assert again.per_url == 1.0
    assert again.asked(details) == {changed}


@WORKERS
def test_forms_are_asked_for_until_one_is_known(workers: int) -> None:
    with company("talentics", exams=1, tickets=1, jobs=2, applicants=10) as made:
        names = ("employment_application_forms", "employment_application_answers")
        first = made.sync(*names, workers=workers)
        assert first.asked("form") == set(made.ids("applicants"))
        sender, *others = sorted(without_form(made))
        made.world.data.create("forms", sender)
        second = made.sync(*names, workers=workers, states=first.states)
        third = made.sync(*names, workers=workers, states=second.states)
    assert second.asked("form") == {sender, *others}
    assert [record["id"] for record in second.records["employment_application_forms"]] == [sender]
    assert third.asked("form") == set(others)


def test_a_comment_is_seen_where_it_moved_its_candidate_and_otherwise_by_a_full_refresh() -> None:
    with company("talentio", candidates=10) as made:
        first = made.sync("candidate_comments")
        moved, still = made.ids("candidates")[:2]
        made.world.data.create("comments", still)
        made.world.settings.comments_touch_candidate = True
        made.world.data.create("comments", moved)
        second = made.sync("candidate_comments", states=first.states)
        full = made.sync("candidate_comments")
    assert second.by_endpoint == {"candidates": 1, "comments": 1}
    assert second.asked("comments") == {moved}
    assert full.asked("comments") == set(made.ids("candidates"))
    assert len(full.records["candidate_comments"]) == len(first.records["candidate_comments"]) + 2


def test_the_server_filters_where_every_stream_that_needs_the_list_has_a_state() -> None:
    with company("talentio", candidates=150, requisitions=101) as made:
        names = ("candidates", "candidate_details", "requisitions")
        first = made.sync(*names)
        again = made.sync(*names, states=first.states)
        # A stream that is selected later needs the whole list.
        later = made.sync(*names, "candidate_comments", states=again.states)
    assert [request for request in first.requests if "updatedAtFrom" in request.query] == []
    lists = [request for request in again.requests if request.endpoint.endswith("s")]
    assert all("updatedAtFrom" in request.query for request in lists)
    assert again.by_endpoint == {"candidates": 1, "requisitions": 1}
    assert later.by_endpoint == {"candidates": 2, "requisitions": 1, "comments": 150}
