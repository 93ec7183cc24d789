"""What goes wrong before a connection is encrypted is told by its cause. A real socket at the other end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from airbyte_cdk.sources.streams.http.error_handlers import ErrorResolution, ResponseAction

from connector_kit.http.failure_table import FailureTable


@contextmanager
def answering(first_words: bytes) -> Iterator[str]:
    """A server that gives these bytes to whoever has said something, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(first_words)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}/v1"
        thread.join(10)


TABLE = FailureTable(config={}, credential="the token", console="the console", permission="Ask.")


def told_of(first_words: bytes) -> ErrorResolution:
    with answering(first_words) as address, requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.RequestException) as failed:
            session.get(address, timeout=10)
    return TABLE.interpret_response(failed.value)


def test_a_port_that_speaks_plain_http_is_told_as_that() -> None:
    told = told_of(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    assert told.response_action == ResponseAction.FAIL
    assert str(told.error_message).startswith("The server answered in plain http, not TLS. Check the host and port")


def test_a_proxy_that_takes_plain_http_only_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as address:
        monkeypatch.setenv("HTTPS_PROXY", address)
        with pytest.raises(requests.RequestException) as failed, requests.Session() as session:
            session.get("https://api.test/v1", timeout=10)
    told = TABLE.interpret_response(failed.value)
    assert told.response_action == ResponseAction.FAIL
    assert str(told.error_message).startswith("HTTPS_PROXY: the proxy speaks plain http only. Start its address")


@pytest.mark.parametrize("words", ["certificate is not yet valid", "certificate has expired"])
def test_a_certificate_that_is_out_of_its_time_points_to_the_clock(words: str) -> None:
    told = TABLE.interpret_response(requests.exceptions.SSLError(f"[SSL: CERTIFICATE_VERIFY_FAILED] {words} (_ssl.c)"))
    assert told.response_action == ResponseAction.FAIL
    assert "has expired or is not valid yet by this machine's clock, which says 20" in str(told.error_message)


def test_a_connection_that_ends_while_it_is_secured_is_tried_again() -> None:
    told = told_of(b"")
    assert told.response_action == ResponseAction.RETRY
    assert told.error_message == "/v1: no usable answer (the connection was refused or reset)."
