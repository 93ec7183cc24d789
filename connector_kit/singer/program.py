"""A tap as a process: what it says when something is wrong, and how it ends."""

from __future__ import annotations

from singer_sdk.exceptions import ConfigValidationError, MapExpressionError, StreamMapConfigError

from connector_kit.files import UnreadableFile
from connector_kit.process.exit import quieten_log
from connector_kit.singer.output import end_with_the_reader, import_source
from connector_kit.singer.states import Refused
from connector_kit.singer.tap import tap_class

# Their messages say all that a user needs and hold no value; anything else is a defect, and told by type and place.
_IN_WORDS = (Refused, UnreadableFile, OSError, StreamMapConfigError, MapExpressionError)


def run(package: str) -> None:
    """Run the tap of a source package with the arguments of this process."""
    # The log is set up by this.
    command = tap_class(package).cli
    quieten_log()
    end_with_the_reader()
    command()


def told(error: BaseException) -> list[str]:
    """What a user is told of an error that ended the tap, a line each."""
    if isinstance(error, ConfigValidationError):
        return list(error.errors)
    if isinstance(error, _IN_WORDS):
        return [str(error)]
    import_source()
    from airbyte_cdk.utils.traced_exception import AirbyteTracedException

    from connector_kit.errors import unforeseen

    if not isinstance(error, AirbyteTracedException):
        # Its own text may quote a value, and so may those of the errors that led to it.
        error = unforeseen(error, "The tap")
    return [str(error.message or error.internal_message)]
