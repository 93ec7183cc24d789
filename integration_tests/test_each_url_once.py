"""A sync asks for each URL once, whatever streams are selected and however they meet; pages are full."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

import pytest

from integration_tests.whole_syncs import RACES, Company, company

# A race that shows once in twenty is a defect.
TWENTY_TIMES = pytest.mark.parametrize("time", range(20))
WORKERS = pytest.mark.parametrize("workers", [1, 8])
SIZES = {
    "talentics": {"exams": 2, "tickets": 3, "jobs": 2, "applicants": 2},
    "talentio": {
        "candidates": 6,
        "requisitions": 2,
        "job_titles": 1,
        "channels": 1,
        "employees": 3,
        "employee_groups": 1,
        "workspaces": 1,
    },
}
ALL = {
    "talentics": {
        "exams": 1,
        "exam": 2,
        "tickets": 2,
        "scores": 6,
        "jobs": 1,
        "job": 2,
        # One for each job, and a second page of the first one's, to see whether the list is paged.
        "applicants": 3,
        "applicant": 4,
        "form": 4,
    },
    "talentio": {
        "candidates": 1,
        "candidate": 6,
        "comments": 6,
        "requisitions": 1,
        "requisition": 2,
        "job_titles": 1,
        "channels": 1,
        "employees": 1,
        "employee_groups": 1,
        "workspaces": 1,
    },
}


@pytest.fixture(scope="module", params=["talentics", "talentio"])
def slow(request: pytest.FixtureRequest) -> Iterator[Company]:
    """A source whose server takes its time: streams that share a request then wait for it at the same moment."""
    with company(request.param, **SIZES[request.param], faults=("slow=0.01",)) as made:
        yield made


@pytest.fixture(scope="module")
def quick() -> Iterator[dict[str, Company]]:
    with company("talentics", **SIZES["talentics"]) as talentics, company("talentio", **SIZES["talentio"]) as talentio:
        yield {"talentics": talentics, "talentio": talentio}


@pytest.fixture(scope="module")
def slow_talentics() -> Iterator[Company]:
    with company("talentics", exams=1, tickets=2, jobs=1, applicants=2, faults=("slow=0.01",)) as made:
        yield made


@RACES
def test_all_streams_together(slow: Company, workers: int, time: int) -> None:
    outcome = slow.sync(workers=workers)
    assert outcome.by_endpoint == ALL[slow.source]
    assert outcome.per_url == 1.0


DERIVED_WITH_SOURCE: list[tuple[str, tuple[str, ...], dict[str, int]]] = [
    ("talentics", ("ticket_scores", "assessment_scores", "aspect_scores"), {"exams": 1, "tickets": 2, "scores": 6}),
    (
        "talentics",
        ("employment_application_answers", "employment_application_forms"),
        {"jobs": 1, "applicants": 3, "form": 4},
    ),
    ("talentio", ("candidate_stages", "candidates"), {"candidates": 1}),
    (
        "talentio",
        ("evaluation_items", "stage_evaluations", "candidate_details", "candidate_comments"),
        {"candidates": 1, "candidate": 6, "comments": 6},
    ),
]
# One stream without its parent, or without the stream that it is made from.
ALONE: list[tuple[str, tuple[str, ...], dict[str, int]]] = [
    ("talentics", ("ticket_scores",), {"exams": 1, "tickets": 2, "scores": 6}),
    ("talentics", ("aspect_scores",), {"exams": 1, "tickets": 2, "scores": 6}),
    ("talentics", ("tickets",), {"exams": 1, "tickets": 2}),
    ("talentics", ("job_details",), {"jobs": 1, "job": 2}),
    ("talentics", ("applicant_details",), {"jobs": 1, "applicants": 3, "applicant": 4}),
    ("talentics", ("employment_application_answers",), {"jobs": 1, "applicants": 3, "form": 4}),
    ("talentio", ("candidate_stages",), {"candidates": 1}),
    ("talentio", ("candidate_details",), {"candidates": 1, "candidate": 6}),
    ("talentio", ("evaluation_items",), {"candidates": 1, "candidate": 6}),
    ("talentio", ("candidate_comments",), {"candidates": 1, "comments": 6}),
    ("talentio", ("requisition_details",), {"requisitions": 1, "requisition": 2}),
]


@WORKERS
@pytest.mark.parametrize(("source", "streams", "asked"), DERIVED_WITH_SOURCE + ALONE)
def test_some_streams(
    quick: dict[str, Company], source: str, streams: tuple[str, ...], asked: dict[str, int], workers: int
) -> None:
    outcome = quick[source].sync(*streams, workers=workers)
    assert outcome.by_endpoint == asked
    assert outcome.per_url == 1.0
    assert set(outcome.records) == set(streams)


@pytest.mark.parametrize("streams", [streams for source, streams, _ in DERIVED_WITH_SOURCE if source == "talentics"])
@TWENTY_TIMES
def test_streams_made_from_one_answer_never_ask_twice(
    slow_talentics: Company, streams: tuple[str, ...], time: int
) -> None:
    assert slow_talentics.sync(*streams, workers=8).per_url == 1.0


@pytest.mark.parametrize(("records", "pages"), [(0, 1), (1, 1), (99, 1), (100, 1), (101, 2), (200, 2), (201, 3)])
def test_pages_are_full_and_none_is_asked_for_to_find_the_end(records: int, pages: int) -> None:
    with company("talentics", exams=1, tickets=records) as made:
        outcome = made.sync("tickets")
    queries = [request.query for request in outcome.requests if request.endpoint == "talentics.tickets"]
    # Pages in flight reach the server in any order.
    assert sorted(queries, key=itemgetter("page")) == [
        {"per_page": "100", "page": str(number)} for number in range(1, pages + 1)
    ]
    assert len(outcome.records.get("tickets", [])) == records
    with company("talentio", candidates=records) as made:
        outcome = made.sync("candidates")
    assert sorted(request.query["page"] for request in outcome.requests) == [
        str(number) for number in range(1, pages + 1)
    ]
    assert len(outcome.records.get("candidates", [])) == records


def test_the_summary_tells_what_was_asked_for_what_came_and_what_was_saved() -> None:
    with company("talentics", **SIZES["talentics"]) as made:
        names = ("exams", "tickets", "ticket_scores", "aspect_scores")
        first = made.sync(*names)
        made.world.data.update("tickets", made.ids("tickets")[0])
        second = made.sync(*names, states=first.states)
    (line,) = [line for line in first.log if line.startswith("Sync summary")]
    assert "9 requests (/exams 1, /exams/tickets/{id}/scores 6, /exams/{id}/tickets 2)" in line
    counts = ", ".join(f"{name} {len(first.records[name])}" for name in sorted(names))
    assert f"records: {counts};" in line
    # /exams serves four streams, each list of tickets three, each document of scores two.
    assert "requests saved: 13 by sharing answers among streams;" in line
    assert "0 s waited" in line
    (line,) = [line for line in second.log if line.startswith("Sync summary")]
    assert "requests saved: 8 by sharing answers among streams, 5 for unchanged details;" in line


def test_the_summary_names_the_list_that_the_server_filtered_and_the_time_waited() -> None:
    with company("talentio", **SIZES["talentio"]) as made:
        first = made.sync("candidates", "candidate_details")
        second = made.sync("candidates", "candidate_details", states=first.states)
        limited = made.sync("candidate_details", config={"rate_limit_requests": 5, "rate_limit_period": "PT10M"})
    (line,) = [line for line in second.log if line.startswith("Sync summary")]
    assert "the server-side filter on /candidates saved " in line
    (line,) = [line for line in limited.log if line.startswith("Sync summary")]
    assert "600 s waited for rate limits" in line
