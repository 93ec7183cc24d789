"""What both sources refuse by name, before any request: streams that they lack, and states that they did not write."""

from __future__ import annotations

from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateMessageSerializer, FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.source import ManifestSource
from unit_tests.support.vendor_samples import VENDOR_SAMPLES
from unit_tests.support.vendors import TALENTICS, TALENTIO, Vendor

UNREADABLE: list[tuple[Vendor, str, dict[str, Any], str]] = [
    # A list.
    (TALENTICS, "exams", {"updatedAt": "2024-01-01T00:00:00Z"}, "updatedAt"),
    (TALENTIO, "candidates", {"updatedAt": "yesterday"}, "updatedAt"),
    (TALENTIO, "channels", {"states": [], "use_global_cursor": False}, "states, use_global_cursor"),
    # A list made from another one's answers.
    (TALENTIO, "candidate_stages", {"updatedAt": "2024-01-01T00:00:00Z"}, "updatedAt"),
    # Details.
    (TALENTICS, "ticket_scores", {"ticket_updated_at": "2024-01-01T00:00:00Z", "page": 3}, "page"),
    (TALENTICS, "ticket_scores", {"ticket_updated_at": 5}, "ticket_updated_at"),
    (TALENTIO, "candidate_details", {"updatedAt": "2024-01-01T00:00:00Z", "id": "101"}, "id"),
    (TALENTIO, "candidate_details", {"id": 101}, "id"),
    (TALENTIO, "candidate_comments", {"recent": ["2024-01-01T00:00:00Z"]}, "recent"),
    (TALENTIO, "evaluation_items", {"candidateUpdatedAt": "2024-01-01T00:00:00Z", "recent": "eNo"}, "recent"),
    # Details that remember ids.
    (TALENTICS, "employment_application_forms", {"seen": "broken"}, "seen"),
    (TALENTICS, "employment_application_forms", {"seen": [900]}, "seen"),
    (TALENTICS, "employment_application_answers", {"id": 900}, "id"),
    # The CDK's marker of a stream without a cursor, on one that has a cursor.
    (TALENTICS, "exams", {"__ab_no_cursor_state_message": True, "updated_at": "2024-01-01"}, "__ab_no_cursor"),
    (TALENTICS, "exams", {"__ab_no_cursor_state_message": True}, "__ab_no_cursor"),
    (TALENTIO, "candidate_details", {"__ab_full_refresh_sync_complete": True}, "__ab_full_refresh"),
    # A time by which nothing would ever be read again.
    (TALENTIO, "candidates", {"updatedAt": "9999-01-01T00:00:00Z"}, "in the future"),
    (TALENTICS, "ticket_scores", {"ticket_updated_at": "9999-06-02T00:00:01Z", "id": 1}, "in the future"),
    # No memory at all.
    (TALENTICS, "applicants", {"updated_at": "2024-01-01T00:00:00Z"}, "no cursor"),
    (TALENTICS, "applicant_details", {"id": 900}, "no cursor"),
]
EVERY_STREAM = [(vendor, stream) for vendor in (TALENTICS, TALENTIO) for stream in VENDOR_SAMPLES[vendor.package]]
FOREIGN = {"use_global_cursor": True, "state": {"updated_at": "2024-01-01T00:00:00Z"}}


@pytest.mark.slow
@pytest.mark.parametrize(("vendor", "stream", "state", "named"), UNREADABLE)
def test_a_state_that_cannot_be_read_is_never_a_full_refresh(
    vendor: Vendor, stream: str, state: dict[str, Any], named: str
) -> None:
    failure = vendor.read(stream, {}, {stream: state}, fails=True).failure
    assert failure.kind == "config_error"
    assert f"stream {stream} " in failure.message
    assert named in failure.message.partition(":")[2]


@pytest.mark.slow
@pytest.mark.parametrize(("vendor", "stream"), EVERY_STREAM)
def test_a_state_that_another_connector_wrote_is_refused_by_every_stream(vendor: Vendor, stream: str) -> None:
    failure = vendor.read(stream, {}, {stream: FOREIGN}, fails=True).failure
    assert failure.kind == "config_error"
    assert f"The saved state of stream {stream} cannot be used" in failure.message


@pytest.mark.parametrize("kind", ["GLOBAL", "LEGACY"])
def test_a_state_that_is_not_of_a_stream_is_refused(kind: str) -> None:
    body: dict[str, dict[str, Any]] = {
        "GLOBAL": {"global": {"stream_states": []}},
        "LEGACY": {"data": {"exams": {"updated_at": "2024-01-01"}}},
    }
    saved = [AirbyteStateMessageSerializer.load({"type": kind, **body[kind]})]
    with pytest.raises(AirbyteTracedException, match="not a state per stream") as refusal:
        ManifestSource(TALENTICS.package, None, TALENTICS.credentials, saved).streams({})
    assert refusal.value.failure_type == FailureType.config_error


@pytest.mark.parametrize("vendor", [TALENTICS, TALENTIO])
def test_a_state_of_a_stream_that_the_source_lacks_is_refused(vendor: Vendor) -> None:
    stream = "exams" if vendor is TALENTICS else "candidates"
    failure = vendor.read(stream, {}, {"payslips": {"updated_at": "2024-01-01"}}, fails=True).failure
    assert failure.kind == "config_error"
    assert "payslips" in failure.message
    assert stream in failure.message


@pytest.mark.parametrize(("vendor", "known"), [(TALENTICS, "exams"), (TALENTIO, "candidates")])
def test_a_stream_that_the_source_lacks_is_refused(vendor: Vendor, known: str) -> None:
    failure = vendor.read(f"{known} payslips", {}, fails=True).failure
    assert failure.kind == "config_error"
    assert "payslips" in failure.message
    assert f"It has: {known}, " in failure.message
