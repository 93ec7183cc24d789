"""One attempt at a request: a worker thread sends it and settles its slot in the budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

import requests

from connector_kit.errors import GONE, UnexpectedAnswer
from connector_kit.http.failure_table import was_reset
from connector_kit.http.requester import Answer, Requester
from connector_kit.sync import Sync

# Connect and read time-outs of a check in seconds: it must answer within ten.
_CHECK_TIMEOUT = (3.0, 4.0)


@dataclass
class Attempt:
    """An attempt that is under way or answered.

    Args:
        sent: when it was submitted, by the monotonic clock.
        took: seconds from when a thread picked it up.
        retry_after: seconds after which its answer says to come back.
    """

    sent: float
    took: float = 0.0
    retry_after: float = 0.0
    future: Future[requests.Response | Answer] = field(init=False)


class AttemptLost(Exception):
    """No answer came, or not all of it. The slot is held: the next attempt is the same request, counted once."""

    def __init__(self, cause: requests.RequestException, by_burst: bool) -> None:
        super().__init__()
        self.cause = cause
        self.by_burst = by_burst


class AttemptNotSent(Exception):
    """A 429 closed the window while the request waited for a thread. Its slot was given back."""


class AttemptSender:
    """Sends the attempts of one dispatcher.

    Args:
        sync: what the run shares.
        requester: the endpoint.
        check: raises `UnexpectedAnswer` for a body that the endpoint would never send.
        window: the key of the budget's window that the requests draw from.
    """

    def __init__(self, sync: Sync, requester: Requester, check: Callable[[Answer], None], window: str) -> None:
        self._sync = sync
        self._requester = requester
        self._check = check
        self._window = window

    def submit(self, url: str, parameters: Mapping[str, str]) -> Attempt:
        """Hand a request, whose slot is reserved, to a worker thread.

        The attempt's future returns what `Requester.send` does. It raises `AttemptLost`, `AttemptNotSent`,
        `UnexpectedAnswer` or `Redirected`.
        """
        attempt = Attempt(self._sync.clock.monotonic())
        attempt.future = self._sync.pool.submit(self._send_timed, url, parameters, attempt)
        return attempt

    def abandon(self, attempt: Attempt, note: Callable[[Answer | None], None] = lambda _: None) -> None:
        """Cancel an attempt that is no longer needed. If it is under way, give its slot up should it be lost.

        `note` gets its answer if one comes, None for a 404, perhaps later and in another thread.
        """
        if attempt.future.cancel():
            self._sync.budget.release(self._window)
        else:
            attempt.future.add_done_callback(partial(self._end_unneeded, note))

    def _send_timed(self, url: str, parameters: Mapping[str, str], attempt: Attempt) -> requests.Response | Answer:
        began = self._sync.clock.monotonic()
        try:
            return self._send(url, parameters, attempt.sent)
        finally:
            attempt.took = self._sync.clock.monotonic() - began

    def _send(self, url: str, parameters: Mapping[str, str], sent: float) -> requests.Response | Answer:
        budget, window = self._sync.budget, self._window
        timeout = _CHECK_TIMEOUT if self._sync.checking else None
        if budget.is_closed(window):
            budget.release(window)
            raise AttemptNotSent
        self._sync.count_request(self._requester.endpoint)
        try:
            response = self._requester.send(
                self._sync.session, url, parameters, self._check, timeout, self._sync.clock.monotonic
            )
        except UnexpectedAnswer as error:
            budget.settle(window, 200, error.headers, sent)
            raise
        except requests.RequestException as error:
            raise AttemptLost(error, budget.lost(window, sent, was_reset(error))) from error
        except Exception:
            # Other streams draw from the same window and must not wait for this slot forever.
            budget.settle(window, 0, {}, sent)
            raise
        status = response.status if isinstance(response, Answer) else response.status_code
        budget.settle(window, status, response.headers, sent)
        return response

    def _end_unneeded(self, note: Callable[[Answer | None], None], future: Future[requests.Response | Answer]) -> None:
        error = future.exception()
        if isinstance(error, AttemptLost):
            self._sync.budget.give_up(self._window)
        elif error is None:
            result = future.result()
            if isinstance(result, Answer):
                note(result)
            elif result.status_code in GONE:
                note(None)
