"""Waits aloud: for a limit or a retry, told to people in the log and to platforms in messages.

A check never waits: it says until when it would have to.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")

# A wait is told at least once a minute, so that nobody takes a silent sync for a hung one.
TELL_EVERY = 60.0
# Platforms do not count lines of the log as signs of life; a status is one, also from a stream without a state.
STATUS_EVERY = 540.0
# Below this a wait is over before anybody would read of it.
_WORTH_TELLING = 2.0

LIMIT = "the rate limit is reached"


def format_duration(seconds: float) -> str:
    """A span as people say it: `6 h 12 min`, `15 min`, `40 s`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class Stopped(Exception):
    """The process is to end; whoever waits gives up."""


class Waits:
    """The waits of one reading.

    Args:
        sync: what the run shares.
        window: the key of the budget's window that its requests draw from.
        label: the stream's name, for the log.
        waiting: gives the names of the selected streams that wait when this reading waits.
        emit_states: emits the state, at once (True) or when the last time is a while ago (False).
        remaining: how many requests are still to send; None where nobody knows.
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
        if self._sync.checking:
            message = f"The rate limit is used up. {self._when_it_resets()} The credentials may well be right."
            raise AirbyteTracedException(
                message=message, internal_message=message, failure_type=FailureType.transient_error
            )
        if seconds < _WORTH_TELLING:
            if not self._sync.clock.wait(seconds):
                raise Stopped
            self._emit_states(False)
            return
        self._emit_states(True)
        with self._sync.counting_wait():
            self._wait_aloud(
                self._sync.clock.monotonic() + seconds, why, to_platforms=why == LIMIT or seconds > STATUS_EVERY
            )
        self._emit_states(True)

    def _wait_aloud(self, end: float, why: str, to_platforms: bool) -> None:
        said = float("-inf")
        while (remaining := end - (now := self._sync.clock.monotonic())) > 0:
            if to_platforms and now - said >= STATUS_EVERY:
                until = self._sync.clock.now() + timedelta(seconds=remaining)
                self._sync.emit_rate_limited(self._waiting(), until)
                said = now
            self._tell(remaining, why)
            if not self._sync.clock.wait(min(remaining, TELL_EVERY)):
                raise Stopped
            # A destination that hears nothing for a quarter of an hour may take the sync for dead.
            self._emit_states(False)

    def _when_it_resets(self) -> str:
        resets_in = self._sync.budget.resets_in(self._window)
        if resets_in is None:
            span = self._sync.budget.span(self._window)
            return f"The server does not say when it resets; at the latest in {span}. Check again then."
        now = self._sync.clock.now()
        until = now + timedelta(seconds=resets_in)
        day = "" if until.date() == now.date() else f"{until:%Y-%m-%d} "
        return f"It resets at {day}{until:%H:%M:%S} UTC; check again then."

    def _tell(self, remaining: float, why: str) -> None:
        until = self._sync.clock.now() + timedelta(seconds=remaining)
        limit = self._sync.budget.described(self._window)
        reason = f"limit of {limit} reached" if why == LIMIT else why
        logger.info("%s: %s; next at %s UTC%s.", self._label, reason, f"{until:%H:%M:%S}", self._work_left(remaining))

    def _work_left(self, remaining: float) -> str:
        left = self._remaining()
        if not left:
            return ""
        # Others that draw from the same window take their share of it.
        budget = self._sync.budget
        together = sum(count() or 0 for other, count in [*self._sync.remaining.values()] if other == self._window)
        return f"; {left:,} left, about {format_duration(budget.lasts(self._window, max(left, together), remaining))}"
