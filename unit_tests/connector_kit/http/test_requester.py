"""A URL with nothing to quote is not taken apart, and is the same as if it were."""

from __future__ import annotations

import pytest
import requests

from connector_kit.http.requester import prepare_url
from connector_kit.http.transport import Adapter


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
