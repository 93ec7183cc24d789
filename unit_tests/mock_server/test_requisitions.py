"""Stream `requisitions`: a list that the API filters by time."""

from __future__ import annotations

from unit_tests.support.talentio_lists import REQUISITION, REQUISITIONS
from unit_tests.support.vendors import TALENTIO, counted_page


def test_every_page_is_read_by_number() -> None:
    REQUISITIONS.reads_two_pages()


def test_an_unchanged_list_gives_nothing_again() -> None:
    REQUISITIONS.gives_nothing_twice()


def test_only_the_changed_requisition_comes() -> None:
    REQUISITIONS.gives_the_later_one()


def test_start_date_is_asked_of_the_api_and_checked_again() -> None:
    url = f"{REQUISITIONS.url()}&updatedAtFrom=2024-02-29T23:59:58"
    outcome = TALENTIO.read("requisitions", {url: counted_page([REQUISITION])}, start_date="2024-03-01T00:00:00Z")
    assert outcome.records == {"requisitions": []}
