"""The error for what the user can fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airbyte_cdk.utils.traced_exception import AirbyteTracedException


def config_error(message: str) -> AirbyteTracedException:
    """Return an error that the user can fix; `message` must name the field or stream and say what to do."""
    # Only now, as the import takes a second: a config without mistakes is checked without airbyte-cdk.
    from airbyte_cdk.models import FailureType
    from airbyte_cdk.utils.traced_exception import AirbyteTracedException

    return AirbyteTracedException(message=message, internal_message=message, failure_type=FailureType.config_error)
