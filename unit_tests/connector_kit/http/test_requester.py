"""URLs are those of requests, connections are shared with nobody else, and answers have the time of their headers."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
import requests

from connector_kit.http.requester import Answer, prepare_url
from connector_kit.http.transport import Adapter
from connector_kit.source import ManifestSource
from unit_tests.support.clock import SharedClock
from unit_tests.support.transport import LATENCY, Transport
from unit_tests.support.vendors import TALENTIO


@pytest.mark.parametrize(
    "parameters",
    [{}, {"page": "1"}, {"per_page": "100", "page": "2"}, {"updatedAtFrom": "2024-01-01T00:00:00"}, {"q": "a b&ö"}],
)
@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/v2/exams/1",
        "http://127.0.0.1:8080/api/v1/candidates/5/comments",
        "https://EXAMPLE.com/A",
        "https://example.com:0443/a",
        "https://example.com:443/a",
        "https://example.com",
        "https://example.com/",
        "https://example.com/a/",
        "https://example.com//a",
        "https://example.com/a/../b/./c",
        "https://example.com/a b/%7e/é",
        "https://example.com/%7Bid%7D",
        "https://example.com/a?b=c#d",
        "https://例え.jp/a",
        "https://[::1]:8080/a",
    ],
)
def test_a_prepared_url_is_that_of_requests(url: str, parameters: dict[str, str]) -> None:
    ours, theirs = requests.PreparedRequest(), requests.PreparedRequest()
    prepare_url(ours, url, parameters)
    theirs.prepare_url(url, parameters)
    assert ours.url == theirs.url


def test_servers_and_ways_to_verify_them_do_not_share_connections() -> None:
    adapter = Adapter(pool_connections=4)

    def pool(url: str, verify: bool | str = True) -> object:
        return adapter.get_connection_with_tls_context(requests.Request("GET", url).prepare(), verify)

    first = pool("https://example.com/a")
    assert pool("https://example.com/b?c=1") is first
    others = [
        pool("https://example.com:8443/a"),
        pool("https://example.org/a"),
        pool("https://example.com/a", verify=False),
        pool("http://example.com/a"),
    ]
    assert len({id(found) for found in [first, *others]}) == 5
    adapter.close()
    assert pool("https://example.com/a") is not first


class SlowBodies(Transport):
    """Sends an empty list whose body takes a minute."""

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(*args, **kwargs)
        advance = self._clock.advance

        class Body(io.BytesIO):
            def read(self, *sizes: Any) -> bytes:
                advance(60)
                return super().read(*sizes)

        response.raw = Body(b"[]")
        return response


class Server:
    def handle(self, *_: Any) -> tuple[int, Mapping[str, str], bytes]:
        return 200, {}, b"[]"


def test_an_answer_came_when_its_headers_did_however_long_its_body_takes() -> None:
    """Totals are put in the order in which they were counted, of which the size of a body says nothing."""
    clock = SharedClock()
    source = ManifestSource(
        TALENTIO.package, None, TALENTIO.credentials, None, clock=clock, transport=SlowBodies(Server(), clock)
    )
    sync = source.open()
    source.streams(TALENTIO.credentials)
    requester = source._registry.readers["channels"].requester
    began = clock.monotonic()
    answer = requester.send(sync.session, requester.url_for(), {}, lambda _: None, now=clock.monotonic)
    assert isinstance(answer, Answer)
    assert answer.arrived - began == pytest.approx(LATENCY)
    assert clock.monotonic() - began > 60
