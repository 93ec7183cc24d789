"""One made-up answer per stream, in the shape that the vendors' pages show.

Field names, nesting, order and kinds of values are the vendors'; every value is invented. Where a page contradicts
itself, the sample keeps the odd form (`educations` as one object, `details` as a list of lists, a channel's names as
numbers), because that is what the sources must be able to take. `None` stands where the page shows null.
"""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]

_EXAM: Record = {
    "id": 41,
    "organization_id": 2001,
    "job_id": 31,
    "title": "Logic for warehouse leads",
    "started_at": "2024-02-01 08:00:00",
    "ended_at": "2024-02-08 17:00:00",
    "created_at": "2024-01-20 09:15:00",
    "updated_at": "2024-01-21 10:30:00",
}

_TICKET: Record = {
    "id": 501,
    "name": "Budi Contoh",
    "email": "budi@example.com",
    "started_at": None,
    "finished_at": None,
    "exam": {
        "id": 41,
        "title": "Logic for warehouse leads",
        "started_at": "2024-02-01 08:00:00",
        "ended_at": "2024-02-08 17:00:00",
    },
    "created_at": "2024-01-22T03:04:05.000000Z",
    "updated_at": "2024-01-23T04:05:06.000000Z",
    "status": "sending invitation",
}

_ASPECT_SCORE: Record = {
    "aspect_group": "Reasoning",
    "aspect_name": "Number series",
    "aspect_slug": "number-series",
    "score": 82,
}

_TICKET_SCORES: Record = {
    "ticket_id": 501,
    "name": "Budi Contoh",
    "email": "budi@example.com",
    "results": [
        {
            "assessment_name": "General ability",
            "assessment_slug": "general-ability",
            "total_score": 71,
            "aspect_scores": [_ASPECT_SCORE],
        }
    ],
}

_JOB: Record = {
    "id": 31,
    "type": 1,
    "organization_id": 2001,
    "profession_id": 12,
    "title": "Warehouse lead",
    "description": "Leads a shift of ten people.",
    "created_at": "2023-12-01 08:00:00",
    "updated_at": "2024-01-05 16:20:00",
    "location": "Cikarang, Kabupaten Bekasi",
    "due_date": "2024-03-31 23:59:59",
    "min_experience": 2,
    "min_salary": 5500000,
    "max_salary": 7000000,
    "requirements": "Has led people before.",
    "benefits": "Meals and transport.",
    "youtube_video_url": "https://video.example.com/warehouse",
    "industry_id": 7,
    "code": "WL-7",
    "country_id": 1,
    "province_id": 9,
    "city_id": 3,
    "district_id": 21,
    "slug": "warehouse-lead",
}

_ORGANIZATION: Record = {
    "id": 2001,
    "parent_id": None,
    "name": "Gudang Contoh",
    "slug": "gudang-contoh",
    "partnership": 0,
    "created_at": "2022-05-01 07:00:00",
    "updated_at": "2022-05-02 07:00:00",
    "email_logo_file_path": None,
    "assessment_logo_file_path": None,
    "report_logo_file_path": None,
    "company_name": None,
    "description": None,
    "benefit": None,
    "tips_for_applier": None,
    "location": None,
    "address": None,
    "website": None,
    "email": None,
    "phone": None,
    "linkedin_url": None,
    "instagram_url": None,
    "facebook_url": None,
    "twitter_url": None,
    "youtube_url": None,
    "established": None,
    "tags": None,
    "verified": 0,
    "verified_at": None,
    "deleted_at": None,
    "industry_id": None,
    "latitude": None,
    "longitude": None,
    "exam_engine_access_token": None,
    "private": 0,
    "rejected": 0,
    "rejected_at": None,
    "referral_code": None,
    "referral_id": None,
    "verified_email_sent_at": None,
    "trial": 0,
    "trial_started_at": None,
    "trial_ended_at": None,
    "suspended": 0,
    "suspended_at": None,
    "developer_activated_at": None,
    "avatar_url": "https://pictures.example.com/avatar",
    "cover_url": "https://pictures.example.com/cover",
    "logo_url": "https://pictures.example.com/logo",
}

_JOB_DETAIL: Record = {
    **{name: value for name, value in _JOB.items() if name not in ("created_at", "updated_at")},
    "private": 0,
    "closed": 0,
    "verified": 0,
    "verified_at": None,
    "suspended": 0,
    "suspended_at": None,
    "organization": _ORGANIZATION,
    "company": _ORGANIZATION,
    "page_url": "https://jobs.example.com/gudang-contoh/warehouse-lead",
    "required_assessments": [],
    "required_aspects": [],
    "related_profession": {
        "id": 12,
        "profession_cluster_id": 4,
        "name": "Logistics",
        "slug": "logistics",
        "description": "Moving and storing goods",
    },
    "applicable": True,
    "work_ready": False,
    "redirect_url": "https://jobs.example.com/redirect/31",
}

_APPLICANT: Record = {
    "id": 900,
    "organization_id": 2001,
    "job_id": 31,
    "account_id": 70001,
    "name": "Siti Contoh",
    "email": "siti@example.com",
    "phone_number": "0800000001",
    "identity_number": "0000000000000001",
    "location": "Bandung",
    "education": "S1",
    "year_of_experience": "1-3 years",
    "gender": 2,
    "dob": "1993-04-05",
    "nik": "0000000000000001",
    "draft": 0,
    "background_enabled": 1,
    "portfolio_link": "https://portfolio.example.com/siti",
    "address": "Jalan Contoh 1, Bandung",
    "cv_file_path": "cv/900.pdf",
    "access_code": "X000001",
    "access_code_expired_at": "2024-04-7 00:00:00",
}

_FORM_ANSWER: Record = {"name": "birthplace", "value": "Kota Contoh"}

_FORM: Record = {
    "id": 900,
    "applicant_id": 900,
    "name": "Siti Contoh",
    "email": "siti@example.com",
    "application_time": "2024-02-10 11:12:13",
    "employment_application_form": [_FORM_ANSWER],
}

_EMPLOYEE: Record = {
    "id": 61,
    "lastName": "見本",
    "firstName": "花子",
    "email": "hanako@example.com",
    "active": True,
}

_AGENT: Record = {"id": 71, "name": "例 次郎", "email": "jiro@example.com", "active": True}

_STAGE: Record = {
    "id": 81,
    "type": "interview",
    "step": 2,
    "scheduledAt": "2024-05-01T10:00:00+09:00",
    "scheduledAtEnd": "2024-05-01T11:00:00+09:00",
    "description": "対面",
    "resultComment": "次へ",
    "createdAt": "2024-04-20T09:00:00+09:00",
    "fixedAt": "2024-05-02T09:00:00+09:00",
    "status": "ongoing",
}

_EVALUATION_ITEM: Record = {"name": "協調性", "type": "select", "input": "高い", "comment": "話しやすい"}

_EVALUATION: Record = {
    "id": 91,
    "finished": True,
    "formTemplateId": 5,
    "items": [_EVALUATION_ITEM],
    "scheduledAt": "2024-05-01T10:00:00+09:00",
    "scheduledAtEnd": "2024-05-01T11:00:00+09:00",
    "evaluatedAt": "2024-05-01T12:00:00+09:00",
    "employee": _EMPLOYEE,
}

_CANDIDATE: Record = {
    "id": 101,
    "lastName": "例",
    "firstName": "太一",
    "lastNameEn": "Rei",
    "firstNameEn": "Taichi",
    "lastNameKana": "れい",
    "firstNameKana": "たいち",
    "gender": "male",
    "email": "taichi@example.com",
    "phone": "000-0000-0001",
    "address": "東京都見本区1-1",
    "requisition": {"id": 11, "name": "開発者", "active": True, "jobTitle": {"id": 1, "name": "技術職"}},
    "fixedAt": "2024-05-10T09:00:00+09:00",
    "registeredAt": "2024-04-10T09:00:00+09:00",
    "appliedAt": "2024-04-09T09:00:00+09:00",
    "joinedAt": "2024-07-01T00:00:00+09:00",
    "updatedAt": "2024-05-11T09:00:00+09:00",
    "resultComment": "採用",
    "status": "ongoing",
    "priority": 0,
    "memo": "要確認",
    "url": "https://people.example.com/101",
    "responsibleEmployees": [{name: _EMPLOYEE[name] for name in ("id", "lastName", "firstName", "email")}],
    "tags": [{"id": 3, "name": "急ぎ"}],
    "customFields": [{"name": "希望勤務地", "value": "大阪"}],
    "birthAt": "1990-01-02T00:00:00+09:00",
    "description": "紹介あり",
    "attachments": [{"id": 7, "fileName": "履歴書.pdf", "url": "https://files.example.com/7"}],
    "educations": {
        "school": "見本大学",
        "faculty": "工学部",
        "startAt": "2008-04",
        "endAt": "2012-03",
        "description": "情報工学",
        "active": False,
    },
    "experiences": [
        {
            "company": "見本株式会社",
            "position": "主任",
            "startAt": "2012-04",
            "endAt": "2020-03",
            "description": "業務システム",
            "active": False,
        }
    ],
    "languages": [{"name": "英語", "level": 2}],
    "licenses": [{"name": "基本情報技術者", "acquiredAt": "2011-10"}],
    "maybeDuplicated": False,
    "channelId": 21,
    "channelType": "agent",
    "channelName": "見本紹介",
    "agentCompany": {"id": 22, "name": "見本エージェント"},
    "agent": _AGENT,
    "referrerEmployee": _EMPLOYEE,
    "customChannelName": "勉強会",
    "customChannelNameOptional": "春の回",
    "smartHR": {"crewId": 55},
    "stages": [_STAGE],
}

_REQUISITION: Record = {
    "id": 11,
    "name": "開発者",
    "jobTitle": {"id": 1, "name": "技術職"},
    "active": True,
    "createdAt": "2024-01-01T09:00:00+09:00",
    "updatedAt": "2024-02-01T09:00:00+09:00",
}

TALENTICS: dict[str, Record] = {
    "exams": _EXAM,
    "exam_details": _EXAM,
    "tickets": _TICKET,
    "ticket_scores": _TICKET_SCORES,
    "assessment_scores": _TICKET_SCORES["results"][0],
    "aspect_scores": _ASPECT_SCORE,
    "jobs": _JOB,
    "job_details": _JOB_DETAIL,
    "applicants": _APPLICANT,
    "applicant_details": _APPLICANT,
    "employment_application_forms": _FORM,
    "employment_application_answers": _FORM_ANSWER,
}

TALENTIO: dict[str, Record] = {
    "candidates": _CANDIDATE,
    "candidate_stages": _STAGE,
    "candidate_details": {**_CANDIDATE, "stages": [{**_STAGE, "evaluations": [_EVALUATION]}]},
    "stage_evaluations": _EVALUATION,
    "evaluation_items": _EVALUATION_ITEM,
    "candidate_comments": {
        "content": "面談は好印象でした",
        "employeeCreatedBy": _EMPLOYEE,
        "createdAt": "2024-05-03T09:00:00+09:00",
        "updatedAt": "2024-05-03T10:00:00+09:00",
    },
    "requisitions": _REQUISITION,
    "requisition_details": {
        "id": 11,
        "name": "開発者",
        "jobTitle": {"id": 1, "name": "技術職"},
        "active": True,
        "recruiters": [{"id": 61, "name": "見本 花子"}],
        "recruiterGroups": [{"id": 62, "name": "技術採用"}],
        "jobDescriptionDetails": [{"name": "休日", "value": "土日祝"}],
        "details": [
            [
                {"name": "仕事", "value": "社内システムの開発"},
                {"name": "場所", "value": ["東京", "在宅"]},
            ]
        ],
        "companyDetails": [{"name": "社員数", "value": "120名"}],
        "createdAt": "2024-01-01T09:00:00+09:00",
        "updatedAt": "2024-02-01T09:00:00+09:00",
    },
    "job_titles": {
        "id": 1,
        "name": "技術職",
        "publicName": "エンジニア",
        "requisitions": [{"id": 11, "name": "開発者"}],
        "createdAt": "2023-01-01T00:00:00+09:00",
        "updatedAt": "2023-02-01T00:00:00+09:00",
    },
    "channels": {
        "id": 21,
        "channelType": "agent",
        "channelName": "見本紹介",
        "custom": {"name": "勉強会", "optional": "春の回"},
        "employee": {"id": 61, "lastName": 0, "firstName": 0, "email": "hanako@example.com", "active": "active"},
        "agentCompany": {"id": 22, "name": "見本エージェント"},
        "agent": _AGENT,
        "createdAt": "2023-01-01T00:00:00+09:00",
        "updatedAt": "2023-02-01T00:00:00+09:00",
    },
    "employees": {
        "id": 61,
        "name": "見本 花子",
        "email": "hanako@example.com",
        "role": "manager",
        "managerAssessment": True,
        "status": "active",
        "responsibleRequisitions": [{"id": 11, "name": "開発者"}],
        "groups": [{"id": 62, "name": "技術採用"}],
        "createdAt": "2023-01-01T00:00:00+09:00",
        "updatedAt": "2023-02-01T00:00:00+09:00",
    },
    "employee_groups": {
        "id": 62,
        "name": "技術採用",
        "description": "技術職の採用担当",
        "employees": [{"id": 61, "name": "見本 花子"}],
        "createdAt": "2023-01-01T00:00:00+09:00",
        "updatedAt": "2023-02-01T00:00:00+09:00",
    },
    "workspaces": {
        "id": 2,
        "name": "新卒",
        "description": "新卒採用",
        "status": "active",
        "createdAt": "2023-01-01T00:00:00+09:00",
        "updatedAt": "2023-02-01T00:00:00+09:00",
    },
}

VENDOR_SAMPLES: dict[str, dict[str, Record]] = {"source_talentics": TALENTICS, "source_talentio": TALENTIO}
