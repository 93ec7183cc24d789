"""Talentio's facts. The paths, and how sure each fact is, stand in source_talentio/manifest.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta, timezone

from connector_kit import times
from verify import shared
from verify.api import Answer, Api
from verify.report import Finding
from verify.shared import Records

_PAGE = 100
_INFERRED = ("job_titles", "channels", "workspaces")
_CERTAIN = ("employee_groups", "employees", "requisitions")
_ALL = {"includeInactiveResponsibleEmployees": "true"}


def findings(api: Api) -> Iterator[Finding]:
    """Every fact, as far as the requests reach."""
    candidates = api.get("candidates", page=1, **_ALL)
    lists = {"candidates": candidates, **{name: api.get(name, page=1) for name in (*_CERTAIN, *_INFERRED)}}
    yield from shared.denied(lists)
    for name in _INFERRED:
        if lists[name].ok:
            yield Finding(f"`/{name}` is the path", "I", "yes")
    listed = records(candidates)
    yield from _paging(api, candidates, listed)
    yield shared.id_types("candidates", listed)
    for name, answer in lists.items():
        yield shared.unknown_fields(api, name, records(answer))
    if listed:
        yield from _filter(api, listed)
        yield from _details(api, listed)
    yield shared.limit_headers(api.answers, ("X-Remaining", "X-Reset"), "V")
    yield shared.clocks(api.answers)


def records(answer: Answer) -> Records:
    """The records of a list."""
    return [one for one in answer.body if isinstance(one, Mapping)] if isinstance(answer.body, list) else []


def _total(answer: Answer) -> int | None:
    text = answer.headers.get("X-Total", "")
    return int(text) if text.isdecimal() else None


def _paging(api: Api, candidates: Answer, listed: Records) -> Iterator[Finding]:
    total = _total(candidates)
    if total is None:
        means = "what is missing from a list can't be noticed; it ends at an empty page"
        yield Finding("Lists tell their total", "V", "no `X-Total`", "contradicted", means)
    else:
        yield Finding("Lists tell their total", "V", "`X-Total`")
    again = records(api.get("candidates", page=1, **_ALL))
    yield shared.order(listed, again, "the list is read again in other orders until each record was seen")
    fact = "A page has 100 records"
    if total is None or total <= len(listed) <= _PAGE:
        shown = "one page has all" if total is not None else "no total to compare with"
        yield Finding(fact, "V", shown, "not seen")
    elif len(listed) == _PAGE:
        yield Finding(fact, "V", "100")
    else:
        means = "no page is taken for the last by its size; where records are hidden, the state does not pass them"
        yield Finding(fact, "V", f"{len(listed)}", "contradicted", means)
    if total is not None and total < len(listed):
        yield Finding("The total is what the pages show", "V", "it is less", "contradicted", "lists are read again")
    if total is not None:
        behind = api.get("candidates", page=-(-total // _PAGE) + 1, **_ALL)
        yield shared.behind_the_end("candidates", behind, records(behind), listed)
    sorts = [sort for sort in ("-registeredAt", "-updatedAt") if api.get("candidates", page=1, sort=sort).ok]
    shown = ", ".join(f"`{sort}`" for sort in sorts) or "none"
    verdict: Finding = Finding("Candidates can be sorted by `-registeredAt`, `-updatedAt`", "C", shown)
    if len(sorts) < 2:
        means = "an order that is refused is skipped; fewer are left to find what ties hide"
        verdict = Finding(verdict.fact, "C", shown, "differs", means)
    yield verdict


def _filter(api: Api, listed: Records) -> Iterator[Finding]:
    """The filter's zone: of the newest record, asked for by its own instant in UTC and in JST."""
    moments = [moment for moment in (times.parse(one.get("updatedAt")) for one in listed) if moment is not None]
    fact = "`updatedAtFrom` in UTC leaves nothing out"
    if not moments:
        yield Finding(fact, "C", "no time", "not seen")
        return
    newest = max(moments)
    if newest.tzinfo is None:
        yield Finding("Times have a zone", "C", "no", "contradicted", "they are read as UTC")
        return
    # One hour later: read in UTC it leaves the newest out, read in JST it does not.
    later = newest.astimezone(timezone.utc) + timedelta(hours=1)
    answer = api.get("candidates", page=1, updatedAtFrom=later.strftime("%Y-%m-%dT%H:%M:%S"), **_ALL)
    if not answer.ok:
        means = "candidates fail in each sync after the first"
        yield Finding(fact, "C", f"HTTP {answer.status}", "contradicted", means)
        return
    found = [moment for moment in (times.parse(one.get("updatedAt")) for one in records(answer)) if moment is not None]
    if any(moment < later - timedelta(hours=10) for moment in found):
        yield Finding(fact, "C", "the filter has no effect", "differs", "every sync reads the whole list")
    elif any(moment < later for moment in found):
        yield Finding(fact, "C", "read in a zone east of UTC: asks for up to nine hours too much")
    else:
        yield Finding(fact, "C", "read in UTC")


def _details(api: Api, listed: Records) -> Iterator[Finding]:
    newest = listed[-1].get("id")
    detail = api.get(f"candidates/{newest}", **_ALL)
    yield from shared.denied({"candidates/{id}": detail})
    if isinstance(detail.body, Mapping):
        yield shared.unknown_fields(api, "candidate_details", [detail.body])
    comments = [api.get(f"candidates/{one.get('id')}/comments") for one in listed[-4:]]
    fact = "Comments stand at `/candidates/{id}/comments`, all in one answer"
    if not any(answer.ok for answer in comments):
        shown = f"HTTP {comments[0].status}"
        yield Finding(fact, "I", shown, "contradicted", "the stream `candidate_comments` fails; deselect it")
    elif any((_total(answer) or 0) > len(records(answer)) for answer in comments):
        yield Finding(fact, "I", "in pages", "differs", "all pages are read")
    else:
        yield Finding(fact, "I", "yes")
    missing = api.get("candidates/1")
    fact = "A candidate that is gone answers 404"
    if missing.ok:
        yield Finding(fact, "I", "there is one of id 1", "not seen")
    elif missing.status in (404, 410):
        yield Finding(fact, "I", f"HTTP {missing.status}")
    else:
        means = "one that is deleted during a sync makes it fail until the next"
        yield Finding(fact, "I", f"HTTP {missing.status}", "contradicted", means)
