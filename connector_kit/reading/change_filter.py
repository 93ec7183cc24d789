"""Leaves out of a list what no stream needs: the API's own filter by time, where it has one, and `start_date`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Optional

from airbyte_cdk.sources.declarative.models.declarative_component_schema import DatetimeBasedCursor

from connector_kit.reading.request_options import parameter_of


class ChangeFilter:
    """What a stream's cursor says of the list that it reads.

    Args:
        declared: the manifest's cursor; None if the list has no time of change.
        start: `start_date`, in microseconds since the epoch; None to read everything.
    """

    def __init__(self, declared: Optional[DatetimeBasedCursor], start: int | None) -> None:
        self.start = start
        # The field with the time of a record's last update; "" if there is none.
        self.time_field = declared.cursor_field if declared else ""
        # The query parameter that leaves out what was last updated before some time; "" if the API has none.
        self._parameter = parameter_of(declared.start_time_option) if declared and declared.start_time_option else ""
        self._format = declared.datetime_format if declared else ""

    def since_start(self) -> dict[str, str]:
        """Return the query parameter that leaves out what is older than `start_date`."""
        return self.after([None if self.start is None else self.start - 1])

    def after(self, floors: Sequence[int | None]) -> dict[str, str]:
        """Return the query parameter that leaves out what is at or before all floors; nothing if a floor is None."""
        bounds = [bound for bound in floors if bound is not None]
        if not self._parameter or not bounds or len(bounds) < len(floors):
            return {}
        # One second earlier, because nobody documents whether the API includes the bound itself.
        moment = datetime.fromtimestamp(0, tz=timezone.utc) + timedelta(seconds=min(bounds) // 1_000_000 - 1)
        return {self._parameter: moment.strftime(self._format)}

    def is_too_old(self, instant: int | None) -> bool:
        """Whether a record with this time is older than `start_date`."""
        return self.start is not None and instant is not None and instant < self.start

    def counts(self, instant: int | None) -> bool:
        """Whether a record with this time is in the sync: whatever the server counts, where it leaves out the rest."""
        return bool(self._parameter) or not self.is_too_old(instant)
