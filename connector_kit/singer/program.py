"""Runs a tap as a process, and puts its errors into words."""

from __future__ import annotations

from singer_sdk.exceptions import ConfigValidationError, MapExpressionError, StreamMapConfigError

from connector_kit.files import UnreadableFile
from connector_kit.process.exit import silence_log_errors
from connector_kit.singer.output import exit_when_stdout_closes, import_source
from connector_kit.singer.states import Refused
from connector_kit.singer.tap import tap_class

# Their messages say what a user needs and quote no data. Any other error is a defect: only type and place are shown.
_SELF_EXPLANATORY = (Refused, UnreadableFile, OSError, StreamMapConfigError, MapExpressionError)


def run(package: str) -> None:
    """Run the tap of a source package with the arguments of this process."""
    # `cli` sets the log up.
    command = tap_class(package).cli
    silence_log_errors()
    exit_when_stdout_closes()
    command()


def error_messages(error: BaseException) -> list[str]:
    """Return the log lines that tell the user about an error that ended the tap."""
    if isinstance(error, ConfigValidationError):
        return list(error.errors)
    if isinstance(error, _SELF_EXPLANATORY):
        return [str(error)]
    import_source()
    from airbyte_cdk.utils.traced_exception import AirbyteTracedException

    from connector_kit.errors import unforeseen

    if not isinstance(error, AirbyteTracedException):
        # Its own text may quote data.
        error = unforeseen(error, "The tap")
    return [str(error.message or error.internal_message)]
