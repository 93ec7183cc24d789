"""Facts that both APIs are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

from connector_kit.errors import UnexpectedAnswer
from connector_kit.records import BodyExtractor
from connector_kit.records.scalars import UnreadableError, to_integer
from verify.api import Answer, Api
from verify.report import Finding

Records = list[dict[str, Any]]


def found_in(answer: Answer, *path: str, single: bool = False) -> Records | None:
    """The records of an answer, as the connector finds them; None where it would refuse it."""
    if not answer.ok:
        return None
    extractor = BodyExtractor(config={}, field_path=list(path), single=single)
    try:
        return extractor.records(answer.body)
    except UnexpectedAnswer:
        return None


def ids(records: Records) -> list[Any]:
    """The ids of a list, in its order."""
    return [record.get("id") for record in records]


def count(value: Any) -> int | None:
    """A total, which may be text; None where there is none."""
    return int(value) if str(value).isdecimal() else None


def order(first: Records, again: Records, copes: str) -> Finding:
    """Whether two answers to one question have one order."""
    fact = "A list stands still while nothing changes"
    if not first:
        return Finding(fact, "I", "an empty list", "not seen")
    if ids(first) == ids(again):
        return Finding(fact, "I", "two answers, one order")
    return Finding(fact, "I", "two answers, two orders: ties", "differs", copes)


def behind_the_end(name: str, answer: Answer, records: Records, known: Records) -> Finding:
    """What the page behind the last one of a list gives."""
    fact = f"Behind the last page of {name} comes an empty one"
    if answer.ok and not records:
        return Finding(fact, "I", "an empty page")
    if not answer.ok:
        means = "read as the end of the list"
        return Finding(fact, "I", f"HTTP {answer.status}", "differs", means)
    repeated = set(ids(records)) <= set(ids(known))
    shown = "records that were on an earlier page" if repeated else "other records"
    means = "without a total, a list ends where a page repeats the one before"
    return Finding(fact, "I", shown, "differs", means)


def id_types(name: str, records: Records) -> Finding:
    """Whether ids are whole numbers."""
    fact = f"Ids of {name} are whole numbers"
    if not records:
        return Finding(fact, "V", "an empty list", "not seen")
    kinds = ", ".join(sorted({type(record.get("id")).__name__ for record in records}))
    if kinds == "int":
        return Finding(fact, "V", kinds)
    try:
        for record in records:
            to_integer(record.get("id"))
    except UnreadableError:
        means = "an id that is no number ends its stream"
        return Finding(fact, "V", f"{kinds}, not all of them numbers", "contradicted", means)
    return Finding(fact, "V", kinds, "differs", "text that is a number is read")


def same_keys(fact: str, rows: list[tuple[Any, ...]]) -> Finding:
    """Whether the rows of single answers differ by their key."""
    if not rows:
        return Finding(fact, "I", "none of them", "not seen")
    twice = sum(number - 1 for number in Counter(rows).values())
    if not twice:
        return Finding(fact, "I", f"{len(rows)} of {len(rows)}")
    means = "a destination that deduplicates keeps one of such rows: sync the stream in append mode"
    return Finding(fact, "I", f"{len(rows) - twice} of {len(rows)}", "differs", means)


def shapes(answers: Iterable[Answer], *path: str) -> Iterator[Finding]:
    """Whether answers are plain JSON, and lists are lists of objects; what is asked for is lists."""
    answers = [answer for answer in answers if answer.ok]
    repairs = sorted({repair for answer in answers for repair in answer.repairs})
    if repairs:
        yield Finding("Answers are valid JSON", "I", "; ".join(repairs), "differs", "read all the same")
    raw = [answer.at(*path) if path else answer.body for answer in answers]
    if any(isinstance(one, Mapping) for one in raw):
        yield Finding("Lists are arrays", "V", "objects with numbers as keys", "differs", "read as arrays")
    if any(None in one for one in raw if isinstance(one, list)):
        yield Finding("Lists hold records alone", "V", "nulls among them", "differs", "left out")


def windows(answers: Iterable[Answer], header: str) -> Finding:
    """Whether each endpoint has a window of its own: of one for all, each answer leaves less than the one before."""
    fact = "Each endpoint has its own window"
    left = [(answer.endpoint, count(answer.headers.get(header))) for answer in answers]
    told = [(endpoint, number) for endpoint, number in left if number is not None]
    if len({endpoint for endpoint, _ in told}) < 2:
        return Finding(fact, "I", "not told by headers", "not seen")
    if all(after < before for (_, before), (_, after) in pairwise(told)):
        means = "a first sync takes as many windows as all requests together need; the connector obeys the headers"
        return Finding(fact, "I", "one for all", "differs", means)
    return Finding(fact, "I", "yes")


def limit(api: Api, header: str) -> Finding:
    """Whether the server's limit is the one in the config."""
    fact = f"The limit is {api.limit:,} requests"
    told = {number for answer in api.answers if (number := count(answer.headers.get(header))) is not None}
    if not told:
        return Finding(fact, "V", "not told by headers", "not seen")
    shown = ", ".join(f"{number:,}" for number in sorted(told))
    if min(told) < api.limit:
        means = "obeyed once an answer told of it: set `rate_limit_requests` to it"
        return Finding(fact, "V", shown, "differs", means)
    return Finding(fact, "V", shown)


def clocks(answers: Iterable[Answer]) -> Finding:
    """Whether answers tell the server's time, and how far it is from here."""
    fact = "Answers have a `Date` header"
    dates = [answer.headers["Date"] for answer in answers if "Date" in answer.headers]
    if not dates:
        return Finding(fact, "I", "no", "differs", "this machine's clock is used: keep it right")
    try:
        apart = abs((parsedate_to_datetime(dates[-1]) - datetime.now(timezone.utc)).total_seconds())
    except (TypeError, ValueError):
        return Finding(fact, "I", "unreadable", "differs", "this machine's clock is used: keep it right")
    if apart > 300:
        means = "the state goes by the server's clock; a clock that jumps may skip changes"
        return Finding(fact, "I", f"{apart / 60:.0f} minutes from this machine's clock", "differs", means)
    return Finding(fact, "I", "yes, as here")


def limit_headers(answers: Iterable[Answer], names: Iterable[str], grade: str) -> Finding:
    """Which headers tell of the limit."""
    sent = {name.lower() for answer in answers for name in answer.headers}
    seen = [name for name in names if name.lower() in sent]
    fact = "Every answer tells how many requests are left"
    if seen:
        return Finding(fact, grade, ", ".join(f"`{name}`" for name in seen))
    means = "the connector counts by itself; others who use the credential are met as HTTP 429, and waited for"
    return Finding(fact, grade, "no such header", "differs", means)


def denied(answers: Mapping[str, Answer], *path: str, single: bool = False) -> Iterator[Finding]:
    """Endpoints that can't be read."""
    for name, answer in answers.items():
        if not answer.ok:
            means = {403: "deselect its streams, or ask for access", 404: "its streams fail: the path is wrong"}
            told = means.get(answer.status, "its streams fail")
            yield Finding(f"`/{name}` can be read", "V", f"HTTP {answer.status}", "contradicted", told)
        elif found_in(answer, *path, single=single) is None:
            shown = "no JSON" if answer.body is None else "JSON without records"
            yield Finding(f"`/{name}` is JSON", "V", shown, "contradicted", "its streams fail after some tries")


def denied_children(name: str, answers: list[Answer], *path: str, single: bool = False) -> Iterator[Finding]:
    """The same of an endpoint below records, of which some were asked; one that answers 404 may be gone."""
    if answers and all(answer.status == 404 for answer in answers):
        means = "read as records that are gone: its streams stay empty, and the log says so"
        yield Finding(f"`/{name}` can be read", "V", "HTTP 404", "contradicted", means)
        return
    refused = [answer for answer in answers if answer.status != 404 and found_in(answer, *path, single=single) is None]
    yield from denied({name: refused[0]} if refused else {}, *path, single=single)
