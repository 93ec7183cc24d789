"""A few requests to a real API, and no more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import requests

from connector_kit.errors import BeyondBounds, UnexpectedAnswer
from connector_kit.http import Credentials
from connector_kit.manifest import user_agent
from connector_kit.records.bodies import body_of
from connector_kit.settings import Settings, with_defaults
from connector_kit.source import read_manifest

MOST = 20
_TIMEOUT = (10, 60)
_IN_PATH = re.compile(r"(?<=/)[^/]*[0-9][^/]*")


class Stopped(Exception):
    """No further request may be sent; the text says why, and what to do."""


@dataclass(frozen=True)
class Answer:
    """One answer, read as the connector reads it. `body` is None where it is no JSON; `endpoint` has no ids in it."""

    endpoint: str
    status: int
    headers: Mapping[str, str]
    body: Any
    repairs: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return self.status == HTTPStatus.OK

    def at(self, *path: str) -> Any:
        """What stands at a path of the body, None where nothing does."""
        value = self.body
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        return value


@dataclass
class Api:
    """One source's API with a user's credentials.

    Raises:
        AirbyteTracedException: a config error, before anything is sent.
    """

    source: str
    config: Mapping[str, Any]
    asked: int = 0
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        package = f"source_{self.source}"
        manifest = read_manifest(package)
        spec = manifest["spec"]["connection_specification"]
        settings = Settings.from_config(self.config, spec)
        full = with_defaults(self.config, spec)
        self.keeps_personal_data = settings.personal_data == "keep"
        self.limit = int(full["rate_limit_requests"])
        self.most = min(MOST, self.limit)
        declared = manifest["streams"][0]["retriever"]["requester"]["authenticator"]
        credential = Credentials(full, declared["scheme"], declared["config_fields"])
        self.base_url = settings.base_url
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": user_agent(package)})
        # As `auth`, so that no entry of a .netrc takes its place.
        self._session.auth = lambda request: _authorized(request, credential.token)

    def get(self, path: str, **params: str | int) -> Answer:
        """Ask once. Raises Stopped after a 401 or 429, without an answer, or where all requests are used."""
        if self.asked >= self.most:
            raise Stopped(f"all {self.most} requests are used")
        self.asked += 1
        try:
            # A redirect would carry the credential to wherever the server says.
            got = self._session.get(f"{self.base_url}/{path}", params=params, timeout=_TIMEOUT, allow_redirects=False)
        except requests.RequestException as problem:
            raise Stopped(f"no answer: {type(problem).__name__}. Check base_url, the network and its proxy") from None
        if got.status_code == HTTPStatus.UNAUTHORIZED:
            raise Stopped("the credential is refused (HTTP 401): copy it again")
        if got.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise Stopped("the limit is used up (HTTP 429): try again when its window has passed")
        try:
            body, _, repairs = body_of(got.content, got.status_code)
        except (BeyondBounds, UnexpectedAnswer):
            body, repairs = None, ()
        answer = Answer(_IN_PATH.sub("{id}", path), got.status_code, got.headers, body, repairs)
        self.answers.append(answer)
        return answer


def _authorized(request: requests.PreparedRequest, token: str) -> requests.PreparedRequest:
    request.headers["Authorization"] = token
    return request
