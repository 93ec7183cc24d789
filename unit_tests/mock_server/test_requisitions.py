"""Stream `requisitions`: a list that the API filters by time."""

from __future__ import annotations

from unit_tests.support.list_tests import ListTests
from unit_tests.support.talentio_streams import REQUISITION, REQUISITIONS
from unit_tests.support.vendors import TALENTIO, counted_page


class TestRequisitions(ListTests):
    stream = REQUISITIONS


def test_start_date_is_asked_of_the_api_and_checked_again() -> None:
    url = f"{REQUISITIONS.url()}&updatedAtFrom=2024-02-29T23:59:58"
    outcome = TALENTIO.read("requisitions", {url: counted_page([REQUISITION])}, start_date="2024-03-01T00:00:00Z")
    assert outcome.records == {"requisitions": []}
