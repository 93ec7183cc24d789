"""Stream `exam_details`: one request an exam, where its `updated_at` moved."""

from __future__ import annotations

from unit_tests.support.detail_tests import DetailStream, DetailTests
from unit_tests.support.talentics_streams import EXAM, EXAMS
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import TALENTICS, output


def rows(exam: Record) -> list[Record]:
    return [output(EXAMS.given, id=exam["id"], updated_at=exam["updated_at"].replace(" ", "T"))]


DETAILS = DetailStream(
    "exam_details",
    EXAMS,
    "/exams/{id}",
    lambda exam: exam,
    rows,
    "updated_at",
    time="updated_at",
    newer_at="2024-02-01 00:00:00",
)


class TestExamDetails(DetailTests):
    stream = DETAILS


def test_exams_with_one_time_are_told_apart_by_their_ids() -> None:
    twin = {**EXAM, "id": 42}
    answers = {**DETAILS.list_of(twin, EXAM), **DETAILS.details_of(twin)}
    DETAILS.gives(DETAILS.read(answers, DETAILS.state(EXAM)), [twin], DETAILS.state(twin))


def test_the_list_is_shared_with_its_own_stream() -> None:
    outcome = TALENTICS.read("exams exam_details", DETAILS.answers(EXAM))
    assert outcome.records == {"exams": [EXAMS.given], "exam_details": rows(EXAM)}
    assert outcome.states == {"exams": EXAMS.state, **DETAILS.state(EXAM)}
