"""What a walk remembers of a record takes tens of bytes, whatever happens to the list."""

from __future__ import annotations

import tracemalloc

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
