"""What `detect_deletions: mark` sends and asks for, and what it leaves alone: exact rows, requests and states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalog

from connector_kit import times
from connector_kit.state import cursors, detail_cursors
from connector_kit.state.known_ids import IDS
from unit_tests.support import run
from unit_tests.support.deletions import DAY, Synced, gone, patched
from unit_tests.support.outcome import Outcome, Row
from unit_tests.support.run import catalog_of
from unit_tests.support.transport import Reply, Script, Sent


def told(row: Row) -> Row:
    """The fields of a row that hold something."""
    return {name: value for name, value in row.items() if value is not None}


def deletions(outcome: Outcome) -> set[tuple[str, int]]:
    return {(row["stream"], row["id"]) for row in outcome.records["deletions"]}


def refusing(path: str, status: int) -> Script:
    return lambda sent: Reply(b"{}", status) if sent.path.endswith(path) else None


# --- what is sent


def test_a_tombstone_has_its_key_its_time_and_when_it_was_found_and_comes_once() -> None:
    synced = Synced("talentio")
    candidate, workspace = synced.ids("candidates")[2], synced.ids("workspaces")[0]
    synced.delete("candidates", candidate)
    synced.delete("workspaces", workspace)
    found = synced.read()
    for stream, number in (("candidates", candidate), ("candidate_details", candidate), ("workspaces", workspace)):
        (row,) = found.records[stream]
        assert told(row).keys() == {"id", "updatedAt", "_ab_cdc_deleted_at"}
        assert row["id"] == number
        began, found_at = times.instant(row["updatedAt"]), times.instant(row["_ab_cdc_deleted_at"])
        assert began is not None
        assert found_at is not None
        # At the start of the sync, which takes seconds, and minutes of this clock where threads wait for each other.
        assert 0 <= found_at - began < 3600_000_000
    assert deletions(found) == {("candidates", candidate), ("workspaces", workspace)}
    assert found.records["candidate_stages"] == found.records["candidate_comments"] == []
    again = synced.read()
    assert again.records["candidates"] == again.records["deletions"] == []
    assert candidate not in synced.known("candidates")


@pytest.mark.slow
def test_an_exam_takes_its_tickets_along_and_a_job_its_applicants() -> None:
    synced = Synced("talentics")
    exam, job = synced.ids("exams")[0], synced.ids("jobs")[1]
    tickets, applicants = synced.ids("tickets", exam), synced.ids("applicants", job)
    with_form = [row["id"] for row in synced.account.world.records("talentics", "employment_application_forms")]
    synced.delete("exams", exam)
    synced.delete("jobs", job)
    found = synced.read()
    assert gone(found, "exams") == gone(found, "exam_details") == [exam]
    assert gone(found, "tickets") == gone(found, "ticket_scores", "ticket_id") == tickets
    assert gone(found, "applicants") == gone(found, "applicant_details") == applicants
    assert gone(found, "employment_application_forms") == [number for number in applicants if number in with_form]
    assert deletions(found) == {
        ("exams", exam),
        ("jobs", job),
        *(("tickets", number) for number in tickets),
        *(("applicants", number) for number in applicants),
    }
    # What hangs on an exam or a job that is gone is not asked for one by one.
    assert found.asked[f"/talentics/v2/exams/{exam}"] == found.asked[f"/talentics/v2/jobs/{job}"] == 1
    assert not any(found.asked[f"/talentics/v2/jobs/applicants/{number}"] for number in applicants)


def test_no_record_is_later_than_its_tombstone_whatever_zone_its_time_is_in() -> None:
    synced = Synced("talentics", ["exams"], zone_hours=9)
    exam = synced.ids("exams")[0]
    synced.account.world.data.update("exams", exam)
    (row,) = synced.account.read(["exams"], states=synced.states, detect_deletions="mark").records["exams"]
    synced.delete("exams", exam)
    (tombstone,) = synced.read().records["exams"]
    assert tombstone["id"] == exam
    assert tombstone["updated_at"] > row["updated_at"]


@pytest.mark.slow
@pytest.mark.parametrize(("source", "kind"), [("talentics", "exams"), ("talentio", "candidates")])
def test_a_record_that_comes_back_is_sent_again_with_its_old_time(source: str, kind: str) -> None:
    synced = Synced(source)
    number = synced.ids(kind)[1]
    collection = synced.account.world.data.collections[kind]
    row = collection.living(number)
    synced.delete(kind, number)
    assert gone(synced.read(), kind) == [number]
    collection._gone.discard(number)
    collection._rows[number] = row
    collection.ids().append(number)
    collection.ids().sort()
    collection._moved(membership=True)
    found = synced.read()
    details = {"exams": "exam_details", "candidates": "candidate_details"}[kind]
    for stream in (kind, details):
        (back,) = found.records[stream]
        assert back["id"] == number
        assert len(told(back)) > 5
    assert synced.read().records[kind] == []


def test_without_its_list_a_record_is_asked_for_once_and_the_log_of_deletions_alone_says_that_it_sees_nothing() -> None:
    synced = Synced("talentio", ["candidate_details", "candidate_comments"])
    number = synced.ids("candidates")[3]
    synced.delete("candidates", number)
    found = synced.read()
    assert gone(found, "candidate_details") == [number]
    assert found.asked[f"/talentio/api/v1/candidates/{number}"] == 1
    assert "deletions: no list is selected" in Synced("talentio", ["deletions"]).first.told
    assert "no list is selected" not in Synced("talentio", ["channels", "deletions"]).first.told


# --- what it costs


@pytest.mark.slow
@pytest.mark.parametrize(("source", "more"), [("talentics", 0), ("talentio", 2)])
def test_a_quiet_sync_asks_for_the_two_filtered_lists_of_talentio_once_more(source: str, more: int) -> None:
    synced = Synced(source)
    plain = synced.read(mode="off").requests
    # With it off, the ids are forgotten; what follows learns them anew.
    synced.read()
    assert len(synced.read().requests) == len(plain) + more


@pytest.mark.slow
def test_a_few_that_are_gone_from_many_pages_are_found_by_halving() -> None:
    synced = Synced("talentio", ["candidates"], candidates=6_400)
    # In the default order ids ascend.
    one = synced.ids("candidates")[3_333]
    synced.delete("candidates", one)
    found = synced.read()
    assert gone(found, "candidates") == [one]
    # The filtered list; its total, with the first page; six halvings of 64 pages, and the last step; the candidate.
    assert found.asked["/talentio/api/v1/candidates"] <= 1 + 1 + 7
    assert found.asked[f"/talentio/api/v1/candidates/{one}"] == 1


def test_many_that_are_gone_are_found_by_reading_the_list() -> None:
    synced = Synced("talentio", ["candidates"], candidates=1_000)
    several = synced.ids("candidates")[5::50]
    synced.delete("candidates", *several)
    found = synced.read()
    assert gone(found, "candidates") == several
    assert found.asked["/talentio/api/v1/candidates"] == 1 + 10


# --- what is left alone


@pytest.mark.slow
@pytest.mark.parametrize(("status", "is_marked"), [(404, True), (410, True), (403, False), (500, False)])
@pytest.mark.parametrize(("source", "kind"), [("talentics", "jobs"), ("talentio", "requisitions")])
def test_only_an_endpoint_that_says_so_proves_that_a_record_is_gone(
    source: str, kind: str, status: int, is_marked: bool
) -> None:
    synced = Synced(source, [kind])
    number = synced.ids(kind)[0]
    synced.delete(kind, number)
    found = synced.read(refusing(f"/{kind}/{number}", status))
    assert gone(found, kind) == ([number] if is_marked else [])
    assert not found.failures
    # Once it says so, it is marked.
    assert gone(synced.read(), kind) == ([] if is_marked else [number])


def test_an_endpoint_that_fails_is_not_asked_for_each_record_that_is_missing() -> None:
    synced = Synced("talentics", ["exams"], exams=60, tickets=0)
    missing = synced.ids("exams")[:15]
    synced.delete("exams", *missing)
    before = synced.account.clock.passed
    found = synced.read(lambda sent: Reply(b"{}", 500) if sent.path.rpartition("/")[2].isdecimal() else None)
    assert synced.account.clock.passed - DAY - before < 20 * 60
    assert "exams: 15 no longer listed" in found.told
    assert gone(synced.read(), "exams") == missing


def test_a_job_that_is_hidden_keeps_its_applicants() -> None:
    synced = Synced("talentics", ["jobs", "applicants", "employment_application_forms"])
    job = synced.ids("jobs")[0]
    synced.delete("jobs", job)
    found = synced.read(refusing(f"/jobs/{job}", 403))
    assert [gone(found, stream) for stream in synced.streams] == [[], [], []]


@pytest.mark.parametrize(
    ("source", "kind", "sizes"), [("talentics", "exams", {"exams": 60}), ("talentio", "candidates", {"candidates": 60})]
)
def test_many_at_once_are_not_marked(source: str, kind: str, sizes: dict[str, int]) -> None:
    synced = Synced(source, [kind], **{**sizes, "tickets": 0})
    before = synced.ids(kind)
    synced.delete(kind, *before[:21])
    found = synced.read()
    assert gone(found, kind) == []
    assert f"{kind}: 21 of 60 records are no longer listed. So many at once look like a permission" in found.told
    # Twenty are not too many.
    other = Synced(source, [kind], **{**sizes, "tickets": 0})
    other.delete(kind, *before[:20])
    assert gone(other.read(), kind) == before[:20]


def test_the_tickets_of_exams_that_were_too_many_at_once_are_not_marked_either() -> None:
    synced = Synced("talentics", ["exams", "tickets"], exams=100, tickets=1)
    exams = synced.ids("exams")
    # Of those that go, only some ever had a ticket.
    for exam in exams[:15]:
        synced.delete("tickets", *synced.ids("tickets", exam))
    assert len(gone(synced.read(), "tickets")) == 15
    synced.delete("exams", *exams[:30])
    found = synced.read()
    assert gone(found, "exams") == gone(found, "tickets") == []
    assert found.told.count("exams: 30 of 100 records are no longer listed") == 1


def test_the_tickets_of_an_exam_that_was_refused_are_not_marked_and_those_of_others_are() -> None:
    synced = Synced("talentics", ["exams", "tickets"])
    one, other = synced.ids("exams")[:2]
    first, second = synced.ids("tickets", one)[0], synced.ids("tickets", other)[0]
    synced.delete("tickets", first, second)
    found = synced.read(refusing(f"/exams/{one}/tickets", 403))
    assert gone(found, "tickets") == [second]
    assert gone(synced.read(), "tickets") == [first]


def test_a_list_that_moves_while_it_is_read_marks_nothing() -> None:
    synced = Synced("talentics", ["exams"], exams=150, tickets=0)
    first, second = synced.ids("exams")[:2]
    synced.delete("exams", first)

    def another_goes(sent: Sent) -> None:
        if "page=2" in sent.query:
            synced.account.world.data.delete("exams", second)

    assert gone(synced.read(another_goes), "exams") == []
    assert gone(synced.read(), "exams") == [first, second]


def test_a_list_of_several_pages_without_a_total_marks_nothing() -> None:
    synced = Synced("talentics", ["exams"], exams=150, tickets=0, talentics_pages="simple")
    synced.delete("exams", synced.ids("exams")[0])
    assert gone(synced.read(), "exams") == []


@pytest.mark.slow
@pytest.mark.parametrize("source", ["talentics", "talentio"])
@pytest.mark.parametrize("config", [{"start_date": "2020-01-01"}, {"base_url": "https://other.test"}])
def test_another_start_date_or_address_marks_nothing_ever(source: str, config: dict[str, Any]) -> None:
    kind = {"talentics": "exams", "talentio": "candidates"}[source]
    synced = Synced(source, [kind])
    if "base_url" in config:
        config = {
            "base_url": config["base_url"] + str(synced.account.config["base_url"]).removeprefix("https://api.test")
        }
    synced.delete(kind, synced.ids(kind)[0])
    assert gone(synced.read(**config), kind) == []
    assert gone(synced.read(**config), kind) == []
    second = synced.ids(kind)[0]
    synced.delete(kind, second)
    assert gone(synced.read(**config), kind) == [second]


def test_a_record_from_before_the_start_date_was_never_sent_and_has_no_tombstone() -> None:
    config: dict[str, Any] = {"start_date": "2025-06-01"}
    synced = Synced("talentics", ["exams"], exams=30, tickets=0)
    synced.states.clear()
    sent = {row["id"] for row in synced.read(**config).records["exams"]}
    old = next(number for number in synced.ids("exams") if number not in sent)
    synced.delete("exams", old, min(sent))
    assert gone(synced.read(**config), "exams") == [min(sent)]


# --- the memory


@pytest.mark.slow
def test_switched_on_later_it_learns_what_earlier_syncs_have_sent() -> None:
    for source, kind in (("talentics", "tickets"), ("talentio", "candidates")):
        synced = Synced(source)
        assert not any(IDS in state for state in synced.read(mode="off").states.values())
        learned = synced.read()
        assert learned.records[kind] == []
        parent = synced.ids("exams")[0] if kind == "tickets" else 0
        number = synced.ids(kind, parent)[0]
        synced.delete(kind, number)
        assert gone(synced.read(), kind) == [number]


@pytest.mark.slow
@pytest.mark.parametrize("source", ["talentics", "talentio"])
def test_switched_off_again_nothing_of_it_is_left_and_no_form_is_read_again(source: str) -> None:
    synced = Synced(source)
    off = synced.read(mode="off")
    assert not off.failures
    assert not any(IDS in state for state in off.states.values())
    for row in synced.account.world.records("talentics", "employment_application_forms"):
        assert not off.asked[f"/talentics/v2/jobs/applicants/{row['id']}/employment-application-form"]


def test_ids_that_the_state_has_no_room_for_are_told_and_not_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursors, "MOST_CHARACTERS", 70)
    synced = Synced("talentics", ["exams"], exams=100, tickets=0)
    told_before = synced.first.told
    lowest, highest = synced.ids("exams")[0], synced.ids("exams")[-1]
    kept = synced.known("exams")
    assert 0 < len(kept.parents) < 100 == len(kept)
    assert (
        f"exams: the state, which stays below 64 KB, has no room for the ids of {100 - len(kept.parents)} "
        in told_before
    )
    synced.delete("exams", lowest, highest)
    assert gone(synced.read(), "exams") == [highest]


@pytest.mark.slow
def test_forms_whose_ids_have_no_room_with_their_jobs_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (cursors, detail_cursors):
        monkeypatch.setattr(module, "MOST_CHARACTERS", 300)
    synced = Synced("talentics", ["applicants", "employment_application_forms"], jobs=30, applicants=20)
    assert synced.known("employment_application_forms").forgotten > 0
    state = synced.states["employment_application_forms"]
    assert sum(len(value) for value in state.values()) <= 300
    sent = {row["applicant_id"] for row in synced.first.records["employment_application_forms"]}
    again = synced.read().asked
    assert not [id_ for id_ in sent if again[f"/talentics/v2/jobs/applicants/{id_}/employment-application-form"]]


def test_a_catalog_without_the_field_gets_no_tombstones_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    synced = Synced("talentio", ["channels", "workspaces"])
    synced.delete("channels", synced.ids("channels")[0])
    synced.delete("workspaces", synced.ids("workspaces")[0])

    def made_without_it(streams: Iterable[str]) -> ConfiguredAirbyteCatalog:
        catalog = catalog_of(streams)
        catalog.streams[0].stream.json_schema = {"properties": {"id": {"type": "integer"}}}
        return catalog

    monkeypatch.setattr(run, "catalog_of", made_without_it)
    found = synced.read()
    assert gone(found, "channels") == []
    assert len(gone(found, "workspaces")) == 1
    assert "detect_deletions: the catalog was made without it, so nothing is marked in channels." in found.told


# --- with a filter


@pytest.mark.slow
@pytest.mark.parametrize("statuses", [["ongoing"], ["ongoing", "pass"]], ids=["one list", "two lists"])
def test_a_candidate_who_leaves_the_filter_comes_as_a_tombstone_and_as_a_row_once_back(statuses: list[str]) -> None:
    synced = Synced("talentio", ["candidates", "candidate_details", "deletions"], candidates=12)
    numbers = synced.ids("candidates")
    for number in numbers:
        patched(synced, number, "ongoing" if number != numbers[0] else "fail")
    synced.states.clear()
    config: dict[str, Any] = {"candidate_filter": {"status": statuses}}
    first = synced.read(**config)
    assert {row["id"] for row in first.records["candidates"]} == {*numbers[1:]}
    leaver, deleted = numbers[3], numbers[5]
    patched(synced, leaver, "reject")
    synced.delete("candidates", deleted)
    found = synced.read(**config)
    assert sorted(gone(found, "candidates")) == sorted(gone(found, "candidate_details")) == [leaver, deleted]
    assert deletions(found) == {("candidates", leaver), ("candidates", deleted)}
    patched(synced, leaver, "ongoing")
    back = synced.read(**config)
    assert gone(back, "candidates") == []
    assert [row["id"] for row in back.records["candidates"]] == [leaver]


def test_a_filter_that_changed_marks_nobody_of_those_who_no_longer_meet_it() -> None:
    synced = Synced("talentio", ["candidates", "candidate_details", "deletions"], candidates=12)
    numbers = synced.ids("candidates")
    for number in numbers:
        patched(synced, number, "ongoing" if number % 2 else "fail")
    for given in ({"status": ["ongoing", "fail"]}, {"status": ["ongoing"]}, {"status": ["fail"]}, {}):
        found = synced.read(candidate_filter=given)
        assert gone(found, "candidates") == gone(found, "candidate_details") == []
        assert found.records["deletions"] == []


def test_a_candidate_whom_the_credential_may_no_longer_see_is_not_gone_with_a_filter_either() -> None:
    synced = Synced("talentio", ["candidates", "deletions"], candidates=12)
    numbers = synced.ids("candidates")
    for number in numbers:
        patched(synced, number, "ongoing")
    config: dict[str, Any] = {"candidate_filter": {"status": ["ongoing"]}}
    synced.read(**config)
    patched(synced, numbers[3], "reject")
    found = synced.read(refusing(f"/candidates/{numbers[3]}", 403), **config)
    assert gone(found, "candidates") == []
