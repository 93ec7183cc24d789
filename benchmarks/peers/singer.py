"""A tap on singer-sdk: `python -m benchmarks.peers.singer SOURCE --config … --catalog …`.

Pages by number, children by the context of their parent's records, one after the other, as the SDK reads them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import requests
from singer_sdk import RESTStream, Stream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BasicAuthenticator, BearerTokenAuthenticator
from singer_sdk.pagination import BasePageNumberPaginator

_PAGE_SIZE = 100


class _Pages(BasePageNumberPaginator):
    """Until the last page that the answer tells."""

    def has_more(self, response: requests.Response) -> bool:
        total = response.headers.get("X-Total")
        if total is not None:
            return self.current_value * _PAGE_SIZE < int(total)
        return self.current_value < int(response.json()["meta"]["last_page"])


class _Rest(RESTStream[int]):
    """What both sources share."""

    # A state of its own for each of thousands of parents would outgrow the records.
    state_partitioning_keys: list[str] | None = []  # noqa: RUF012 - the SDK's own spelling
    ignore_parent_replication_key = True

    @property
    def url_base(self) -> str:
        return str(self.config["base_url"])

    def validate_response(self, response: requests.Response) -> None:
        if response.status_code != HTTPStatus.NOT_FOUND:
            super().validate_response(response)

    def parse_response(self, response: requests.Response) -> Iterable[dict[str, Any]]:
        if response.status_code != HTTPStatus.NOT_FOUND:
            yield from super().parse_response(response)


class _List(_Rest):
    """A list in pages."""

    def get_new_paginator(self) -> _Pages:
        return _Pages(start_value=1)


class _TalentioRest(_Rest):
    @property
    def authenticator(self) -> BearerTokenAuthenticator:
        return BearerTokenAuthenticator(token=self.config["access_token"])


class Candidates(_TalentioRest, _List):
    """The list."""

    path = "/candidates"
    primary_keys = ("id",)
    replication_key = "updatedAt"
    records_jsonpath = "$[*]"

    def get_url_params(self, context: Any, next_page_token: int | None) -> dict[str, Any]:
        return {"page": next_page_token or 1}

    def get_child_context(self, record: dict[str, Any], context: Any) -> dict[str, Any]:
        return {"candidate_id": record["id"]}


class CandidateDetails(_TalentioRest):
    """One request a candidate."""

    path = "/candidates/{candidate_id}"
    primary_keys = ("id",)
    parent_stream_type = Candidates
    records_jsonpath = "$"

    def get_new_paginator(self) -> None:
        return None


class _TalenticsRest(_Rest):
    records_jsonpath = "$.data[*]"

    @property
    def authenticator(self) -> BasicAuthenticator:
        return BasicAuthenticator(username=self.config["app_id"], password=self.config["app_secret"])


class _TalenticsList(_TalenticsRest, _List):
    def get_url_params(self, context: Any, next_page_token: int | None) -> dict[str, Any]:
        return {"page": next_page_token or 1, "per_page": _PAGE_SIZE}


class Exams(_TalenticsList):
    """The list."""

    path = "/exams"
    primary_keys = ("id",)

    def get_child_context(self, record: dict[str, Any], context: Any) -> dict[str, Any]:
        return {"exam_id": record["id"]}


class Tickets(_TalenticsList):
    """A list an exam."""

    path = "/exams/{exam_id}/tickets"
    primary_keys = ("id",)
    parent_stream_type = Exams

    def get_child_context(self, record: dict[str, Any], context: Any) -> dict[str, Any]:
        return {"ticket_id": record["id"]}


class TicketScores(_TalenticsRest):
    """One request a ticket."""

    path = "/exams/tickets/{ticket_id}/scores"
    primary_keys = ("ticket_id",)
    parent_stream_type = Tickets
    records_jsonpath = "$.data"

    def get_new_paginator(self) -> None:
        return None


def _config(*credentials: str) -> dict[str, Any]:
    return th.PropertiesList(
        th.Property("base_url", th.StringType, required=True),
        *(th.Property(field, th.StringType, required=True, secret=True) for field in credentials),
    ).to_dict()


class _BenchTap(Tap):
    kinds: Mapping[str, type[_Rest]]

    def discover_streams(self) -> list[Stream]:
        schemas = files(self.name.replace("tap-", "source_")) / "schemas"
        return [
            kind(self, name=name, schema=json.loads((schemas / f"{name}.json").read_text()))
            for name, kind in self.kinds.items()
        ]


class TalenticsTap(_BenchTap):
    """Exams, their tickets, and the tickets' scores."""

    name = "tap-talentics"
    config_jsonschema = _config("app_id", "app_secret")
    kinds = MappingProxyType({"exams": Exams, "tickets": Tickets, "ticket_scores": TicketScores})


class TalentioTap(_BenchTap):
    """Candidates and their details."""

    name = "tap-talentio"
    config_jsonschema = _config("access_token")
    kinds = MappingProxyType({"candidates": Candidates, "candidate_details": CandidateDetails})


if __name__ == "__main__":
    {"talentics": TalenticsTap, "talentio": TalentioTap}[sys.argv.pop(1)].cli()
