"""What a walk remembers of a record takes tens of bytes, whatever happens to the list."""

from __future__ import annotations

import tracemalloc
from itertools import permutations

import pytest

from connector_kit.reading.seen_records import SeenRecords

RECORDS = 100_000


@pytest.mark.slow
@pytest.mark.parametrize("deletions", [0, 1, 100])
def test_a_record_takes_tens_of_bytes_also_after_deletions(deletions: int) -> None:
    tracemalloc.start()
    seen = SeenRecords()
    seen.begin_walk()
    for number in range(RECORDS):
        if number < deletions:
            seen.some_were_deleted(1)
        seen.is_new(1_000_000_000 + 3 * number, 1_700_000_000_000_000 + number)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seen.proven == RECORDS - max(0, deletions - 1)
    # The buckets alone are a third of it.
    assert taken < 60 * RECORDS


def test_a_list_that_grew_and_shrank_lost_as_many_in_whatever_order_its_totals_are_heard() -> None:
    for order in permutations(enumerate([12, 11, 12, 12, 10, 13])):
        seen = SeenRecords()
        for key in range(20):
            seen.is_new(key, 0)
        for at, total in order:
            seen.total_was(total, at)
        assert seen.proven == 20 - 3


def test_a_record_of_an_answer_older_than_a_deletion_is_not_proof_of_another() -> None:
    seen = SeenRecords()
    seen.total_was(2, at=1)
    seen.total_was(1, at=3)
    seen.is_new(7, 0)
    seen.noted(at=2)
    assert seen.proven == 0
    seen.is_new(7, 0)
    seen.noted(at=4)
    assert seen.proven == 1
