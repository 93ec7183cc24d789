"""Sends a stream's requests: several in flight, answers in the order asked, waiting aloud for limits and retries."""

from __future__ import annotations

import logging
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ErrorResolution, ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.errors import PAUSES, Redirected, UnexpectedAnswer, failure, lasting
from connector_kit.requester import Answer, Requester
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")

# A wait is told at least once a minute, so that nobody takes a silent sync for a hung one.
_TELL_EVERY = 60.0
# Connect and read time-outs of a check, which must answer within ten seconds.
_CHECK_TIMEOUT = (3.0, 6.0)
# Below this a wait is over before anybody would read of it.
_WORTH_TELLING = 5.0

_LIMIT = "the rate limit is reached"

Job = TypeVar("Job")


@dataclass
class Question(Generic[Job]):
    """One request to send: which job it is for, where to, and what a usable body looks like."""

    job: Job
    url: str
    parameters: dict[str, str] = field(default_factory=dict)


def spoken(seconds: float) -> str:
    """A span as people say it: `6 h 12 min`, `15 min`, `40 s`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class Stopped(Exception):
    """The process is to end; whoever waits gives up."""


class Flights:
    """The requests of one reading.

    Args:
        sync: what the run shares.
        requester: the endpoint.
        check: raises `UnexpectedAnswer` for a body that is not what the endpoint gives.
        label: the stream's name, for the log.
        before_wait: called before a wait of seconds or more, so that what was read is confirmed first.
        left: how many requests are still to send, for the log; None where nobody knows.
    """

    def __init__(
        self,
        sync: Sync,
        requester: Requester,
        check: Callable[[Any], None],
        label: str,
        before_wait: Callable[[], None] = lambda: None,
        left: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._sync = sync
        self._requester = requester
        self._check = check
        self._label = label
        self._before_wait = before_wait
        self._left = left

    def ask(self, question: Question[Job]) -> Answer | None:
        """One request to its end. None where the answer is that there is nothing (404 and the table says so)."""
        for _, answer in self.in_order([question]):
            return answer
        raise AssertionError("a question has exactly one answer")

    def in_order(self, questions: Iterable[Question[Job]]) -> Iterator[tuple[Job, Answer | None]]:
        """Send the questions, `num_workers` at a time at the most, and give the answers in the questions' order."""
        waiting = iter(questions)
        pending: Question[Job] | None = next(waiting, None)
        flying: deque[tuple[Question[Job], Future[requests.Response | Answer]]] = deque()
        try:
            while pending is not None or flying:
                pause = 0.0
                while pending is not None and len(flying) < self._sync.settings.num_workers:
                    pause = self._sync.budget.reserve(self._requester.scope)
                    if pause > 0:
                        break
                    flying.append((pending, self._take_off(pending)))
                    pending = next(waiting, None)
                if flying:
                    question, future = flying.popleft()
                    yield question.job, self._land(question, future)
                elif pause > 0:
                    self._wait(pause, _LIMIT)
        finally:
            # A reader that stops early leaves nothing behind that would still be sent.
            for _, future in flying:
                if future.cancel():
                    self._sync.budget.release(self._requester.scope)

    def _take_off(self, question: Question[Job]) -> Future[requests.Response | Answer]:
        self._sync.count_request(self._requester.endpoint)
        return self._sync.pool.submit(self._send, question)

    def _send(self, question: Question[Job]) -> requests.Response | Answer:
        try:
            got = self._requester.send(
                self._sync.session,
                question.url,
                question.parameters,
                self._check,
                _CHECK_TIMEOUT if self._sync.checking else None,
            )
        except (UnexpectedAnswer, Redirected):
            self._sync.budget.settle(self._requester.scope, 200, {})
            raise
        # Without an answer the slot stays taken: the next try is the same request, and is not counted twice.
        status = got.status if isinstance(got, Answer) else got.status_code
        self._sync.budget.settle(self._requester.scope, status, got.headers)
        return got

    def _land(self, question: Question[Job], future: Future[requests.Response | Answer]) -> Answer | None:
        """The answer of one flight, sent again for as long as the failure table says."""
        tries = 0
        while True:
            resolution, lost = self._outcome(future)
            if isinstance(resolution, Answer):
                return resolution
            action = resolution.response_action
            if action == ResponseAction.IGNORE:
                return None
            if action == ResponseAction.RATE_LIMITED:
                logger.info("%s: %s", self._label, resolution.error_message)
            elif action == ResponseAction.RETRY:
                if not (lost and self._sync.budget.lost()):
                    tries += 1
                if tries > len(PAUSES) or self._sync.checking:
                    self._give_back(lost)
                    raise lasting(resolution, max(tries, 1))
                pause = PAUSES[max(tries, 1) - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
                logger.warning("%s: %s Trying again in %.0f s.", self._label, resolution.error_message, pause)
                self._wait(pause, "a retry is due")
            else:
                self._give_back(lost)
                raise failure(resolution)
            if not lost:
                self._reserve()
            future = self._take_off(question)

    def _give_back(self, lost: bool) -> None:
        if lost:
            self._sync.budget.settle(self._requester.scope, 0, {})

    def _outcome(self, future: Future[requests.Response | Answer]) -> tuple[Answer | ErrorResolution, bool]:
        """What came of a flight, and whether it was lost: no answer, its slot still taken."""
        handler = self._requester.error_handler
        try:
            got = future.result()
        except (UnexpectedAnswer, Redirected) as error:
            return handler.interpret_response(error), False
        except requests.RequestException as error:
            return handler.interpret_response(error), True
        return (got if isinstance(got, Answer) else handler.interpret_response(got)), False

    def _reserve(self) -> None:
        while (pause := self._sync.budget.reserve(self._requester.scope)) > 0:
            self._wait(pause, _LIMIT)

    def _wait(self, seconds: float, why: str) -> None:
        if self._sync.checking and seconds > _WORTH_TELLING:
            until = self._sync.clock.now() + timedelta(seconds=seconds)
            message = (
                f"The rate limit is used up. It resets at {until:%H:%M:%S} UTC; check again then. The credentials may "
                "well be right."
            )
            raise AirbyteTracedException(
                message=message, internal_message=message, failure_type=FailureType.transient_error
            )
        end = self._sync.clock.monotonic() + seconds
        if seconds >= _WORTH_TELLING:
            self._before_wait()
            if why == _LIMIT:
                self._sync.emit_rate_limited(self._label)
        while (remaining := end - self._sync.clock.monotonic()) > 0:
            if seconds >= _WORTH_TELLING:
                self._tell(remaining, why)
            if not self._sync.clock.wait(min(remaining, _TELL_EVERY)):
                raise Stopped
        self._sync.count_wait(seconds)

    def _tell(self, remaining: float, why: str) -> None:
        until = self._sync.clock.now() + timedelta(seconds=remaining)
        limit = self._sync.budget.described
        reason = f"limit of {limit} reached" if why == _LIMIT else why
        logger.info("%s: %s; next at %s UTC%s.", self._label, reason, f"{until:%H:%M:%S}", self._work_left(remaining))

    def _work_left(self, remaining: float) -> str:
        left = self._left()
        if not left:
            return ""
        budget = self._sync.budget
        seconds = remaining + (left - 1) // budget.limit * budget.period
        return f"; {left:,} left, about {spoken(seconds)}"
