"""Limits are kept as both vendors state them, and told in headers as they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox import Limit, World

Ask = Callable[..., tuple[int, dict[str, str], Any]]
Make = Callable[..., World]


def statuses(ask: Ask, world: World, path: str, count: int) -> list[int]:
    return [ask(world, path)[0] for _ in range(count)]


def test_talentics_limits_each_of_five_endpoints_by_itself(make: Make, talentics: Ask) -> None:
    world = make(talentics_limit=Limit(3, 900))
    exam, job = world.data.ids("exams")[0], world.data.ids("jobs")[0]
    ticket, applicant = world.data.ids("tickets", exam)[0], world.data.ids("applicants", job)[0]
    for path in ("/exams", f"/exams/{exam}", f"/exams/{exam}/tickets", f"/exams/tickets/{ticket}/scores", "/jobs"):
        assert statuses(talentics, world, path, 4)[3] == 429, path
    for path in (f"/jobs/{job}", f"/jobs/{job}/applicants", f"/jobs/applicants/{applicant}"):
        assert statuses(talentics, world, path, 9) == [200] * 9, path


def test_the_window_opens_with_the_first_request_and_ends_by_itself(make: Make, talentics: Ask, clock: Any) -> None:
    world = make(talentics_limit=Limit(2, 900))
    clock.advance(500)
    assert statuses(talentics, world, "/exams", 3) == [200, 200, 429]
    clock.advance(899)
    assert statuses(talentics, world, "/exams", 1) == [429]
    clock.advance(1)
    assert statuses(talentics, world, "/exams", 3) == [200, 200, 429]


def test_talentics_tells_the_limit_as_laravel_does(make: Make, talentics: Ask, clock: Any) -> None:
    world = make(talentics_limit=Limit(1, 900))
    _, headers, _ = talentics(world, "/exams")
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("1", "0")
    assert "Retry-After" not in headers
    clock.advance(100)
    status, headers, _ = talentics(world, "/exams")
    assert status == 429
    assert headers["Retry-After"] == "800"
    assert headers["X-RateLimit-Reset"] == str(int(clock()) + 800)


def test_headers_of_the_limit_can_be_left_out(make: Make, talentics: Ask, talentio: Ask) -> None:
    silent: dict[str, Any] = {"talentics_limit_headers": "none", "talentio_limit_headers": False}
    world = make(talentics_limit=Limit(1, 900), talentio_limit=Limit(1, 3600), **silent)
    for ask, path in ((talentics, "/exams"), (talentio, "/candidates")):
        for status in (200, 429):
            answer = ask(world, path)
            assert answer[0] == status
            assert not [name for name in answer[1] if name.startswith(("X-R", "Retry"))]


def test_one_window_can_hold_for_all_of_talentics(make: Make, talentics: Ask) -> None:
    world = make(talentics_limit=Limit(2, 900), talentics_window="shared")
    assert [talentics(world, path)[0] for path in ("/exams", "/jobs", "/exams")] == [200, 200, 429]


def test_talentio_counts_all_endpoints_together_and_tells_seconds(make: Make, talentio: Ask, clock: Any) -> None:
    world = make(talentio_limit=Limit(3, 3600))
    _, headers, _ = talentio(world, "/candidates")
    assert (headers["X-Remaining"], headers["X-Reset"]) == ("2", "3600")
    clock.advance(2447)
    _, headers, _ = talentio(world, "/channels")
    assert (headers["X-Remaining"], headers["X-Reset"]) == ("1", "1153")
    assert talentio(world, "/candidates/1")[0] == 404
    status, headers, body = talentio(world, "/channels")
    assert (status, headers["X-Remaining"], body["error"]["code"]) == (429, "0", 429)


def test_somebody_else_may_use_the_same_window(make: Make, talentics: Ask, talentio: Ask, clock: Any) -> None:
    world = make(talentics_limit=Limit(5, 900), talentio_limit=Limit(5, 3600), other_client=3)
    for _ in range(2):
        assert statuses(talentics, world, "/exams", 3) == [200, 200, 429]
        assert statuses(talentio, world, "/channels", 3) == [200, 200, 429]
        clock.advance(3600)


def test_a_refused_credential_costs_nothing(make: Make, talentics: Ask) -> None:
    world = make(talentics_limit=Limit(1, 900))
    assert world.handle("GET", "/talentics/v2/exams")[0] == 401
    assert talentics(world, "/exams")[0] == 200


def test_a_burst_resets_connections(make: Make, talentio: Ask, clock: Any) -> None:
    world = make(burst=2)
    assert statuses(talentio, world, "/channels", 2) == [200, 200]
    with pytest.raises(ConnectionResetError):
        talentio(world, "/channels")
    clock.advance(1)
    assert talentio(world, "/channels")[0] == 200


@pytest.mark.parametrize(
    ("text", "limit", "duration"),
    [
        ("50/15m", Limit(50, 900), "PT15M"),
        ("50/7s", Limit(50, 7), "PT7S"),
        ("5000/3600s", Limit(5000, 3600), "PT1H"),
        ("5000/1h", Limit(5000, 3600), "PT1H"),
    ],
)
def test_limits_are_written_as_requests_and_period(text: str, limit: Limit, duration: str) -> None:
    assert Limit.parse(text) == limit
    assert limit.duration == duration


@pytest.mark.parametrize("text", ["50", "50/", "x/7s", "50/0s", "50/7d"])
def test_other_limits_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a limit"):
        Limit.parse(text)
