"""Talentics' facts. The paths, and how sure each fact is, stand in source_talentics/manifest.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from connector_kit import times
from verify import shared
from verify.api import Answer, Api
from verify.report import Finding
from verify.shared import Records

_TRIES = 3
_LIMIT_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "Retry-After")


def findings(api: Api) -> Iterator[Finding]:
    """Every fact, as far as the requests reach."""
    exams = api.get("exams", per_page=100, page=1)
    jobs = api.get("jobs", per_page=100, page=1)
    yield from shared.denied({"exams": exams, "jobs": jobs})
    listed = records(exams)
    yield from _paging(api, exams, listed)
    yield shared.id_types("exams", listed)
    yield _zone(listed + records(jobs))
    for stream, found in (("exams", listed), ("jobs", records(jobs))):
        yield shared.unknown_fields(api, stream, found)
    yield from _tickets(api, listed)
    yield from _applicants(api, records(jobs))
    yield shared.limit_headers(api.answers, _LIMIT_HEADERS, "I")
    yield shared.clocks(api.answers)


def records(answer: Answer) -> Records:
    """The records of a list, also where PHP numbered them."""
    data = answer.at("data")
    if isinstance(data, Mapping):
        data = list(data.values())
    return [record for record in data if isinstance(record, Mapping)] if isinstance(data, list) else []


def _paging(api: Api, exams: Answer, listed: Records) -> Iterator[Finding]:
    total, links = exams.at("meta", "total"), exams.at("links")
    if total is None:
        means = "what is missing from a list can't be noticed"
        yield Finding("Lists tell their total", "V", "no `meta.total`", "contradicted", means)
    else:
        yield Finding("Lists tell their total", "V", "`meta.total`")
    fact = "Lists have links to their pages"
    if links is None:
        yield Finding(fact, "V", "no `links`", "differs", "a list ends by its total, or at an empty page")
    else:
        yield Finding(fact, "V", "`links`")
    small = [api.get("exams", per_page=2, page=1) for _ in range(2)]
    first, again = (records(answer) for answer in small)
    yield shared.order(first, again, "lists are read again until each record was seen")
    fact = "A page is as large as asked for"
    if max(len(listed), total or 0) < 3:
        yield Finding(fact, "V", "too few exams", "not seen")
    elif len(first) == 2:
        yield Finding(fact, "V", "2 of 2")
    else:
        means = "requests are counted by the pages that come: a first sync takes longer than estimated"
        yield Finding(fact, "V", f"{len(first)} of 2", "contradicted", means)
    following = str(small[0].at("links", "next") or "")
    if "cursor=" in following:
        yield Finding("Lists are paged by number", "V", "by cursor", "differs", "the cursor is followed")
    elif following:
        yield Finding("Lists are paged by number", "V", "by number")
    if following and not following.startswith(api.base_url):
        means = "never followed: pages are asked for at base_url"
        yield Finding("Links lead to base_url", "C", "elsewhere", "differs", means)
    if isinstance(total, int) and exams.at("meta", "last_page") == 1 and total != len(listed):
        means = "the state does not pass what is missing; the log says N of M"
        yield Finding("The total is what the pages show", "V", "it is not", "contradicted", means)
    last = exams.at("meta", "last_page")
    if isinstance(last, int):
        behind = api.get("exams", per_page=100, page=last + 1)
        yield shared.behind_the_end("exams", behind, records(behind), listed)


def _zone(found: Records) -> Finding:
    fact = "Times without a zone are in UTC or west of +12"
    latest = [times.parse(record.get(name)) for record in found for name in ("created_at", "updated_at")]
    moments = [moment.replace(tzinfo=timezone.utc) for moment in latest if moment is not None]
    if not moments:
        return Finding(fact, "I", "no time", "not seen")
    ahead = max(moments) - datetime.now(timezone.utc)
    if ahead > timedelta(hours=12):
        means = "the state may pass what was not read"
        return Finding(fact, "I", f"{ahead.total_seconds() / 3600:.0f} h ahead of UTC", "contradicted", means)
    if ahead > timedelta(minutes=5):
        hours = ahead.total_seconds() / 3600
        return Finding(fact, "I", f"at least {hours:.1f} h ahead of UTC, so not UTC")
    return Finding(fact, "I", "none is ahead of UTC: change an exam, and try again at once", "not seen")


def _tickets(api: Api, exams: Records) -> Iterator[Finding]:
    tickets: Records = []
    for exam in exams[:_TRIES]:
        answer = api.get(f"exams/{exam.get('id')}/tickets", per_page=100, page=1)
        tickets = records(answer)
        if tickets:
            break
    yield shared.unknown_fields(api, "tickets", tickets)
    fact = "Scores stand at `/exams/tickets/{id}/scores`"
    if not tickets:
        yield Finding(fact, "V", "no ticket", "not seen")
        return
    statuses = [api.get(f"exams/tickets/{ticket.get('id')}/scores").status for ticket in tickets[-_TRIES:]]
    if 200 in statuses:
        yield Finding(fact, "V", "yes")
        return
    other = api.get(f"exams/ticket/{tickets[-1].get('id')}/scores")
    if other.ok:
        yield Finding(fact, "V", "at `/exams/ticket/{id}/scores`", "differs", "tried as long as the plural answers 404")
    else:
        shown = f"HTTP {', '.join(map(str, sorted(set(statuses))))}; the singular HTTP {other.status}"
        yield Finding(fact, "V", shown, "not seen", "perhaps no test is finished yet")


def _applicants(api: Api, jobs: Records) -> Iterator[Finding]:
    applicants: Records = []
    for job in jobs[:2]:
        answer = api.get(f"jobs/{job.get('id')}/applicants", per_page=100, page=1)
        applicants = records(answer)
        if applicants:
            fact = "Applicants come in one answer, without pages"
            if answer.at("meta") or answer.at("links"):
                yield Finding(fact, "V", "in pages", "differs", "all pages are read")
            else:
                yield Finding(fact, "V", f"{len(applicants)} at once")
            break
    yield shared.unknown_fields(api, "applicants", applicants)
    none = {_form(api.get(f"jobs/applicants/{one.get('id')}/employment-application-form")) for one in applicants[:4]}
    shown = ", ".join(sorted(none - {"a form"}))
    fact = "An applicant without a form answers 404 or empty"
    if not shown:
        yield Finding(fact, "I", "each had a form" if none else "no applicant", "not seen")
    elif shown.startswith("HTTP ") and shown not in ("HTTP 404", "HTTP 410", "HTTP 204"):
        yield Finding(fact, "I", shown, "contradicted", "the streams of forms fail")
    else:
        yield Finding(fact, "I", shown)


def _form(answer: Answer) -> str:
    if not answer.ok:
        return f"HTTP {answer.status}"
    data: Any = answer.at("data")
    return "a form" if data else f"`data` is {'null' if data is None else data}"
