"""The check where endpoints are closed to the credential: it tells which, and goes on to the next."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

import pytest
from airbyte_cdk.models import AirbyteConnectionStatus, Status

from connector_kit.manifest import load_manifest
from connector_kit.source import ManifestSource
from unit_tests.support.account import Account
from unit_tests.support.failing_streams import SIZES, SLOW, AtPaths, Happening, answers
from unit_tests.support.outcome import log_into

SOURCES = ("talentics", "talentio")
PAGE = b"\xef\xbb\xbf\n<!DOCTYPE html><html><title>Attention Required!</title></html>"
CLOSED = answers(403, b'{"message":"Forbidden"}')


def checked(source: str) -> list[str]:
    """The lists that the manifest names, as the ends of their paths."""
    names = load_manifest(f"source_{source}")["check"]["stream_names"]
    assert 1 < len(names) <= 4
    return list(names)


def check(source: str, happens: Mapping[str, Happening]) -> tuple[AirbyteConnectionStatus, list[str], list[str]]:
    """The verdict, the paths that were asked for, and the log."""
    account = Account(source, SIZES)
    transport = account.transport(AtPaths(happens), SLOW)
    made = ManifestSource(account.package, None, account.config, clock=account.clock, transport=transport)
    log: list[str] = []
    with log_into(log):
        status = made.check(logging.getLogger("airbyte"), account.config)
    return status, [path.rpartition("/")[2] for path in transport.asked], log


@pytest.mark.parametrize("source", SOURCES)
def test_an_open_account_takes_one_request_and_no_words(source: str) -> None:
    status, asked, _ = check(source, {})
    assert (status.status, status.message) == (Status.SUCCEEDED, None)
    assert asked == checked(source)[:1]


@pytest.mark.parametrize("source", SOURCES)
def test_endpoints_that_are_closed_are_named_and_leave_the_check_good(source: str) -> None:
    names = checked(source)
    for number in range(1, len(names)):
        status, asked, log = check(source, {rf"/{name}$": CLOSED for name in names[:number]})
        assert status.status == Status.SUCCEEDED
        assert asked == names[: number + 1]
        for name in names[:number]:
            assert re.search(rf"No access to .*/{name}\b.* \(HTTP 403\)", str(status.message))
            assert any(re.match(rf"{name}: No access to \S+/{name} \(HTTP 403\)\.", line) for line in log)
        assert f"{names[number]} can be read" in str(status.message)


@pytest.mark.parametrize("source", SOURCES)
def test_where_all_are_closed_the_check_fails_and_says_what_is_needed(source: str) -> None:
    status, asked, _ = check(source, {".": CLOSED})
    assert status.status == Status.FAILED
    assert asked == checked(source)
    assert all(f"/{name}" in str(status.message) for name in checked(source))
    assert "deselect the stream" in str(status.message)


@pytest.mark.parametrize("source", SOURCES)
def test_a_wrong_credential_is_asked_about_once(source: str) -> None:
    status, asked, _ = check(source, {".": answers(401)})
    assert status.status == Status.FAILED
    assert "HTTP 401" in str(status.message)
    assert len(asked) == 1


@pytest.mark.parametrize("source", SOURCES)
def test_a_page_of_a_firewall_is_no_word_about_the_credential(source: str) -> None:
    status, asked, _ = check(source, {".": answers(403, PAGE)})
    assert status.status == Status.FAILED
    assert re.match(r"A firewall or proxy in front of the API blocked \S+ \(HTTP 403 with an HTML", str(status.message))
    assert len(asked) == 1


def test_a_failure_behind_a_closed_endpoint_fails_the_check() -> None:
    status, _, log = check("talentics", {r"/exams$": CLOSED, r"/jobs$": answers(401)})
    assert status.status == Status.FAILED
    assert "HTTP 401" in str(status.message)
    assert any("No access to /talentics/v2/exams" in line for line in log)
