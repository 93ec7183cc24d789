"""Requests to one endpoint: the URL, its headers, one try, and what to make of the answer.

A `Requester` does not wait and does not retry: `dispatcher.py` does both in the
thread of the stream, so that a worker thread never sleeps while other endpoints have work.
"""

from __future__ import annotations

import re
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

# Stands for the id in a URL template while the template is evaluated once; no id is spelled like it.
_SLOT = "0connector0kit0id0"
# How many read time-outs an answer that comes in drips may take as a whole; a check has no time for more than one.
WHOLE_ANSWER = 5

# URLs, names and values that stand in a request as they are, with nothing to quote and nothing to normalise.
_PLAIN_URL = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?::[1-9][0-9]*)?(?:/[A-Za-z0-9_-]+)+")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_-]+")


@dataclass
class Answer:
    """A usable answer: the parsed body, its bytes, and the server's time when it gave it.

    `clean` and `repairs` as the body has them; `records` are those found in the body by whoever checked it.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    body: Any
    server_time: datetime | None
    clean: bool = False
    repairs: tuple[str, ...] = ()
    records: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_bare(self) -> bool:
        """Whether it came without any body, as HTTP 204 does."""
        return not self.content

    def copy_of_body(self) -> Any:
        """The body parsed anew: readers change records in place, and several streams read one answer."""
        return None if self.is_bare else parsed(self.content).value


@dataclass(frozen=True)
class _Common:
    """What all requests to an endpoint have in common: headers, and what the environment says of proxies and CAs."""

    request: requests.PreparedRequest
    environment: Mapping[str, Any]


class Requester:
    """One endpoint, as a manifest's `HttpRequester` declares it. Its expressions are evaluated once, not each time.

    Args:
        declared: url_base, path, parameters, headers, authenticator, time-outs, and what each failure means.
        config: the source's.
        limit: how many requests it may get.
        parent: the name in `stream_partition` of the parent's id, which the path must hold; "" without a parent.
        alternative_path: another spelling of the same route, tried where `path` answers 404 for everything.
    """

    def __init__(
        self,
        declared: HttpRequester,
        config: Config,
        limit: RateLimit,
        parent: str = "",
        alternative_path: str | None = None,
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
            # The CDK masks the config's own secrets in logs; Basic sends them in another spelling.
            mask(str(value).rpartition(" ")[2])
        connect, read = declared.connect_timeout_in_seconds, declared.read_timeout_in_seconds
        if connect is None or read is None:
            raise ValueError(
                "requester: give connect_timeout_in_seconds and read_timeout_in_seconds, or a read may hang"
            )
        self._timeouts = (connect, read)
        any_parent = StreamSlice(partition={parent: _SLOT} if parent else {}, cursor_slice={})
        self._base = declared.get_url_base(stream_slice=any_parent).rstrip("/")
        self._path = self._checked(declared.get_path(stream_slice=any_parent))
        self._alternative = self._checked(self._evaluated(alternative_path, any_parent)) if alternative_path else None
        self._parameters = {name: str(value) for name, value in declared.get_request_params().items()}
        self._headers = {name: str(value) for name, value in declared.get_request_headers().items()}
        self._common: _Common | None = None

    def window_in(self, budget: Budget) -> str:
        """The key of the budget's window that the requests draw from."""
        return budget.window_for(self.endpoint, self._limit)

    @property
    def endpoint(self) -> str:
        """The path with `{id}` for the parent's id: names the endpoint in logs and in the budget."""
        return "/" + self._path.replace(_SLOT, "{id}")

    @property
    def key(self) -> str:
        """What makes two requesters the same endpoint: what they ask for."""
        return f"{self._base}/{self._path}?{sorted(self._parameters.items())}"

    @property
    def has_alternative(self) -> bool:
        return self._alternative is not None

    def url_for(self, parent_id: object = "", alternative: bool = False) -> str:
        path = self._alternative if alternative and self._alternative else self._path
        # Quoted: an id is what a server says, and must stay one segment of the path.
        return f"{self._base}/{path}".replace(_SLOT, quote(str(parent_id), safe="{}"))

    def parameters_with(self, more: Mapping[str, str]) -> dict[str, str]:
        return {**self._parameters, **more}

    def send(
        self,
        session: requests.Session,
        url: str,
        parameters: Mapping[str, str],
        check: Callable[[Answer], None],
        timeout: tuple[float, float] | None = None,
    ) -> requests.Response | Answer:
        """One try. Returns an `Answer` for a usable 2xx, the response itself for any other status.

        Raises:
            requests.RequestException: no answer, or not the whole of it.
            UnexpectedAnswer: a 2xx that is not what the endpoint gives.
            Redirected: the server named another address.
        """
        headers: Mapping[str, str] = {}
        try:
            response, content = self._exchange(session, url, parameters, timeout)
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
            )
            check(answer)
        except requests.RequestException as error:
            # A body that breaks off is raised without its request, by which the failure table names the path.
            error.request = error.request or requests.Request("GET", url)
            raise
        except UnexpectedAnswer as error:
            error.path = urlsplit(url).path
            error.headers = headers
            # Whoever holds the error would hold the body as well, by its traceback and by the error that it came from.
            content, error.__context__ = b"", None
            raise error.with_traceback(None) from None
        return answer

    def _exchange(
        self,
        session: requests.Session,
        url: str,
        parameters: Mapping[str, str],
        timeout: tuple[float, float] | None,
    ) -> tuple[requests.Response, bytes]:
        """Send the request; gives the response and its body, which is empty where it does not matter."""
        connect, read = timeout or self._timeouts
        self._common = common = self._common or self._prepare(session)
        # Headers and all else but the URL are only read from here on.
        request = copy(common.request)
        prepare_url(request, url, parameters)
        with complete_within(read if timeout else read * WHOLE_ANSWER):
            response = session.send(request, allow_redirects=False, timeout=(connect, read), **common.environment)
            if response.status_code // 100 == 2:
                return response, read_body(response)
            content = discard(response)
            # The failure table tells by it who refused: of a streamed answer `content` would be gone.
            response._content = content if response.status_code == 403 else b""
            return response, b""

    def _prepare(self, session: requests.Session) -> _Common:
        """Everything but the URL, once: requests would look for proxies and evaluate the credential at each request."""
        # As the CDK does it: an explicit `auth` also keeps a .netrc of the machine from taking its place.
        request = requests.Request("GET", self.url_for(), auth=self._authenticator, headers=self._headers)
        environment = session.merge_environment_settings(self.url_for(), {}, True, None, None)
        return _Common(session.prepare_request(request), environment)

    def _evaluated(self, path: str, stream_slice: StreamSlice) -> str:
        string = InterpolatedString.create(path, parameters={})
        return str(string.eval(self._config, **get_interpolation_context(stream_slice=stream_slice))).lstrip("/")

    def _checked(self, path: str) -> str:
        if self._parent and path.count(_SLOT) != 1:
            raise ValueError(f"requester: the path {path} must hold stream_partition['{self._parent}'] once")
        return path


def prepare_url(request: requests.PreparedRequest, url: str, parameters: Mapping[str, str]) -> None:
    """Give a request its URL; as requests does it, which takes it apart and quotes it anew, or at once where it can."""
    if _PLAIN_URL.fullmatch(url) and all(map(_PLAIN_WORD.fullmatch, (*parameters, *parameters.values()))):
        query = "&".join([f"{name}={value}" for name, value in parameters.items()])
        request.url = f"{url}?{query}" if query else url
    else:
        request.prepare_url(url, dict(parameters))
