"""What Talentio holds beside candidates: requisitions, job titles, channels, employees, groups, workspaces.

Records that name each other (a requisition its job title, a group its employees) show the other's name as it was
made, so an edit never changes a record whose `updatedAt` stays.
"""

from __future__ import annotations

from typing import Any

from sandbox.clock import DAY, japanese
from sandbox.draws import Draw, mix
from sandbox.people import JapaneseName, People, mail
from sandbox.records import Collection, Row
from sandbox.settings import Settings

Record = dict[str, Any]

SPAN = 3 * 365 * DAY
CHANNEL_TYPES = ("agent", "site", "employee", "custom", "direct")
_PLACES = ("東京", "大阪", "福岡", "リモート")
ROLES = ("manager", "recruiter", "member")


class TalentioCatalogue:
    """The records of one Talentio workspace that candidates refer to."""

    def __init__(self, settings: Settings, anchor: int, people: People) -> None:
        """`anchor` (epoch seconds) is the moment that all seeded records are older than, by two days at least."""
        self.settings = settings
        self.seed = settings.seed
        self.newest = anchor - 2 * DAY
        self.oldest = self.newest - SPAN
        self.people = people
        self._employee_names: dict[int, tuple[JapaneseName, JapaneseName]] = {}
        self.requisitions = self._collection(11, settings.requisitions, 300)
        self.job_titles = self._collection(12, settings.job_titles, 40)
        self.channels = self._collection(13, settings.channels, 70)
        self.employees = self._collection(14, settings.employees, 500)
        self.employee_groups = self._collection(15, settings.employee_groups, 20)
        self.workspaces = self._collection(16, settings.workspaces, 3)

    def _collection(self, tag: int, size: int, first_id: int) -> Collection:
        def times(index: int) -> tuple[int, int]:
            # Bulk edits: one record in four shares its time of update with many others.
            created = self.oldest + mix(self.seed, tag, index, 1) % SPAN
            if mix(self.seed, tag, index, 3) % 4 == 0:
                return created, self.newest
            return created, created + mix(self.seed, tag, index, 2) % (self.newest - created + 1)

        return Collection(self.seed, tag, size, first_id, times)

    def base(self, collection: Collection, chance: int) -> int | None:
        """The id of some seeded record; None where there are none."""
        return collection.base_id(chance % collection.base_size) if collection.base_size else None

    # --- names of others, as they were made

    def employee_name(self, employee_id: int) -> tuple[JapaneseName, JapaneseName]:
        """Family and given name of an employee."""
        name = self._employee_names.get(employee_id)
        if name is None:
            name = self._employee_names[employee_id] = self.people.japanese(Draw(self.seed, 141, employee_id))
        return name

    def employee_mail(self, employee_id: int) -> str:
        """An employee's address."""
        last, first = self.employee_name(employee_id)
        return mail(f"{first.latin}.{last.latin}", employee_id, "example.co.jp")

    def employee_ref(self, employee_id: int | None, *, active: bool = True) -> Record | None:
        """An employee as other records show one; `active` as it was when that record was made."""
        if employee_id is None:
            return None
        last, first = self.employee_name(employee_id)
        ref: Record = {
            "id": employee_id,
            "lastName": last.written,
            "firstName": first.written,
            "email": self.employee_mail(employee_id),
        }
        if active:
            ref["active"] = mix(self.seed, 142, employee_id) % 6 != 0
        return ref

    def employee_is_active(self, employee_id: int) -> bool:
        """Whether an employee is active now."""
        row = self.employees.row(employee_id)
        return row is not None and self._employee_status(row) == "active"

    def _employee_status(self, row: Row) -> str:
        status: str = row.patch.get("status") or ("inactive" if mix(self.seed, 142, row.id) % 6 == 0 else "active")
        return status

    def job_title_ref(self, job_title_id: int | None) -> Record | None:
        """A job title as others show it."""
        if job_title_id is None:
            return None
        return {"id": job_title_id, "name": self._job_title_name(job_title_id)}

    def _job_title_name(self, job_title_id: int) -> str:
        return self.people.japanese_jobs[mix(self.seed, 121, job_title_id) % len(self.people.japanese_jobs)]

    def requisition_job_title(self, requisition_id: int) -> int | None:
        """The id of a requisition's job title; some have none."""
        chance = mix(self.seed, 111, requisition_id)
        return self.base(self.job_titles, chance // 16) if chance % 12 else None

    def _requisition_name(self, requisition_id: int) -> str:
        chance, jobs = mix(self.seed, 112, requisition_id), self.people.japanese_jobs
        return f"{jobs[chance % len(jobs)]}({_PLACES[chance // 1024 % len(_PLACES)]})"

    def requisition_ref(self, requisition_id: int | None) -> Record | None:
        """A requisition as a candidate shows it."""
        if requisition_id is None:
            return None
        row = self.requisitions.row(requisition_id)
        if self.settings.embeds == "live" and row is not None:
            record = self.requisition(row)
            return {name: record[name] for name in ("id", "name", "active", "jobTitle")}
        return {
            "id": requisition_id,
            "name": self._requisition_name(requisition_id),
            "active": True,
            "jobTitle": self.job_title_ref(self.requisition_job_title(requisition_id)),
        }

    # --- records

    def requisition_active(self, row: Row) -> bool:
        """Whether a requisition is open."""
        return bool(row.patch.get("active", mix(self.seed, 113, row.id, row.revision) % 4 != 0))

    def requisition(self, row: Row) -> Record:
        """A requisition as the list shows it."""
        edits = f" 第{row.revision + 1}版" if row.revision else ""
        return {
            "id": row.id,
            "name": self._requisition_name(row.id) + edits,
            "jobTitle": self.job_title_ref(self.requisition_job_title(row.id)),
            "active": self.requisition_active(row),
            "createdAt": japanese(row.created),
            "updatedAt": japanese(row.updated),
            **row.patch,
        }

    def requisition_detail(self, row: Row) -> Record:
        """A requisition's detail; `details` is an array of arrays as in the sample, for some a flat one."""
        draw = Draw(self.seed, 114, row.id, row.revision)
        places = [draw.pick(self.people.japanese_addresses) for _ in range(draw.between(1, 3))]
        details: list[Any] = [
            {
                "name": "業務内容",
                "value": draw.pick(("設計と開発\n保守もあり", "ポジションの魅力\U0001f680", "", None)),
            },
            {"name": "勤務地", "value": places},
            {"name": "想定年収(万円)", "value": draw.between(350, 1200)},
        ]
        groups = draw.some([self.employee_groups.base_id(i) for i in range(self.employee_groups.base_size)], 2)
        return {
            **self.requisition(row),
            "recruiters": [
                {"id": employee, "name": self._full_name(employee)} for employee in self._some_employees(draw, 3)
            ],
            "recruiterGroups": [{"id": group, "name": f"採用グループ{group}"} for group in groups],
            "jobDescriptionDetails": [{"name": "勤務時間", "value": draw.pick(("フレックスタイム制", "9:00〜18:00"))}],
            "details": [details[:2], details[2:]] if draw.chance(0.5) else ([details] if draw.chance(0.7) else details),
            "companyDetails": [
                {"name": "設立", "value": "2013年8月"},
                {"name": "従業員数", "value": draw.pick(("120名", None))},
            ],
            **row.patch,
        }

    def job_title(self, row: Row) -> Record:
        """A job title with the requisitions made under it."""
        requisitions = map(self.requisitions.base_id, range(min(self.requisitions.base_size, 300)))
        return {
            "id": row.id,
            "name": self._job_title_name(row.id) + "+" * row.revision,
            "publicName": f"{self._job_title_name(row.id)}(公開用)" if row.id % 4 else None,
            "requisitions": [
                {"id": requisition, "name": self._requisition_name(requisition)}
                for requisition in requisitions
                if self.requisition_job_title(requisition) == row.id
            ],
            **self._times_of(row),
        }

    def channel_type(self, channel_id: int) -> str:
        """The kind of a channel."""
        return CHANNEL_TYPES[mix(self.seed, 131, channel_id) % len(CHANNEL_TYPES)]

    def channel_parts(self, channel_id: int) -> tuple[str, Record | None, Record | None, int | None]:
        """A channel's name, agent company, agent and employee, as channels and candidates both show them."""
        draw = Draw(self.seed, 132, channel_id)
        kind = self.channel_type(channel_id)
        company = {"id": 9000 + channel_id, "name": draw.pick(self.people.japanese_companies)}
        last, first = self.people.japanese(draw)
        agent = {
            "id": 8000 + channel_id,
            "name": f"{last.written} {first.written}",
            "email": mail(f"{last.latin}", channel_id, "agent.example.com"),
            "active": draw.chance(0.8),
        }
        names = {
            "agent": str(company["name"]),
            "site": "求人サイト",
            "employee": "社員紹介",
            "custom": "その他",
            "direct": "自社サイト",
        }
        by_agent = kind == "agent"
        employee = self.base(self.employees, draw.between(0, 10**6)) if kind == "employee" else None
        return names[kind], company if by_agent else None, agent if by_agent and draw.chance(0.7) else None, employee

    def channel(self, row: Row) -> Record:
        """A channel; its employee's names are numbers and `active` a word, as in the vendor's sample."""
        name, company, agent, employee = self.channel_parts(row.id)
        shown = None
        if employee is not None:
            last = employee % 10 if row.id % 2 else self.employee_name(employee)[0].written
            shown = {
                "id": employee,
                "lastName": last,
                "firstName": 0,
                "email": self.employee_mail(employee),
                "active": "active" if row.id % 3 else "inactive",
            }
        return {
            "id": row.id,
            "channelType": self.channel_type(row.id),
            "channelName": name + "*" * row.revision,
            "custom": {"name": "イベント", "optional": None} if self.channel_type(row.id) == "custom" else None,
            "employee": shown,
            "agentCompany": company,
            "agent": agent,
            **self._times_of(row),
        }

    def employee(self, row: Row) -> Record:
        """An employee."""
        draw = Draw(self.seed, 143, row.id, row.revision)
        requisition = self.base(self.requisitions, draw.between(0, 10**6))
        group = self.base(self.employee_groups, draw.between(0, 10**6))
        return {
            "id": row.id,
            "name": self._full_name(row.id) + "様" * min(row.revision, 3),
            "email": self.employee_mail(row.id),
            "role": draw.pick(ROLES),
            "managerAssessment": draw.chance(0.5),
            "status": self._employee_status(row),
            "responsibleRequisitions": []
            if requisition is None or draw.chance(0.4)
            else [{"id": requisition, "name": self._requisition_name(requisition)}],
            "groups": [] if group is None or draw.chance(0.3) else [{"id": group, "name": f"採用グループ{group}"}],
            **self._times_of(row),
        }

    def employee_group(self, row: Row) -> Record:
        """A group of employees."""
        draw = Draw(self.seed, 151, row.id, row.revision)
        return {
            "id": row.id,
            "name": f"採用グループ{row.id}" + "*" * row.revision,
            "description": draw.pick(("営業部の採用担当", "", None)),
            "employees": [
                {"id": employee, "name": self._full_name(employee)} for employee in self._some_employees(draw, 8)
            ],
            **self._times_of(row),
        }

    def workspace(self, row: Row) -> Record:
        """A workspace."""
        return {
            "id": row.id,
            "name": f"ワークスペース{row.id}" + "*" * row.revision,
            "description": "新卒採用" if row.id % 2 else None,
            "status": "inactive" if row.id % 5 == 0 else "active",
            **self._times_of(row),
        }

    def _times_of(self, row: Row) -> Record:
        return {"createdAt": japanese(row.created), "updatedAt": japanese(row.updated), **row.patch}

    def _full_name(self, employee_id: int) -> str:
        last, first = self.employee_name(employee_id)
        return f"{last.written} {first.written}"

    def _some_employees(self, draw: Draw, most: int) -> list[int]:
        size = self.employees.base_size
        if not size:
            return []
        return sorted({self.employees.base_id(draw.between(0, size - 1)) for _ in range(draw.between(0, most))})
