"""The connection check: requests a few representative lists, until one shows that the credential works."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream

from connector_kit.config_errors import config_error
from connector_kit.errors import RequestFailed

logger = logging.getLogger("airbyte.connector_kit")


def check_streams(streams: Sequence[AbstractStream], names: Sequence[str]) -> str | None:
    """Read a record of the first named stream, or of the next one if the credential has no access to it (HTTP 403).

    Returns:
        A message about the streams without access; None if the first stream could be read.

    Raises:
        AirbyteTracedException: none could be read, or one failed for another reason.
    """
    by_name = {stream.name: stream for stream in streams}
    denied: list[str] = []
    permission = ""
    for name in names:
        try:
            _read_one(by_name[name])
        except RequestFailed as error:
            if error.request.status != 403 or error.request.by_firewall:
                raise
            logger.warning("%s: %s", name, error.message)
            denied.append(error.request.path)
            permission = error.request.advice
            continue
        if not denied:
            return None
        return (
            f"No access to {', '.join(denied)} (HTTP 403), but {name} can be read: the credential works, and you can "
            f"sync the streams that it may read. {permission}"
        )
    raise config_error(f"No access to {', '.join(denied)} (HTTP 403), the only paths that a check tries. {permission}")


def _read_one(stream: AbstractStream) -> None:
    """Read the first record of a stream, if it has one."""
    for partition in stream.generate_partitions():
        next(iter(partition.read()), None)
