"""Requests to one endpoint: the URL, its headers, one try, and what to make of the answer.

A `Requester` here is a manifest's `CustomRequester`. It does not wait and does not retry: `flights.py` does both in the
thread of the stream, so that a worker thread never sleeps while other endpoints have work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Optional
from urllib.parse import quote, urlsplit

import requests
from airbyte_cdk.sources.declarative.auth.declarative_authenticator import DeclarativeAuthenticator
from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from airbyte_cdk.sources.types import Config

from connector_kit.bodies import Body, body_of, parsed
from connector_kit.errors import FailureTable, Redirected, UnexpectedAnswer
from connector_kit.limit_headers import parse_http_date
from connector_kit.masking import mask
from connector_kit.rate_limits import Budget, RateLimit
from connector_kit.settings import Settings
from connector_kit.transport import complete_within, discard, read_body

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

    `clean` and `repairs` as the body has them.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    body: Any
    server_time: datetime | None
    clean: bool = False
    repairs: tuple[str, ...] = ()

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


@dataclass
class Requester:
    """One endpoint as the manifest tells it.

    Args:
        url: the URL, with `stream_partition` for the parent's id where it has one.
        alternative_url: another spelling of the same route, tried where `url` answers 404 for everything.
        request_parameters: query parameters of every request.
        error_handler: what each failure means.
        rate_limit_scope: `endpoint` where the vendor's limit counts each endpoint for itself, `all` where all share it.
        connect_timeout_in_seconds, read_timeout_in_seconds: airbyte-cdk's own names; without them a server that never
            answers would hold a sync for ever.
    """

    config: Config
    url: str
    authenticator: DeclarativeAuthenticator
    error_handler: FailureTable
    alternative_url: Optional[str] = None
    request_parameters: Mapping[str, Any] = field(default_factory=dict)
    rate_limit_scope: str = "endpoint"
    connect_timeout_in_seconds: float = 10.0
    read_timeout_in_seconds: float = 60.0

    def __post_init__(self) -> None:
        for value in self.authenticator.get_auth_header().values():
            # The CDK masks the config's own secrets in logs; Basic sends them in another spelling.
            mask(str(value).rpartition(" ")[2])
        self._common: _Common | None = None
        self._template = self._evaluate(self.url)
        self._alternative = self._evaluate(self.alternative_url) if self.alternative_url else None
        self._parameters = {
            name: str(InterpolatedString.create(str(value), parameters={}).eval(self.config))
            for name, value in self.request_parameters.items()
        }

    @cached_property
    def endpoint(self) -> str:
        """The path with `{id}` for the parent's id: names the endpoint in logs and in the budget."""
        base_path = urlsplit(str(self.config["base_url"])).path.rstrip("/")
        return urlsplit(self._template.replace(_SLOT, "{id}")).path.removeprefix(base_path)

    def window_in(self, budget: Budget, settings: Settings) -> str:
        """The key of the budget's window that the requests draw from."""
        limit = RateLimit(settings.rate_limit_requests, settings.rate_limit_period, self.rate_limit_scope)
        return budget.window_for(self.endpoint, limit)

    @property
    def key(self) -> str:
        """What makes two requesters the same reading: what they ask for."""
        return f"{self._template}?{sorted(self._parameters.items())}"

    @property
    def has_alternative(self) -> bool:
        return self._alternative is not None

    def url_for(self, parent_id: object = "", alternative: bool = False) -> str:
        template = self._alternative if alternative and self._alternative else self._template
        # Quoted: an id is what a server says, and must stay one segment of the path.
        return template.replace(_SLOT, quote(str(parent_id), safe="{}"))

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
        connect, read = timeout or (self.connect_timeout_in_seconds, self.read_timeout_in_seconds)
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
        request = requests.Request(
            "GET", self.url_for(), auth=self.authenticator, headers={"Accept": "application/json"}
        )
        environment = session.merge_environment_settings(self.url_for(), {}, True, None, None)
        return _Common(session.prepare_request(request), environment)

    def _evaluate(self, template: str) -> str:
        string = InterpolatedString.create(template, parameters={})
        return str(string.eval(self.config, stream_slice=_AnyId()))


def prepare_url(request: requests.PreparedRequest, url: str, parameters: Mapping[str, str]) -> None:
    """Give a request its URL; as requests does it, which takes it apart and quotes it anew, or at once where it can."""
    if _PLAIN_URL.fullmatch(url) and all(map(_PLAIN_WORD.fullmatch, (*parameters, *parameters.values()))):
        query = "&".join([f"{name}={value}" for name, value in parameters.items()])
        request.url = f"{url}?{query}" if query else url
    else:
        request.prepare_url(url, dict(parameters))


class _AnyId(dict[str, str]):
    """Gives the slot for whatever partition field a URL template names."""

    def __missing__(self, key: str) -> str:
        return _SLOT
