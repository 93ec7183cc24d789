"""Requests to one endpoint: builds the URL and headers, sends one attempt, and parses the answer.

A `Requester` neither waits nor retries. `dispatcher.py` does both in the stream's thread, so that a worker thread never
sleeps while other endpoints have work.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from airbyte_cdk.sources.declarative.requesters.http_requester import HttpRequester
from airbyte_cdk.sources.declarative.requesters.requester import HttpMethod
from airbyte_cdk.sources.types import Config, StreamSlice
from airbyte_cdk.utils.mapping_helpers import get_interpolation_context

from connector_kit.errors import Redirected, UnexpectedAnswer
from connector_kit.http.failure_table import FailureTable
from connector_kit.http.transport import complete_within, discard, read_body
from connector_kit.limits.budget import Budget, RateLimit
from connector_kit.limits.headers import parse_http_date
from connector_kit.masking import mask
from connector_kit.records.bodies import Body, body_of, parsed

# Stands for the id in a URL template, which is evaluated only once. No real id looks like it.
_ID_PLACEHOLDER = "0connector0kit0id0"
# A dripping answer may take this many read time-outs as a whole; in a check it may take one.
WHOLE_ANSWER = 5

# URLs, names and values that go into a request unchanged, with nothing to quote and nothing to normalize.
_PLAIN_URL = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?::[1-9][0-9]*)?(?:/[A-Za-z0-9_-]+)+")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_-]+")


@dataclass
class Answer:
    """A usable answer.

    Args:
        status: the HTTP status, 2xx.
        headers: as the server sent them.
        content: the body's bytes, unpacked.
        body: the parsed body; None where there is none.
        server_time: the server's clock when it answered; None where it did not say.
        clean: see `Body`.
        repairs: see `Body`.
        records: the records of the body, put there by the reader's check.
        arrived: when its headers came, by the monotonic clock: answers to requests in flight overtake each other.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    body: Any
    server_time: datetime | None
    clean: bool = False
    repairs: tuple[str, ...] = ()
    records: list[dict[str, Any]] = field(default_factory=list)
    arrived: float = 0.0

    @property
    def is_bare(self) -> bool:
        """Whether it has no body at all, as with HTTP 204."""
        return not self.content

    def copy_of_body(self) -> Any:
        """Parse the body again: records are changed in place, and several streams read one answer."""
        return None if self.is_bare else parsed(self.content).value


@dataclass(frozen=True)
class _Common:
    """What all requests to an endpoint share: the headers, and the environment's proxies and CA bundle."""

    request: requests.PreparedRequest
    environment: Mapping[str, Any]


class Requester:
    """One endpoint, as a manifest's `HttpRequester` declares it. Its expressions are evaluated once, not each time.

    Args:
        declared: url_base, path, parameters, headers, authenticator, time-outs and failure table.
        config: the source's configuration.
        limit: the endpoint's rate limit.
        parent: the name in `stream_partition` of the parent's id, which the path must hold; "" without a parent.
        alternative_path: another spelling of the same route, tried where `path` answers 404 for everything.
        path: replaces the declared path.
    """

    def __init__(
        self,
        declared: HttpRequester,
        config: Config,
        limit: RateLimit,
        parent: str = "",
        alternative_path: str | None = None,
        path: str | None = None,
    ) -> None:
        if not isinstance(declared.error_handler, FailureTable):
            raise TypeError("requester: its error_handler must be a FailureTable")
        if declared.get_method() != HttpMethod.GET:
            raise ValueError("requester: http_method must be GET; these sources only read")
        self.error_handler = declared.error_handler
        self._config = config
        self._limit = limit
        self._parent = parent
        self._authenticator = declared.get_authenticator()
        for value in self._authenticator.get_auth_header().values():
            # The CDK masks the config's secrets in logs, but Basic sends them base64-encoded.
            mask(str(value).rpartition(" ")[2])
        connect, read = declared.connect_timeout_in_seconds, declared.read_timeout_in_seconds
        if connect is None or read is None:
            raise ValueError(
                "requester: give connect_timeout_in_seconds and read_timeout_in_seconds, or a read may hang"
            )
        self._timeouts = (connect, read)
        any_parent = StreamSlice(partition={parent: _ID_PLACEHOLDER} if parent else {}, cursor_slice={})
        self._base = declared.get_url_base(stream_slice=any_parent).rstrip("/")
        own = self._evaluated(path, any_parent) if path else declared.get_path(stream_slice=any_parent)
        self._path = self._checked(own)
        self._alternative = self._checked(self._evaluated(alternative_path, any_parent)) if alternative_path else None
        self._parameters = {name: str(value) for name, value in declared.get_request_params().items()}
        self._headers = {name: str(value) for name, value in declared.get_request_headers().items()}
        if self._alternative == self._path:
            raise ValueError(f"requester: alternative_path is the path itself, {self._path}")
        credential = {name.lower() for name in self._authenticator.get_auth_header()}
        if twice := sorted(name for name in self._headers if name.lower() in credential):
            raise ValueError(f"requester: request_headers has {', '.join(twice)}, which the authenticator sets")
        self._common: _Common | None = None

    def window_in(self, budget: Budget) -> str:
        """Return the key of the budget's window that the requests draw from."""
        return budget.window_for(self.endpoint, self._limit)

    @property
    def endpoint(self) -> str:
        """The endpoint's name in logs and in the budget: its path, such as `/candidates/{id}/comments`."""
        return "/" + self._path.replace(_ID_PLACEHOLDER, "{id}")

    @property
    def key(self) -> str:
        """The URL and parameters. Two requesters with the same key ask for the same thing."""
        return f"{self._base}/{self._path}?{sorted(self._parameters.items())}"

    @property
    def has_alternative(self) -> bool:
        return self._alternative is not None

    def url_for(self, parent_id: object = "", alternative: bool = False) -> str:
        """Return the URL without its query; `alternative` selects `alternative_path` where there is one."""
        path = self._alternative if alternative and self._alternative else self._path
        # Quoted, because the id comes from the server and must stay one segment of the path.
        return f"{self._base}/{path}".replace(_ID_PLACEHOLDER, quote(str(parent_id), safe="{}"))

    def parameters_with(self, more: Mapping[str, str]) -> dict[str, str]:
        """Return the declared parameters together with `more`."""
        return {**self._parameters, **more}

    def send(
        self,
        session: requests.Session,
        url: str,
        parameters: Mapping[str, str],
        check: Callable[[Answer], None],
        timeout: tuple[float, float] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> requests.Response | Answer:
        """Send one attempt.

        Args:
            session: sends it.
            url: from `url_for`.
            parameters: the query.
            check: raises `UnexpectedAnswer` for a body that the endpoint would never send.
            timeout: connect and read time-outs in seconds; None for the declared ones.
            now: returns the seconds of a monotonic clock.

        Returns:
            An `Answer` for a usable 2xx, the response itself for any other status.

        Raises:
            requests.RequestException: no answer came, or not all of it.
            UnexpectedAnswer: the 2xx answer is not one of this endpoint's.
            Redirected: the server named another address.
        """
        headers: Mapping[str, str] = {}
        try:
            response, content, arrived = self._exchange(session, url, parameters, timeout, now)
            headers = response.headers
            if 300 <= response.status_code < 400:
                raise Redirected(urlsplit(url).path, response.status_code)
            if response.status_code // 100 != 2:
                return response
            content = b"" if content.isspace() else content
            body = body_of(content, response.status_code) if content else Body(None, clean=True)
            answer = Answer(
                status=response.status_code,
                headers=headers,
                content=content,
                body=body.value,
                server_time=parse_http_date(headers.get("Date", "")),
                clean=body.clean,
                repairs=body.repairs,
                arrived=arrived,
            )
            check(answer)
        except requests.RequestException as error:
            # The failure table takes the path from the request, which requests leaves out where a body is cut off.
            error.request = error.request or requests.Request("GET", url)
            raise
        except UnexpectedAnswer as error:
            error.path = urlsplit(url).path
            error.headers = headers
            # The error must not keep the body alive through its traceback or its context.
            content, error.__context__ = b"", None
            raise error.with_traceback(None) from None
        return answer

    def _exchange(
        self,
        session: requests.Session,
        url: str,
        parameters: Mapping[str, str],
        timeout: tuple[float, float] | None,
        now: Callable[[], float],
    ) -> tuple[requests.Response, bytes, float]:
        """Send the request and return the response, its body, and when its headers came.

        The body is left empty unless the status is 2xx. Its reading and parsing take long enough for others to overtake
        it, so they must not decide which answer came first.
        """
        connect, read = timeout or self._timeouts
        self._common = common = self._common or self._prepare(session)
        # A shallow copy: only the URL differs.
        request = copy(common.request)
        prepare_url(request, url, parameters)
        with complete_within(read if timeout else read * WHOLE_ANSWER):
            response = session.send(request, allow_redirects=False, timeout=(connect, read), **common.environment)
            arrived = now()
            if response.status_code // 100 == 2:
                return response, read_body(response), arrived
            content = discard(response)
            # The body of a 403 tells the failure table whether a firewall refused. A streamed response would lose it.
            response._content = content if response.status_code == 403 else b""
            return response, b"", arrived

    def _prepare(self, session: requests.Session) -> _Common:
        """Prepare all but the URL once: requests would look up proxies and evaluate the credential for each request."""
        # An explicit `auth` also keeps the machine's .netrc from replacing it.
        request = requests.Request("GET", self.url_for(), auth=self._authenticator, headers=self._headers)
        environment = session.merge_environment_settings(self.url_for(), {}, True, None, None)
        return _Common(session.prepare_request(request), environment)

    def _evaluated(self, path: str, stream_slice: StreamSlice) -> str:
        string = InterpolatedString.create(path, parameters={})
        return str(string.eval(self._config, **get_interpolation_context(stream_slice=stream_slice))).lstrip("/")

    def _checked(self, path: str) -> str:
        if self._parent and path.count(_ID_PLACEHOLDER) != 1:
            raise ValueError(f"requester: the path {path} must hold stream_partition['{self._parent}'] once")
        return path


def prepare_url(request: requests.PreparedRequest, url: str, parameters: Mapping[str, str]) -> None:
    """Set a request's URL to what requests would make of it, but without parsing and quoting it where it is plain."""
    if _PLAIN_URL.fullmatch(url) and all(map(_PLAIN_WORD.fullmatch, (*parameters, *parameters.values()))):
        query = "&".join([f"{name}={value}" for name, value in parameters.items()])
        request.url = f"{url}?{query}" if query else url
    else:
        request.prepare_url(url, dict(parameters))
