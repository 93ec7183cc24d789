"""What Talentics holds: exams, tickets with scores, jobs, applicants with forms.

Each method turns a row into the record that the API shows, with every field of the vendor's samples. Times of exams,
jobs and forms have no zone and, here and there, a day of one digit, as one sample has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.clock import DAY, iso_microseconds, zoneless
from sandbox.draws import Draw, mix
from sandbox.people import People, mail
from sandbox.records import Collection, Row
from sandbox.settings import Settings
from sandbox.talentics_samples import (
    ASSESSMENTS,
    EDUCATIONS,
    EXPERIENCES,
    JOB_TEXTS,
    UNFINISHED_STATUSES,
    Assessment,
    form_answers,
    organization,
)

Record = dict[str, Any]

_SPAN = 3 * 365 * DAY
_BATCH = 25
ORGANIZATION_ID = 106291


class TalenticsData:
    """The records of one Talentics organization."""

    def __init__(self, settings: Settings, anchor: int, people: People) -> None:
        """`anchor` (epoch seconds) is the moment that all seeded records are older than, by two days at least."""
        self._settings = settings
        self._seed = settings.seed
        self._newest = anchor - 2 * DAY
        self._oldest = self._newest - _SPAN
        self._people = people
        self.exams = Collection(self._seed, 1, settings.exams, 8, lambda i: self._spread(1, i))
        self.tickets = Collection(self._seed, 2, settings.tickets, 12, self._ticket_times, self.exams)
        self.jobs = Collection(self._seed, 3, settings.jobs, 10, lambda i: self._spread(3, i))
        self.applicants = Collection(self._seed, 4, settings.applicants, 30, lambda i: self._spread(4, i), self.jobs)
        self._forms: dict[int, Row | None] = {}
        self._organization = organization(ORGANIZATION_ID, self._time(self._oldest, 0), people.indonesian_companies[0])

    # --- times

    def _spread(self, tag: int, index: int) -> tuple[int, int]:
        created = self._oldest + mix(self._seed, tag, index, 1) % _SPAN
        return created, created + mix(self._seed, tag, index, 2) % (self._newest - created + 1)

    def _ticket_times(self, index: int) -> tuple[int, int]:
        # Half of an exam's tickets came in imports: whole batches share both times to the second.
        exam, number = index % self._settings.exams, index // self._settings.exams
        batch = mix(self._seed, exam, number // _BATCH, 7)
        return self._spread(5, batch) if batch % 2 else self._spread(2, index)

    def _time(self, moment: int, mark: int) -> str:
        short = self._settings.one_digit_days and mix(self._seed, moment, mark) % 4 == 0
        return zoneless(moment, self._settings.zone_hours, one_digit_day=short)

    # --- exams and tickets

    def exam(self, row: Row) -> Record:
        """An exam, in the list as in its detail."""
        draw = Draw(self._seed, 1, row.id, row.revision)
        # An edited exam has a new title; the job that it belongs to is drawn once.
        jobs = self.jobs.base_size
        return {
            "id": row.id,
            "organization_id": ORGANIZATION_ID,
            "job_id": self.jobs.base_id(mix(self._seed, row.id) % jobs) if jobs and row.id % 5 else None,
            "title": f"{draw.pick(self._people.indonesian_jobs)} — tes {draw.between(1, 99)}",
            "started_at": self._time(row.created + DAY, 1),
            "ended_at": self._time(row.created + 7 * DAY, 2),
            "created_at": self._time(row.created, 3),
            "updated_at": self._time(row.updated, 4),
            **row.patch,
        }

    def ticket(self, row: Row) -> Record:
        """A ticket: one participant of one exam."""
        draw = Draw(self._seed, 2, row.id)
        name, _ = self._people.indonesian(draw)
        status, finished = self._ticket_status(row)
        exam = self.exam(self._exam_of(row))
        edits = f" ({row.revision})" if row.revision else ""
        return {
            "id": row.id,
            "name": name + edits,
            "email": mail(name, row.id) if draw.chance(0.95) else None,
            "started_at": iso_microseconds(finished - 3600) if finished else None,
            "finished_at": iso_microseconds(finished) if finished else None,
            "exam": {field: exam[field] for field in ("id", "title", "started_at", "ended_at")},
            "created_at": iso_microseconds(row.created),
            "updated_at": iso_microseconds(row.updated),
            "status": status,
            **{field: value for field, value in row.patch.items() if field != "finished"},
        }

    def _exam_of(self, ticket: Row) -> Row:
        exam = self.exams.living(ticket.parent)
        if self._settings.embeds == "live":
            return exam
        return Row(exam.id, 0, exam.created, exam.created)

    def _ticket_status(self, row: Row) -> tuple[str, int | None]:
        """The status and, when the participant is through, the moment of it."""
        if "finished" in row.patch:
            return "finished", row.patch["finished"]
        chance = mix(self._seed, 21, row.id)
        index = self.tickets.base_index(row.id)
        if chance % 10 < 7 and index is not None:
            created, updated = self._ticket_times(index)
            return "finished", created + chance % (updated - created + 1)
        return UNFINISHED_STATUSES[chance % len(UNFINISHED_STATUSES)], None

    def is_finished(self, row: Row) -> bool:
        """Whether the ticket has scores."""
        return self._ticket_status(row)[1] is not None

    def scores(self, row: Row) -> Record | None:
        """The scores of a ticket; None where the API answers 404, as it does for some unfinished tickets."""
        ticket = self.ticket(row)
        head = {"ticket_id": row.id, "name": ticket["name"], "email": ticket["email"]}
        if not self.is_finished(row):
            way = self._settings.unfinished_scores
            empty = way == "empty" or (way == "mixed" and mix(self._seed, 22, row.id) % 4 == 0)
            return {**head, "results": []} if empty else None
        draw = Draw(self._seed, 23, row.id)
        marked_again = row.revision
        return {
            **head,
            "results": [
                {
                    "assessment_name": name,
                    "assessment_slug": slug,
                    "total_score": draw.between(0, 90) + marked_again if draw.chance(0.97) else None,
                    "aspect_scores": [
                        {
                            "aspect_group": group,
                            "aspect_name": aspect,
                            "aspect_slug": aspect_slug,
                            "score": draw.between(0, 100),
                        }
                        for group, aspect, aspect_slug in (*aspects, *self._twins(aspects))
                    ],
                }
                for name, slug, aspects in self._assessments(draw)
            ],
        }

    def _assessments(self, draw: Draw) -> Sequence[Assessment]:
        return draw.some(ASSESSMENTS, 3) or ASSESSMENTS[:1]

    def _twins(self, aspects: tuple[tuple[str, str, str], ...]) -> list[tuple[str, str, str]]:
        return [("Summary", name, slug) for _, name, slug in aspects[:1] if self._settings.duplicate_rows]

    # --- jobs and applicants

    def job(self, row: Row) -> Record:
        """A job as the list shows it."""
        draw = Draw(self._seed, 3, row.id)
        title = draw.pick(self._people.indonesian_jobs)
        slug = "-".join(title.lower().replace(",", "").replace("/", " ").split())
        salary = draw.between(3, 20) * 500_000 + row.revision * 100_000
        return {
            "id": row.id,
            "type": 1,
            "organization_id": ORGANIZATION_ID,
            "profession_id": draw.between(1, 600),
            "title": title,
            "description": draw.pick(JOB_TEXTS),
            "created_at": self._time(row.created, 5),
            "updated_at": self._time(row.updated, 6),
            "location": draw.pick(self._people.indonesian_cities),
            "due_date": self._time(row.created + 60 * DAY, 7) if draw.chance(0.9) else None,
            "min_experience": draw.between(0, 8),
            "min_salary": salary if draw.chance(0.9) else None,
            "max_salary": salary + 1_500_000 if draw.chance(0.8) else None,
            "requirements": draw.pick(JOB_TEXTS),
            "benefits": draw.pick(JOB_TEXTS) if draw.chance(0.7) else "",
            "youtube_video_url": "https://youtu.be/fPJSX0cL20Q" if draw.chance(0.3) else None,
            "industry_id": draw.between(1, 30),
            "code": f"JOB{row.id:05d}" if draw.chance(0.8) else None,
            "country_id": 1,
            "province_id": draw.between(1, 34),
            "city_id": draw.between(1, 500),
            "district_id": draw.between(1, 7000) if draw.chance(0.8) else None,
            "slug": slug,
            **row.patch,
        }

    def job_detail(self, row: Row) -> Record:
        """A job's detail: without times of its own, and some of its numbers are strings."""
        job = self.job(row)
        draw = Draw(self._seed, 33, row.id)
        detail = {name: value for name, value in job.items() if name not in ("created_at", "updated_at")}
        for name in ("min_salary", "max_salary", "min_experience"):
            if detail[name] is not None and draw.chance(0.5):
                detail[name] = str(detail[name])
        company = self._organization
        return {
            **detail,
            "private": 0,
            "closed": int(draw.chance(0.2)),
            "verified": 0,
            "verified_at": None,
            "suspended": 0,
            "suspended_at": None,
            "organization": company,
            "company": company,
            "page_url": f"https://talentics.example.com/{company['slug']}/{job['slug']}",
            "required_assessments": [],
            "required_aspects": [],
            "related_profession": {
                "id": job["profession_id"],
                "profession_cluster_id": draw.between(1, 20),
                "name": job["title"],
                "slug": job["slug"],
                "description": job["title"],
            },
            "applicable": draw.chance(0.9),
            "work_ready": draw.chance(0.5),
            "redirect_url": f"https://karier.example.com/company/{job['slug']}?utm_source=example.com",
        }

    def applicant(self, row: Row) -> Record:
        """An applicant, in the list as in the detail: the vendor's two samples have the same fields."""
        draw = Draw(self._seed, 4, row.id)
        name, gender = self._people.indonesian(draw)
        identity = f"32{draw.between(10**13, 10**14 - 1)}"
        edits = Draw(self._seed, 44, row.id, row.revision)
        return {
            "id": row.id,
            "organization_id": ORGANIZATION_ID,
            "job_id": row.parent,
            "account_id": 100_000 + row.id,
            "name": name,
            "email": mail(name, row.id),
            "phone_number": f"08{edits.between(10**8, 10**10)}",
            "identity_number": identity,
            "location": draw.pick(self._people.indonesian_cities) if draw.chance(0.9) else None,
            "education": draw.pick(EDUCATIONS),
            "year_of_experience": draw.pick(EXPERIENCES),
            "gender": gender if draw.chance(0.97) else None,
            "dob": f"{draw.between(1965, 2003)}-{draw.between(1, 12):02d}-{draw.between(1, 28):02d}",
            "nik": identity,
            "draft": int(draw.chance(0.1)),
            "background_enabled": 1,
            "portfolio_link": f"http://portfolio.example.com/{row.id}" if draw.chance(0.4) else "",
            "address": edits.pick(self._people.indonesian_addresses),
            "cv_file_path": f"jobs/apply/cv/{1_598_000_000 + row.id}.pdf" if draw.chance(0.8) else None,
            "access_code": f"A{draw.between(100_000, 999_999)}",
            "access_code_expired_at": self._time(row.created + 30 * DAY, 8),
            **row.patch,
        }

    # --- forms

    def form_row(self, applicant: Row) -> Row | None:
        """When an applicant sent the form (in `created`); None when it was not sent."""
        if applicant.id in self._forms:
            return self._forms[applicant.id]
        chance = mix(self._seed, 41, applicant.id)
        if chance % 3 or self.applicants.base_index(applicant.id) is None:
            return None
        sent = min(applicant.created + chance % (30 * DAY), self._newest)
        return Row(applicant.id, applicant.parent, sent, sent)

    def submit_form(self, applicant: Row, now: int, patch: Record) -> None:
        """An applicant sends the form, or sends it again."""
        known = self.form_row(applicant)
        revision = 0 if known is None else known.revision + 1
        self._forms[applicant.id] = Row(applicant.id, applicant.parent, now, now, revision, patch)
        self.applicants.version += 1

    def withdraw_form(self, applicant: Row) -> None:
        """The form of an applicant is gone."""
        self._forms[applicant.id] = None
        self.applicants.version += 1

    def form(self, applicant: Row) -> Record | None:
        """An applicant's employment application form."""
        row = self.form_row(applicant)
        if row is None:
            return None
        person = self.applicant(applicant)
        draw = Draw(self._seed, 42, row.id, row.revision)
        answers = list(form_answers(draw, person, self._people).items())
        if self._settings.duplicate_rows:
            answers.append((answers[0][0], "—"))
        return {
            "id": row.id,
            "applicant_id": row.id,
            "name": person["name"],
            "email": person["email"],
            "application_time": self._time(row.created, 9),
            "employment_application_form": [{"name": name, "value": value} for name, value in answers],
            **row.patch,
        }
