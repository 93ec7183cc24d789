"""Both APIs with one record of each kind, every field of which bears a canary: a text found wherever it gets to."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import quote, quote_plus

from connector_kit.personal_data import MARK, MARK_BY_NAME
from integration_tests.processes import ROOT
from integration_tests.scripted_server import Request, reply

SECRETS: Mapping[str, Mapping[str, str]] = {
    "talentics": {"app_secret": "Qx7/vPl+Zr=w2 Kd&9mT", "personal_data_key": "Hf3kWq8-Yb5tLs1-Nc6jRg2"},
    "talentio": {"access_token": "Vb4.nGh7_Jk2~Xc9+Dw/5=", "personal_data_key": "Hf3kWq8-Yb5tLs1-Nc6jRg2"},
}
APP_ID = "app-of-the-test"
# So much of a secret in a row is a leak as well.
_PART = 8

# The answer to each request below the base URL: the stream whose schema describes it, and whether it is a list.
_PLAIN_LISTS = ("job_titles", "channels", "employees", "employee_groups", "workspaces")
_ANSWERS: Mapping[str, Mapping[str, tuple[str, bool]]] = {
    "talentics": {
        r"/exams": ("exams", True),
        r"/exams/\d+": ("exam_details", False),
        r"/exams/\d+/tickets": ("tickets", True),
        r"/exams/tickets/\d+/scores": ("ticket_scores", False),
        r"/jobs": ("jobs", True),
        r"/jobs/\d+": ("job_details", False),
        r"/jobs/\d+/applicants": ("applicants", True),
        r"/jobs/applicants/\d+": ("applicant_details", False),
        r"/jobs/applicants/\d+/employment-application-form": ("employment_application_forms", False),
    },
    "talentio": {
        r"/candidates": ("candidates", True),
        r"/candidates/\d+": ("candidate_details", False),
        r"/candidates/\d+/comments": ("candidate_comments", True),
        r"/requisitions": ("requisitions", True),
        r"/requisitions/\d+": ("requisition_details", False),
        **{f"/{name}": (name, True) for name in _PLAIN_LISTS},
    },
}  # fmt: skip


@dataclass
class Canaries:
    """What was planted: personal values, and those that are none but have no business in a log."""

    personal: set[str] = field(default_factory=set)
    harmless: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def plant(self, personal: bool, spelling: str = "mk{:05d}zq") -> str:
        canary = spelling.format(next(self._numbers))
        (self.personal if personal else self.harmless).add(canary)
        return canary

    def found_in(self, text: str, personal_only: bool = False) -> list[str]:
        """The canaries that a text holds, in capitals or not."""
        planted = self.personal if personal_only else self.personal | self.harmless
        lower = text.lower()
        return sorted(canary for canary in planted if canary.lower() in lower)


@dataclass(frozen=True)
class CanaryApi:
    """One API. With `wrong_types` each field that is no key and no time of change holds text, whatever it should."""

    source: str
    canaries: Canaries
    documents: Mapping[str, tuple[Any, bool]]

    @classmethod
    def of(cls, source: str, wrong_types: bool = False) -> CanaryApi:
        canaries = Canaries()
        documents = {}
        for path, (stream, is_list) in _ANSWERS[source].items():
            schema = json.loads((ROOT / f"source_{source}" / "schemas" / f"{stream}.json").read_text(encoding="utf-8"))
            documents[path] = (_record(schema, canaries, wrong_types), is_list)
        return cls(source, canaries, documents)

    def answers(self, request: Request) -> Iterable[bytes]:
        """The answer to a request, whoever asks."""
        for path, (record, is_list) in self.documents.items():
            if re.fullmatch(f".*/v1{path}", request.path):
                return [self._page([record] if is_list else record)]
        return [reply({"message": f"no such path: {request.target}"}, "404 Not Found")]

    def _page(self, body: Any) -> bytes:
        extra = {"X-Unheard-Of": self.canaries.plant(personal=True)}
        if self.source == "talentio":
            return reply(body, **extra, **({"X-Total": "1"} if isinstance(body, list) else {}))
        unheard_of = self.canaries.plant(personal=True)
        links = {"next": f"https://elsewhere.example.com/?who={unheard_of}"}
        return reply({"data": body, "links": links, "meta": {"total": 1, "per_page": "100"}}, **extra)


def _record(schema: Mapping[str, Any], canaries: Canaries, wrong_types: bool) -> dict[str, Any]:
    record = {name: _value(name, declared, canaries, wrong_types) for name, declared in schema["properties"].items()}
    if {"name", "value"} <= set(record) and schema["properties"]["value"][MARK] != "none":
        # What the value reveals is told by its name; this one is a harmless one of the other vendor's, or nobody's.
        record["name"] = "never heard of" if MARK_BY_NAME in schema["properties"]["value"] else "bank_name"
    # A field that came after the schema was written.
    return {**record, "unheard_of": {"deep": [canaries.plant(personal=True)]}}


def _value(name: str, declared: Mapping[str, Any], canaries: Canaries, wrong_types: bool) -> Any:
    kinds = {declared["type"]} if isinstance(declared["type"], str) else set(declared["type"]) - {"null"}
    (kind,) = kinds
    if name == "employment_application_form":
        return [
            {"name": known, "value": canaries.plant(personal=label != "none")}
            for known, label in declared["items"]["properties"]["value"][MARK_BY_NAME].items()
        ] + [_record(declared["items"], canaries, wrong_types)]
    if "properties" in declared:
        return _record(declared, canaries, wrong_types)
    if kind == "array":
        if "properties" in declared["items"]:
            return [_record(declared["items"], canaries, wrong_types)]
        return [canaries.plant(declared[MARK] != "none")]
    personal = declared[MARK] != "none"
    is_key = name == "id" or name.endswith(("_id", "Id")) or re.search(r"(?i)(updated|created)_?at$", name)
    if wrong_types and not is_key:
        return canaries.plant(personal)
    if kind == "integer":
        return int(canaries.plant(personal, "7319{:05d}")) if personal else 1
    if kind in ("number", "boolean"):
        return 1
    if declared.get("format") == "date":
        return canaries.plant(personal, "19{:02d}-03-07") if personal else "2024-05-06"
    if declared.get("format") == "date-time":
        return canaries.plant(personal, "19{:02d}-03-07T01:02:03Z") if personal else "2024-05-06T07:08:09Z"
    return canaries.plant(personal)


def spellings(source: str) -> dict[str, str]:
    """Everything that gives a secret away, by what it is: itself, as Base64, as in a header, as in a URL."""
    secrets = SECRETS[source]
    found = dict(secrets)
    for name, secret in secrets.items():
        found |= {
            f"{name} in Base64": base64.b64encode(secret.encode()).decode(),
            f"{name} in a URL": quote(secret, safe=""),
            f"{name} in a form": quote_plus(secret),
        }
    if source == "talentics":
        pair = base64.b64encode(f"{APP_ID}:{secrets['app_secret']}".encode()).decode()
        # Base64 takes three bytes at a time; what comes first spells the ID alone, which is no secret.
        found["the pair in Base64"] = pair[len(APP_ID) // 3 * 4 :]
    return found


def leaked(source: str, text: str) -> list[str]:
    """The spellings of which a text holds eight characters in a row."""
    return sorted(
        name
        for name, secret in spellings(source).items()
        if any(secret[start : start + _PART] in text for start in range(len(secret) - _PART + 1))
    )
