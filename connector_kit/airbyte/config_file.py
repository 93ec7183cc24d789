"""Reads the configuration that a source is given, without airbyte-cdk, whose import takes a second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from connector_kit.config_errors import config_error
from connector_kit.files import UnreadableFile, read_config_file


@contextmanager
def as_config_error() -> Iterator[None]:
    """Raise a config error for a file that cannot be read."""
    try:
        yield
    except UnreadableFile as error:
        raise config_error(str(error)) from None


def read_config(path: str) -> Mapping[str, Any]:
    """Read the configuration.

    Raises:
        AirbyteTracedException: a config error, if the file is not a JSON object.
    """
    with as_config_error():
        return read_config_file(path)
