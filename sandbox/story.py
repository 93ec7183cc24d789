"""`--story`: the same records, but they tell one story, so that a picture of them shows something.

A person has an ability, which nobody sees. It moves test scores, interviewers' marks and, with the channel that the
person came through, how a selection ends. Some of Talentio's candidates and of Talentics' applicants sit tests
under the address of their application; some applicants are candidates too. Marks come after their appointments.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.clock import DAY, iso_microseconds, japanese
from sandbox.draws import Draw, mix
from sandbox.people import People, mail
from sandbox.records import Row
from sandbox.settings import Settings
from sandbox.talentics_data import TalenticsData
from sandbox.talentics_samples import ASSESSMENTS, Assessment
from sandbox.talentio_candidates import STAGE_TYPES, Candidates
from sandbox.talentio_data import Record

_YEAR = 360 * DAY
_HOUR = 3600

_DAYS_IN_STAGE = ((1, 4), (2, 7), (6, 18), (3, 8), (4, 12))
"""The fewest and the most days that a stage takes, by its place."""
_PASSES = (0.82, 0.62, 0.42, 0.8, 0.66)
"""How many of those with a middling ability pass, by the place of the stage."""
_BY_CHANNEL = {"employee": 0.13, "agent": 0.08, "direct": 0.0, "custom": -0.04, "site": -0.1}
_SHARES = (0.15, 0.3, 0.48, 0.6, 0.7, 0.8, 0.91, 0.96)
"""Where each channel's part of the candidates ends: a few bring most."""
_STALLS = 0.05


def ability(seed: int, candidate_id: int) -> float:
    """How able a candidate is, from 0 to 1, mostly in the middle."""
    draw = Draw(seed, 901, candidate_id)
    return (draw.between(0, 1000) + draw.between(0, 1000)) / 2000


@dataclass(frozen=True)
class Step:
    """A stage of a selection."""

    place: int
    start: int
    end: int | None
    """None while it is open."""
    passes: bool
    planned_end: int


class StoryCandidates(Candidates):
    """Candidates of the last twelve months whose selections follow from ability and channel."""

    def _times(self, index: int) -> tuple[int, int]:
        # Registered in the order of ids, a quarter of them in imports of five; a bulk edit touched the eldest forty.
        catalogue, size = self._catalogue, max(1, self._catalogue.settings.candidates)
        group = index // 5
        first = group * 5 if mix(self._seed, 311, group) % 4 == 0 else index
        registered = catalogue.newest - _YEAR + _YEAR * first // size
        if index < min(40, size // 3):
            return registered, catalogue.newest - DAY
        course = self._course(Row(self.collection.base_id(index), 0, registered, registered))
        return registered, min(course[-1].end or course[-1].start, catalogue.newest)

    def _course(self, row: Row) -> list[Step]:
        """The stages of a candidate, up to now or to the end of the selection."""
        talent = ability(self._seed, row.id) + _BY_CHANNEL[self._channel_kind(row)]
        start, steps = row.created, list[Step]()
        for place, (fewest, most) in enumerate(_DAYS_IN_STAGE):
            draw = Draw(self._seed, 902, row.id, place)
            end = start + draw.between(fewest * DAY, most * DAY) // _HOUR * _HOUR
            passes = draw.chance(min(0.98, max(0.03, _PASSES[place] + 1.1 * (talent - 0.5))))
            # What runs past the newest seeded moment is not decided yet, unless somebody edits the candidate.
            decided = end <= self._catalogue.newest and not draw.chance(_STALLS)
            if not decided and row.revision > 0 and row.updated > start:
                end, decided, passes = row.updated, True, True
            steps.append(Step(place, start, end if decided else None, passes, end))
            if not (decided and passes):
                break
            start = end
        return steps

    def status(self, row: Row) -> str:
        if "status" in row.patch:
            return str(row.patch["status"])
        last = self._course(row)[-1]
        if last.end is None:
            return "ongoing"
        if last.passes:
            return "pass"
        chance = mix(self._seed, 903, row.id) % 20
        return "fail" if chance < 14 else "reject" if chance < 17 else ("poolActive", "poolInactive")[chance % 2]

    def joined(self, row: Row) -> int | None:
        end = self._course(row)[-1].end
        if self.status(row) != "pass" or end is None:
            return None
        return end + (20 + mix(self._seed, 904, row.id) % 60) * DAY

    def applied(self, row: Row) -> int:
        return row.created - mix(self._seed, 321, row.id) % (3 * DAY)

    def candidate(self, row: Row, *, inactive_employees: bool = True, evaluations: bool = False) -> Record:
        record = super().candidate(row, inactive_employees=inactive_employees, evaluations=evaluations)
        end = self._course(row)[-1].end
        fixed = japanese(end) if end and self.status(row) in ("pass", "fail", "reject") else None
        return {**record, "fixedAt": fixed, **self._channel_of(row), **row.patch}

    def address(self, candidate_id: int) -> str:
        """A candidate's mail address, which the candidate's record and the tickets show."""
        last, first = self._catalogue.people.japanese(Draw(self._seed, 33, candidate_id))
        return mail(f"{first.latin}.{last.latin}", candidate_id)

    def latin_name(self, candidate_id: int) -> str:
        """A candidate's name as a test in another country shows it."""
        last, first = self._catalogue.people.japanese(Draw(self._seed, 33, candidate_id))
        return f"{first.latin} {last.latin}"

    def _channel_number(self, row: Row) -> int | None:
        place = bisect(_SHARES, mix(self._seed, 905, row.id) % 1000 / 1000)
        return self._catalogue.base(self._catalogue.channels, place)

    def _channel_kind(self, row: Row) -> str:
        channel = self._channel_number(row)
        return "direct" if channel is None else self._catalogue.channel_type(channel)

    def _channel_of(self, row: Row) -> Record:
        return self._channel_record(self._channel_number(row))

    def _stages(self, row: Row, *, evaluations: bool) -> list[Record]:
        return [self._shown(row, step, evaluations=evaluations) for step in self._course(row)]

    def _shown(self, row: Row, step: Step, *, evaluations: bool) -> Record:
        draw = Draw(self._seed, 36, row.id, step.place)
        meeting = step.start + (step.planned_end - step.start) // 2 // _HOUR * _HOUR if step.place else None
        stage: Record = {
            "id": row.id * 10 + step.place,
            "type": STAGE_TYPES[step.place],
            "step": step.place + 1,
            "scheduledAt": None if meeting is None else japanese(meeting),
            "scheduledAtEnd": None if meeting is None else japanese(meeting + _HOUR),
            "description": draw.pick(("", "オンライン", None)),
            "resultComment": draw.pick(("", "次へ進める", None)),
            "createdAt": japanese(step.start),
            "fixedAt": None if step.end is None else japanese(step.end),
            "status": self._stage_status(step, meeting),
        }
        if evaluations:
            count = 0 if meeting is None else 2 if STAGE_TYPES[step.place] in ("interview", "final") else 1
            stage["evaluations"] = [self._mark(row, stage, step, meeting or 0, number) for number in range(count)]
        return stage

    def _stage_status(self, step: Step, meeting: int | None) -> str:
        if step.end is not None:
            return "pass" if step.passes else "fail"
        if meeting is None:
            return "ongoing"
        return "scheduled" if meeting > self._catalogue.newest else "evaluated_all"

    def _mark(self, row: Row, stage: Record, step: Step, meeting: int, number: int) -> Record:
        evaluation_id = stage["id"] * 10 + number
        draw = Draw(self._seed, 38, evaluation_id)
        # A few interviewers see most candidates.
        employees = self._catalogue.employees.base_size
        employee = int(employees * (draw.between(0, 999) / 1000) ** 2.2)
        written = meeting + _HOUR + draw.between(1, 60) * _HOUR // (1 + employee % 3)
        written = min(written, step.end or written)
        finished = written <= (step.end or self._catalogue.newest)
        seen = 0.7 * ability(self._seed, row.id) + 0.3 * draw.between(0, 100) / 100
        return {
            "id": evaluation_id,
            "finished": finished,
            "formTemplateId": 1 + step.place,
            "items": _entries(draw, seen, finished=finished),
            "scheduledAt": stage["scheduledAt"],
            "scheduledAtEnd": stage["scheduledAtEnd"],
            "evaluatedAt": japanese(written) if finished else None,
            "employee": self._catalogue.employee_ref(self._catalogue.base(self._catalogue.employees, employee)),
        }


def _entries(draw: Draw, seen: float, *, finished: bool) -> list[Record]:
    level = min(5, max(1, round(0.5 + 5 * seen)))
    given: Sequence[Record] = (
        {"name": "総合評価", "type": "5level", "input": level},
        {"name": "スキル", "type": "slide", "input": round(100 * seen)},
        {"name": "志望度", "type": "select", "input": draw.pick(("高い", "普通", ""))},
        {"name": "合否", "type": "bool", "input": level >= 3},
    )
    comments = ("良い", "もう一度\n会いたい", None) if level >= 3 else ("経験が足りない", "", None)
    return [
        {**entry, "input": entry["input"] if finished else None, "comment": draw.pick(comments) if finished else ""}
        for entry in given
    ]


class StoryTalentics(TalenticsData):
    """Tests that Talentics' applicants and Talentio's candidates sit, under the address of their application."""

    def __init__(self, settings: Settings, anchor: int, people: People, candidates: StoryCandidates) -> None:
        """As without a story; `candidates` are Talentio's, who sit most of the tests."""
        super().__init__(settings, anchor, people)
        self.candidates = candidates

    def applicant(self, row: Row) -> Record:
        record = super().applicant(row)
        candidate = self._candidate(row.id) if row.id % 4 == 0 else None
        if candidate is not None:
            record.update(name=self.candidates.latin_name(candidate), email=self.candidates.address(candidate))
        return {**record, **row.patch}

    def ticket(self, row: Row) -> Record:
        record = super().ticket(row)
        name, address = self._participant(row)
        record.update(name=name, email=address)
        _, finished = self._ticket_status(row)
        if finished and "finished" not in row.patch:
            started = max(row.created, finished - (12 + mix(self._seed, 906, row.id) % 50) * 60)
            record["started_at"] = iso_microseconds(started)
        return {**record, **{name: value for name, value in row.patch.items() if name != "finished"}}

    def scores(self, row: Row) -> Record | None:
        record = super().scores(row)
        if record is None:
            return None
        candidate = self._sits(row)
        skill = ability(self._seed, row.id if candidate is None else candidate)
        record["results"] = [
            self._result(Draw(self._seed, 907, row.id, place), skill, result, row.revision)
            for place, result in enumerate(record["results"])
        ]
        return record

    def _result(self, draw: Draw, skill: float, result: Record, marked_again: int) -> Record:
        def score() -> int:
            return min(98, max(2, round(100 * (0.12 + 0.62 * skill + 0.24 * draw.between(0, 100) / 100))))

        return {
            **result,
            "total_score": None if result["total_score"] is None else score() + marked_again,
            "aspect_scores": [{**aspect, "score": score()} for aspect in result["aspect_scores"]],
        }

    def _assessments(self, draw: Draw) -> Sequence[Assessment]:
        # All sit the first; so one picture has enough to show.
        return (ASSESSMENTS[0], *draw.some(ASSESSMENTS[1:], 2))

    def _sits(self, ticket: Row) -> int | None:
        """The candidate whose test it is; of one ticket in three it is an applicant's."""
        return self._candidate(ticket.id) if mix(self._seed, 908, ticket.id) % 3 else None

    def _candidate(self, chance: int) -> int | None:
        of = self.candidates.collection
        return of.base_id(mix(self._seed, 909, chance) % of.base_size) if of.base_size else None

    def _participant(self, ticket: Row) -> tuple[str, str]:
        candidate = self._sits(ticket)
        if candidate is not None:
            return self.candidates.latin_name(candidate), self.candidates.address(candidate)
        if self.applicants.base_size:
            number = self.applicants.base_id(mix(self._seed, 910, ticket.id) % self.applicants.base_size)
            record = self.applicant(Row(number, 0, ticket.created, ticket.created))
            return str(record["name"]), str(record["email"])
        record = super().ticket(ticket)
        return str(record["name"]), str(record["email"])
