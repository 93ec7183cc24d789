"""Waits for a rate limit or a retry, and reports it: to people in the log, to platforms in messages.

A check never waits: it fails and says until when it would have to.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")

# Seconds between log lines of one wait, so that nobody takes a silent sync for a hung one.
LOG_EVERY = 60.0
# Seconds between status messages: platforms don't take log lines as a sign of life, and some streams have no state.
STATUS_EVERY = 540.0
# A shorter wait is over before anybody could read about it.
_SHORTEST_REPORTED = 2.0

LIMIT = "the rate limit is reached"


def format_duration(seconds: float) -> str:
    """Return a span of seconds as people write it: `6 h 12 min`, `15 min`, `40 s`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class Waits:
    """The waits of one reader.

    Args:
        sync: what the run shares.
        window: the key of the budget's window that its requests draw from.
        label: the stream's name, for the log.
        waiting: returns the names of the selected streams that wait when this reader waits.
        emit_states: emits the state, at once (True) or if the last one was a while ago (False).
        remaining: returns how many requests are still to send; None where nobody knows.
    """

    def __init__(
        self,
        sync: Sync,
        window: str,
        label: str,
        waiting: Callable[[], Iterable[str]],
        emit_states: Callable[[bool], None],
        remaining: Callable[[], int | None],
    ) -> None:
        self._sync = sync
        self._window = window
        self._label = label
        self._waiting = waiting
        self._emit_states = emit_states
        self._remaining = remaining

    def wait(self, seconds: float, why: str) -> None:
        """Wait, and report it if it takes more than a moment.

        Args:
            seconds: how long.
            why: `LIMIT`, or the reason in words for the log.

        Raises:
            AirbyteTracedException: this is a check.
        """
        if self._sync.checking:
            message = f"The rate limit is used up. {self._when_it_resets()} This says nothing about the credentials."
            raise AirbyteTracedException(
                message=message, internal_message=message, failure_type=FailureType.transient_error
            )
        if seconds < _SHORTEST_REPORTED:
            self._sync.clock.wait(seconds)
            self._emit_states(False)
            return
        self._emit_states(True)
        with self._sync.counting_wait():
            self._wait_and_report(
                self._sync.clock.monotonic() + seconds, why, to_platforms=why == LIMIT or seconds > STATUS_EVERY
            )
        self._emit_states(True)

    def _wait_and_report(self, end: float, why: str, to_platforms: bool) -> None:
        last_status = float("-inf")
        while (remaining := end - (now := self._sync.clock.monotonic())) > 0:
            if to_platforms and now - last_status >= STATUS_EVERY:
                until = self._sync.clock.now() + timedelta(seconds=remaining)
                self._sync.emit_rate_limited(self._waiting(), until)
                last_status = now
            self._log(remaining, why)
            self._sync.clock.wait(min(remaining, LOG_EVERY))
            # A destination that receives nothing for a quarter of an hour may give the sync up.
            self._emit_states(False)

    def _when_it_resets(self) -> str:
        resets_in = self._sync.budget.resets_in(self._window)
        if resets_in is None:
            period = self._sync.budget.describe_period(self._window)
            return f"The server does not say when it resets; it takes {period} at most. Check again then."
        now = self._sync.clock.now()
        until = now + timedelta(seconds=resets_in)
        day = "" if until.date() == now.date() else f"{until:%Y-%m-%d} "
        return f"It resets at {day}{until:%H:%M:%S} UTC; check again then."

    def _log(self, remaining: float, why: str) -> None:
        until = self._sync.clock.now() + timedelta(seconds=remaining)
        limit = self._sync.budget.describe_limit(self._window)
        reason = f"limit of {limit} reached" if why == LIMIT else why
        logger.info(
            "%s: %s; next request at %s UTC%s.", self._label, reason, f"{until:%H:%M:%S}", self._work_left(remaining)
        )

    def _work_left(self, pause: float) -> str:
        """Return `; 1,240 requests left, about 6 h 15 min`, or nothing where nobody knows what is left."""
        own = self._remaining()
        if not own:
            return ""
        # Other readers draw from the same window, so all of their requests count.
        together = sum(count() or 0 for window, count in [*self._sync.remaining.values()] if window == self._window)
        seconds = self._sync.budget.seconds_to_send(self._window, max(own, together), pause)
        return f"; {own:,} requests left, about {format_duration(seconds)}"
