"""Reads of a whole source in which the same thing happens to several endpoints, as a test says.

The streams of all others must come out as if nothing had happened.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import requests

from connector_kit.http.failure_table import PAUSES
from unit_tests.support.account import Account
from unit_tests.support.doc_pages import PAGES, section
from unit_tests.support.outcome import Outcome
from unit_tests.support.transport import Reply, Sent

SIZES: Mapping[str, Any] = {
    "exams": 2, "tickets": 4, "jobs": 2, "applicants": 3, "candidates": 6, "requisitions": 3,
    "unfinished_scores": "empty",
}  # fmt: skip
# So slow that nobody takes a reset for the answer to a burst.
SLOW = 4.0
TRIES = len(PAUSES) + 1


@dataclass(frozen=True)
class Group:
    """Endpoints that can fail without taking each other along.

    Args:
        source: the source.
        fails: the streams of each endpoint that fails, by a pattern of its path.
        survives: streams of other endpoints.
    """

    source: str
    fails: Mapping[str, tuple[str, ...]]
    survives: tuple[str, ...]

    @property
    def failing(self) -> set[str]:
        return {stream for streams in self.fails.values() for stream in streams}

    def __str__(self) -> str:
        return f"{self.source}-{next(iter(self.fails.values()))[0]}"


GROUPS = [
    # A list, a detail of a list, and scores, which hang on tickets, which hang on exams.
    Group(
        "talentics",
        {
            r"/jobs$": ("jobs",),
            r"/exams/\d+$": ("exam_details",),
            r"/scores$": ("ticket_scores", "assessment_scores", "aspect_scores"),
        },
        ("exams", "tickets"),
    ),
    # A list for each record of a list, and both children of applicants, which hang on jobs.
    Group(
        "talentics",
        {
            r"/exams/\d+/tickets$": ("tickets",),
            r"/jobs/applicants/\d+$": ("applicant_details",),
            r"/employment-application-form$": ("employment_application_forms", "employment_application_answers"),
        },
        ("exams", "exam_details", "jobs", "job_details", "applicants"),
    ),
    # A list, and both children of candidates with the rows made from them.
    Group(
        "talentio",
        {
            r"/requisitions$": ("requisitions",),
            r"/candidates/\d+/comments$": ("candidate_comments",),
            r"/candidates/\d+$": ("candidate_details", "stage_evaluations", "evaluation_items"),
        },
        ("candidates", "candidate_stages", "employees", "job_titles"),
    ),
]


LISTS = {"jobs", "tickets", "requisitions"}


each_group = pytest.mark.parametrize("group", GROUPS, ids=str)
each_child = pytest.mark.parametrize(
    ("source", "pattern", "stream"),
    [
        ("talentics", r"/scores$", "ticket_scores"),
        ("talentics", r"/exams/\d+$", "exam_details"),
        ("talentics", r"/employment-application-form$", "employment_application_forms"),
        ("talentio", r"/candidates/\d+$", "candidate_details"),
        ("talentio", r"/candidates/\d+/comments$", "candidate_comments"),
    ],
)


Happening = Callable[[Sent], Reply]


def answers(status: int, body: bytes = b"{}", headers: Mapping[str, str] | None = None) -> Happening:
    return lambda sent: Reply(body, status, headers or {})


def raises(error: type[requests.RequestException]) -> Happening:
    def happen(sent: Sent) -> Reply:
        raise error(request=sent.request)

    return happen


class AtPaths:
    """A script: at paths that match, what happens there in the world's place, so many times each or always."""

    def __init__(self, happens: Mapping[str, Happening], times: int | None = None) -> None:
        self._happens = happens
        self._times = times
        self._asked: Counter[str] = Counter()

    def __call__(self, sent: Sent) -> Reply | None:
        self._asked[sent.path] += 1
        for pattern, happen in self._happens.items():
            if re.search(pattern, sent.path) and (self._times is None or self._asked[sent.path] <= self._times):
                return happen(sent)
        return None


def read(
    source: str,
    streams: Iterable[str],
    happens: Mapping[str, Happening] | None = None,
    times: int | None = None,
    states: Mapping[str, Mapping[str, Any]] | None = None,
    **config: Any,
) -> Outcome:
    """Read the streams of a source, from `states` if there are any, while these things happen to its requests."""
    account = Account(source, SIZES)
    account.later()
    return account.read(sorted(streams), AtPaths(happens or {}, times), states, SLOW, **config)


@cache
def undisturbed(source: str) -> Outcome:
    """What a read gives to which nothing happens."""
    streams = {stream for group in GROUPS if group.source == source for stream in (*group.failing, *group.survives)}
    outcome = read(source, streams)
    assert outcome.ended is None
    return outcome


@cache
def always_asked(source: str, stream: str) -> frozenset[str]:
    """The paths that each sync of a stream asks for: lists, and who has no form yet."""
    return frozenset(read(source, {stream}, states=undisturbed(source).states).asked)


def one_of(source: str, pattern: str, which: int) -> str:
    """The path of one of the requests that match."""
    paths = [path for path in undisturbed(source).asked if re.search(pattern, path)]
    # In one order, whatever thread was the first.
    return sorted(paths)[which % len(paths)]


def rows(*outcomes: Outcome, stream: str) -> set[str]:
    return {str(record) for outcome in outcomes for record in outcome.records.get(stream, [])}


def assert_complete(outcome: Outcome, source: str, streams: tuple[str, ...] | set[str]) -> None:
    """These streams came out as if nothing had happened."""
    wanted = undisturbed(source)
    for stream in streams:
        assert sorted(map(str, outcome.records[stream])) == sorted(map(str, wanted.records[stream])), stream
        assert outcome.states[stream] == wanted.states[stream], stream
        assert outcome.statuses[stream] == "COMPLETE", stream
        assert stream not in outcome.errors


def assert_failed(outcome: Outcome, group: Group, kind: str, words: str) -> None:
    """The failing streams failed so, with documented words, and nothing else did."""
    assert outcome.errors.keys() == group.failing
    page = section(PAGES[f"source_{group.source}"], "Troubleshooting")
    for pattern, streams in group.fails.items():
        for stream in streams:
            message = outcome.errors[stream].message
            assert outcome.errors[stream].kind == kind, stream
            assert re.search(words, message), message
            (path,) = set(re.findall(r"/talenti\w+/\S+?(?=[ :)])", message.partition("Check base_url")[0]))
            assert re.search(pattern, path)
            assert as_documented(group.source, path, message) in page, message
            assert outcome.statuses[stream] == "INCOMPLETE"
    assert outcome.ended is not None
    assert all(stream in outcome.ended.message for stream in group.failing)
    assert not any(stream in re.findall(r"\w+", outcome.ended.message) for stream in group.survives)
    assert_complete(outcome, group.source, group.survives)


def as_documented(source: str, path: str, message: str) -> str:
    """The message with the path and the address of the documentation's examples."""
    example, base_url = {
        "talentics": ("/v2/exams", "https://api.talentics.id/v2"),
        "talentio": ("/api/v1/candidates", "https://talentio.com/api/v1"),
    }[source]
    return re.sub(r"https://api\.test/\S+(?=\.)", base_url, message.replace(path, example))
