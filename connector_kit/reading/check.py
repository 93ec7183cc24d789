"""The check: a request or a few, to lists that stand for all, until one says that the credential is good."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream

from connector_kit.errors import RequestFailed, config_error

logger = logging.getLogger("airbyte.connector_kit")


def check_streams(streams: Sequence[AbstractStream], names: Sequence[str]) -> str | None:
    """Ask for the first of the named streams, and for the next where it is closed to the credential (HTTP 403).

    Returns what to tell of those that are closed; None where the first one answered.

    Raises:
        AirbyteTracedException: none of them answered, or another thing is wrong.
    """
    by_name = {stream.name: stream for stream in streams}
    closed: list[str] = []
    permission = ""
    for name in names:
        try:
            _ask(by_name[name])
        except RequestFailed as error:
            if error.request.status != 403 or error.request.by_firewall:
                raise
            logger.warning("%s: %s", name, error.message)
            closed.append(error.request.path)
            permission = error.request.advice
            continue
        if not closed:
            return None
        return (
            f"No access to {', '.join(closed)} (HTTP 403), but {name} can be read: the credential is right, and the "
            f"streams that are open to it can be synced. {permission}"
        )
    raise config_error(f"No access to {', '.join(closed)} (HTTP 403), and the check asks for no more. {permission}")


def _ask(stream: AbstractStream) -> None:
    """Read the first record of a stream, if it has any."""
    for partition in stream.generate_partitions():
        next(iter(partition.read()), None)
