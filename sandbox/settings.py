"""Every switch of the sandbox in one place; the defaults are what the vendors' pages say or show.

Settings are read at each request, so a test may change one between two requests (`world.settings.links_origin = …`, or
`POST /control/settings`). The sizes, the seed, `story` and `now` are read once, when the world is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sandbox.limits import Limit

Size = Literal["small", "company"]

SIZES: dict[Size, dict[str, int]] = {
    # 45 tickets: all scores fit into one window of the vendor's limit, so even that sync takes seconds.
    "small": {
        "exams": 3, "tickets": 15, "jobs": 3, "applicants": 10, "candidates": 120, "requisitions": 8,
        "job_titles": 5, "channels": 9, "employees": 25, "employee_groups": 4, "workspaces": 2,
    },
    "company": {
        "exams": 20, "tickets": 200, "jobs": 30, "applicants": 40, "candidates": 5_000, "requisitions": 150,
        "job_titles": 30, "channels": 120, "employees": 250, "employee_groups": 15, "workspaces": 4,
    },
}  # fmt: skip

TALENTICS_LIMIT = Limit(50, 900)
TALENTIO_LIMIT = Limit(5000, 3600)

COUNTS = tuple(SIZES["small"])

TALENTICS_LIMITED = ("exams", "exam", "tickets", "scores", "jobs")
"""The endpoints for which the vendor's page states a limit."""


@dataclass
class Settings:
    """How large the sandbox is and how it behaves."""

    # --- size; `tickets` per exam, `applicants` per job
    seed: int = 1
    exams: int = 3
    tickets: int = 15
    jobs: int = 3
    applicants: int = 10
    candidates: int = 120
    requisitions: int = 8
    job_titles: int = 5
    channels: int = 9
    employees: int = 25
    employee_groups: int = 4
    workspaces: int = 2
    story: bool = False
    """Whether the records tell one story: see `sandbox.story`."""
    now: float | None = None
    """Epoch seconds at which the sandbox's clock starts; None is real time."""

    # --- credentials; the characters that break careless encoding are there on purpose
    app_id: str = "sandbox-app"
    app_secret: str = "sandbox:secret/+=%41&x"  # noqa: S105 - opens nothing but the sandbox
    access_token: str = "sandbox.token-0123456789_~+/="  # noqa: S105 - the same

    # --- limits; None is no limit
    talentics_limit: Limit | None = TALENTICS_LIMIT
    talentics_window: Literal["endpoint", "shared"] = "endpoint"
    talentics_limited: tuple[str, ...] = TALENTICS_LIMITED
    """Endpoint names that are limited; all: exams exam tickets scores jobs job applicants applicant form."""
    talentics_limit_headers: Literal["all", "retry-after", "none"] = "all"
    talentio_limit: Limit | None = TALENTIO_LIMIT
    talentio_limit_headers: bool = True
    other_client: int = 0
    """Requests of each window that somebody else has used up."""

    # --- Talentics
    talentics_order: Literal["id", "-id", "updated_at", "-updated_at"] = "id"
    unauthorized_body: Literal["message", "errors"] = "message"
    zone_hours: float = 7
    """Zone of the zone-less times: 7 is WIB, 0 UTC."""
    one_digit_days: bool = True
    links_origin: str | None = None
    """Scheme and host of `links`, such as `http://api.talentics.id`; None takes them from the request."""
    paged_applicants: bool = False
    scores_routes: tuple[str, ...] = ("tickets",)
    """Spellings of the scores route that exist: `tickets`, `ticket` or both."""
    unfinished_scores: Literal["mixed", "404", "empty"] = "mixed"
    forms_absent: Literal["404", "array", "null", "object"] = "404"
    """What an applicant without a form gives: 404, or 200 with `data` as [], null or {}."""

    # --- Talentio
    filter_zone_hours: float = 9
    """Zone in which zone-less filter values are read: 9 is JST, 0 UTC."""
    sort_by_updated: bool = True
    """Whether `candidates` knows `sort=updatedAt`; the vendor's page does not name it."""
    inactive_hides_candidates: bool = False
    """Without `includeInactiveResponsibleEmployees=true`, leave out the candidate and not only the employee."""
    burst: int | None = None
    """Requests within one second after which Talentio resets connections."""
    comments_touch_candidate: bool = False
    """Whether a comment moves its candidate's `updatedAt`."""

    # --- both, where a list ends and what stands on its pages
    talentics_pages: Literal["length", "simple", "cursor", "counted-cursor"] = "length"
    """Laravel's three ways: with total and last page, with a link alone, with a link that bears a cursor.

    A resource of one's own may add a total to the last one.
    """
    largest_page: int = 100
    """Talentics gives no larger page, whatever `per_page` asks for (up to 100, beyond which it refuses)."""
    ignore_per_page: bool = False
    totals: bool = True
    """Whether lists tell their total: `meta.total` and `meta.last_page`, X-Total."""
    links: bool = True
    """Whether Talentics' lists have `links`."""
    ties: int = 0
    """So many of a list's first records share their place in its order: they stand in another order at each request."""
    hidden: float = 0.0
    """Share of a list's records that the credential may not see: left out of the pages, and counted in the total."""
    past_end: Literal["empty", "404", "last", "all"] = "empty"
    """What the page behind the last one gives; `all` is the whole list, unpaged."""
    talentio_page: int = 100
    """So many records stand on a page of Talentio's lists."""
    comments_per_page: int | None = None
    """Talentio pages comments by so many, with X-Total; None gives all at once."""

    # --- both
    embeds: Literal["snapshot", "live"] = "snapshot"
    """Whether a ticket's `exam` and a candidate's `requisition` stay as they were made or follow the original."""
    answers: tuple[tuple[str, int], ...] = ()
    """(path glob, status): endpoints that always answer 403, 404 or another error."""
    missing_parent: Literal["404", "empty"] = "404"
    """What the list of children gives when the parent does not exist."""
    duplicate_rows: bool = False
    """Whether one answer holds rows that nothing tells apart: two comments of one person in one second, a question of
    a form twice, an aspect's slug in two groups."""
    strict: bool = False
    """Answer 400 to a query parameter that the endpoint does not know."""
    compress: bool = False
    """Answer gzip where the client accepts it."""
    date_header: bool = True
    date_skew: float = 0.0
    """Seconds by which the `Date` header is off the sandbox's clock: below 0 it is behind."""
    extra_headers: dict[str, str | None] = field(default_factory=dict)
    """Headers put on every answer, over its own; None takes one away."""

    # --- unrest
    change_every: float | None = None
    change_every_requests: int | None = None
    faults: tuple[str, ...] = ()

    @classmethod
    def for_size(cls, size: Size = "small", **overrides: Any) -> Settings:
        """The settings of a ready size, some of them replaced."""
        return cls(**{**SIZES[size], **overrides})

    def change(self, values: dict[str, Any]) -> None:
        """Sets switches from JSON values. ValueError names one that is unknown or read only once."""
        fixed = {"seed", "story", "now", "faults", "app_id", "app_secret", "access_token", *COUNTS}
        for name, value in values.items():
            if name in fixed or name not in self.__dataclass_fields__:
                raise ValueError(f"{name!r} is not a setting that can be changed while the sandbox runs")
            if name.endswith("_limit"):
                value = None if value is None else Limit.parse(value)
            elif name == "answers":
                value = tuple((str(glob), int(status)) for glob, status in value)
            elif isinstance(value, list):
                value = tuple(value)
            setattr(self, name, value)


SIZE_NAMES: tuple[str, ...] = get_args(Size)
