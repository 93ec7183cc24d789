"""Sends a reader's requests: several at a time, answers in the order asked, retries as the failure table says."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

import requests
from airbyte_cdk.sources.streams.http.error_handlers import ErrorResolution, ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.errors import Redirected, RequestFailure, UnexpectedAnswer, failure
from connector_kit.http.attempts import Attempt, AttemptLost, AttemptNotSent, AttemptSender
from connector_kit.http.failure_table import lasting
from connector_kit.http.parent_failures import ParentFailures
from connector_kit.http.requester import Answer, Requester
from connector_kit.http.retries import Retries
from connector_kit.http.waits import LIMIT, LOG_EVERY, Waits, format_duration
from connector_kit.limits.headers import LimitHeaders
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")

# The most seconds that a check waits for all its requests together. This also bounds what a socket's time-outs
# don't: a silent name server, an answer that drips.
_CHECK_WITHIN = 6.0
# One attempt that takes this many seconds is enough to set a parent aside.
_SLOW_ATTEMPT = 20.0
Job = TypeVar("Job")


@dataclass
class RequestSpec(Generic[Job]):
    """One request to send.

    Args:
        job: what the caller wants back with the answer, such as the parent that it is about.
        url: without its query.
        parameters: the query.
        once: True where a failure is final: it is not retried.
    """

    job: Job
    url: str
    parameters: dict[str, str] = field(default_factory=dict)
    once: bool = False


@dataclass
class SetAside:
    """Stands in for the answer of a parent that keeps failing: it is asked for again after all the others."""

    fault: RequestFailure


class SetAsideError(Exception):
    """A `SetAside`, for callers that ask for a single answer."""

    def __init__(self, fault: RequestFailure) -> None:
        super().__init__()
        self.fault = fault


# None where there is nothing (404, and the failure table says so).
Result = Answer | RequestFailure | SetAside | None


def answer_of(result: Result) -> Answer | None:
    """Return the answer of a request that nothing can stand in for.

    Raises:
        RequestFailed: it failed for good, though others may succeed.
        SetAsideError: it failed so far.
    """
    if isinstance(result, SetAside):
        raise SetAsideError(result.fault)
    if isinstance(result, RequestFailure):
        raise failure(result)
    return result


class Dispatcher:
    """Sends the requests of one reader.

    Args:
        sync: what the run shares.
        requester: the endpoint.
        check: raises `UnexpectedAnswer` for a body that the endpoint would never send.
        label: the stream's name, for the log.
        waiting: returns the names of the selected streams that wait when this reader waits.
        emit_states: emits the state, at once (True) or if the last one was a while ago (False). Called before and
            after a wait of seconds or more, and now and then during it.
        remaining: returns how many requests are still to send, for the log; None where nobody knows.
        parents: the failures of single parents; where it is given, `in_order` yields them as answers.
        log_every: seconds after which a wait for an answer is logged, and logged again.
    """

    def __init__(
        self,
        sync: Sync,
        requester: Requester,
        check: Callable[[Answer], None],
        label: str,
        waiting: Callable[[], Iterable[str]] = lambda: (),
        emit_states: Callable[[bool], None] = lambda _: None,
        remaining: Callable[[], int | None] = lambda: None,
        parents: ParentFailures | None = None,
        log_every: float = LOG_EVERY,
    ) -> None:
        self._sync = sync
        self._requester = requester
        self._label = label
        self._emit_states = emit_states
        self._parents = parents
        self._log_every = log_every
        self._retries: dict[str, Retries] = {}
        self._window = requester.window_in(sync.budget)
        self._sender = AttemptSender(sync, requester, check, self._window)
        self._waits = Waits(sync, self._window, label, waiting, emit_states, remaining)
        sync.remaining[self] = (self._window, remaining)

    def ask(self, spec: RequestSpec[Job], patient: bool = False) -> Answer | None:
        """Send one request and wait for its answer.

        Args:
            spec: the request.
            patient: never set it aside.

        Returns:
            The answer; None where there is nothing (404, and the failure table says so).

        Raises:
            RequestFailed: it failed for good, though others may succeed.
            SetAsideError: it failed so far. Ask again after `wait_for_set_aside`.
        """
        for _, answer in self.results(_one_by_one([spec]), patient):
            return answer_of(answer)
        raise AssertionError("a spec has exactly one answer")

    def in_order(self, specs: Iterable[RequestSpec[Job]]) -> Iterator[tuple[Job, Result]]:
        """Send the requests, up to `num_workers` at a time, and yield each job with its answer, in their order.

        A request that is set aside yields a `SetAside` in its place, and its answer after all the others.
        """
        again: list[RequestSpec[Job]] = []
        while True:
            for spec, answer in self.results(_one_by_one(specs)):
                if isinstance(answer, RequestFailure) and self._parents is None:
                    raise failure(answer)
                if isinstance(answer, SetAside):
                    again.append(spec)
                yield spec.job, answer
            if not again:
                return
            self.wait_for_set_aside()
            specs, again = again, []

    def wait_for_set_aside(self) -> None:
        """Wait until the requests that were set aside are due again."""
        pause = max(retries.due for retries in self._retries.values()) - self._sync.clock.monotonic()
        if pause > 0:
            self._waits.wait(pause, "waiting to retry")

    def results(
        self,
        next_spec: Callable[[], RequestSpec[Job] | None],
        patient: bool = False,
        is_needed: Callable[[RequestSpec[Job]], bool] = lambda _: True,
        note_unused: Callable[[RequestSpec[Job], Answer | None], None] = lambda *_: None,
    ) -> Iterator[tuple[RequestSpec[Job], Result]]:
        """Send what `next_spec` returns whenever a worker is free; yield each request and its result in that order.

        Ends when it returns None and nothing is under way. With `patient`, no request is set aside. A request that is
        not needed any more when its turn comes is called back where it can be, never tried again, and yields nothing:
        `note_unused` gets its answer if one comes, None for a 404, perhaps later and in another thread.
        """
        upcoming: RequestSpec[Job] | None = None
        under_way: deque[tuple[RequestSpec[Job], Attempt]] = deque()
        try:
            while True:
                pause = 0.0
                for _ in range(len(under_way)):
                    spec, attempt = under_way.popleft()
                    if is_needed(spec):
                        under_way.append((spec, attempt))
                    else:
                        self._sender.abandon(attempt, partial(note_unused, spec))
                if upcoming is not None and not is_needed(upcoming):
                    upcoming = None
                while len(under_way) < self._sync.settings.num_workers:
                    if under_way and self._parents is not None and self._parents.in_doubt:
                        break
                    upcoming = upcoming or next_spec()
                    if upcoming is None:
                        break
                    pause = self._sync.budget.reserve(self._window)
                    if pause > 0:
                        break
                    under_way.append((upcoming, self._submit(upcoming)))
                    upcoming = None
                if under_way:
                    spec, attempt = under_way.popleft()
                    yield spec, self._receive(spec, attempt, patient)
                elif pause > 0:
                    self._waits.wait(pause, LIMIT)
                else:
                    return
        except AirbyteTracedException:
            self._sync.remaining.pop(self, None)
            raise
        finally:
            # A reader that stops early must leave nothing behind that would still be sent.
            for spec, attempt in under_way:
                self._sender.abandon(attempt, partial(note_unused, spec))

    @property
    def slots_left(self) -> int:
        """How many requests the limit still lets out before a wait."""
        return self._sync.budget.slots_left(self._window)

    def _submit(self, spec: RequestSpec[Job]) -> Attempt:
        return self._sender.submit(spec.url, spec.parameters)

    def _receive(self, spec: RequestSpec[Job], attempt: Attempt, patient: bool) -> Result:
        """Wait for an attempt, retry it as the failure table says, and return its result."""
        budget, window = self._sync.budget, self._window
        key = f"{spec.url}?{spec.parameters}"
        retries = self._retries.pop(key, None) or Retries()
        while True:
            try:
                outcome, lost = self._outcome(attempt)
            except AttemptNotSent:
                self._wait_for_slot(budget.reserve)
                attempt = self._submit(spec)
                continue
            if isinstance(outcome, Answer):
                return outcome
            action = outcome.response_action
            if action == ResponseAction.IGNORE:
                return None
            if action == ResponseAction.RATE_LIMITED:
                logger.info("%s: %s", self._label, outcome.error_message)
            elif action == ResponseAction.RETRY and isinstance(outcome, RequestFailure):
                pause = self._pause_after(attempt, retries, lost)
                if pause is None or spec.once:
                    if lost:
                        budget.give_up(window)
                    return outcome if spec.once else self._failed_for_good(self._lasting(outcome, retries))
                is_set_aside = not patient and self._is_set_aside(retries, attempt)
                when = ", after the others" if is_set_aside else ""
                logger.warning("%s: %s Trying again in %.0f s%s.", self._label, outcome.error_message, pause, when)
                if is_set_aside:
                    if lost:
                        budget.give_up(window)
                    retries.set_aside_after = retries.counted + 1
                    retries.due = self._sync.clock.monotonic() + pause
                    self._retries[key] = retries
                    return SetAside(self._lasting(outcome, retries))
                self._waits.wait(pause, "waiting to retry")
            else:
                if lost:
                    budget.give_up(window)
                if isinstance(outcome, RequestFailure):
                    return self._failed_for_good(outcome)
                raise failure(outcome)
            self._wait_for_slot(budget.resend if lost else budget.reserve)
            attempt = self._submit(spec)

    def _pause_after(self, attempt: Attempt, retries: Retries, lost: AttemptLost | None) -> float | None:
        by_burst = lost is not None and lost.by_burst
        pause = retries.pause_after(attempt, by_burst, self._sync.clock.monotonic())
        return None if self._sync.checking else pause

    def _is_set_aside(self, retries: Retries, attempt: Attempt) -> bool:
        if self._parents is None:
            return False
        most = retries.set_aside_after or self._parents.tries
        return most is not None and (retries.counted >= most or attempt.took >= _SLOW_ATTEMPT)

    def _failed_for_good(self, failed: RequestFailure) -> RequestFailure:
        if self._parents is None:
            # Its list ends here: others that share the window no longer wait for what was still to come of it.
            self._sync.remaining.pop(self, None)
        return failed

    def _lasting(self, fault: RequestFailure, retries: Retries) -> RequestFailure:
        span = self._sync.clock.monotonic() - (retries.failed_at or 0.0)
        return lasting(fault, retries.counted + retries.forgiven, format_duration(span))

    def _outcome(self, attempt: Attempt) -> tuple[Answer | ErrorResolution, AttemptLost | None]:
        """Wait for an attempt and look it up in the failure table.

        Returns:
            A usable answer, or the table's row for it; and how the attempt was lost, if it was.
        """
        handler = self._requester.error_handler
        try:
            response = self._wait_for(attempt)
        except (UnexpectedAnswer, Redirected) as error:
            return handler.interpret_response(error), None
        except AttemptLost as lost:
            return handler.interpret_response(lost.cause), lost
        except NotInTime:
            request = requests.Request("GET", self._requester.url_for())
            return handler.interpret_response(requests.exceptions.Timeout(request=request)), None
        if isinstance(response, Answer):
            return response, None
        limit = LimitHeaders.of(response.headers, self._sync.budget.period(self._window), self._sync.clock)
        attempt.retry_after = limit.retry_after or 0.0
        return handler.interpret_response(response), None

    def _wait_for(self, attempt: Attempt) -> requests.Response | Answer:
        """Return what an attempt brings, and log once a minute that it takes long: a hanging server holds it."""
        if self._sync.checking:
            self._sync.check_ends = self._sync.check_ends or time.monotonic() + _CHECK_WITHIN
            return attempt.future.result(max(0.0, self._sync.check_ends - time.monotonic()))
        while True:
            try:
                return attempt.future.result(self._log_every)
            except NotInTime:
                # It may have arrived at the last moment, or have failed with a time-out of its own.
                if attempt.future.done():
                    return attempt.future.result()
            took = self._sync.clock.monotonic() - attempt.sent
            logger.info("%s: waiting for an answer for %s.", self._label, format_duration(took))
            self._emit_states(False)

    def _wait_for_slot(self, take_slot: Callable[[str], float]) -> None:
        """Wait until the budget has a slot; `take_slot` is its `reserve` or `resend`."""
        while (pause := take_slot(self._window)) > 0:
            self._waits.wait(pause, LIMIT)


def _one_by_one(specs: Iterable[RequestSpec[Job]]) -> Callable[[], RequestSpec[Job] | None]:
    return partial(next, iter(specs), None)
