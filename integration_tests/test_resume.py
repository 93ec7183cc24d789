"""A sync that was killed goes on from its last state message, and state messages come often enough."""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from connector_kit.source import ManifestSource
from connector_kit.state import cursors as kit_state
from connector_kit.sync import Sync
from integration_tests.processes import configured, discovered, program, run, write_json
from sandbox import Limit, Settings, World, serve
from unit_tests.support.account import Account
from unit_tests.support.clock import SharedClock
from unit_tests.support.one_thread import Destination, Plan, run_sync
from unit_tests.support.run import catalog_of

# By source: the stream, what the sandbox calls its parents, its key, and its endpoint in the log of requests.
DETAILS = {
    "talentics": ("ticket_scores", "tickets", "ticket_id", "talentics.scores"),
    "talentio": ("candidate_details", "candidates", "id", "talentio.candidate"),
}
SIZES: dict[str, dict[str, Any]] = {
    "talentics": {"exams": 1, "tickets": 60, "unfinished_scores": "empty"},
    "talentio": {"candidates": 60},
}
WORKERS = pytest.mark.parametrize("workers", [1, 8])
BOTH = pytest.mark.parametrize("source", ["talentics", "talentio"])


def oldest_first(world: World, kind: str) -> list[int]:
    rows = world.data.collections[kind]
    return sorted(rows.all_ids(), key=lambda number: (rows.living(number).updated, number))


def asked(world: World, endpoint: str) -> list[int]:
    paths = [request.path for request in world.log.requests if request.endpoint == endpoint]
    return [int(next(part for part in reversed(path.split("/")) if part.isdecimal())) for path in paths]


@BOTH
def test_a_killed_program_goes_on_behind_its_last_state_message(tmp_path: Path, source: str) -> None:
    stream, kind, key, endpoint = DETAILS[source]
    # A wait of some seconds is the moment at which a sync confirms; half of the details fit before it.
    limit = Limit(30, 7)
    settings = Settings.for_size("small", talentics_limit=limit, talentio_limit=limit, **SIZES[source])
    with serve(settings) as sandbox:
        config = write_json(tmp_path / "config.json", {**sandbox.configs[source], "num_workers": 8})
        streams = discovered(run(program(source), "discover", "--config", config))
        selected = configured([declared for declared in streams if declared["name"] == stream])
        catalog = write_json(tmp_path / "catalog.json", selected)
        arguments = ["read", "--config", str(config), "--catalog", str(catalog)]
        confirmed, state = killed_behind_a_state([*program(source), *arguments], stream)
        order = oldest_first(sandbox.world, kind)
        reached = order.index(state["stream"]["stream_state"]["id"]) + 1
        assert confirmed == set(order[:reached])
        # The window's thirty, but for the lists' and the eight in flight.
        assert 20 <= reached <= 30

        sandbox.world.settings.talentics_limit = sandbox.world.settings.talentio_limit = None
        sandbox.world.log.clear()
        write_json(config, {**json.loads(config.read_text()), "rate_limit_requests": 10_000})
        saved = write_json(tmp_path / "state.json", [state])
        second = run([*program(source), *arguments, "--state", str(saved)])
        second.assert_clean()
        again = asked(sandbox.world, endpoint)
        # Eight at a time arrive in any order.
        assert sorted(again) == sorted(order[reached:])
    assert confirmed | {record[key] for record in second.records()[stream]} == set(order)


def killed_behind_a_state(command: list[str], stream: str) -> tuple[set[int], dict[str, Any]]:
    """Run a program and kill it in the wait that its first state message announces.

    Gives the ids of the records before the message, and the message.
    """
    key = {"ticket_scores": "ticket_id", "candidate_details": "id"}[stream]
    before: set[int] = set()
    state: dict[str, Any] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stdout is not None
        for line in process.stdout:
            message = json.loads(line)
            if message["type"] == "STATE":
                state = message["state"]
                break
            if message["type"] == "RECORD":
                before.add(message["record"]["data"][key])
        process.kill()
    assert process.returncode == -9
    return before, state


@BOTH
@WORKERS
@pytest.mark.parametrize("time", range(20))
def test_killed_at_any_moment_it_repeats_what_was_in_flight_alone(source: str, workers: int, time: int) -> None:
    stream, kind, _, _ = DETAILS[source]
    package = f"source_{source}"
    clock = SharedClock()
    world = World(Settings.for_size("small", talentics_limit=None, talentio_limit=None, **SIZES[source]), clock)
    clock.advance(3600)
    destination = Destination()
    # Every detail is confirmed as it lands, so that only flights are left to repeat.
    with mock.patch.object(kit_state, "_EMIT_EVERY", 0.0):
        first = run_sync(
            package,
            world,
            clock,
            {},
            streams=(stream,),
            plan=Plan(kill_at=3 + 3 * time),
            config={"num_workers": workers},
        )
    assert first.killed
    destination.commit(first)
    second = run_sync(package, world, clock, destination.state, streams=(stream,), config={"num_workers": workers})
    destination.commit(second)
    lists = {path for path in first.requests if "page=" in path}
    repeated = [path for path in second.requests if path in set(first.requests) - lists]
    assert len(repeated) <= workers
    assert {number for (number,) in destination.rows[stream]} == set(world.data.collections[kind].all_ids())


@pytest.mark.parametrize("limit", [Limit(50, 900), None])
def test_states_come_often_within_one_exam_of_thousands(limit: Limit | None) -> None:
    account = Account(
        "talentics",
        {
            "exams": 1,
            "tickets": 5000,
            "jobs": 0,
            "candidates": 0,
            "talentics_limit": limit,
            "unfinished_scores": "empty",
        },
    )
    world, clock = account.world, account.clock
    catalog = catalog_of(["ticket_scores"])
    config = {**account.config, "num_workers": 1}
    states: list[tuple[float, Mapping[str, Any]]] = []
    emit = Sync.emit_state

    def noted(self: Sync, stream: str, state: Mapping[str, Any]) -> None:
        states.append((clock(), dict(state)))
        emit(self, stream, state)

    source = ManifestSource(account.package, catalog, config, [], clock=clock, transport=account.transport())
    with mock.patch.object(Sync, "emit_state", noted):
        for _ in source.read(logging.getLogger("airbyte"), config, catalog, []):
            pass
    scores = [request for request in world.log.requests if request.endpoint == "talentics.scores"]
    order = oldest_first(world, "tickets")
    assert [int(request.path.split("/")[-2]) for request in scores] == order
    waits = [
        (number, earlier.time, later.time)
        for number, (earlier, later) in enumerate(pairwise(scores))
        if later.time - earlier.time > 5
    ]
    assert len(waits) == (0 if limit is None else 99)
    for number, begin, end in waits:
        # Before each wait, the last score that was read is confirmed.
        assert order[number] in [blob.get("id") for moment, blob in states if begin <= moment < begin + 1]
        # So it is at the wait's end, less the second that the next answer takes.
        assert order[number] in [blob.get("id") for moment, blob in states if end - 1 < moment < end]
    moments = [scores[0].time, *(moment for moment, _ in states), scores[-1].time]
    assert moments[-1] - moments[0] > 1200
    assert max(later - earlier for earlier, later in pairwise(moments)) <= 600
