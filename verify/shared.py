"""Facts that both APIs are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from tools import ROOT
from verify.api import Answer, Api
from verify.report import Finding

Records = list[Mapping[str, Any]]


def ids(records: Records) -> list[Any]:
    """The ids of a list, in its order."""
    return [record.get("id") for record in records]


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
    kinds = sorted({type(record.get("id")).__name__ for record in records})
    fact = f"Ids of {name} are whole numbers"
    if not records:
        return Finding(fact, "V", "an empty list", "not seen")
    if kinds == ["int"]:
        return Finding(fact, "V", "int")
    means = "an id that is not a number ends its stream" if "NoneType" in kinds else "text that is a number is read"
    return Finding(fact, "V", ", ".join(kinds), "contradicted" if "NoneType" in kinds else "differs", means)


def unknown_fields(api: Api, stream: str, records: Records) -> Finding:
    """Fields that the schema lacks, by name and only where personal data is kept: a name may be somebody's own."""
    path = ROOT / f"source_{api.source}" / "schemas" / f"{stream}.json"
    known = json.loads(path.read_text(encoding="utf-8"))["properties"].keys()
    unknown = sorted({name for record in records for name in record} - known)
    fact = f"The schema of `{stream}` has every field"
    if not records:
        return Finding(fact, "V", "no record", "not seen")
    if not unknown:
        return Finding(fact, "V", "yes")
    names = ", ".join(f"`{name}`" for name in unknown) if api.keeps_personal_data else f"{len(unknown)} more"
    return Finding(fact, "V", names, "differs", "passed on with `keep`, left out with `hash` and `drop`")


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


def denied(answers: Mapping[str, Answer]) -> Iterator[Finding]:
    """Endpoints that can't be read."""
    for path, answer in answers.items():
        if not answer.ok:
            means = {403: "deselect its streams, or ask for access", 404: "its streams fail: the path is wrong"}
            told = means.get(answer.status, "its streams fail")
            yield Finding(f"`/{path}` can be read", "V", f"HTTP {answer.status}", "contradicted", told)
        elif answer.body is None:
            yield Finding(f"`/{path}` is JSON", "V", "no JSON", "contradicted", "its streams fail after some tries")
