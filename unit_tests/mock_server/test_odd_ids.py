"""Ids that are none: what a server says in their place goes into no URL, and so into no message."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest

from unit_tests.support.transport import Reply
from unit_tests.support.vendors import TALENTIO, counted_page

TOKEN = "a b/c+d=&long"
CANDIDATE = TALENTIO.sample("candidates")
VENDOR = type(TALENTIO)("source_talentio", {"access_token": TOKEN}, f"Bearer {TOKEN}")
LIST = "/candidates?page=1&includeInactiveResponsibleEmployees=true"


@pytest.mark.parametrize("odd", [TOKEN, "101/../../employees", None, [101], {"id": 101}, 1.5])
def test_nothing_is_asked_for_under_an_id_that_is_none(odd: object) -> None:
    outcome = VENDOR.read("candidate_comments", {LIST: counted_page([{**CANDIDATE, "id": odd}])})
    assert outcome.records == {"candidate_comments": []}
    assert "candidates: 1 records have no readable id. Nothing is requested for them, and the state" in outcome.told
    assert outcome.states == {"candidate_comments": {}}
    assert TOKEN not in outcome.told


def test_an_id_that_is_a_number_in_quotes_is_one() -> None:
    number = CANDIDATE["id"]
    answers = {LIST: counted_page([{**CANDIDATE, "id": str(number)}]), f"/candidates/{number}/comments": Reply([])}
    assert VENDOR.read("candidate_comments", answers).records == {"candidate_comments": []}


@pytest.mark.parametrize("spelled", [TOKEN, quote(TOKEN, safe=""), quote_plus(TOKEN)])
def test_a_credential_is_masked_also_as_it_stands_in_a_url(spelled: str) -> None:
    echo = Reply({"message": "no"}, status=302, headers={"Location": f"https://api.example.com/{spelled}"})
    outcome = VENDOR.read("employees", {"/employees?page=1": echo}, fails=True)
    told = outcome.told + "".join(failure.message for failure in outcome.failures)
    assert spelled not in told
