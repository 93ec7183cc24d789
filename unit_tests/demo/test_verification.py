"""The demo's last check: the rows that changed are those of the records that the sandbox changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from connector_kit.source import read_manifest, stream_name
from demo.streams import CHILDREN, LISTS, MADE_FROM, SOURCES, Stream
from demo.tables import Difference
from demo.verification import deviations, expected_ids, needless_requests

NONE: dict[str, set[int]] = defaultdict(set)


def _difference(*keys: int, deleted: Iterable[int] = ()) -> Difference:
    return Difference(rows=10, changed=len(keys), changed_keys=frozenset(keys), deleted_keys=frozenset(deleted))


def test_created_and_updated_records_are_expected_unless_they_are_gone() -> None:
    announced = {"created": {"tickets": [1, 2], "forms": [7]}, "updated": {"tickets": [2, 3]}, "deleted": {"jobs": [5]}}
    living = {"tickets": {2, 3, 4}, "employment_application_forms": {7}, "jobs": {6}}

    expected = expected_ids(announced, lambda source, stream: living.get(stream, set()))

    assert expected["talentics"]["tickets"] == {2, 3}
    assert expected["talentics"]["employment_application_forms"] == {7}
    assert expected["talentics"]["jobs"] == set()


def test_all_is_well_where_the_rows_are_those_of_the_changes() -> None:
    differences = {"candidates": _difference(1, 2), "candidate_stages": _difference(2), "channels": _difference()}

    assert deviations("talentio", {"candidates": {1, 2}, "channels": set()}, NONE, differences) == []


def test_a_change_that_did_not_arrive_is_told() -> None:
    (found,) = deviations("talentio", {"candidates": {1, 2}}, NONE, {"candidates": _difference(1)})

    assert "talentio.candidates" in found
    assert found.endswith("2")


def test_a_change_that_nobody_made_is_told() -> None:
    (found,) = deviations("talentio", {"candidates": set()}, NONE, {"candidates": _difference(*range(1, 9))})

    assert found.endswith("1, 2, 3, 4, 5 and 3 more")


def test_what_is_gone_must_be_marked_in_its_list_and_nothing_else_anywhere() -> None:
    gone = {"candidates": {3}}
    marked = {
        "candidates": _difference(3, deleted=[3]),
        "candidate_details": _difference(3, deleted=[3]),
        "deletions": _difference(),
    }

    assert deviations("talentio", NONE, gone, marked) == []
    (kept,) = deviations("talentio", NONE, gone, {"candidates": _difference(3)})
    assert "talentio.candidates: not marked as deleted: 3" in kept
    (false,) = deviations("talentio", NONE, NONE, {"candidate_details": _difference(deleted=[4])})
    assert "talentio.candidate_details: marked as deleted, and still there: 4" in false


def test_one_request_for_each_record_that_is_gone_is_no_waste() -> None:
    streams, second = [Stream("candidate_details", incremental=True)], {"talentio.candidate": {"requests": 2}}

    assert needless_requests("talentio", streams, {"candidates": {1}}, {"candidates": {3}}, second) == []
    assert needless_requests("talentio", streams, {"candidates": {1}}, {"candidates": set()}, second)


def test_rows_of_a_parent_that_did_not_change_are_told() -> None:
    (found,) = deviations("talentics", {"tickets": {4}}, NONE, {"ticket_scores": _difference(4, 5)})

    assert "talentics.ticket_scores" in found
    assert found.endswith("5")


def test_details_of_records_that_did_not_change_are_told() -> None:
    streams = [Stream("candidates", incremental=True), Stream("candidate_comments", incremental=True)]
    second = {"talentio.candidates": {"requests": 2}, "talentio.comments": {"requests": 3}}

    (found,) = needless_requests("talentio", streams, {"candidates": {1, 2}}, NONE, second)

    assert "talentio.candidate_comments" in found
    assert "3 requests where 2 records changed" in found
    assert needless_requests("talentio", streams, {"candidates": {1, 2, 3}}, NONE, second) == []


def test_streams_that_every_sync_reads_in_full_may_ask_for_all() -> None:
    streams = [Stream("applicant_details", incremental=False)]

    assert (
        needless_requests("talentics", streams, {"applicants": set()}, NONE, {"talentics.applicant": {"requests": 9}})
        == []
    )


def test_each_stream_is_a_list_or_a_child_of_one() -> None:
    for source in SOURCES:
        streams = {stream_name(stream) for stream in read_manifest(f"source_{source}")["streams"]}
        known = {**LISTS[source], **CHILDREN[source]}
        assert streams == set(known)
        assert {parent for parent, _ in CHILDREN[source].values()} <= set(LISTS[source])
        assert set(MADE_FROM[source]) | set(MADE_FROM[source].values()) <= set(known)
