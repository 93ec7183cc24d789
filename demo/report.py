"""The tables that a run ends with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from demo.streams import DELETIONS, MADE_FROM, Stream, requests_of
from demo.tables import Difference, render

Requests = Mapping[str, Mapping[str, int]]
"""Counts by endpoint, as the sandbox's summary of requests has them."""


def demo_table(
    source: str, streams: Sequence[Stream], differences: Mapping[str, Difference], first: Requests, second: Requests
) -> str:
    """Rows, changes of the second sync and requests of both, by stream."""
    rows = []
    for stream in streams:
        difference = differences[stream.name]
        origin = "the lists" if stream.name == DELETIONS else MADE_FROM[source].get(stream.name)
        requests = f"with {origin}"
        if not origin:
            requests = " → ".join(f"{requests_of(source, stream.name, log):,}" for log in (first, second))
        rows.append((_marked(stream), f"{difference.rows:,}", f"{difference.changed:,}", requests))
    total = " → ".join(f"{sum(counts['requests'] for counts in log.values()):,}" for log in (first, second))
    rows.append(
        (
            "all",
            f"{sum(difference.rows for difference in differences.values()):,}",
            f"{sum(difference.changed for difference in differences.values()):,}",
            total,
        )
    )
    return render(("stream", "rows", "new or changed", "requests, 1st → 2nd sync"), rows, right=(1, 2))


def sync_table(streams: Sequence[Stream], differences: Mapping[str, Difference]) -> str:
    """Rows and what the sync changed, by stream."""
    rows = [
        (_marked(stream), f"{differences[stream.name].rows:,}", f"{differences[stream.name].changed:,}")
        for stream in streams
    ]
    return render(("stream", "rows", "new or changed"), rows, right=(1, 2))


def footnote(streams: Sequence[Stream]) -> str:
    """What the mark at a stream means; empty where none bears it."""
    if all(stream.incremental for stream in streams):
        return ""
    return "* The API gives these no time of change, so every sync reads them in full; only real changes are counted."


def _marked(stream: Stream) -> str:
    return stream.name if stream.incremental else f"{stream.name} *"
