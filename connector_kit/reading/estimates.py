"""Estimates how many rows each stream will have, so that platforms can show how far a sync is."""

from __future__ import annotations

from collections.abc import Iterable

from connector_kit.reading.reader import StreamOutput
from connector_kit.records.extractor import RowExtractor
from connector_kit.sync import Sync

# A correction is emitted if it is larger than one part in so many of the last estimate, or if nothing is left to read.
# An average moves with each answer; a total that moves means something.
_TOLERANCE, _TOLERANCE_OF_AVERAGES = 50, 10


class RowEstimates:
    """The estimates of one reader's streams: what a stream has so far, and what the records left to read may hold.

    A record counts as one that the stream wants until it was seen. So the estimate of a list that is read in full for a
    few changed records comes down to them.

    Args:
        sync: the run.
        one_each: whether a record is one row, in a stream that is not derived.
    """

    def __init__(self, sync: Sync, one_each: bool) -> None:
        self._sync = sync
        self._one_each = one_each
        self._wanted: dict[str, int] = {}
        self._rows: dict[str, int] = {}
        self._emitted: dict[str, int] = {}

    def add(self, stream: str, wanted: int, rows: int) -> None:
        """Note how many records a stream wanted, and how many rows they were."""
        self._wanted[stream] = self._wanted.get(stream, 0) + wanted
        self._rows[stream] = self._rows.get(stream, 0) + rows

    def emit(self, outputs: Iterable[StreamOutput], remaining: int) -> None:
        """Emit the estimates that have changed, with `remaining` records left to read."""
        for output in outputs:
            wanted, rows = self._wanted.get(output.name, 0), self._rows.get(output.name, 0)
            is_exact = self._one_each and not isinstance(output.selector.extractor, RowExtractor)
            if remaining and not (wanted or is_exact):
                continue
            rate = 1 if is_exact or not wanted else rows / wanted
            estimate, last = rows + round(remaining * rate), self._emitted.get(output.name)
            part = _TOLERANCE if is_exact else _TOLERANCE_OF_AVERAGES
            tolerance = last // part if last and remaining else 0
            if last is None or abs(estimate - last) > tolerance:
                self._emitted[output.name] = estimate
                self._sync.emit_estimate(output.name, estimate)
