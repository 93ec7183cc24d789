"""Talentics' endpoints: which path gives what, and Laravel's paging."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

from sandbox.pages import Pages
from sandbox.records import Collection, Fragments, Row
from sandbox.replies import Reply, array, escaped_json, json_reply
from sandbox.settings import Settings
from sandbox.talentics_data import TalenticsData

Rewrite = Callable[[str, dict[str, Any]], dict[str, Any]]

PREFIX = "/talentics/v2"
PAGING = frozenset({"page", "per_page"})
_DEFAULT_PAGE = 15
_LARGEST_PAGE = 100

_ROUTES = [
    (re.compile(pattern), name)
    for pattern, name in (
        (r"/exams", "exams"),
        (r"/exams/(\d+)", "exam"),
        (r"/exams/(\d+)/tickets", "tickets"),
        (r"/exams/tickets/(\d+)/scores", "scores:tickets"),
        (r"/exams/ticket/(\d+)/scores", "scores:ticket"),
        (r"/jobs", "jobs"),
        (r"/jobs/(\d+)", "job"),
        (r"/jobs/(\d+)/applicants", "applicants"),
        (r"/jobs/applicants/(\d+)", "applicant"),
        (r"/jobs/applicants/(\d+)/employment-application-form", "form"),
    )
]

ENDPOINTS = ("exams", "exam", "tickets", "scores", "jobs", "job", "applicants", "applicant", "form")


def error(status: int, message: str) -> Reply:
    """An error as Laravel words it."""
    return json_reply(status, {"message": message}, escaped_json)


class TalenticsApi:
    """Answers the requests that passed authentication and limits."""

    def __init__(self, settings: Settings, data: TalenticsData) -> None:
        self.rewrite: Rewrite | None = None
        self._settings = settings
        self._data = data
        self._fragments = Fragments()
        self._pages = Pages(settings)

    def route(self, path: str) -> tuple[str, int] | None:
        """Endpoint and id of a path below the prefix; None where there is no such route."""
        for pattern, name in _ROUTES:
            match = pattern.fullmatch(path)
            if match:
                name, _, spelling = name.partition(":")
                if spelling and spelling not in self._settings.scores_routes:
                    return None
                return name, int(match[1]) if match.groups() else 0
        return None

    def query_names(self, endpoint: str) -> frozenset[str]:
        """The query parameters that an endpoint knows."""
        paged = endpoint in ("exams", "tickets", "jobs") or (
            endpoint == "applicants" and self._settings.paged_applicants
        )
        cursor = {"cursor"} if self._settings.talentics_pages.endswith("cursor") else set()
        return PAGING | cursor if paged else frozenset()

    def authorized(self, authorization: str | None) -> bool:
        """Whether the `Authorization` header holds the credentials."""
        scheme, _, encoded = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(encoded, validate=True).decode()
        except ValueError:
            return False
        return given == f"{self._settings.app_id}:{self._settings.app_secret}"

    def unauthorized(self) -> Reply:
        """The 401 in the shape that others saw, or in the page's."""
        if self._settings.unauthorized_body == "errors":
            return json_reply(401, {"data": {"errors": []}}, escaped_json)
        return error(401, "Unauthorized")

    def handle(self, endpoint: str, record_id: int, params: dict[str, str], origin: str) -> Reply:
        """The answer of one endpoint. `origin` is what `links` start with unless a setting says otherwise."""
        data = self._data
        if endpoint == "exams":
            return self._page(data.exams, 0, data.exam, "exam", f"{PREFIX}/exams", params, origin)
        if endpoint == "jobs":
            return self._page(data.jobs, 0, data.job, "job", f"{PREFIX}/jobs", params, origin)
        if endpoint == "tickets":
            if self._is_orphaned(data.exams, record_id):
                return self._not_found()
            return self._page(
                data.tickets, record_id, data.ticket, "ticket", f"{PREFIX}/exams/{record_id}/tickets", params, origin
            )
        if endpoint == "applicants":
            if self._is_orphaned(data.jobs, record_id):
                return self._not_found()
            if self._settings.paged_applicants:
                path = f"{PREFIX}/jobs/{record_id}/applicants"
                return self._page(data.applicants, record_id, data.applicant, "applicant", path, params, origin)
            ids = self._order(data.applicants, record_id)
            fragments = [self._fragment("applicant", data.applicants.living(each), data.applicant) for each in ids]
            return Reply(200, b'{"data":' + array(fragments) + b"}")
        return self._detail(endpoint, record_id)

    def _detail(self, endpoint: str, record_id: int) -> Reply:
        data = self._data
        collection, kind, make = {
            "exam": (data.exams, "exam", data.exam),
            "job": (data.jobs, "job_detail", data.job_detail),
            "applicant": (data.applicants, "applicant", data.applicant),
            "scores": (data.tickets, "scores", data.scores),
            "form": (data.applicants, "form", data.form),
        }[endpoint]
        row = collection.row(record_id)
        record = None if row is None else make(row)
        if record is None:
            absent = self._settings.forms_absent
            if endpoint == "form" and row is not None and absent != "404":
                return json_reply(200, {"data": {"array": [], "null": None, "object": {}}[absent]}, escaped_json)
            return self._not_found()
        if self.rewrite is not None:
            record = self.rewrite(kind, record)
        return json_reply(200, {"data": record}, escaped_json)

    def _not_found(self) -> Reply:
        # The same words as for a route that does not exist: nothing tells a client which of the two it met.
        return error(404, "Not Found")

    def _is_orphaned(self, parents: Collection, parent: int) -> bool:
        return parents.row(parent) is None and self._settings.missing_parent == "404"

    def _order(self, collection: Collection, parent: int) -> list[int]:
        name = self._settings.talentics_order
        if name.endswith("updated_at") and collection is not self._data.applicants:
            return collection.ordered(name, _updated_first[name], volatile=True, parent=parent)
        ids = collection.ids(parent)
        return ids[::-1] if name.startswith("-") else ids

    def _page(
        self,
        collection: Collection,
        parent: int,
        make: Callable[[Row], dict[str, Any]],
        kind: str,
        path: str,
        params: dict[str, str],
        origin: str,
    ) -> Reply:
        per_page = params.get("per_page", str(_DEFAULT_PAGE))
        if not per_page.isdecimal() or not 1 <= int(per_page) <= _LARGEST_PAGE:
            message = (
                "The per page may not be greater than 100."
                if per_page.isdecimal()
                else "The per page must be an integer."
            )
            refusal = {"message": "The given data was invalid.", "errors": {"per_page": [message]}}
            return json_reply(422, refusal, escaped_json)
        settings = self._settings
        size = _DEFAULT_PAGE if settings.ignore_per_page else min(int(per_page), settings.largest_page)
        ids = self._order(collection, parent)
        if settings.talentics_pages.endswith("cursor"):
            return self._by_cursor(
                ids, params, size, f"{settings.links_origin or origin}{path}", collection, kind, make
            )
        asked = params.get("page", "1")
        page = max(1, int(asked)) if asked.isdecimal() else 1
        total = len(ids)
        shown = self._pages.cut(ids, page, size)
        if shown is None:
            return self._not_found()
        last = max(1, -(-total // size))
        url = f"{settings.links_origin or origin}{path}"
        # `per_page` stays out of the links, as in the vendor's sample.
        links = {
            "first": f"{url}?page=1",
            "last": f"{url}?page={last}",
            "prev": f"{url}?page={page - 1}" if page > 1 else None,
            "next": f"{url}?page={page + 1}" if page < last else None,
        }
        meta = {
            "current_page": page,
            "from": (page - 1) * size + 1 if shown else None,
            "last_page": last,
            "path": url,
            "per_page": per_page if size == int(per_page) else str(size),
            "to": (page - 1) * size + len(shown) if shown else None,
            "total": total,
        }
        if settings.talentics_pages == "simple" or not settings.totals:
            links["last"] = None
            del meta["last_page"], meta["total"]
        return self._list_of(shown, collection, kind, make, links, meta)

    def _by_cursor(
        self,
        ids: list[int],
        params: dict[str, str],
        size: int,
        url: str,
        collection: Collection,
        kind: str,
        make: Callable[[Row], dict[str, Any]],
    ) -> Reply:
        """A page behind the record that the cursor names. Laravel's own orders by a key that never changes."""
        given = params.get("cursor", "")
        ids = sorted(ids)
        counted = {"total": len(ids)} if self._settings.talentics_pages == "counted-cursor" else {}
        if given:
            try:
                behind = int(base64.urlsafe_b64decode(given))
            except ValueError:
                return error(400, "The cursor is invalid.")
            ids = [each for each in ids if each > behind]
        shown = ids[:size]
        cursor = base64.urlsafe_b64encode(str(shown[-1]).encode()).decode() if len(ids) > size else None
        links = {"first": None, "last": None, "prev": None, "next": f"{url}?cursor={cursor}" if cursor else None}
        meta = {"path": url, "per_page": str(size), "next_cursor": cursor, "prev_cursor": None, **counted}
        return self._list_of(shown, collection, kind, make, links, meta)

    def _list_of(
        self,
        shown: list[int],
        collection: Collection,
        kind: str,
        make: Callable[[Row], dict[str, Any]],
        links: dict[str, Any],
        meta: dict[str, Any],
    ) -> Reply:
        fragments = [self._fragment(kind, collection.living(each), make) for each in shown]
        body = b'{"data":' + array(fragments)
        if self._settings.links:
            body += b',"links":' + escaped_json(links)
        return Reply(200, body + b',"meta":' + escaped_json(meta) + b"}")

    def _fragment(self, kind: str, row: Row, make: Callable[[Row], dict[str, Any]]) -> bytes:
        if self.rewrite is not None:
            return escaped_json(self.rewrite(kind, make(row)))
        settings = self._settings
        embeds = self._data.exams.version if settings.embeds == "live" else 0
        key = (kind, row.id, row.revision, row.updated, embeds, settings.zone_hours, settings.one_digit_days)
        return self._fragments.get(key, lambda: escaped_json(make(row)))


_updated_first: dict[str, Callable[[Row], int]] = {
    "updated_at": lambda row: row.updated,
    "-updated_at": lambda row: -row.updated,
}
