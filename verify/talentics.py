"""Talentics' facts. The paths, and how sure each fact is, stand in source_talentics/manifest.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connector_kit import times
from verify import shared
from verify.api import Answer, Api
from verify.fields import unknown_fields
from verify.report import Finding
from verify.shared import Records

_TRIES = 3
_LIMIT_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "Retry-After")
_LIST = {"per_page": 100, "page": 1}


def findings(api: Api) -> Iterator[Finding]:
    """Every fact, as far as the requests reach."""
    exams = api.get("exams", **_LIST)
    jobs = api.get("jobs", **_LIST)
    yield from shared.denied({"exams": exams, "jobs": jobs}, "data")
    listed, openings = records(exams), records(jobs)
    if shared.found_in(exams, "data") is not None:
        yield from _paging(api, exams, listed)
    yield shared.id_types("exams", listed)
    yield _zone(listed + openings)
    yield unknown_fields(api, "exams", listed)
    yield unknown_fields(api, "jobs", openings)
    lists = [exams, jobs]
    yield from _tickets(api, listed, lists)
    yield from _applicants(api, openings, lists)
    yield from shared.shapes(lists, "data")
    yield shared.windows(api.answers, "X-RateLimit-Remaining")
    yield shared.limit(api, "X-RateLimit-Limit")
    yield shared.limit_headers(api.answers, _LIMIT_HEADERS, "I")
    yield shared.clocks(api.answers)


def records(answer: Answer) -> Records:
    """The records of a list, also where PHP numbered them."""
    return shared.found_in(answer, "data") or []


def _details(answers: list[Answer]) -> Records:
    return [record for answer in answers for record in shared.found_in(answer, "data", single=True) or []]


def _paging(api: Api, exams: Answer, listed: Records) -> Iterator[Finding]:
    total, links = shared.count(exams.at("meta", "total")), exams.at("links")
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
    yield from _link(api, str(small[0].at("links", "next") or ""))
    last = shared.count(exams.at("meta", "last_page"))
    if last == 1 and total is not None and total != len(listed):
        means = "the state does not pass what is missing; the log says N of M"
        yield Finding("The total is what the pages show", "V", "it is not", "contradicted", means)
    if last is not None:
        behind = api.get("exams", per_page=100, page=last + 1)
        yield shared.behind_the_end("exams", behind, records(behind), listed)


def _link(api: Api, following: str) -> Iterator[Finding]:
    if not following:
        return
    if "cursor=" in following:
        yield Finding("Lists are paged by number", "V", "by cursor", "differs", "the cursor is followed")
    else:
        yield Finding("Lists are paged by number", "V", "by number")
    shown = "keeps it" if "per_page" in parse_qs(urlsplit(following).query) else "leaves it out"
    yield Finding("`links.next` leaves `per_page` out", "V", shown)
    if not following.startswith(api.base_url):
        means = "never followed: pages are asked for at base_url"
        yield Finding("Links lead to base_url", "C", "elsewhere", "differs", means)


def _zone(found: Records) -> Finding:
    fact = "Times without a zone are in UTC or west of +12"
    latest = [times.parse(record.get(name)) for record in found for name in ("created_at", "updated_at")]
    moments = [moment.replace(tzinfo=timezone.utc) for moment in latest if moment is not None and moment.tzinfo is None]
    if not moments:
        return Finding(fact, "I", "no time without a zone", "not seen")
    ahead = max(moments) - datetime.now(timezone.utc)
    if ahead > timedelta(hours=12):
        means = "the state may pass what was not read"
        return Finding(fact, "I", f"{ahead.total_seconds() / 3600:.0f} h ahead of UTC", "contradicted", means)
    if ahead > timedelta(minutes=5):
        hours = ahead.total_seconds() / 3600
        return Finding(fact, "I", f"at least {hours:.1f} h ahead of UTC, so not UTC")
    return Finding(fact, "I", "none is ahead of UTC: change an exam, and try again at once", "not seen")


def _tickets(api: Api, exams: Records, lists: list[Answer]) -> Iterator[Finding]:
    tickets, asked = _children(api, "exams/{id}/tickets", exams[:_TRIES])
    lists += asked
    yield from shared.denied_children("exams/{id}/tickets", asked, "data")
    yield unknown_fields(api, "tickets", tickets)
    fact = "Scores stand at `/exams/tickets/{id}/scores`"
    if not tickets:
        yield Finding(fact, "V", "no ticket", "not seen")
        return
    # One that is not finished shows what "none" looks like.
    chosen = [ticket for ticket in tickets if not ticket.get("finished_at")][-1:]
    chosen += [ticket for ticket in tickets if ticket.get("finished_at")][len(chosen) - _TRIES :]
    answers = [api.get(f"exams/tickets/{ticket.get('id')}/scores") for ticket in chosen]
    if any(answer.status != 404 for answer in answers):
        yield from shared.denied_children("exams/tickets/{id}/scores", answers, "data", single=True)
        if any(answer.ok for answer in answers):
            yield Finding(fact, "V", "yes")
    else:
        other = api.get(f"exams/ticket/{chosen[-1].get('id')}/scores")
        answers.append(other)
        if other.ok:
            means = "tried as long as the plural answers 404"
            yield Finding(fact, "V", "at `/exams/ticket/{id}/scores`", "differs", means)
        elif other.status == 404:
            shown = "HTTP 404; the singular HTTP 404"
            yield Finding(fact, "V", shown, "not seen", "perhaps no test is finished yet")
        else:
            yield from shared.denied({"exams/ticket/{id}/scores": other})
    yield unknown_fields(api, "ticket_scores", _details(answers))
    rows = [(score.get("ticket_id"), of.get("assessment_slug")) for score in _details(answers) for of in _in(score)]
    yield shared.same_keys("Assessments of a ticket differ by `assessment_slug`", rows)
    yield _absent("A ticket without scores answers 404 or empty", "scores", answers, _scores)


def _in(score: Any, name: str = "results") -> Records:
    found = score.get(name) if isinstance(score, Mapping) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _children(api: Api, path: str, parents: Records) -> tuple[Records, list[Answer]]:
    """The children of the first parent that has some, and what was answered up to there."""
    asked: list[Answer] = []
    for parent in parents:
        asked.append(api.get(path.format(id=parent.get("id")), **_LIST))
        if children := records(asked[-1]):
            return children, asked
    return [], asked


def _applicants(api: Api, jobs: Records, lists: list[Answer]) -> Iterator[Finding]:
    detail = [api.get(f"jobs/{job.get('id')}") for job in jobs[:1]]
    yield from shared.denied_children("jobs/{id}", detail, "data", single=True)
    yield unknown_fields(api, "job_details", _details(detail))
    applicants, asked = _children(api, "jobs/{id}/applicants", jobs[:2])
    lists += asked
    yield from shared.denied_children("jobs/{id}/applicants", asked, "data")
    if applicants:
        fact = "Applicants come in one answer, without pages"
        if asked[-1].at("meta") or asked[-1].at("links"):
            yield Finding(fact, "V", "in pages", "differs", "all pages are read")
        else:
            yield Finding(fact, "V", f"{len(applicants)} at once")
    yield unknown_fields(api, "applicants", applicants)
    detail = [api.get(f"jobs/applicants/{one.get('id')}") for one in applicants[:1]]
    yield from shared.denied_children("jobs/applicants/{id}", detail, "data", single=True)
    yield unknown_fields(api, "applicant_details", _details(detail))
    answers = [api.get(f"jobs/applicants/{one.get('id')}/employment-application-form") for one in applicants[:4]]
    yield _absent("An applicant without a form answers 404 or empty", "forms", answers, _form)
    forms = _details(answers)
    yield unknown_fields(api, "employment_application_forms", forms)
    questions = [(form.get("id"), of.get("name")) for form in forms for of in _in(form, "employment_application_form")]
    yield shared.same_keys("Answers of a form differ by their question", questions)


def _absent(fact: str, streams: str, answers: list[Answer], told: Callable[[Answer], str]) -> Finding:
    """What stands for "none"."""
    shown = ", ".join(sorted({told(answer) for answer in answers} - {""}))
    if not shown:
        return Finding(fact, "I", "each had one" if answers else "none was asked for", "not seen")
    refused = {told(answer) for answer in answers} - {"", "HTTP 404", "HTTP 410", "HTTP 204"}
    if any(one.startswith("HTTP ") or one == "no JSON" for one in refused):
        return Finding(fact, "I", shown, "contradicted", f"the streams of {streams} fail")
    return Finding(fact, "I", shown)


def _form(answer: Answer) -> str:
    """How an answer says that there is none; empty where there is one."""
    if not answer.ok:
        return f"HTTP {answer.status}"
    if answer.body is None:
        return "no JSON"
    data: Any = answer.at("data")
    return "" if data else f"`data` is {'null' if data is None else data}"


def _scores(answer: Answer) -> str:
    told = _form(answer)
    return told if told or _in(answer.at("data")) else "`results` is []"
