"""The cursors: what each remembers, what it wants again, and how far it may go."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
import requests
from airbyte_cdk.models import AirbyteMessage, AirbyteStateMessageSerializer
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit import times
from connector_kit.settings import Settings
from connector_kit.source import ManifestSource, read_manifest, stream_name
from connector_kit.state.cursors import ListCursor, StreamCursor
from connector_kit.state.detail_cursors import DetailCursor, IdCursor
from connector_kit.state.id_sets import IdSet, IdTimes
from connector_kit.state.varints import pack
from connector_kit.sync import Sync
from unit_tests.support.clock import NOW, SharedClock
from unit_tests.support.doc_pages import ROOT

JANUARY, FEBRUARY, MARCH = ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z")
# Behind the state's reach: the server's clock says NOW, 2024-06-01T00:00:00Z.
FRESH, CAP = "2024-05-31T23:58:00Z", "2024-05-31T23:55:00Z"

SETTINGS = Settings("https://api.example.com", 4, "keep")

Kind = TypeVar("Kind", bound=StreamCursor)


def stopped() -> SharedClock:
    return SharedClock(NOW.timestamp())


def cursor(
    kind: type[Kind],
    state: Mapping[str, Any] | None = None,
    start_date: str | None = None,
    server_time: datetime = NOW,
    emitted: list[AirbyteMessage] | None = None,
    clock: SharedClock | None = None,
) -> Kind:
    emit = (emitted if emitted is not None else []).append
    sync = Sync(
        SETTINGS,
        requests.Session(),
        states={"things": state or {}},
        emit=emit,
        clock=clock or stopped(),
    )
    made = kind(sync, "things", "updated_at", timedelta(minutes=5), times.instant(start_date))
    made.begin(server_time)
    return made


def instant(text: str) -> int:
    found = times.instant(text)
    assert found is not None
    return found


# --- lists -----------------------------------------------------------------------------------------------------------


def saw(made: ListCursor, *texts: str) -> ListCursor:
    for text in texts:
        made.saw(instant(text))
    return made


def test_a_list_remembers_its_newest_record_once_it_was_read_to_its_end() -> None:
    made = saw(cursor(ListCursor), MARCH, JANUARY)
    made.saw(None)
    assert made.state == {}
    made.complete()
    assert made.state == {"updated_at": MARCH}


def test_a_list_gives_what_is_newer_than_its_state_and_what_tells_no_time() -> None:
    made = cursor(ListCursor, {"updated_at": FEBRUARY})
    assert [made.wants(instant(text)) for text in (JANUARY, FEBRUARY, MARCH)] == [False, False, True]
    assert made.wants(None)


def test_a_list_without_a_state_gives_everything() -> None:
    assert cursor(ListCursor).wants(0)


def test_start_date_itself_belongs_to_what_is_read() -> None:
    made = cursor(ListCursor, start_date=FEBRUARY)
    assert [made.wants(instant(text)) for text in (JANUARY, FEBRUARY, MARCH)] == [False, True, True]


@pytest.mark.parametrize(
    ("server_time", "reaches"),
    [
        (NOW, CAP),
        (NOW - timedelta(days=1), "2024-05-30T23:55:00Z"),
        (NOW + timedelta(milliseconds=20), CAP),
    ],
)
def test_a_state_stays_behind_the_servers_clock(server_time: datetime, reaches: str) -> None:
    made = saw(cursor(ListCursor, server_time=server_time), FRESH)
    made.complete()
    assert made.state == {"updated_at": reaches}


@pytest.mark.parametrize("text", ["2024-02-01T00:00:00.250000Z", "2024-02-01T00:00:00.000001Z"])
def test_a_state_keeps_the_fraction_of_its_time(text: str) -> None:
    # Cut to whole seconds, the record that bears it would be newer than the state, and come again in every sync.
    made = saw(cursor(ListCursor), text)
    made.complete()
    assert made.state == {"updated_at": text}
    again = cursor(ListCursor, dict(made.state))
    assert not again.wants(instant(text))
    assert again.wants(instant(text) + 1)


@pytest.mark.parametrize("seen", [JANUARY, MARCH])
def test_a_state_never_goes_back(seen: str) -> None:
    made = saw(cursor(ListCursor, {"updated_at": CAP}, server_time=NOW - timedelta(days=50)), seen)
    made.complete()
    assert made.state == {"updated_at": CAP}


@pytest.mark.parametrize("kind", [ListCursor, DetailCursor])
@pytest.mark.parametrize("days_off", [-10, 0, 10])
def test_a_state_beyond_the_servers_clock_is_refused_whatever_this_machines_says(
    kind: type[StreamCursor], days_off: int
) -> None:
    sync = Sync(SETTINGS, requests.Session(), states={"things": {"updated_at": MARCH}}, clock=stopped())
    march = datetime.fromisoformat("2024-03-01T00:00:00+00:00")
    made = kind(sync, "things", "updated_at", timedelta(minutes=5))
    sync.update_server_clock(march - timedelta(days=days_off))
    if days_off <= 0:
        made.begin(march - timedelta(days=days_off))
        assert made.state["updated_at"] == MARCH
    else:
        with pytest.raises(AirbyteTracedException, match=r"things .* is in the future by the server's clock"):
            made.begin(march - timedelta(days=days_off))


def test_where_no_server_tells_its_time_a_state_goes_by_this_machines() -> None:
    with pytest.raises(AirbyteTracedException, match="in the future by this machine's clock"):
        cursor(ListCursor, {"updated_at": "2024-06-02T00:00:01Z"})


# --- details ---------------------------------------------------------------------------------------------------------


def passed(made: DetailCursor, text: str, number: int, settled: bool = True) -> None:
    made.passed(instant(text), number, text, settled)


def due(made: DetailCursor, text: str, number: int) -> bool:
    return made.due(instant(text), number)


def recent(*parents: tuple[int, str]) -> str:
    return IdTimes({number: instant(text) for number, text in parents}).encode()


def test_a_detail_is_remembered_as_soon_as_it_was_read() -> None:
    made = cursor(DetailCursor)
    assert made.state == {}
    passed(made, JANUARY, 7)
    assert made.state == {"updated_at": JANUARY, "id": 7}
    passed(made, JANUARY, 9)
    passed(made, FEBRUARY, 3)
    assert made.state == {"updated_at": FEBRUARY, "id": 3}


def test_a_sync_that_was_cut_off_goes_on_behind_the_last_detail() -> None:
    made = cursor(DetailCursor, {"updated_at": FEBRUARY, "id": 7})
    assert [due(made, FEBRUARY, number) for number in (6, 7, 8)] == [False, False, True]
    assert [due(made, text, 1) for text in (JANUARY, MARCH)] == [False, True]
    assert made.due(None, 1)


def test_a_detail_of_a_parent_without_a_time_moves_nothing() -> None:
    made = cursor(DetailCursor)
    made.passed(None, 7, None, True)
    assert made.state == {}


def test_a_fresh_detail_is_remembered_by_its_id_once_it_has_settled() -> None:
    made = cursor(DetailCursor, {"updated_at": FEBRUARY, "id": 7})
    assert made.is_fresh(instant(FRESH))
    assert not made.is_fresh(instant(CAP))
    passed(made, FRESH, 8, settled=False)
    assert made.state == {"updated_at": FEBRUARY, "id": 7}
    passed(made, FRESH, 8)
    assert made.state == {"updated_at": FEBRUARY, "id": 7, "recent": recent((8, FRESH))}


def test_a_fresh_detail_is_due_again_only_where_its_time_moved() -> None:
    made = cursor(DetailCursor, {"updated_at": FEBRUARY, "id": 7, "recent": recent((8, FRESH))})
    assert [due(made, text, 8) for text in (FRESH, "2024-05-31T23:59:00Z")] == [False, True]
    assert due(made, FRESH, 9)


def test_what_was_fresh_is_kept_until_the_sync_is_through() -> None:
    state = {"updated_at": FEBRUARY, "id": 7, "recent": recent((8, MARCH))}
    made = cursor(DetailCursor, state)
    assert made.state == state
    made.complete()
    assert made.state == {"updated_at": FEBRUARY, "id": 7}


def test_a_bulk_edit_before_a_sync_is_not_asked_for_again_by_the_next() -> None:
    made = cursor(DetailCursor)
    edited = [(number, FRESH[:-3] + f"{number % 60:02}Z") for number in range(3000)]
    for number, text in edited:
        passed(made, text, number)
    again = cursor(DetailCursor, dict(made.state))
    assert not any(due(again, text, number) for number, text in edited)
    assert due(again, FRESH, 3000)


def test_a_fresh_time_is_the_same_however_it_is_spelled() -> None:
    made = cursor(DetailCursor, {"recent": recent((8, FRESH))})
    assert not due(made, "2024-06-01T08:58:00+09:00", 8)
    assert due(made, "2024-05-31T23:58:00.000001Z", 8)


def test_a_fresh_detail_whose_id_is_no_number_is_read_again() -> None:
    made = cursor(DetailCursor)
    made.passed(instant(FRESH), "8", FRESH, True)
    assert made.state == {}
    assert made.due(instant(FRESH), "8")


def test_start_date_spares_details_of_older_parents() -> None:
    made = cursor(DetailCursor, start_date=FEBRUARY)
    assert [due(made, text, 1) for text in (JANUARY, FEBRUARY)] == [False, True]


def test_parents_are_wanted_from_the_state_on_and_all_without_one() -> None:
    # One that shares the last parent's time may be unread.
    assert cursor(DetailCursor, {"updated_at": FEBRUARY, "id": 7}).floor == instant(FEBRUARY) - 1
    assert cursor(DetailCursor).floor is None
    assert cursor(DetailCursor, start_date=FEBRUARY).floor is None


# --- details of parents without times --------------------------------------------------------------------------------


def test_ids_are_remembered_with_the_newest_time() -> None:
    made = cursor(IdCursor, {"updated_at": FEBRUARY, "seen": IdSet([7]).encode()})
    assert [made.due(number) for number in (7, 8)] == [False, True]
    made.passed(8, JANUARY)
    assert made.state == {"updated_at": FEBRUARY, "seen": IdSet([7, 8]).encode()}
    made.passed(9, MARCH)
    made.passed(10, None)
    assert made.state == {"updated_at": MARCH, "seen": IdSet([7, 8, 9, 10]).encode()}


def test_an_id_that_is_no_number_is_always_due() -> None:
    made = cursor(IdCursor)
    made.passed("7", JANUARY)
    assert made.due("7")


# --- all -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [ListCursor, DetailCursor, IdCursor])
@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({"updated_at": "soon"}, "updated_at is not a time"),
        ({"updated_at": 5}, "updated_at is not a time"),
        ({"updated_at": None}, "updated_at is not a time"),
        ({"updated_at": {"from": MARCH}}, "updated_at is not a time"),
        ({"page": 3}, "unknown keys page"),
        ({"updated_at": MARCH, "seen_at": MARCH, "next": 1}, "unknown keys next, seen_at"),
        ({"use_global_cursor": True, "state": {}}, "unknown keys state, use_global_cursor"),
    ],
)
def test_a_foreign_state_is_refused_by_its_stream(kind: type[StreamCursor], state: dict[str, Any], why: str) -> None:
    with pytest.raises(AirbyteTracedException, match=f"state of stream things cannot be used: .*{why}"):
        cursor(kind, state)


@pytest.mark.parametrize(
    ("kind", "state", "why"),
    [
        (ListCursor, {"updated_at": MARCH, "id": 7}, "unknown keys id"),
        (ListCursor, {"updated_at": MARCH, "seen": ""}, "unknown keys seen"),
        (DetailCursor, {"updated_at": MARCH, "seen": ""}, "unknown keys seen"),
        (DetailCursor, {"updated_at": MARCH, "id": "7"}, "id is not a number"),
        (DetailCursor, {"updated_at": MARCH, "id": None}, "id is not a number"),
        (DetailCursor, {"updated_at": MARCH, "id": True}, "id is not a number"),
        (DetailCursor, {"id": 7}, "id is not a number next to a time"),
        (DetailCursor, {"updated_at": MARCH, "recent": {"7": MARCH}}, "recent is broken"),
        (DetailCursor, {"updated_at": MARCH, "recent": None}, "recent is broken"),
        (DetailCursor, {"updated_at": MARCH, "recent": "AAAA"}, "recent is broken"),
        (DetailCursor, {"updated_at": MARCH, "recent": pack([1, 5])}, "recent is broken"),
        (IdCursor, {"updated_at": MARCH, "recent": ""}, "unknown keys recent"),
        (IdCursor, {"updated_at": MARCH, "seen": [1, 2]}, "seen is broken"),
        (IdCursor, {"updated_at": MARCH, "seen": None}, "seen is broken"),
        (IdCursor, {"updated_at": MARCH, "seen": "1-480"}, "seen is broken"),
    ],
)
def test_a_broken_state_is_refused_by_its_stream(kind: type[StreamCursor], state: dict[str, Any], why: str) -> None:
    with pytest.raises(AirbyteTracedException, match=f"state of stream things cannot be used: .*{why}"):
        cursor(kind, state)


@pytest.mark.parametrize("kind", [ListCursor, DetailCursor, IdCursor])
def test_a_state_is_emitted_at_once_or_every_five_minutes(kind: type[StreamCursor]) -> None:
    emitted: list[AirbyteMessage] = []
    clock = stopped()
    made = cursor(kind, emitted=emitted, clock=clock)
    made.emit_state()
    assert len(emitted) == 1
    clock.wait(299)
    made.emit_state(at_once=False)
    assert len(emitted) == 1
    clock.wait(1)
    made.emit_state(at_once=False)
    assert len(emitted) == 2
    made.emit_state(at_once=False)
    assert len(emitted) == 2


@pytest.mark.parametrize("package", ["source_talentics", "source_talentio"])
def test_the_states_that_the_docs_show_are_accepted(package: str) -> None:
    text = ROOT.joinpath("docs", "BEHAVIOR.md").read_text(encoding="utf-8")
    shown = [json.loads(line) for line in text.splitlines() if line.startswith('{"stream_descriptor"')]
    of_package = {stream_name(stream) for stream in read_manifest(package)["streams"]}
    states = [state for state in shown if state["stream_descriptor"]["name"] in of_package]
    assert len(states) >= 2
    names = [state["stream_descriptor"]["name"] for state in states]
    saved = [AirbyteStateMessageSerializer.load({"type": "STREAM", "stream": state}) for state in states]
    config = {"app_id": "app", "app_secret": "secret", "access_token": "token"}
    source = ManifestSource(package, None, config, saved, only=names)
    for stream in source.streams(config):
        expected = next(state["stream_state"] for state in states if state["stream_descriptor"]["name"] == stream.name)
        assert expected in (dict(stream.cursor.state), {"__ab_no_cursor_state_message": True})
