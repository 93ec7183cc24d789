"""`meta.changes`: a record says which of its values became null or lost a part, so that the row itself tells."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any

import pytest

from connector_kit.airbyte.commands import Entrypoint
from connector_kit.records.scalars import DEEPEST
from connector_kit.source import ManifestSource
from unit_tests.support.account import Account
from unit_tests.support.run import catalog_of
from unit_tests.support.talentio_streams import CANDIDATE, CANDIDATES
from unit_tests.support.transport import Reply
from unit_tests.support.vendors import TALENTIO, bare, counted_page, numbered

STAGE = CANDIDATE["stages"][0]
NULLED, TRUNCATED = "NULLED", "TRUNCATED"


def changes(lines: list[str]) -> list[dict[str, str]]:
    """Of each record that was written, in order: its fields and their changes."""
    found = []
    for message in map(json.loads, lines):
        if message["type"] == "RECORD":
            told = message["record"].get("meta", {"changes": []})["changes"]
            assert {change["reason"] for change in told} <= {"SOURCE_SERIALIZATION_ERROR"}
            found.append({change["field"]: change["change"] for change in told})
            assert len(found[-1]) == len(told), "each field once"
    return found


def read(*candidates: Mapping[str, Any], stream: str = "candidates", **config: Any) -> list[dict[str, str]]:
    # A number beyond all that a float holds is valid JSON, and Python's infinity is not.
    body = json.dumps(candidates).replace("Infinity", "1e999").encode()
    answers = {CANDIDATES.url(): Reply(body, headers={"X-Total": str(len(candidates))})}
    return changes(TALENTIO.read(stream, answers, **config).lines)


def deep(levels: int) -> Any:
    value: Any = "end"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, {}),
        ({"appliedAt": None, "tags": [], "memo": ""}, {}),
        # Brought to its type without loss.
        ({"priority": "5", "maybeDuplicated": "true", "memo": 12, "fixedAt": "2024-06-15 04:30:30+0900"}, {}),
        ({"educations": {}, "agent": [], "tags": {"3": {"id": 1, "name": "a"}}}, {}),
        ({"appliedAt": "0000-00-00"}, {"appliedAt": NULLED}),
        ({"priority": "high", "maybeDuplicated": "perhaps"}, {"priority": NULLED, "maybeDuplicated": NULLED}),
        ({"priority": 2**63}, {"priority": NULLED}),
        ({"agent": "nobody"}, {"agent": NULLED}),
        ({"agent": {"id": "x"}}, {"agent.id": NULLED}),
        ({"tags": "new"}, {"tags": NULLED}),
        # An entry that became null is left out of its array.
        ({"tags": [{"id": 1, "name": "a"}, "b"]}, {"tags": TRUNCATED}),
        ({"tags": [{"id": 1, "name": "a"}, None]}, {}),
        ({"stages": [{**STAGE, "step": "first"}, {**STAGE, "step": "last"}]}, {"stages.step": NULLED}),
        # Of a value that becomes text as a whole, what no text can hold.
        ({"memo": deep(DEEPEST + 1)}, {"memo": TRUNCATED}),
        ({"memo": deep(DEEPEST - 1)}, {}),
        # Fields that the schema lacks.
        ({"new": "value"}, {}),
        ({"new": deep(DEEPEST + 1)}, {"new": TRUNCATED}),
        ({"agent": {"new": [math.inf]}}, {"agent.new": TRUNCATED}),
    ],
)
def test_what_became_null_or_was_cut_is_told_by_its_field(sent: Mapping[str, Any], told: Mapping[str, str]) -> None:
    assert read({**CANDIDATE, **sent}) == [told]


def test_each_record_tells_its_own_although_the_log_says_it_once() -> None:
    first, second, third, fourth = numbered(CANDIDATE, 4)
    odd = {"priority": "high"}
    outcome = TALENTIO.read(
        "candidates", {CANDIDATES.url(): counted_page([{**first, **odd}, second, third | odd, fourth])}
    )
    assert changes(outcome.lines) == [{"priority": NULLED}, {}, {"priority": NULLED}, {}]
    assert outcome.told.count("field priority holds a value that can't be read") == 1


def test_the_rows_of_a_derived_stream_tell_theirs() -> None:
    stages = [{**STAGE, "scheduledAt": "soon"}, {**STAGE, "id": STAGE["id"] + 1}]
    assert read({**CANDIDATE, "stages": stages}, stream="candidate_stages") == [{"scheduledAt": NULLED}, {}]


def test_details_tell_theirs() -> None:
    detail = {**TALENTIO.sample("candidate_details"), "id": 101, "appliedAt": "soon"}
    answers = {
        CANDIDATES.url(): counted_page([{**CANDIDATE, "id": 101}]),
        "/candidates/101?includeInactiveResponsibleEmployees=true": bare(detail),
    }
    assert changes(TALENTIO.read("candidate_details", answers).lines) == [{"appliedAt": NULLED}]


def test_what_the_config_hides_is_no_change_but_what_cannot_be_hashed_is() -> None:
    odd = {**CANDIDATE, "memo": math.inf, "priority": "high"}
    assert read(odd, personal_data="drop") == [{"priority": NULLED}]
    assert read(odd, personal_data="hash", personal_data_key="a long random text") == [
        {"memo": NULLED, "priority": NULLED}
    ]


def test_the_program_writes_them_behind_the_record() -> None:
    """The whole line, as `read` of the program writes its records itself."""
    account = Account("talentio")
    record = {"id": 7, "name": "東京", "createdAt": "soon", "updatedAt": "2024-01-01T00:00:00+09:00"}
    page = Reply([record, {**record, "id": 8, "createdAt": None}], headers={"X-Total": "2"})
    transport = account.transport(lambda _: page)
    source = ManifestSource(
        account.package, catalog_of(["workspaces"]), account.config, clock=account.clock, transport=transport
    )
    written = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(written):
        for _ in Entrypoint(source).messages("read", account.config, catalog_of(["workspaces"]), []):
            pass
    written.seek(0)
    first, second = (json.loads(line)["record"] for line in written if '"RECORD"' in line)
    told = {"field": "createdAt", "change": NULLED, "reason": "SOURCE_SERIALIZATION_ERROR"}
    assert list(first) == ["stream", "data", "emitted_at", "meta"]
    assert first["meta"] == {"changes": [told]}
    assert list(second) == ["stream", "data", "emitted_at"]
