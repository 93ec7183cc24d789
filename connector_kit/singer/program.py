"""A tap as a process: what it says when something is wrong, and how it ends."""

from __future__ import annotations

import logging
import os
import sys
import traceback

from singer_sdk.exceptions import ConfigValidationError, MapExpressionError, StreamMapConfigError

from connector_kit.singer.output import Stopped
from connector_kit.singer.tap import tap_class

# What a process that was ended by a closed pipe gives to a shell.
_CLOSED_PIPE = 141


def run(package: str) -> None:
    """Run the tap of a source package with the arguments of this process."""
    tap = tap_class(package)
    try:
        tap.cli()
    except Stopped as stopped:
        _end(int(stopped.code or 0))
    except SystemExit as done:
        if done.code:
            _end(done.code if isinstance(done.code, int) else 1)
        raise
    except BrokenPipeError:
        _end(_CLOSED_PIPE)
    except Exception as error:  # noqa: BLE001 - the last place that can put an error into words
        _tell(tap.logger, error)
        _end(1)


def _tell(log: logging.Logger, error: Exception) -> None:
    if isinstance(error, ConfigValidationError):
        for message in error.errors:
            log.error("%s", message)
    elif isinstance(error, (OSError, ValueError, StreamMapConfigError, MapExpressionError)) or _is_told(error):
        log.error("%s", error)
    else:
        log.error("Unexpected failure: %s", "".join(traceback.format_exception(error)))


def _is_told(error: Exception) -> bool:
    """Whether the message of an error says all that a user needs."""
    if "airbyte_cdk" not in sys.modules:
        return False
    from airbyte_cdk.utils.traced_exception import AirbyteTracedException

    from connector_kit.singer.reading import SyncFailed

    return isinstance(error, (AirbyteTracedException, SyncFailed))


def _end(code: int) -> None:
    """End at once: threads of the source that wait for the network or for a full queue must not hold the process."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = _CLOSED_PIPE
    sys.stderr.flush()
    os._exit(code)
