"""Decides what each failure means and what the user is told: the one table behind every request of both sources.

The rows hold for both APIs; the words that differ (which credential, which console) come from the manifests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Optional, Union

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ErrorHandler, ErrorResolution, ResponseAction
from airbyte_cdk.sources.types import Config

from connector_kit.errors import GONE, BeyondBounds, Redirected, RequestFailure, UnexpectedAnswer, url_path
from connector_kit.http.environment import proxy_variable
from connector_kit.records.bodies import looks_like_html

# Seconds between the attempts of one request: five minutes in all, which outlasts a deploy or restart on their side.
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0, 60.0)
# Seconds that the attempts after the first may take in addition: if a server hangs, each of them takes minutes.
PATIENCE = 300.0


@dataclass
class FailureTable(ErrorHandler):
    """Maps an answer, or what was raised instead of one, to the action to take and the message for the user.

    Args:
        credential: what to call the credential when the server refuses it: `the access token (access_token)`.
        console: where the vendor's console issues a new credential.
        permission: what to do when the credential may not see the endpoint.
        inferred: True where the vendor does not document the endpoint's path.
        missing_is_none: True where a 404 or 410 means that the parent is gone or has nothing yet; elsewhere it is an
            error.
        config_fields: those whose values are part of the request, so that a server that refuses it may mean them.
    """

    config: Config
    credential: str
    console: str
    permission: str
    inferred: bool = False
    missing_is_none: bool = False
    config_fields: list[str] = field(default_factory=list)

    @property
    def max_retries(self) -> Optional[int]:
        return len(PAUSES)

    @property
    def max_time(self) -> Optional[int]:
        return int(sum(PAUSES))

    def interpret_response(self, response: Optional[Union[requests.Response, Exception]]) -> ErrorResolution:
        if isinstance(response, requests.Response):
            path = url_path(response.url)
            if response.status_code == 403 and looks_like_html(response.content or b""):
                return _blocked(path)
            return self._by_status(response.status_code, path)
        if isinstance(response, Redirected):
            advice = "Check base_url: it must be the API's own address, which does not redirect."
            message = f"{response.path} answered with a redirect (HTTP {response.status}), which is refused. {advice}"
            return _failed(FailureType.config_error, message, response.path, response.status, advice)
        if isinstance(response, BeyondBounds):
            advice = "Check base_url and any proxy in between; if they are right, report this line."
            message = (
                f"{response.path}: the answer is refused ({response}): this API never sends such answers. {advice}"
            )
            what = str(response)
            return replace(_failed(FailureType.system_error, message, response.path, 200, advice), what=what)
        if isinstance(response, requests.exceptions.ProxyError) and (problem := _problem_with_proxy(response)):
            return _fail(problem)
        if isinstance(response, Exception) and _is_untrusted(response):
            return _fail(_problem_with_tls(response))
        path, what = _path_of(response), _what(response)
        return _retry(f"{path}: no usable answer ({what}).", path, what)

    def _by_status(self, status: int, path: str) -> ErrorResolution:
        if 200 <= status < 300:
            return ErrorResolution(response_action=ResponseAction.SUCCESS)
        if status == 401:
            return _fail(
                f"The server refused {self.credential} (HTTP 401 on {path}). Check for copy-and-paste mistakes, or get "
                f"a new credential in {self.console}."
            )
        if status == 403:
            message = f"No access to {path} (HTTP 403). {self.permission}"
            return _failed(FailureType.config_error, message, path, status, self.permission)
        if status in GONE and self.missing_is_none:
            return ErrorResolution(response_action=ResponseAction.IGNORE)
        if status in GONE:
            doubt = (
                " The vendor does not document this path: it was inferred from the others. If base_url is right, "
                "report it and deselect the stream until it is fixed."
                if self.inferred
                else ""
            )
            advice = f"Check base_url: {self.config.get('base_url')}.{doubt}"
            message = f"{path} does not exist (HTTP {status}). {advice}"
            return _failed(FailureType.config_error, message, path, status, advice)
        if status == 429:
            return ErrorResolution(
                response_action=ResponseAction.RATE_LIMITED,
                failure_type=FailureType.transient_error,
                error_message=f"{path}: the rate limit is used up (HTTP 429).",
            )
        if status >= 500 or status == 408:
            return _retry(f"{path}: the server failed (HTTP {status}).", path, f"HTTP {status}", status)
        kind = FailureType.system_error
        advice = "The API may have changed: look for a newer version of the connector, or report this line."
        configured = [name for name in self.config_fields if self.config.get(name)]
        if status == 400 and configured:
            kind, advice = (
                FailureType.config_error,
                f"Check the values of {', '.join(configured)}, which are part of it.",
            )
        message = f"{path}: the server refused the request (HTTP {status}). {advice}"
        return _failed(kind, message, path, status, advice)


def lasting(fault: RequestFailure, tries: int, span: str) -> RequestFailure:
    """Turn a passing fault, which did not pass, into the failure to report.

    Args:
        fault: the failure of the last attempt.
        tries: how many attempts were made; a check makes only one.
        span: how long that took, in words: `5 min`.
    """
    if tries == 1:
        advice = "Check base_url and the network (proxy, firewall), or try again later."
    else:
        advice = (
            f"It still failed after {tries} tries over {span}. What was read is kept; run the sync again to continue."
        )
    return replace(
        fault,
        response_action=ResponseAction.FAIL,
        failure_type=FailureType.transient_error,
        error_message=f"{fault.error_message} {advice}",
        advice="Run the sync again; report it if it keeps failing.",
    )


def was_reset(error: requests.RequestException) -> bool:
    """Whether the server ended the connection, as some do when requests come too fast. A time-out does not count."""
    broke = isinstance(error, (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError))
    return broke and not isinstance(error, requests.exceptions.Timeout)


def _path_of(error: Exception | None) -> str:
    if isinstance(error, UnexpectedAnswer):
        return error.path
    request = getattr(error, "request", None)
    return url_path(getattr(request, "url", None))


def _what(error: Exception | None) -> str:
    """Return what went wrong in a few words, without the URL and without anything that the server sent."""
    if isinstance(error, UnexpectedAnswer):
        return str(error)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy refused the connection"
    if isinstance(error, requests.exceptions.ConnectionError):
        unresolved = "NameResolution" in repr(error) or "getaddrinfo" in repr(error)
        return "the host name could not be resolved" if unresolved else "the connection was refused or reset"
    return "the answer was cut off"


def _is_untrusted(error: Exception) -> bool:
    """Whether TLS failed for good with the server, or with a proxy that speaks TLS."""
    if isinstance(error, requests.exceptions.ProxyError):
        return "CERTIFICATE_VERIFY_FAILED" in repr(error)
    # A connection that ended during the handshake is a passing fault. OpenSSL has two messages for it, both with EOF.
    return isinstance(error, requests.exceptions.SSLError) and "EOF" not in repr(error)


def _problem_with_proxy(error: requests.exceptions.ProxyError) -> str | None:
    """Return what the user must change about the proxy; None where it is merely down and may come back."""
    if "Tunnel connection failed: 407" in repr(error):
        return (
            f"{proxy_variable()}: the proxy asks for a user and password, or rejected the ones it got (HTTP 407). Set "
            "this environment variable to http://user:password@host:port."
        )
    if "only use HTTP" in repr(error):
        return (
            f"{proxy_variable()}: the proxy speaks plain http only. Start its address in this environment variable "
            "with http://, not https://; what goes through it is still encrypted."
        )
    return None


def _problem_with_tls(error: Exception) -> str:
    # What the releases of OpenSSL and urllib3 call an answer that is not in TLS.
    if re.search(r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|UNKNOWN_PROTOCOL|HTTP_REQUEST|not using TLS", repr(error)):
        return (
            "The server answered in plain http, not TLS. Check the host and port in base_url, and the proxy's address "
            "if you use one."
        )
    # A wrong clock causes these as well.
    if re.search(r"certificate is not yet valid|certificate has expired", repr(error)):
        now = datetime.now(timezone.utc)
        return (
            f"The server's TLS certificate has expired or is not valid yet by this machine's clock, which says "
            f"{now:%Y-%m-%d %H:%M} UTC. Correct the clock if that is wrong; otherwise the server, or a proxy in "
            "between, needs a new certificate."
        )
    return (
        "The server's TLS certificate could not be verified. Check base_url and, if a proxy is in between, the "
        "certificates that this machine trusts."
    )


def _blocked(path: str) -> RequestFailure:
    advice = (
        "Check base_url. Ask whoever runs it, perhaps your own network team, to allow this machine's IP address, or "
        "run the connector from another network."
    )
    message = f"A firewall or proxy in front of the API blocked {path} (HTTP 403 with an HTML page). {advice}"
    what = "HTTP 403 with an HTML page"
    return replace(_failed(FailureType.config_error, message, path, 403, advice), what=what, by_firewall=True)


def _fail(message: str) -> ErrorResolution:
    return ErrorResolution(ResponseAction.FAIL, FailureType.config_error, message)


def _failed(kind: FailureType, message: str, path: str, status: int, advice: str) -> RequestFailure:
    return RequestFailure(
        ResponseAction.FAIL, kind, message, path=path, status=status, what=f"HTTP {status}", advice=advice
    )


def _retry(message: str, path: str, what: str, status: int = 0) -> RequestFailure:
    return RequestFailure(
        ResponseAction.RETRY, FailureType.transient_error, message, path=path, status=status, what=what
    )
