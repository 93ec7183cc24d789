"""The fixed matter of Talentics' records: assessments, choices, an organization, the questions of the form."""

from __future__ import annotations

from typing import Any

from sandbox.draws import Draw
from sandbox.people import People

UNFINISHED_STATUSES = ("sending invitation", "invited", "in progress", "expired")
EDUCATIONS = ("SMA", "D3", "S1", "S2", "S3", "")
EXPERIENCES = ("< 1 years", "1-3 years", "3-5 years", "> 5 years")
JOB_TEXTS = (
    "Menganalisis kebutuhan pengguna dan menyusun laporan.",
    "<p>Bekerja dalam tim kecil.</p>\r\n<ul><li>Gaji menarik</li><li>BPJS &amp; asuransi</li></ul>",
    "Quality control \U0001f50d di pabrik — shift malam, “siap ditempatkan”.",
    "",
)

Assessment = tuple[str, str, tuple[tuple[str, str, str], ...]]
"""Name and slug, and of each aspect the group, name and slug."""

ASSESSMENTS: tuple[Assessment, ...] = (
    ("Cognitive Test", "cognitive-test", (
        ("Reasoning", "Verbal reasoning", "verbal-reasoning"),
        ("Reasoning", "Numerical reasoning", "numerical-reasoning"),
        ("Memory", "Working memory", "working-memory"),
    )),
    ("Work Personality", "work-personality", (
        ("Big five", "Openness", "openness"),
        ("Big five", "Conscientiousness", "conscientiousness"),
        ("Big five", "Extraversion", "extraversion"),
        ("Big five", "Agreeableness", "agreeableness"),
    )),
    ("Tes Bahasa Inggris", "english", (("Language", "Grammar", "grammar"), ("Language", "Listening", "listening"))),
    ("Typing", "typing", ()),
)  # fmt: skip

_ORGANIZATION_NULLS = (
    "email_logo_file_path", "assessment_logo_file_path", "report_logo_file_path", "company_name", "description",
    "benefit", "tips_for_applier", "location", "address", "website", "email", "phone", "linkedin_url",
    "instagram_url", "facebook_url", "twitter_url", "youtube_url", "established", "tags", "verified_at",
    "deleted_at", "industry_id", "latitude", "longitude", "exam_engine_access_token", "rejected_at",
    "referral_code", "referral_id", "verified_email_sent_at", "trial_started_at", "trial_ended_at", "suspended_at",
    "developer_activated_at",
)  # fmt: skip


def organization(organization_id: int, created: str, name: str) -> dict[str, Any]:
    """The organization that a job's detail holds twice, as `organization` and as `company`."""
    return {
        "id": organization_id,
        "parent_id": None,
        "name": name,
        "slug": "-".join(name.lower().replace(".", "").replace("(", "").replace(")", "").split()),
        "partnership": 0,
        "created_at": created,
        "updated_at": created,
        **dict.fromkeys(_ORGANIZATION_NULLS),
        "verified": 0,
        "private": 0,
        "rejected": 0,
        "trial": 0,
        "suspended": 0,
        "avatar_url": "https://picsum.example.com/200",
        "cover_url": "https://picsum.example.com/500",
        "logo_url": "https://picsum.example.com/200",
    }


def form_answers(draw: Draw, person: dict[str, Any], people: People) -> dict[str, str | None]:
    """The answers of one form; every value is text, an unanswered one null or empty."""
    married = draw.chance(0.5)
    address = draw.pick(people.indonesian_addresses)
    relative, _ = people.indonesian(draw)
    sent = draw.between(1_625_000_000, 1_630_000_000)
    upload = f"https://talentics.example.com/download/file_uploaded/{{}}/{sent}/2019-07.pdf"
    number = str(draw.between(10**14, 10**15 - 1))
    return {
        "birthplace": draw.pick(people.indonesian_cities),
        "religion": draw.pick(("Moslem", "Christian", "Catholic", "Hindu", "Buddha", None)),
        "identity_address": address,
        "current_address": address,
        "blood_type": draw.pick(("A", "B", "AB", "O", "")),
        "marital_status": "Married" if married else "Single",
        "date_of_married": "2018-12-02" if married else None,
        "number_of_children": str(draw.between(0, 4)) if married else "",
        "npwp_number": number,
        "npwp_address": address,
        "license_number": number[:6],
        "reference_name": relative,
        "reference_address": address,
        "reference_phone": f"08{draw.between(10**8, 10**9)}",
        "reference_email": "reference@example.com",
        "reference_relation": draw.pick(("Wife", "Husband", "Friend", "Teman kerja \U0001f91d")),
        "bank_account_number": number[:7],
        "bank_name": draw.pick(("BANK BCA", "BANK MANDIRI", "BANK BRI")),
        "bank_account_name": person["name"],
        "identity_card": upload.format("identity_card"),
        "npwp_card": upload.format("npwp_card"),
        "bank_book": upload.format("bank_book"),
        "other_document": upload.format("other_document") if draw.chance(0.5) else None,
    }
