"""Sends a stream's requests: several in attempt, answers in the order asked, tried again as the failure table says."""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import requests
from airbyte_cdk.sources.streams.http.error_handlers import ErrorResolution, ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.errors import Redirected, RequestFailure, UnexpectedAnswer, failure
from connector_kit.http.failure_table import PATIENCE, PAUSES, lasting, was_reset
from connector_kit.http.parent_failures import ParentFailures
from connector_kit.http.requester import Answer, Requester
from connector_kit.http.waits import LIMIT, TELL_EVERY, Waits, format_duration
from connector_kit.limits.headers import LimitHeaders
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte.connector_kit")

# Connect and read time-outs of a check, which must answer within ten seconds; and the longest that it waits in all,
# which also covers what a socket's time-outs don't: a name server that is silent, an answer that drips.
_CHECK_TIMEOUT = (3.0, 4.0)
_CHECK_WITHIN = 6.0
# A server that is down may say for how long, as a 429 does; it is waited for so long in all.
_LONGEST_TOLD = 3600.0
# So many tries that a burst of ours explains don't count: beyond it, a request that is always reset is a fault.
_MOST_FORGIVEN = 8
# One try that takes so long is enough to set a parent aside.
_TAKES_LONG = 20.0
Job = TypeVar("Job")


@dataclass
class _Attempt:
    """A try that is under way, when it was sent, and how many seconds it took from when a thread had it.

    Args:
        retry_after: seconds after which its answer says to come back.
    """

    sent: float
    took: float = 0.0
    retry_after: float = 0.0
    future: Future[requests.Response | Answer] = field(init=False)


@dataclass
class RequestSpec(Generic[Job]):
    """One request to send: which job it is for, where to, and whether it is tried once only."""

    job: Job
    url: str
    parameters: dict[str, str] = field(default_factory=dict)
    once: bool = False


@dataclass
class SetAside:
    """The answer for a parent that fails so far: it is asked for again when all others were."""

    fault: RequestFailure


class SetAsideError(Exception):
    """The same, for who asks for one answer."""

    def __init__(self, fault: RequestFailure) -> None:
        super().__init__()
        self.fault = fault


@dataclass
class _Tries:
    """The tries of one request so far.

    Args:
        number: those that count; `forgiven` are explained by a burst of ours.
        most: after so many a request that was set aside is so again; 0 for one that was not.
        failed_at: when the first one failed.
        hung: seconds that those behind the first took; `told`: seconds waited since the server said so.
        due: when the next one is, for a request that was set aside.
    """

    number: int = 0
    forgiven: int = 0
    most: int = 0
    failed_at: float | None = None
    hung: float = 0.0
    told: float = 0.0
    due: float = 0.0


class _Lost(Exception):
    """No answer, or not the whole of it. The slot is held: the next try is the same request, and not counted twice."""

    def __init__(self, cause: requests.RequestException, by_burst: bool) -> None:
        super().__init__()
        self.cause = cause
        self.by_burst = by_burst


class _NotSent(Exception):
    """The window was closed by a 429 while the request stood in line for a thread. Its slot is given back."""


class Dispatcher:
    """The requests of one reading.

    Args:
        sync: what the run shares.
        requester: the endpoint.
        check: raises `UnexpectedAnswer` for an answer that is not what the endpoint gives.
        label: the stream's name, for the log.
        waiting: gives the names of the selected streams that wait when this reading waits.
        emit_states: emits the state, at once (True) or when the last time is a while ago (False): before a wait of
            seconds or more, meanwhile, and at its end.
        remaining: how many requests are still to send, for the log; None where nobody knows.
        parents: the failures of single parents; where it is given, `in_order` gives them as answers.
        tell_every: seconds after which a wait for an answer is told, and told again.
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
        tell_every: float = TELL_EVERY,
    ) -> None:
        self._sync = sync
        self._requester = requester
        self._check = check
        self._label = label
        self._emit_states = emit_states
        self._parents = parents
        self._tell_every = tell_every
        self._tries: dict[str, _Tries] = {}
        self._window = requester.window_in(sync.budget)
        self._waits = Waits(sync, self._window, label, waiting, emit_states, remaining)
        sync.remaining[requester.endpoint] = (self._window, remaining)

    def ask(self, spec: RequestSpec[Job], patient: bool = False) -> Answer | None:
        """One request to its end. None where the answer is that there is nothing (404 and the table says so).

        Args:
            spec: the request.
            patient: never set it aside.

        Raises:
            RequestFailed: it failed for good, and perhaps others do not.
            SetAsideError: it failed so far. Ask again after `wait_for_set_aside`.
        """
        for _, answer in self._send_all([spec], patient):
            if isinstance(answer, SetAside):
                raise SetAsideError(answer.fault)
            if isinstance(answer, RequestFailure):
                raise failure(answer)
            return answer
        raise AssertionError("a spec has exactly one answer")

    def in_order(
        self, specs: Iterable[RequestSpec[Job]]
    ) -> Iterator[tuple[Job, Answer | RequestFailure | SetAside | None]]:
        """Send the requests, `num_workers` at a time at the most, and give the answers in their order.

        Behind them come those of the requests that were set aside.
        """
        again: list[RequestSpec[Job]] = []
        while True:
            for spec, answer in self._send_all(specs):
                if isinstance(answer, SetAside):
                    again.append(spec)
                yield spec.job, answer
            if not again:
                return
            self.wait_for_set_aside()
            specs, again = again, []

    def wait_for_set_aside(self) -> None:
        """Wait until the requests that were set aside are due again."""
        pause = max(tries.due for tries in self._tries.values()) - self._sync.clock.monotonic()
        if pause > 0:
            self._waits.wait(pause, "a retry is due")

    def _send_all(
        self, specs: Iterable[RequestSpec[Job]], patient: bool = False
    ) -> Iterator[tuple[RequestSpec[Job], Answer | RequestFailure | SetAside | None]]:
        waiting = iter(specs)
        pending: RequestSpec[Job] | None = next(waiting, None)
        in_flight: deque[tuple[RequestSpec[Job], _Attempt]] = deque()
        try:
            while pending is not None or in_flight:
                pause = 0.0
                while pending is not None and len(in_flight) < self._sync.settings.num_workers:
                    if in_flight and self._parents is not None and self._parents.in_doubt:
                        break
                    pause = self._sync.budget.reserve(self._window)
                    if pause > 0:
                        break
                    in_flight.append((pending, self._submit(pending)))
                    pending = next(waiting, None)
                if in_flight:
                    spec, attempt = in_flight.popleft()
                    yield spec, self._receive(spec, attempt, patient)
                elif pause > 0:
                    self._waits.wait(pause, LIMIT)
        except AirbyteTracedException:
            self._sync.remaining.pop(self._requester.endpoint, None)
            raise
        finally:
            # A reader that stops early leaves nothing behind that would still be sent.
            for _, attempt in in_flight:
                if attempt.future.cancel():
                    self._sync.budget.release(self._window)
                else:
                    attempt.future.add_done_callback(self._forget)

    def _submit(self, spec: RequestSpec[Job]) -> _Attempt:
        attempt = _Attempt(self._sync.clock.monotonic())
        attempt.future = self._sync.pool.submit(self._send, spec, attempt)
        return attempt

    def _send(self, spec: RequestSpec[Job], attempt: _Attempt) -> requests.Response | Answer:
        began = self._sync.clock.monotonic()
        try:
            return self._send_at(spec, attempt.sent)
        finally:
            attempt.took = self._sync.clock.monotonic() - began

    def _send_at(self, spec: RequestSpec[Job], sent: float) -> requests.Response | Answer:
        budget, window = self._sync.budget, self._window
        timeout = _CHECK_TIMEOUT if self._sync.checking else None
        if budget.is_closed(window):
            budget.release(window)
            raise _NotSent
        self._sync.count_request(self._requester.endpoint)
        try:
            got = self._requester.send(self._sync.session, spec.url, spec.parameters, self._check, timeout)
        except UnexpectedAnswer as error:
            budget.settle(window, 200, error.headers, sent)
            raise
        except requests.RequestException as error:
            raise _Lost(error, budget.lost(window, sent, was_reset(error))) from error
        except Exception:
            # Whatever it was, other streams draw from the same window and must not wait for this slot for ever.
            budget.settle(window, 0, {}, sent)
            raise
        status = got.status if isinstance(got, Answer) else got.status_code
        budget.settle(window, status, got.headers, sent)
        return got

    def _forget(self, future: Future[requests.Response | Answer]) -> None:
        if isinstance(future.exception(), _Lost):
            self._sync.budget.give_up(self._window)

    def _receive(
        self, spec: RequestSpec[Job], attempt: _Attempt, patient: bool
    ) -> Answer | RequestFailure | SetAside | None:
        """The answer of one attempt, sent again for as long as the failure table says."""
        budget, window = self._sync.budget, self._window
        key = f"{spec.url}?{spec.parameters}"
        tries = self._tries.pop(key, None) or _Tries()
        while True:
            try:
                resolution, lost = self._outcome(attempt)
            except _NotSent:
                self._until_free(budget.reserve)
                attempt = self._submit(spec)
                continue
            if isinstance(resolution, Answer):
                return resolution
            action = resolution.response_action
            if action == ResponseAction.IGNORE:
                return None
            if action == ResponseAction.RATE_LIMITED:
                logger.info("%s: %s", self._label, resolution.error_message)
            elif action == ResponseAction.RETRY and isinstance(resolution, RequestFailure):
                pause = self._pause_after(attempt, tries, lost)
                if pause is None or spec.once:
                    if lost:
                        budget.give_up(window)
                    if spec.once:
                        raise failure(resolution)
                    return self._failed_for_good(resolution, tries)
                is_set_aside = not patient and self._is_set_aside(tries, attempt)
                others = ", when the others were read" if is_set_aside else ""
                logger.warning("%s: %s Trying again in %.0f s%s.", self._label, resolution.error_message, pause, others)
                if is_set_aside:
                    if lost:
                        budget.give_up(window)
                    tries.most = tries.number + 1
                    tries.due = self._sync.clock.monotonic() + pause
                    self._tries[key] = tries
                    return SetAside(self._lasting(resolution, tries))
                self._waits.wait(pause, "a retry is due")
            else:
                if lost:
                    budget.give_up(window)
                if isinstance(resolution, RequestFailure) and self._parents is not None:
                    return resolution
                raise failure(resolution)
            self._until_free(budget.resend if lost else budget.reserve)
            attempt = self._submit(spec)

    def _is_set_aside(self, tries: _Tries, attempt: _Attempt) -> bool:
        if self._parents is None:
            return False
        most = tries.most or self._parents.tries
        return most is not None and (tries.number >= most or attempt.took >= _TAKES_LONG)

    def _pause_after(self, attempt: _Attempt, tries: _Tries, lost: _Lost | None) -> float | None:
        """Count a try that failed. Gives the seconds until the next one, None where there is none."""
        if lost and lost.by_burst and tries.forgiven < _MOST_FORGIVEN:
            tries.forgiven += 1
        else:
            tries.number += 1
        if tries.failed_at is None:
            tries.failed_at = self._sync.clock.monotonic()
        else:
            tries.hung += attempt.took
        enough = tries.number > len(PAUSES) or tries.hung >= PATIENCE or tries.told >= _LONGEST_TOLD
        if enough or self._sync.checking:
            return None
        pause = PAUSES[max(tries.number, 1) - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
        if attempt.retry_after:
            pause = max(pause, min(attempt.retry_after, _LONGEST_TOLD - tries.told))
            tries.told += pause
        return pause

    def _failed_for_good(self, fault: RequestFailure, tries: _Tries) -> RequestFailure:
        failed = self._lasting(fault, tries)
        if self._parents is None:
            raise failure(failed)
        return failed

    def _lasting(self, fault: RequestFailure, tries: _Tries) -> RequestFailure:
        span = self._sync.clock.monotonic() - (tries.failed_at or 0.0)
        return lasting(fault, tries.number + tries.forgiven, format_duration(span))

    def _outcome(self, attempt: _Attempt) -> tuple[Answer | ErrorResolution, _Lost | None]:
        """What came of a attempt, and how it was lost if it was."""
        handler = self._requester.error_handler
        try:
            got = self._result(attempt)
        except (UnexpectedAnswer, Redirected) as error:
            return handler.interpret_response(error), None
        except _Lost as lost:
            return handler.interpret_response(lost.cause), lost
        except NotInTime:
            request = requests.Request("GET", self._requester.url_for())
            return handler.interpret_response(requests.exceptions.Timeout(request=request)), None
        if isinstance(got, Answer):
            return got, None
        told = LimitHeaders.of(got.headers, self._sync.budget.period(self._window), self._sync.clock)
        attempt.retry_after = told.retry_after or 0.0
        return handler.interpret_response(got), None

    def _result(self, attempt: _Attempt) -> requests.Response | Answer:
        """What a attempt brings. A server that hangs holds it for minutes."""
        if self._sync.checking:
            # All requests of a check together.
            self._sync.check_ends = self._sync.check_ends or time.monotonic() + _CHECK_WITHIN
            return attempt.future.result(max(0.0, self._sync.check_ends - time.monotonic()))
        while True:
            try:
                return attempt.future.result(self._tell_every)
            except NotInTime:
                # It may have come at the last moment, or have failed with a time-out of its own.
                if attempt.future.done():
                    return attempt.future.result()
            took = self._sync.clock.monotonic() - attempt.sent
            logger.info("%s: waiting for an answer for %s.", self._label, format_duration(took))
            self._emit_states(False)

    def _until_free(self, ask: Callable[[str], float]) -> None:
        """Wait until the budget lets the next try out."""
        while (pause := ask(self._window)) > 0:
            self._waits.wait(pause, LIMIT)
