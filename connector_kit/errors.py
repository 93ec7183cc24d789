"""The kit's exceptions, grouped by what the caller does about them.

Try again, or fail as the failure table says (raised by a single try):
    Exception
    ├── UnexpectedAnswer       a 2xx body that the endpoint never returns: try again
    │   └── BeyondBounds       a body too large or too deep: fail at once
    └── Redirected             a redirect: fail at once

Set the parent aside and go on with the others:
    SetAsideError              (http.dispatcher) a parent that keeps failing: request it again after the others
    RequestFailed              a parent that failed for good: count it, and report it when the others were read

Fail the stream and tell the user:
    AirbyteTracedException     `failure_type` says who can fix it: config_error the user, system_error the maintainers,
    │                          transient_error nobody; the next sync tries again
    ├── RequestFailed          a request failed that the whole stream depends on
    └── UnreadableKey          fails only this output of a reader

Tell the user and exit:
    UnreadableFile             (files) a file named on the command line
    config_error(...)          (config_errors) anything else that the user can fix
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

# What the APIs answer for a parent that was deleted or has nothing yet.
GONE = frozenset({404, 410})


class UnexpectedAnswer(Exception):
    """A 2xx body that the endpoint never returns: HTML, broken JSON, `{}`, no `data`. It may pass, so try again."""

    path = "/"
    headers: Mapping[str, str] = MappingProxyType({})


class BeyondBounds(UnexpectedAnswer):
    """A body with more bytes, values or nesting than any answer of these APIs. Trying again would not help."""


@dataclass
class RequestFailure(ErrorResolution):
    """A request that failed although others to the same endpoint may succeed, such as those for other parents.

    Args:
        path: the path of the request's URL.
        status: the answer's HTTP status; 0 without a usable answer.
        what: what went wrong, in a few words: `HTTP 422`, `no answer in time`.
        advice: what the user can do about it.
        by_firewall: whether something in front of the API refused the request.
    """

    path: str = ""
    status: int = 0
    what: str = ""
    advice: str = ""
    by_firewall: bool = False


# The internal message of a 403 from the API itself, which survives when the error is copied or becomes a TRACE message.
NO_ACCESS = "no access (HTTP 403)"


class RequestFailed(AirbyteTracedException):
    """A `RequestFailure` as an exception: ends the stream, unless only one parent depends on the request."""

    def __init__(self, request: RequestFailure) -> None:
        super().__init__(
            message=request.error_message,
            internal_message=NO_ACCESS if request.status == 403 and not request.by_firewall else request.error_message,
            failure_type=request.failure_type,
        )
        self.request = request


class UnreadableKey(AirbyteTracedException):
    """A record's key can't be read as its type. The stream fails rather than invent one; its state stays before it."""

    def __init__(self, stream: str, field: str, wanted: str) -> None:
        message = (
            f"{stream}: key field {field} holds a value that can't be read as {wanted}, so its rows can't be told "
            "apart. The state stays where it was. The API may have changed: look for a newer version of the connector, "
            "or report this line."
        )
        super().__init__(message=message, internal_message=message, failure_type=FailureType.system_error)


class Redirected(Exception):
    """The server redirected to another address, where the credentials must not go."""

    def __init__(self, path: str, status: int) -> None:
        super().__init__()
        self.path = path
        self.status = status


def url_path(url: str | None) -> str:
    """Return the path of a URL, the only part that a message may show: a query could one day hold personal data."""
    return urlsplit(url or "").path or "/"


def failure(resolution: ErrorResolution) -> AirbyteTracedException:
    """Return the exception that fails a stream as `resolution` says."""
    if isinstance(resolution, RequestFailure):
        return RequestFailed(resolution)
    return AirbyteTracedException(
        message=resolution.error_message,
        internal_message=resolution.error_message,
        failure_type=resolution.failure_type or FailureType.system_error,
    )


def endless(path: str, why: str) -> AirbyteTracedException:
    """Return the error for a list that never ends, for example because the server ignores the page number."""
    message = f"{path}: the list never ends: {why}. Check base_url, and any cache or proxy in between."
    return AirbyteTracedException(message=message, internal_message=message, failure_type=FailureType.transient_error)


def unforeseen(error: BaseException, stream: str) -> AirbyteTracedException:
    """Return the error for a bug in the kit. It says where, but not the bug's own text, which may quote a value."""
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    where = places[-1] if places else "an unknown place"
    message = f"{stream}: {type(error).__name__} at {where}. This is a bug in the connector."
    return AirbyteTracedException(
        message=f"{message} Please report it with this line.",
        internal_message=f"{message} Traceback: {' '.join(places)}",
        failure_type=FailureType.system_error,
    )
