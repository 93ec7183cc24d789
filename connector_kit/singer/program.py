"""A tap as a process: what it says when something is wrong, and how it ends."""

from __future__ import annotations

from singer_sdk.exceptions import ConfigValidationError, MapExpressionError, StreamMapConfigError

from connector_kit.ending import ending_at_once
from connector_kit.singer.output import end_with_the_reader
from connector_kit.singer.states import Refused
from connector_kit.singer.tap import tap_class
from connector_kit.stdout import widen_stdout

# Their messages say all that a user needs and hold no value; anything else is a defect, and told by type and place.
_IN_WORDS = (Refused, OSError, StreamMapConfigError, MapExpressionError)


def run(package: str) -> None:
    """Run the tap of a source package with the arguments of this process."""
    widen_stdout()
    tap = tap_class(package)
    # The log is set up by this, and so before its handlers are made quiet.
    command = tap.cli

    def tell(error: BaseException) -> None:
        for message in _told(error):
            tap.logger.error("%s", message)

    with ending_at_once(tell):
        end_with_the_reader()
        command()


def _told(error: BaseException) -> list[str]:
    if isinstance(error, ConfigValidationError):
        return list(error.errors)
    if type(error).__name__ == "JSONDecodeError":
        # The standard library's or simplejson's, which the SDK reads files with.
        return [f"A file of --config, --catalog or --state is no JSON: {error}"]
    if isinstance(error, _IN_WORDS):
        return [str(error)]
    from airbyte_cdk.utils.traced_exception import AirbyteTracedException

    from connector_kit.errors import unforeseen

    if not isinstance(error, AirbyteTracedException):
        # Its own text may quote a value, and so may those of the errors that led to it.
        error = unforeseen(error, "The tap")
    return [str(error.message or error.internal_message)]
