"""Waiting aloud: what a wait says, to people in the log and to platforms in messages, and how often."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest
import requests
from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.streams.http.error_handlers import ErrorResolution, ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.errors import RequestFailure
from connector_kit.http.dispatcher import Dispatcher, RequestSpec
from connector_kit.http.requester import Answer, Requester
from connector_kit.http.waits import LOG_EVERY, format_duration
from connector_kit.limits.budget import RateLimit
from connector_kit.settings import Settings
from connector_kit.source import read_manifest
from connector_kit.sync import Sync
from unit_tests.support.clock import SharedClock

START = datetime(2024, 6, 1, 12, 0, tzinfo=timezone.utc).timestamp()


class Play:
    """A reading of so many requests under a limit of 50 per 15 minutes, and when it said what."""

    def __init__(
        self,
        *answers: int,
        checking: bool = False,
        log_every: float = LOG_EVERY,
        **config: Any,
    ) -> None:
        self.clock = SharedClock(START)
        self.statuses: list[tuple[float, str, int]] = []
        self.confirmed: list[tuple[float, bool]] = []
        self.on_confirm: Callable[[], object] = lambda: None
        self.asked = 0
        self._answers = list(answers)
        specification = read_manifest("source_talentics")["spec"]["connection_specification"]
        given = {"app_id": "an-app", "app_secret": "its-secret", "num_workers": 1, **config}
        settings = Settings.from_config(given, specification)
        self.sync = Sync(settings, requests.Session(), clock=self.clock, emit=self._note)
        self.sync.checking = checking
        limit = RateLimit(config.get("rate_limit_requests", 50), 900, "endpoint")
        self.requester = SimpleNamespace(
            endpoint="/exams/tickets/{id}/scores",
            window_in=lambda budget: budget.window_for("scores", limit),
            send=self._send,
            error_handler=_Handler(),
        )
        self._dispatcher = Dispatcher(
            self.sync,
            cast("Requester", self.requester),
            lambda _: None,
            "ticket_scores",
            waiting=lambda: ["ticket_scores", "aspect_scores"],
            emit_states=self._confirm,
            remaining=lambda: self._left,
            log_every=log_every,
        )

    def run(self, requests: int) -> None:
        self._left = requests
        for _ in self._dispatcher.in_order(RequestSpec(number, "https://api.test/") for number in range(requests)):
            self._left -= 1

    def _send(self, *_: Any) -> Any:
        status = self._answers.pop(0) if self._answers else 200
        self.asked += 1
        headers = {"Retry-After": "3600"} if status == 429 else {}
        return (
            Answer(200, {}, b"{}", {}, None) if status == 200 else SimpleNamespace(status_code=status, headers=headers)
        )

    def _confirm(self, at_once: bool) -> None:
        self.confirmed.append((self.clock.passed, at_once))
        self.on_confirm()

    def _note(self, message: AirbyteMessage) -> None:
        assert message.trace is not None
        status = message.trace.stream_status
        assert status is not None
        (reason,) = status.reasons or []
        assert (status.status.value, reason.type.value) == ("RUNNING", "RATE_LIMITED")
        reset = reason.rate_limited
        assert reset is not None
        self.statuses.append((self.clock.passed, status.stream_descriptor.name, int(reset.quota_reset or 0)))


class _Handler:
    def interpret_response(self, response: Any) -> ErrorResolution:
        if isinstance(response, requests.RequestException) or response.status_code == 503:
            return RequestFailure(response_action=ResponseAction.RETRY, error_message="no answer.")
        return ErrorResolution(response_action=ResponseAction.RATE_LIMITED, error_message="used up")


def test_a_wait_says_stream_limit_until_when_what_is_left_and_the_end(caplog: pytest.LogCaptureFixture) -> None:
    play = Play()
    with caplog.at_level("INFO"):
        play.run(1290)
    first = next(record.getMessage() for record in caplog.records)
    # 1,240 more than the 50 that went out: 24 windows of 15 minutes, behind the wait for the next one.
    assert first == (
        "ticket_scores: limit of 50 per 15 min reached; next request at 12:15:00 UTC; 1,240 requests left, "
        "about 6 h 15 min."
    )


def test_a_wait_is_told_every_minute_and_sends_a_status_every_ten(caplog: pytest.LogCaptureFixture) -> None:
    play = Play(429)
    times: list[float] = []
    with caplog.at_level("INFO"):
        play.clock.before_wait = lambda: times.append(play.clock.passed)
        play.run(1)
    told = [record for record in caplog.records if "next request at" in record.getMessage()]
    assert len(told) == len(times)
    assert times[0] == 0
    assert play.clock.passed == 3600
    assert all(later - earlier <= 60 for earlier, later in pairwise([*times, 3600]))
    moments = [moment for moment, stream, _ in play.statuses if stream == "aspect_scores"]
    assert moments == [moment for moment, stream, _ in play.statuses if stream == "ticket_scores"]
    assert moments[0] == 0
    assert all(later - earlier <= 600 for earlier, later in pairwise([*moments, 3600]))
    # State comes before the wait, behind it, and may come at each minute of it.
    assert [moment for moment, at_once in play.confirmed if at_once] == [0, 3600]
    assert {moment for moment, at_once in play.confirmed if not at_once} == {*times[1:], 3600}
    assert {reset for *_, reset in play.statuses} == {int((START + 3600) * 1000)}


def test_a_check_never_waits() -> None:
    play = Play(429, checking=True)
    with pytest.raises(AirbyteTracedException) as refused:
        play.run(1)
    assert re.match(
        r"The rate limit is used up\. It resets at 13:00:00 UTC; check again then\.", str(refused.value.message)
    )
    assert (play.clock.passed, play.asked) == (0, 1)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (3599, "1 h 0 min"), (3600, "1 h 0 min"), (22_320, "6 h 12 min")],
)
def test_how_spans_are_written(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_what_stands_in_line_for_a_thread_is_not_sent_into_a_window_that_closed() -> None:
    play = Play(200, 429, num_workers=4, rate_limit_requests=1000)
    moments: list[float] = []
    send = play._send

    def note(*_: Any) -> Any:
        moments.append(play.clock.passed)
        return send()

    play.requester.send = note
    # One thread for four slots, as where the other streams have the rest of them.
    play.sync._pool = ThreadPoolExecutor(1)
    play.run(8)
    assert [moment for moment in moments if moment < 3600] == [0, 0]
    assert len(moments) == 9
    assert play.sync.requests.total() == 9
    assert play.sync.budget.reserve("scores") == 0.0


def test_a_server_that_hangs_is_given_up_after_minutes_and_not_after_an_hour() -> None:
    play = Play()

    def hang(*_: Any) -> Any:
        play.asked += 1
        play.clock.advance(310)
        raise requests.exceptions.ReadTimeout

    play.requester.send = hang
    with pytest.raises(AirbyteTracedException) as given_up:
        play.run(1)
    assert play.asked == 2
    assert 620 <= play.clock.passed <= 630
    assert str(given_up.value.message) == (
        "no answer. It still failed after 2 tries over 5 min. What was read is kept; run the sync again to continue."
    )


@pytest.mark.parametrize(
    ("header", "wait"),
    [("120", 120), ("Sat, 01 Jun 2024 12:02:00 GMT", 120), ("soon", 1), ("0", 1), ("86400", 3600)],
    ids=["seconds", "a date", "nonsense", "at once", "a day"],
)
def test_a_server_that_is_down_is_asked_again_when_it_says(header: str, wait: float) -> None:
    play = Play()
    moments: list[float] = []

    def send(*_: Any) -> Any:
        moments.append(play.clock.passed)
        return SimpleNamespace(status_code=503, headers={"Retry-After": header}) if not moments[1:] else play._send()

    play.requester.send = send
    play.run(1)
    first, second = moments
    # Never earlier; without a word of the server's the pause is the usual one, with its jitter.
    assert second - first == pytest.approx(wait, rel=0.25 if wait == 1 else 1e-6)


def test_a_server_that_stays_down_is_waited_for_an_hour_in_all(caplog: pytest.LogCaptureFixture) -> None:
    play = Play()
    play.requester.send = lambda *_: SimpleNamespace(status_code=503, headers={"Retry-After": "1000"})
    with pytest.raises(AirbyteTracedException, match=r"still failed after 5 tries over 1 h 0 min"):
        play.run(1)
    # Platforms hear of waits that are longer than they go without a sign of life.
    assert {stream for _, stream, _ in play.statuses} == {"ticket_scores", "aspect_scores"}


def test_a_wait_that_goes_on_is_in_the_summary() -> None:
    play = Play(429)
    told: list[str] = []
    play.clock.before_wait = lambda: told.append(play.sync.summary())
    play.run(1)
    assert told[2].endswith(" 120 s waited for rate limits and retries.")


def test_waiting_for_an_answer_is_told_while_it_takes_long(caplog: pytest.LogCaptureFixture) -> None:
    play = Play(log_every=0.001)
    told = threading.Event()
    answer = play._send

    def hang(*_: Any) -> Any:
        play.clock.advance(120)
        assert told.wait(60)
        return answer()

    play.requester.send = hang
    play.on_confirm = told.set
    with caplog.at_level("INFO"):
        play.run(1)
    assert "ticket_scores: waiting for an answer for 2 min." in [record.getMessage() for record in caplog.records]


def test_the_end_is_estimated_with_all_that_draw_from_the_window(caplog: pytest.LogCaptureFixture) -> None:
    play = Play()
    play.sync.remaining["/exams/{id}/tickets"] = ("scores", lambda: 600)
    play.sync.remaining["/jobs"] = ("jobs", lambda: 6000)
    with caplog.at_level("INFO"):
        play.run(90)
    first = next(record.getMessage() for record in caplog.records)
    # 640 requests at 50 a window: the next one and 12 behind it.
    assert first.endswith("; 40 requests left, about 3 h 15 min.")


def test_two_dispatchers_of_one_endpoint_are_both_counted() -> None:
    """Details, and single records that a list asks about because they are missing."""
    play = Play()
    play.run(0)
    Dispatcher(play.sync, cast("Requester", play.requester), lambda _: None, "tickets", remaining=lambda: 7)
    assert [count() for _, count in play.sync.remaining.values()] == [0, 7]


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "The server does not say when it resets; it takes 15 min at most. Check again then."),
        ({"Retry-After": "120"}, "It resets at 12:02:00 UTC; check again then."),
        ({"Retry-After": "86400"}, "It resets at 2024-06-02 12:00:00 UTC; check again then."),
        ({"X-Reset": "300"}, "It resets at 12:05:00 UTC; check again then."),
    ],
    ids=["nothing", "minutes", "a day", "a reset"],
)
def test_a_check_says_what_the_server_said_of_the_reset_and_invents_nothing(
    headers: dict[str, str], words: str
) -> None:
    play = Play(checking=True)
    play.requester.send = lambda *_: SimpleNamespace(status_code=429, headers=headers)
    with pytest.raises(AirbyteTracedException) as refused:
        play.run(1)
    assert refused.value.message == f"The rate limit is used up. {words} This says nothing about the credentials."
