"""All data of both APIs by the name of its kind: read in full, and created, updated or deleted one by one.

Kinds: exams, tickets, jobs, applicants, forms (an applicant's, by the applicant's id), candidates, comments
(`CANDIDATE:POSITION`), requisitions, job_titles, channels, employees, employee_groups, workspaces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.clock import iso_microseconds
from sandbox.people import People
from sandbox.records import Collection, Row
from sandbox.settings import Settings
from sandbox.story import StoryCandidates, StoryTalentics
from sandbox.talentics_data import TalenticsData
from sandbox.talentio_candidates import Candidates
from sandbox.talentio_comments import Comments
from sandbox.talentio_data import TalentioCatalogue

Record = dict[str, Any]
RecordId = int | str


class Store:
    """The data of one sandbox."""

    def __init__(self, settings: Settings, anchor: int, people: People, now: Callable[[], int]) -> None:
        self._settings = settings
        self._now = now
        self.catalogue = TalentioCatalogue(settings, anchor, people)
        self.talentics: TalenticsData
        self.candidates: Candidates
        if settings.story:
            self.candidates = told = StoryCandidates(self.catalogue)
            self.talentics = StoryTalentics(settings, anchor, people, told)
        else:
            self.candidates = Candidates(self.catalogue)
            self.talentics = TalenticsData(settings, anchor, people)
        self.comments = Comments(self.catalogue)
        talentics, catalogue = self.talentics, self.catalogue
        self.collections: dict[str, Collection] = {
            "exams": talentics.exams,
            "tickets": talentics.tickets,
            "jobs": talentics.jobs,
            "applicants": talentics.applicants,
            "candidates": self.candidates.collection,
            "requisitions": catalogue.requisitions,
            "job_titles": catalogue.job_titles,
            "channels": catalogue.channels,
            "employees": catalogue.employees,
            "employee_groups": catalogue.employee_groups,
            "workspaces": catalogue.workspaces,
        }
        self._streams: dict[str, dict[str, tuple[Collection, Callable[[Row], Record | None]]]] = {
            "talentics": {
                "exams": (talentics.exams, talentics.exam),
                "exam_details": (talentics.exams, talentics.exam),
                "tickets": (talentics.tickets, talentics.ticket),
                "ticket_scores": (talentics.tickets, talentics.scores),
                "jobs": (talentics.jobs, talentics.job),
                "job_details": (talentics.jobs, talentics.job_detail),
                "applicants": (talentics.applicants, talentics.applicant),
                "applicant_details": (talentics.applicants, talentics.applicant),
                "employment_application_forms": (talentics.applicants, talentics.form),
            },
            "talentio": {
                "candidates": (self.candidates.collection, self.candidates.candidate),
                "candidate_details": (self.candidates.collection, self._candidate_detail),
                "requisitions": (catalogue.requisitions, catalogue.requisition),
                "requisition_details": (catalogue.requisitions, catalogue.requisition_detail),
                "job_titles": (catalogue.job_titles, catalogue.job_title),
                "channels": (catalogue.channels, catalogue.channel),
                "employees": (catalogue.employees, catalogue.employee),
                "employee_groups": (catalogue.employee_groups, catalogue.employee_group),
                "workspaces": (catalogue.workspaces, catalogue.workspace),
            },
        }

    def _candidate_detail(self, row: Row) -> Record:
        return self.candidates.candidate(row, evaluations=True)

    # --- reading

    def stream_names(self) -> dict[str, list[str]]:
        """What `records` can give, by source."""
        names = {source: list(streams) for source, streams in self._streams.items()}
        names["talentio"].append("candidate_comments")
        return names

    def records(self, source: str, stream: str) -> Iterator[Record]:
        """All records of a stream as the API shows them; comments carry their `candidateId`, as nothing else names it.

        Deactivated responsible employees are in. KeyError: there is no such source or stream.
        """
        if (source, stream) == ("talentio", "candidate_comments"):
            return self._all_comments()
        collection, make = self._streams[source][stream]
        rows = (collection.row(record_id) for record_id in list(collection.all_ids()))
        return (record for row in rows if row is not None and (record := make(row)) is not None)

    def _all_comments(self) -> Iterator[Record]:
        for candidate_id in list(self.candidates.collection.all_ids()):
            row = self.candidates.collection.row(candidate_id)
            if row is None:
                continue
            for comment in self.comments.of(row):
                yield {"candidateId": candidate_id, **self.comments.record(row, comment)}

    def ids(self, kind: str, parent: int = 0) -> list[int]:
        """The living ids of a kind, ascending; of children under one parent. Don't change the list."""
        return self.collections[kind].ids(parent)

    def _row(self, kind: str, record_id: RecordId) -> Row:
        row = self.collections[kind].row(int(record_id))
        if row is None:
            raise KeyError(f"{kind} {record_id}")
        return row

    # --- changing

    def create(self, kind: str, parent: int = 0, **patch: Any) -> RecordId:
        """A new record, its fields set by `patch`; gives its id.

        `parent` is a ticket's exam, an applicant's job, a form's applicant or a comment's candidate. KeyError: there
        is no such parent.
        """
        if kind == "forms":
            self.talentics.submit_form(self._row("applicants", parent), self._now(), patch)
            return parent
        if kind == "comments":
            position = self.comments.add(self._row("candidates", parent), self._now(), patch)
            self._touch_candidate(parent)
            return f"{parent}:{position}"
        collection = self.collections[kind]
        if collection.parents is not None and collection.parents.row(parent) is None:
            raise KeyError(f"{kind} need a living parent, and {parent} is none")
        row = collection.create(self._now(), parent)
        row.patch.update(patch)
        return row.id

    def update(self, kind: str, record_id: RecordId, **patch: Any) -> None:
        """Edits a record: its time of update is now, other fields change by themselves, `patch` sets fields."""
        if kind == "forms":
            self.talentics.submit_form(self._row("applicants", record_id), self._now(), patch)
        elif kind == "comments":
            candidate, position = map(int, str(record_id).split(":"))
            self.comments.edit(self._row("candidates", candidate), position, self._now(), patch)
            self._touch_candidate(candidate)
        else:
            self.collections[kind].update(int(record_id), self._now(), patch)

    def delete(self, kind: str, record_id: RecordId) -> None:
        """Takes a record away, and with an exam, job or candidate all that hangs on it."""
        if kind == "forms":
            self.talentics.withdraw_form(self._row("applicants", record_id))
        elif kind == "comments":
            candidate, position = map(int, str(record_id).split(":"))
            self.comments.remove(self._row("candidates", candidate), position)
            self._touch_candidate(candidate)
        else:
            self.collections[kind].delete(int(record_id))

    def finish_ticket(self, ticket_id: int) -> None:
        """The participant is through: the ticket has a `finished_at`, scores, and a new time of update."""
        now = self._now()
        self.update("tickets", ticket_id, finished=now, status="finished", started_at=iso_microseconds(now - 3600))

    def _touch_candidate(self, candidate_id: int) -> None:
        if self._settings.comments_touch_candidate:
            self.candidates.collection.touch(candidate_id, self._now())
