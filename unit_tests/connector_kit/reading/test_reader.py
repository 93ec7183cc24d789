"""Streams that share answers: nothing is read ahead of the slowest reader, so nothing piles up in memory."""

from __future__ import annotations

import math

import pytest

from connector_kit.reading.registry import ReaderRegistry
from connector_kit.records.format import AIRBYTE
from connector_kit.source import ManifestSource
from unit_tests.support.account import Account

CANDIDATES = 150
SHARED = {
    "candidates": ("candidates", "candidate_stages"),
    "candidate_details": ("candidate_details", "stage_evaluations", "evaluation_items"),
}


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("leader", SHARED)
def test_a_slow_reader_holds_up_the_requests(leader: str, workers: int) -> None:
    account = Account("talentio", {"candidates": CANDIDATES})
    transport = account.transport()
    config = {**account.config, "num_workers": workers}
    source = ManifestSource(
        account.package, config=config, only=SHARED[leader], clock=account.clock, transport=transport
    )
    sync = source.open(SHARED[leader])
    streams = source.streams(config)
    bound = ReaderRegistry(source.retrievers, sync, AIRBYTE)
    for stream in streams:
        bound.readers[stream.name].outputs[stream.name].schema = stream.get_json_schema()
    pages = math.ceil(CANDIDATES / 100)
    heard: set[int] = set()
    rows = 0
    for row in bound.readers[leader].read_all():
        rows += 1
        if leader == "candidates":
            heard.add(len(transport.sent))
            # The rows of a page are all given before the next page is asked for.
            assert len(transport.sent) <= math.ceil(rows / 100) + 1
            continue
        heard.add(row.data["id"] if row.stream_name == leader else row.data["candidateId"])
        # The list, what was given, and what is in flight.
        assert len(transport.sent) <= pages + len(heard) + workers
    sync.close()
    assert len(heard) == (pages if leader == "candidates" else CANDIDATES)
    assert rows > CANDIDATES
