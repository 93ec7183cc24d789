"""What each failure means and what the user gets: the one table behind every request of both sources.

The rows hold for both APIs; the words that differ (which credential, which console) come from the manifests.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ErrorResolution
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

# A parent that was deleted, or that has nothing yet.
GONE = frozenset({404, 410})


class UnexpectedAnswer(Exception):
    """HTTP 200 whose body is not what the endpoint gives: HTML, broken JSON, `{}`, no `data`. A passing fault."""

    path = "/"
    headers: Mapping[str, str] = MappingProxyType({})


class BeyondBounds(UnexpectedAnswer):
    """HTTP 200 with a body that is larger, fuller or deeper than any answer of these APIs. It is so at each try."""


@dataclass
class RequestFailure(ErrorResolution):
    """A request that failed where another one to the same endpoint may do well: below a list, with another parent.

    Args:
        path: of the request.
        status: the answer's; 0 where there was none that can be used.
        what: what went wrong, in a few words: `HTTP 422`, `no answer in time`.
        advice: what to do about it, in the user's words.
        by_firewall: True where it was not the API that refused.
    """

    path: str = ""
    status: int = 0
    what: str = ""
    advice: str = ""
    by_firewall: bool = False


# By this as its internal message, a 403 of the API itself is known also where the error was copied or became a TRACE.
NO_ACCESS = "no access (HTTP 403)"


class RequestFailed(AirbyteTracedException):
    """A `RequestFailure` as the error that ends a stream."""

    def __init__(self, request: RequestFailure) -> None:
        super().__init__(
            message=request.error_message,
            internal_message=NO_ACCESS if request.status == 403 and not request.by_firewall else request.error_message,
            failure_type=request.failure_type,
        )
        self.request = request


class UnreadableKey(AirbyteTracedException):
    """A record's key is not of its type. None is made up for it: the stream ends, and its state stays before it."""

    def __init__(self, stream: str, field: str, wanted: str) -> None:
        message = (
            f"{stream}: key field {field} holds a value that can't be read as {wanted}, so its rows can't be told "
            "apart. The state stays where it was. The API may have changed: look for a newer version of the connector, "
            "or report this line."
        )
        super().__init__(message=message, internal_message=message, failure_type=FailureType.system_error)


class Redirected(Exception):
    """The server named another address. Credentials must not follow it there."""

    def __init__(self, path: str, status: int) -> None:
        super().__init__()
        self.path = path
        self.status = status


def url_path(url: str | None) -> str:
    """The path of a URL: all that a message may show of it (a query could hold personal data one day)."""
    return urlsplit(url or "").path or "/"


def failure(resolution: ErrorResolution) -> AirbyteTracedException:
    """The exception that ends a stream as `resolution` says."""
    if isinstance(resolution, RequestFailure):
        return RequestFailed(resolution)
    return AirbyteTracedException(
        message=resolution.error_message,
        internal_message=resolution.error_message,
        failure_type=resolution.failure_type or FailureType.system_error,
    )


def config_error(message: str) -> AirbyteTracedException:
    """An error that the user can mend; `message` names the field or stream and says what to do."""
    return AirbyteTracedException(message=message, internal_message=message, failure_type=FailureType.config_error)


def endless(path: str, why: str) -> AirbyteTracedException:
    """The exception for a list that comes to no end, as a server gives it that takes no notice of the page's number."""
    message = (
        f"{path}: the list comes to no end: {why}. Check base_url and what stands between, such as a cache or proxy."
    )
    return AirbyteTracedException(message=message, internal_message=message, failure_type=FailureType.transient_error)


def unforeseen(error: BaseException, stream: str) -> AirbyteTracedException:
    """The exception for a defect of ours: where it happened, without the error's own text, which may quote a value."""
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    where = places[-1] if places else "an unknown place"
    message = f"{stream}: {type(error).__name__} at {where}, a defect of the connector."
    return AirbyteTracedException(
        message=f"{message} Please report it with this line.",
        internal_message=f"{message} By way of {' '.join(places)}",
        failure_type=FailureType.system_error,
    )
