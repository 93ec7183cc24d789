"""Random changes to the data, once or on a schedule.

By default only changes that an incremental reader can see are made: a comment joins in when comments move their
candidate, a form is sent but never edited. Name other kinds to get the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from sandbox.clock import Clock
from sandbox.settings import Settings
from sandbox.store import RecordId, Store

Changed = dict[str, dict[str, list[RecordId]]]

# Written more than once: larger tables change more often.
_KINDS = (
    "exams", *("tickets",) * 4, "jobs", *("applicants",) * 2, *("candidates",) * 4, "requisitions", "job_titles",
    "channels", "employees", "employee_groups", "workspaces",
)  # fmt: skip
_PARENTS = {"tickets": "exams", "applicants": "jobs", "forms": "applicants", "comments": "candidates"}
_TRIES = 50


class Changes:
    """Makes changes and remembers when the next one is due."""

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._random = Random(settings.seed)
        self._requests = 0
        self._last = clock()

    def keep_schedule(self, *, request: bool = False) -> None:
        """Makes the changes that are due: one creation, one update and one deletion each time."""
        every, every_requests = self._settings.change_every, self._settings.change_every_requests
        if request and every_requests:
            self._requests += 1
            if self._requests % every_requests == 0:
                self.random(1, 1, 1)
        now = self._clock()
        if not every:
            self._last = now
        while every and self._last + every <= now:
            self._last += every
            self.random(1, 1, 1)

    def random(
        self,
        created: int = 0,
        updated: int = 0,
        deleted: int = 0,
        *,
        seed: int | None = None,
        kinds: Sequence[str] | None = None,
    ) -> Changed:
        """So many random changes; gives the ids by what was done and to which kind."""
        random = self._random if seed is None else Random(seed)
        if kinds is None:
            comments = ("comments",) if self._settings.comments_touch_candidate else ()
            changing: Sequence[str] = (*_KINDS, *comments)
            kinds_created: Sequence[str] = (*changing, "forms")
        else:
            changing = kinds_created = tuple(kinds)
        done: Changed = {"created": {}, "updated": {}, "deleted": {}}
        for _ in range(created):
            self._note(done, "created", self._create(random, kinds_created))
        for _ in range(updated):
            self._note(done, "updated", self._update(random, changing))
        for _ in range(deleted):
            self._note(done, "deleted", self._delete(random, changing))
        return done

    @staticmethod
    def _note(done: Changed, what: str, change: tuple[str, RecordId] | None) -> None:
        if change is not None:
            done[what].setdefault(change[0], []).append(change[1])

    def _create(self, random: Random, kinds: Sequence[str]) -> tuple[str, RecordId] | None:
        for _ in range(_TRIES):
            kind = random.choice(kinds)
            if kind not in _PARENTS:
                return kind, self._store.create(kind)
            parent = self._any(random, _PARENTS[kind])
            if parent is None or (kind == "forms" and self._has_form(int(parent))):
                continue
            return kind, self._store.create(kind, int(parent))
        return None

    def _update(self, random: Random, kinds: Sequence[str]) -> tuple[str, RecordId] | None:
        for _ in range(_TRIES):
            kind = random.choice(kinds)
            record_id = self._any(random, kind)
            if record_id is None:
                continue
            if kind == "tickets" and not self._is_finished(int(record_id)) and random.random() < 0.7:
                self._store.finish_ticket(int(record_id))
            else:
                self._store.update(kind, record_id)
            return kind, record_id
        return None

    def _delete(self, random: Random, kinds: Sequence[str]) -> tuple[str, RecordId] | None:
        for _ in range(_TRIES):
            kind = random.choice(kinds)
            record_id = self._any(random, kind)
            # The last of a kind stays: an empty exam or workspace list would end most tests early.
            if record_id is None or (kind in self._store.collections and len(self._siblings(kind, int(record_id))) < 2):
                continue
            self._store.delete(kind, record_id)
            return kind, record_id
        return None

    def _siblings(self, kind: str, record_id: int) -> list[int]:
        row = self._store.collections[kind].row(record_id)
        return [] if row is None else self._store.ids(kind, row.parent)

    def _any(self, random: Random, kind: str) -> RecordId | None:
        """Some living record of a kind; None where chance met none."""
        if kind == "forms":
            applicant = self._any(random, "applicants")
            return applicant if applicant is not None and self._has_form(int(applicant)) else None
        if kind == "comments":
            candidate = self._any(random, "candidates")
            row = None if candidate is None else self._store.collections["candidates"].row(int(candidate))
            comments = [] if row is None else self._store.comments.of(row)
            return f"{candidate}:{random.randrange(len(comments))}" if comments else None
        parent = self._any(random, _PARENTS[kind]) if kind in _PARENTS else 0
        ids = [] if parent is None else self._store.ids(kind, int(parent))
        return random.choice(ids) if ids else None

    def _has_form(self, applicant_id: int) -> bool:
        row = self._store.collections["applicants"].row(applicant_id)
        return row is not None and self._store.talentics.form_row(row) is not None

    def _is_finished(self, ticket_id: int) -> bool:
        row = self._store.collections["tickets"].row(ticket_id)
        return row is not None and self._store.talentics.is_finished(row)
