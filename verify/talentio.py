"""Talentio's facts. The paths, and how sure each fact is, stand in source_talentio/manifest.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta, timezone
from itertools import pairwise

from connector_kit import times
from verify import shared
from verify.api import Answer, Api
from verify.fields import unknown_fields
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
    if shared.found_in(candidates) is not None:
        yield from _paging(api, candidates, listed)
    yield shared.id_types("candidates", listed)
    for name, answer in lists.items():
        yield unknown_fields(api, name, records(answer))
    if listed:
        yield from _filter(api, listed)
        yield from _details(api, listed)
    for one in records(lists["requisitions"])[:1]:
        detail = api.get(f"requisitions/{one.get('id')}")
        yield from shared.denied_children("requisitions/{id}", [detail], single=True)
        yield unknown_fields(api, "requisition_details", shared.found_in(detail, single=True) or [])
    yield from shared.shapes(lists.values())
    yield shared.limit_headers(api.answers, ("X-Remaining", "X-Reset"), "V")
    yield shared.clocks(api.answers)


def records(answer: Answer) -> Records:
    """The records of a list."""
    return shared.found_in(answer) or []


def _total(answer: Answer) -> int | None:
    return shared.count(answer.headers.get("X-Total"))


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
    if total is None or total <= _PAGE:
        shown = "one page has all" if total is not None else "no total to compare with"
        yield Finding(fact, "V", shown, "not seen")
    elif len(listed) == _PAGE:
        yield Finding(fact, "V", "100")
    else:
        means = "no page is taken for the last by its size; where records are hidden, the state does not pass them"
        yield Finding(fact, "V", f"{len(listed)}", "contradicted", means)
    fact = "The total is what the pages show"
    if total is not None and total < len(listed):
        yield Finding(fact, "V", "it is less", "contradicted", "lists are read again")
    elif total is not None and len(listed) < total <= _PAGE:
        means = "the state does not pass what is missing; the log says N of M"
        yield Finding(fact, "V", "it is more", "contradicted", means)
    if total is not None:
        # Behind the last page of the size that came: a page in the middle says nothing.
        size = len(listed) if 0 < len(listed) < _PAGE else _PAGE
        behind = api.get("candidates", page=-(-total // size) + 1, **_ALL)
        yield shared.behind_the_end("candidates", behind, records(behind), listed)
    yield from _orders(api, listed)
    yield _inactive(api, total)


def _orders(api: Api, listed: Records) -> Iterator[Finding]:
    fact = "Candidates come by registration, oldest first"
    found = [times.parse(one.get("registeredAt")) for one in listed]
    moments = [moment for moment in found if moment is not None and moment.tzinfo is not None]
    if len(moments) < 2:
        yield Finding(fact, "C", "too few candidates", "not seen")
    elif all(before <= after for before, after in pairwise(moments)):
        yield Finding(fact, "C", "yes")
    else:
        means = "a candidate that is changed during a sync may push others to another page: look for N of M in the log"
        yield Finding(fact, "C", "in another order", "differs", means)
    sorts = [sort for sort in ("-registeredAt", "-updatedAt") if api.get("candidates", page=1, sort=sort).ok]
    shown = ", ".join(f"`{sort}`" for sort in sorts) or "none"
    verdict = Finding("Candidates can be sorted by `-registeredAt`, `-updatedAt`", "C", shown)
    if len(sorts) < 2:
        means = "an order that is refused is skipped; fewer are left to find what ties hide"
        verdict = Finding(verdict.fact, "C", shown, "differs", means)
    yield verdict


def _inactive(api: Api, total: int | None) -> Finding:
    """Whether the parameter is known that brings candidates whose responsible employees were all deactivated."""
    fact = "`includeInactiveResponsibleEmployees` leaves nobody out"
    without = _total(api.get("candidates", page=1))
    if total is None or without is None:
        return Finding(fact, "C", "no total to compare with", "not seen")
    if without > total:
        return Finding(fact, "C", f"{without - total} fewer with it", "contradicted", "candidates are missing")
    return Finding(fact, "C", f"{total - without} more with it" if without < total else "as many without it")


def _filter(api: Api, listed: Records) -> Iterator[Finding]:
    """The filter's zone: of the newest record, asked for by its own instant in UTC and in JST."""
    moments = [moment for moment in (times.parse(one.get("updatedAt")) for one in listed) if moment is not None]
    fact = "`updatedAtFrom` in UTC leaves nothing out"
    if not moments:
        yield Finding(fact, "C", "no time", "not seen")
        return
    if any(moment.tzinfo is None for moment in moments):
        yield Finding("Times have a zone", "C", "no", "contradicted", "they are read as UTC")
        return
    newest = max(moments)
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
    detail = api.get(f"candidates/{listed[-1].get('id')}", **_ALL)
    yield from shared.denied_children("candidates/{id}", [detail], single=True)
    yield unknown_fields(api, "candidate_details", shared.found_in(detail, single=True) or [])
    answers = [api.get(f"candidates/{one.get('id')}/comments") for one in listed[-4:]]
    comments = [(answer, comment) for answer in answers for comment in shared.found_in(answer) or []]
    fact = "Comments stand at `/candidates/{id}/comments`, all in one answer"
    refused = [answer for answer in answers if not answer.ok and answer.status != 404]
    if refused or not any(answer.ok for answer in answers):
        shown = f"HTTP {(refused or answers)[0].status}"
        yield Finding(fact, "I", shown, "contradicted", "the stream `candidate_comments` fails; deselect it")
    elif any((_total(answer) or 0) > len(records(answer)) for answer in answers):
        yield Finding(fact, "I", "in pages", "differs", "all pages are read")
    else:
        yield Finding(fact, "I", "yes")
    yield unknown_fields(api, "candidate_comments", [comment for _, comment in comments])
    keys = [(id(answer), comment.get("createdAt"), _author(comment)) for answer, comment in comments]
    yield shared.same_keys("Comments of a candidate differ by time and author", keys)
    missing = api.get("candidates/1")
    fact = "A candidate that is gone answers 404"
    if missing.ok:
        yield Finding(fact, "I", "there is one of id 1", "not seen")
    elif missing.status in (404, 410):
        yield Finding(fact, "I", f"HTTP {missing.status}")
    else:
        means = "one that is deleted during a sync makes it fail until the next"
        yield Finding(fact, "I", f"HTTP {missing.status}", "contradicted", means)


def _author(comment: Mapping[str, object]) -> object:
    author = comment.get("employeeCreatedBy")
    return author.get("id") if isinstance(author, Mapping) else None
