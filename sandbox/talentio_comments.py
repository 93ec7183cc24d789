"""Comments on candidates. They have no id: what tells them apart is the candidate, the time and who wrote them.

Two employees may comment in the same second; one employee does it twice only with `duplicate_rows`. Some comments have
no author.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sandbox.clock import DAY, japanese
from sandbox.draws import mix
from sandbox.records import Row
from sandbox.talentio_data import Record, TalentioCatalogue

_TEXTS = (
    "これはコメントです。",
    "${talentio@example.com} さんご確認お願いします。",
    "",
    "よろしく\U0001f64f\nお願いします",
    "\uff21\uff22\uff23\uff11\uff12\uff13",
)


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment; `employee` is the author's id or None."""

    employee: int | None
    created: int
    updated: int
    patch: Record = field(default_factory=dict)


class Comments:
    """The comments of all candidates."""

    def __init__(self, catalogue: TalentioCatalogue) -> None:
        self._catalogue = catalogue
        self._seed = catalogue.seed
        self._changed: dict[int, list[Comment]] = {}
        self.version = 0

    def of(self, candidate: Row) -> list[Comment]:
        """A candidate's comments, oldest first. Read the list, don't change it."""
        known = self._changed.get(candidate.id)
        return self._drawn(candidate) if known is None else known

    def _drawn(self, candidate: Row) -> list[Comment]:
        comments: list[Comment] = []
        for number in range(max(0, mix(self._seed, 51, candidate.id) % 6 - 2)):
            chance = mix(self._seed, 52, candidate.id, number)
            author = self._author(chance) if chance % 9 else None
            created = min(candidate.created + (number + 1) * DAY, self._catalogue.newest) + number
            if comments and chance % 4 == 0 and author not in self._authors(comments, comments[-1].created):
                created = comments[-1].created
            edited = created + 60 if chance % 5 == 0 else created
            comments.append(Comment(author, created, edited))
        if comments and self._catalogue.settings.duplicate_rows:
            comments.append(replace(comments[-1], patch={"content": "追記です。"}))
        return comments

    @staticmethod
    def _authors(comments: list[Comment], second: int) -> set[int | None]:
        return {comment.employee for comment in comments if comment.created == second}

    def _author(self, chance: int) -> int | None:
        return self._catalogue.base(self._catalogue.employees, chance // 64)

    def add(self, candidate: Row, now: int, patch: Record) -> int:
        """A new comment; gives its position. ValueError when every employee has commented within this second."""
        comments = list(self.of(candidate))
        taken = self._authors(comments, now)
        for attempt in range(1 + 2 * self._catalogue.employees.base_size):
            author = self._author(mix(self._seed, 53, candidate.id, len(comments), attempt))
            if author not in taken:
                break
        else:
            raise ValueError(f"nobody is left to comment on candidate {candidate.id} in this second")
        comments.append(Comment(author, now, now, patch))
        self._keep(candidate, comments)
        return len(comments) - 1

    def edit(self, candidate: Row, position: int, now: int, patch: Record) -> None:
        """Another text for a comment."""
        comments = list(self.of(candidate))
        old = comments[position]
        comments[position] = replace(old, updated=now, patch={"content": f"編集済み {now}", **old.patch, **patch})
        self._keep(candidate, comments)

    def remove(self, candidate: Row, position: int) -> None:
        """Takes a comment away."""
        comments = list(self.of(candidate))
        del comments[position]
        self._keep(candidate, comments)

    def _keep(self, candidate: Row, comments: list[Comment]) -> None:
        self._changed[candidate.id] = comments
        self.version += 1

    def record(self, candidate: Row, comment: Comment) -> Record:
        """A comment as the API shows it."""
        return {
            "content": _TEXTS[mix(self._seed, 54, candidate.id, comment.created, comment.employee or 0) % len(_TEXTS)],
            "employeeCreatedBy": self._catalogue.employee_ref(comment.employee),
            "createdAt": japanese(comment.created),
            "updatedAt": japanese(comment.updated),
            **comment.patch,
        }
