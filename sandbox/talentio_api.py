"""Talentio's endpoints: lists of a hundred with `X-Total`, filters, sorts, and the errors of bad ones."""

from __future__ import annotations

import re
from collections.abc import Callable

from sandbox.pages import Pages
from sandbox.records import Collection, Fragments, Row
from sandbox.replies import Reply, array, json_reply, plain_json
from sandbox.settings import Settings
from sandbox.talentics_api import Rewrite
from sandbox.talentio_candidates import Candidates
from sandbox.talentio_comments import Comments
from sandbox.talentio_data import Record, TalentioCatalogue
from sandbox.talentio_filters import QUERY_NAMES, BadParameterError, Filters, Test

PREFIX = "/talentio/api/v1"

LISTS = ("candidates", "requisitions", "job_titles", "channels", "employees", "employee_groups", "workspaces")
ENDPOINTS = (*LISTS, "candidate", "comments", "requisition")


def error(status: int, message: str) -> Reply:
    """An error as a JSON object."""
    return json_reply(status, {"error": {"code": status, "message": message}})


class TalentioApi:
    """Answers the requests that passed authentication and limits."""

    def __init__(
        self, settings: Settings, catalogue: TalentioCatalogue, candidates: Candidates, comments: Comments
    ) -> None:
        self.rewrite: Rewrite | None = None
        self._settings = settings
        self._catalogue = catalogue
        self._candidates = candidates
        self._comments = comments
        self._filters = Filters(settings, catalogue, candidates)
        self._fragments = Fragments()
        self._pages = Pages(settings)
        self._matches: dict[tuple[object, ...], list[int]] = {}
        self.collections: dict[str, tuple[Collection, Callable[[Row], Record]]] = {
            "candidates": (candidates.collection, candidates.candidate),
            "requisitions": (catalogue.requisitions, catalogue.requisition),
            "job_titles": (catalogue.job_titles, catalogue.job_title),
            "channels": (catalogue.channels, catalogue.channel),
            "employees": (catalogue.employees, catalogue.employee),
            "employee_groups": (catalogue.employee_groups, catalogue.employee_group),
            "workspaces": (catalogue.workspaces, catalogue.workspace),
        }

    def route(self, path: str) -> tuple[str, int] | None:
        """Endpoint and id of a path below the prefix; None where there is no such route."""
        if path[1:] in LISTS:
            return path[1:], 0
        match = re.fullmatch(r"/(candidate|requisition)s/(\d+)(/comments)?", path)
        if not match or (match[3] and match[1] == "requisition"):
            return None
        return "comments" if match[3] else match[1], int(match[2])

    def query_names(self, endpoint: str) -> frozenset[str]:
        """The query parameters that an endpoint knows."""
        return QUERY_NAMES.get(endpoint, frozenset())

    def authorized(self, authorization: str | None) -> bool:
        """Whether the `Authorization` header holds the token."""
        scheme, _, token = (authorization or "").partition(" ")
        return scheme.lower() == "bearer" and token == self._settings.access_token

    def unauthorized(self) -> Reply:
        """The 401."""
        return error(401, "認証に失敗しました")

    def handle(self, endpoint: str, record_id: int, params: dict[str, str], origin: str) -> Reply:
        """The answer of one endpoint. `origin` is for interfaces that write links; this one does not."""
        del origin
        if endpoint in self.collections:
            try:
                return self._list(endpoint, params)
            except BadParameterError as problem:
                return error(400, str(problem))
        candidates = self._candidates.collection
        if endpoint == "requisition":
            return self._one(self._catalogue.requisitions.row(record_id), endpoint, self._catalogue.requisition_detail)
        row = candidates.row(record_id)
        if endpoint == "candidate":
            everybody = params.get("includeInactiveResponsibleEmployees") == "true"
            if row is not None and self._is_hidden(row, everybody):
                row = None
            return self._one(
                row,
                endpoint,
                lambda living: self._candidates.candidate(living, inactive_employees=everybody, evaluations=True),
            )
        if row is None:
            return error(404, "候補者が見つかりません")
        comments = [self._comments.record(row, comment) for comment in self._comments.of(row)]
        if self.rewrite is not None:
            comments = [self.rewrite("comment", comment) for comment in comments]
        size, page = self._settings.comments_per_page, params.get("page", "1")
        if size is None:
            return Reply(200, plain_json(comments))
        shown = comments[(int(page) - 1) * size :][:size] if page.isdecimal() else []
        reply = Reply(200, plain_json(shown))
        if self._settings.totals:
            reply.headers["X-Total"] = str(len(comments))
        return reply

    def _one(self, row: Row | None, kind: str, make: Callable[[Row], Record]) -> Reply:
        if row is None:
            return error(404, "見つかりません")
        record = make(row)
        return Reply(200, plain_json(record if self.rewrite is None else self.rewrite(kind, record)))

    def _is_hidden(self, row: Row, everybody: bool) -> bool:
        return (
            self._settings.inactive_hides_candidates
            and not everybody
            and self._candidates.has_inactive_responsible(row)
        )

    # --- lists

    def _list(self, endpoint: str, params: dict[str, str]) -> Reply:
        page = params.get("page", "1")
        if not page.isdecimal() or int(page) < 1:
            raise BadParameterError("page: 1以上の整数を指定してください")
        collection, make = self.collections[endpoint]
        everybody = params.get("includeInactiveResponsibleEmployees") == "true"
        ids = self._sorted(endpoint, collection, params.get("sort"))
        if endpoint == "candidates":
            tests = self._filters.of_candidates(params, everybody)
        else:
            tests = self._filters.of_others(endpoint, params, make)
        if tests:
            ids = self._matching(endpoint, collection, ids, tests, params)
        shown = self._pages.cut(ids, int(page), self._settings.talentio_page)
        if shown is None:
            return error(404, "見つかりません")
        if endpoint == "candidates":
            make = self._candidate_maker(everybody)
        fragments = [self._fragment(endpoint, collection, each, make, everybody) for each in shown]
        reply = Reply(200, array(fragments))
        if self._settings.totals:
            reply.headers["X-Total"] = str(len(ids))
        return reply

    def _candidate_maker(self, everybody: bool) -> Callable[[Row], Record]:
        return lambda row: self._candidates.candidate(row, inactive_employees=everybody)

    def _sorted(self, endpoint: str, collection: Collection, sort: str | None) -> list[int]:
        candidates = endpoint == "candidates"
        name = sort or ("registeredAt" if candidates else "createdAt")
        sign = -1 if name.startswith("-") else 1
        keys: dict[str, Callable[[Row], int]] = {"updatedAt": lambda row: sign * row.updated}
        if candidates:
            keys |= {
                "registeredAt": lambda row: sign * row.created,
                "appliedAt": lambda row: sign * self._candidates.applied(row),
            }
            if not self._settings.sort_by_updated:
                del keys["updatedAt"]
        else:
            keys["createdAt"] = lambda row: sign * row.created
        field = name.removeprefix("-")
        if field not in keys:
            raise BadParameterError(f"sort: {name} は指定できません")
        return collection.ordered(name, keys[field], volatile=field == "updatedAt")

    def _matching(
        self, endpoint: str, collection: Collection, ids: list[int], tests: list[Test], params: dict[str, str]
    ) -> list[int]:
        filters = tuple(sorted((name, value) for name, value in params.items() if name != "page"))
        settings = self._settings
        stamp = (
            collection.version,
            self._catalogue.employees.version,
            settings.filter_zone_hours,
            settings.inactive_hides_candidates,
        )
        key = (endpoint, filters, stamp)
        if key not in self._matches:
            if len(self._matches) >= 8:
                self._matches.clear()
            rows = map(collection.row, ids)
            self._matches[key] = [row.id for row in rows if row is not None and all(test(row) for test in tests)]
        return self._matches[key]

    def _fragment(
        self, endpoint: str, collection: Collection, record_id: int, make: Callable[[Row], Record], everybody: bool
    ) -> bytes:
        row = collection.living(record_id)
        if self.rewrite is not None:
            return plain_json(self.rewrite(endpoint, make(row)))
        catalogue = self._catalogue
        embeds = catalogue.requisitions.version if self._settings.embeds == "live" else 0
        seen = -1 if everybody else catalogue.employees.version
        key = (endpoint, row.id, row.revision, row.updated, embeds, seen)
        return self._fragments.get(key, lambda: plain_json(make(row)))
