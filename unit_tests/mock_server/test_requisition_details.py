"""Stream `requisition_details`: one request a requisition, where its `updatedAt` moved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unit_tests.support.detail_tests import DetailStream, DetailTests
from unit_tests.support.talentio_streams import REQUISITIONS, parents
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import TALENTIO, output

DETAIL = TALENTIO.sample("requisition_details")
# Flat, though the page's sample nests it, and every value text.
FLAT = [{"name": "仕事", "value": "社内システムの開発"}, {"name": "場所", "value": '["東京", "在宅"]'}]


def document(requisition: Record) -> Record:
    return {**DETAIL, "id": requisition["id"], "updatedAt": requisition["updatedAt"]}


def rows(requisition: Record) -> list[Record]:
    return [output(document(requisition), details=FLAT)]


DETAILS = DetailStream(
    "requisition_details",
    parents(REQUISITIONS, "2024-01-31T23:59:58"),
    "/requisitions/{id}",
    document,
    rows,
    "updatedAt",
)


class TestRequisitionDetails(DetailTests):
    stream = DETAILS


def test_the_list_is_shared_with_its_own_stream() -> None:
    answers = DETAILS.answers(DETAILS.older)
    outcome = TALENTIO.read("requisitions requisition_details", answers)
    assert outcome.records == {"requisitions": [REQUISITIONS.given], "requisition_details": rows(DETAILS.older)}
    assert outcome.states == {"requisitions": REQUISITIONS.state, **DETAILS.state(DETAILS.older)}


@pytest.mark.parametrize("details", [FLAT, [FLAT], [FLAT[:1], FLAT[1:]]])
def test_details_are_one_flat_array_however_they_are_nested(details: object) -> None:
    replace(DETAILS, body=lambda requisition: {**document(requisition), "details": details}).reads_oldest_first()
