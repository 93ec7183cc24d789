"""Talentio's candidates with their stages, evaluations and comments.

`facts` such as status or requisition, by which the list filters, are cheap to draw alone; the whole record is drawn
only to be shown. An edit (a new revision) moves the status on, adds stages and evaluations and changes the memo;
names stay.
"""

from __future__ import annotations

from sandbox.clock import DAY, japanese
from sandbox.draws import Draw, mix
from sandbox.people import mail
from sandbox.records import Collection, Row
from sandbox.talentio_data import SPAN, Record, TalentioCatalogue
from sandbox.talentio_samples import custom_fields, educations, experiences, items

STATUSES = ("ongoing", "ongoing", "reject", "fail", "pass", "poolActive", "poolInactive")
STAGE_TYPES = ("contact", "resume", "interview", "reference", "final")
STAGE_STATUSES = ("ongoing", "scheduled", "evaluated_all", "pass", "fail")
_GENDERS = ("male", "female", "otherGender", "", None)
_MOST_STAGES = 8
_MEMOS = (
    "",
    "要フォロー",
    "全角\uff21\uff22\uff23\uff11\uff12\uff13",
    "emoji \U0001f468\u200d\U0001f469\u200d\U0001f467",
)


class Candidates:
    """All candidates of one workspace."""

    def __init__(self, catalogue: TalentioCatalogue) -> None:
        self._catalogue = catalogue
        self._seed = catalogue.seed
        self.collection = Collection(self._seed, 31, catalogue.settings.candidates, 1000, self._times)

    def _times(self, index: int) -> tuple[int, int]:
        # Registered in the order of ids, a quarter of them in imports of five; bulk edits touched forty at one second.
        catalogue, size = self._catalogue, max(1, self._catalogue.settings.candidates)
        group = index // 5
        first = group * 5 if mix(self._seed, 311, group) % 4 == 0 else index
        registered = catalogue.oldest + SPAN * first // size
        key = mix(self._seed, 312, index // 40)
        drawn = key if key % 3 == 0 else mix(self._seed, 313, index)
        if key % 3 == 0:
            registered_last = catalogue.oldest + SPAN * (index // 40 * 40 + 39) // size
            start = min(registered_last, catalogue.newest)
        else:
            start = registered
        return registered, start + drawn % (catalogue.newest - start + 1)

    # --- facts

    def applied(self, row: Row) -> int:
        """Epoch seconds of the application; often before the registration."""
        return row.created - mix(self._seed, 321, row.id) % (30 * DAY)

    def joined(self, row: Row) -> int | None:
        """Epoch seconds of the first day at work, for those who passed."""
        return row.created + 90 * DAY if self.status(row) == "pass" else None

    def status(self, row: Row) -> str:
        """The candidate's present status."""
        status: str = row.patch.get("status") or STATUSES[mix(self._seed, 322, row.id, row.revision) % len(STATUSES)]
        return status

    def requisition_id(self, row: Row) -> int | None:
        """The requisition applied for; a few have none."""
        chance = mix(self._seed, 323, row.id)
        return self._catalogue.base(self._catalogue.requisitions, chance // 32) if chance % 25 else None

    def responsible_ids(self, row: Row) -> list[int]:
        """The responsible employees, active or not."""
        chance = mix(self._seed, 324, row.id)
        catalogue = self._catalogue
        drawn = (catalogue.base(catalogue.employees, mix(chance, number)) for number in range(chance % 4))
        return sorted({employee for employee in drawn if employee is not None})

    def has_inactive_responsible(self, row: Row) -> bool:
        """Whether a responsible employee is deactivated now."""
        return not all(map(self._catalogue.employee_is_active, self.responsible_ids(row)))

    # --- records

    def candidate(self, row: Row, *, inactive_employees: bool = True, evaluations: bool = False) -> Record:
        """A candidate as the list shows it; with `evaluations` as its detail does."""
        catalogue = self._catalogue
        draw = Draw(self._seed, 33, row.id)
        edits = Draw(self._seed, 34, row.id, row.revision)
        last, first = catalogue.people.japanese(draw)
        joined = self.joined(row)
        responsible = [
            employee
            for employee in self.responsible_ids(row)
            if inactive_employees or catalogue.employee_is_active(employee)
        ]
        return {
            "id": row.id,
            "lastName": last.written,
            "firstName": first.written,
            "lastNameEn": last.latin if draw.chance(0.6) else None,
            "firstNameEn": first.latin if draw.chance(0.6) else "",
            "lastNameKana": last.kana,
            "firstNameKana": first.kana,
            "gender": draw.pick(_GENDERS),
            "email": mail(f"{first.latin}.{last.latin}", row.id) if draw.chance(0.95) else None,
            "phone": draw.pick(catalogue.people.japanese_phones),
            "address": draw.pick(catalogue.people.japanese_addresses) if draw.chance(0.8) else "",
            "requisition": catalogue.requisition_ref(self.requisition_id(row)),
            "fixedAt": japanese(row.updated) if self.status(row) in ("pass", "fail", "reject") else None,
            "registeredAt": japanese(row.created),
            "appliedAt": japanese(self.applied(row)),
            "joinedAt": None if joined is None else japanese(joined),
            "updatedAt": japanese(row.updated),
            "resultComment": edits.pick(("", None, "一次面接で見送り", "内定承諾\U0001f389")),
            "status": self.status(row),
            "priority": edits.between(0, 3),
            "memo": edits.pick(_MEMOS) + (str(row.revision) if row.revision else ""),
            "url": f"https://talentio.example.com/r/1/candidates/{row.id}",
            "responsibleEmployees": [catalogue.employee_ref(employee, active=False) for employee in responsible],
            "tags": [{"id": number, "name": f"タグ{number}"} for number in draw.some(range(1, 9), 3)],
            "customFields": custom_fields(draw, row.revision),
            "birthAt": japanese(draw.between(0, 1_000_000_000)) if draw.chance(0.7) else None,
            "description": draw.pick(("", None, "紹介文\r\n二行目")),
            "attachments": [
                {
                    "id": row.id * 10 + number,
                    "fileName": "履歴書.pdf",
                    "url": f"https://talentio.example.com/files/{row.id}/{number}",
                }
                for number in range(draw.between(0, 2))
            ],
            "educations": educations(draw),
            "experiences": experiences(draw, catalogue.people),
            "languages": [{"name": "英語", "level": draw.between(0, 4)}] if draw.chance(0.4) else [],
            "licenses": [{"name": "普通自動車免許", "acquiredAt": draw.pick(("2015-04", "", None))}]
            if draw.chance(0.4)
            else [],
            "maybeDuplicated": draw.chance(0.1),
            **self._channel(draw),
            "smartHR": {"crewId": row.id} if draw.chance(0.1) else None,
            "stages": self._stages(row, evaluations=evaluations),
            **row.patch,
        }

    def _channel(self, draw: Draw) -> Record:
        return self._channel_record(self._catalogue.base(self._catalogue.channels, draw.between(0, 10**6)))

    def _channel_record(self, channel: int | None) -> Record:
        catalogue = self._catalogue
        if channel is None:
            kind, name, company, agent, employee = "direct", "自社サイト", None, None, None
        else:
            kind = catalogue.channel_type(channel)
            name, company, agent, employee = catalogue.channel_parts(channel)
        return {
            "channelId": channel,
            "channelType": kind,
            "channelName": name,
            "agentCompany": company,
            "agent": agent,
            "referrerEmployee": catalogue.employee_ref(employee),
            "customChannelName": "イベント" if kind == "custom" else None,
            "customChannelNameOptional": "" if kind == "custom" else None,
        }

    def _stages(self, row: Row, *, evaluations: bool) -> list[Record]:
        count = min(mix(self._seed, 35, row.id) % 4 + row.revision, _MOST_STAGES)
        return [self._stage(row, step, last=step == count - 1, evaluations=evaluations) for step in range(count)]

    def stage_statuses(self, row: Row) -> set[str]:
        """The statuses of all stages."""
        return {stage["status"] for stage in self._stages(row, evaluations=False)}

    def _stage(self, row: Row, step: int, *, last: bool, evaluations: bool) -> Record:
        draw = Draw(self._seed, 36, row.id, step)
        stage_id = row.id * 10 + step
        start = row.created + step * 7 * DAY
        scheduled = japanese(start + 3 * DAY) if draw.chance(0.8) else None
        stage: Record = {
            "id": stage_id,
            "type": STAGE_TYPES[min(step, 4)],
            "step": step + 1,
            "scheduledAt": scheduled,
            "scheduledAtEnd": None if scheduled is None else japanese(start + 3 * DAY + 3600),
            "description": draw.pick(("", "オンライン", None)),
            "resultComment": draw.pick(("", "次へ進める", None)),
            "createdAt": japanese(start),
            "fixedAt": None if last else japanese(start + 6 * DAY),
            "status": STAGE_STATUSES[mix(self._seed, 37, row.id, row.revision) % 3] if last else "pass",
        }
        if evaluations:
            stage["evaluations"] = [
                self._evaluation(row, stage, number, last=last) for number in range(draw.between(0, 2))
            ]
        return stage

    def _evaluation(self, row: Row, stage: Record, number: int, *, last: bool) -> Record:
        evaluation_id = stage["id"] * 10 + number
        draw = Draw(self._seed, 38, evaluation_id, row.revision if last else 0)
        catalogue = self._catalogue
        finished = not last or draw.chance(0.6)
        template = draw.between(1, 6)
        return {
            "id": evaluation_id,
            "finished": finished,
            "formTemplateId": template,
            "items": items(draw, evaluation_id, finished=finished),
            "scheduledAt": stage["scheduledAt"],
            "scheduledAtEnd": stage["scheduledAtEnd"],
            "evaluatedAt": stage["fixedAt"] or stage["createdAt"] if finished else None,
            "employee": catalogue.employee_ref(catalogue.base(catalogue.employees, mix(self._seed, 39, evaluation_id))),
        }
