"""What goes wrong before a connection is encrypted is told by its cause. A real socket at the other end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from airbyte_cdk.sources.streams.http.error_handlers import ErrorResolution, ResponseAction

from connector_kit.errors import FailureTable


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


def told_of(first_words: bytes) -> ErrorResolution:
    table = FailureTable(config={}, credential="the token", console="the console", permission="Ask.")
    with answering(first_words) as address, requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.RequestException) as failed:
            session.get(address, timeout=10)
    return table.interpret_response(failed.value)


def test_a_port_that_speaks_plain_http_is_told_as_that() -> None:
    told = told_of(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    assert told.response_action == ResponseAction.FAIL
    assert str(told.error_message).startswith(
        "The server answered in plain http, not in TLS. Check the host and the port"
    )


def test_a_connection_that_ends_while_it_is_secured_is_tried_again() -> None:
    told = told_of(b"")
    assert told.response_action == ResponseAction.RETRY
    assert told.error_message == "/v1: no usable answer (the connection was refused or reset)."
