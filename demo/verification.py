"""Compares what the second sync changed in the tables, and what it asked for, with what the sandbox changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

from demo.report import Requests
from demo.streams import CHILDREN, DELETIONS, LISTS, MADE_FROM, Stream, requests_of
from demo.tables import Difference

Announced = Mapping[str, Mapping[str, Iterable[Any]]]
"""The sandbox's answer: `created`, `updated`, `deleted`; in each, ids by kind of record."""


def expected_ids(announced: Announced, living: Callable[[str, str], set[int]]) -> dict[str, dict[str, set[int]]]:
    """By source and list, the ids whose rows must be new or different: created or updated, and not deleted since.

    `living` gives the ids that a list has now, by source and stream.
    """
    return {
        source: {
            stream: {
                record for done in ("created", "updated") for record in announced.get(done, {}).get(kind, ())
            }.intersection(living(source, stream))
            for stream, kind in lists.items()
        }
        for source, lists in LISTS.items()
    }


def deviations(
    source: str,
    expected: Mapping[str, set[int]],
    gone: Mapping[str, set[int]],
    differences: Mapping[str, Difference],
) -> list[str]:
    """One sentence for each stream whose changed rows are not those of the changed records; empty when all is right.

    `expected` are the ids of records that were created or updated, `gone` those that were deleted, by list.
    """
    found = []
    for stream, difference in differences.items():
        if stream == DELETIONS:
            continue
        changed, of = set(difference.changed_keys), _list_of(source, stream)
        due = expected[of] | gone[of]
        if stream == of:
            if missing := due - changed:
                found.append(f"{source}.{stream}: the sync missed changes of {_some(missing)}")
            if kept := gone[stream] - difference.deleted_keys:
                found.append(f"{source}.{stream}: not marked as deleted: {_some(kept)}")
        if false := difference.deleted_keys - gone[of]:
            found.append(f"{source}.{stream}: marked as deleted, and still there: {_some(false)}")
        if surplus := changed - due:
            found.append(f"{source}.{stream}: rows changed that the sandbox did not change: {_some(surplus)}")
    return found


def needless_requests(
    source: str,
    streams: Sequence[Stream],
    expected: Mapping[str, set[int]],
    gone: Mapping[str, set[int]],
    second: Requests,
) -> list[str]:
    """One sentence for each stream that asked for more details than records changed; empty when all is right.

    Of a record that is no longer listed the source asks once whether it is gone. Equal rows that are written again are
    no change in a table: only the requests show a sync that read everything.
    """
    found = []
    for stream in streams:
        if not stream.incremental or stream.name not in CHILDREN[source] or stream.name in MADE_FROM[source]:
            continue
        parent = CHILDREN[source][stream.name][0]
        sent, due = requests_of(source, stream.name, second), len(expected[parent]) + len(gone[parent])
        if sent > due:
            found.append(f"{source}.{stream.name}: the sync sent {sent} requests where {due} records changed")
    return found


def _list_of(source: str, stream: str) -> str:
    return stream if stream in LISTS[source] else CHILDREN[source][stream][0]


def _some(ids: Set[int]) -> str:
    first = sorted(ids)[:5]
    return ", ".join(map(str, first)) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
