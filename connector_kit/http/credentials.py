"""The credential that goes out with every request."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from airbyte_cdk.sources.declarative.auth.declarative_authenticator import DeclarativeAuthenticator
from airbyte_cdk.sources.types import Config


@dataclass
class Credentials(DeclarativeAuthenticator):
    """A `CustomAuthenticator` that sends config values as they are.

    airbyte-cdk's own authenticators interpolate, which changes what looks like a Python literal: `1e10` becomes `inf`.

    Args:
        scheme: `Basic` or `Bearer`, as in HTTP.
        config_fields: the config fields that hold the credential: user and password for Basic, the token for Bearer.
    """

    config: Config
    scheme: str
    config_fields: list[str]

    def __post_init__(self) -> None:
        counts = {"Basic": 2, "Bearer": 1}
        if counts.get(self.scheme) != len(self.config_fields):
            raise ValueError("authenticator: give Basic two config_fields, or Bearer one")
        unknown = [name for name in self.config_fields if name not in self.config]
        if unknown:
            raise ValueError(f"authenticator: config_fields names {', '.join(unknown)}, which the config does not have")

    @property
    def auth_header(self) -> str:
        return "Authorization"

    @property
    def token(self) -> str:
        credential = ":".join(str(self.config[name]) for name in self.config_fields)
        if self.scheme == "Basic":
            credential = base64.b64encode(credential.encode()).decode()
        return f"{self.scheme} {credential}"
