"""Which streams of a sync failed, said once at its end. The reason of each was told when it failed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from airbyte_cdk.models import AirbyteMessage, FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

# What a person must mend comes first: where one stream needs that, trying the sync again does not help.
_WORST_FIRST = (FailureType.config_error, FailureType.system_error, FailureType.transient_error)


def summarize_failures(
    messages: Iterable[AirbyteMessage], selected: int, logger: logging.Logger
) -> Iterator[AirbyteMessage]:
    """The messages of a sync of `selected` streams.

    Raises:
        AirbyteTracedException: at the end, where streams failed. It names them, and has the failure type of the worst.
    """
    failed: dict[str, FailureType] = {}
    logger.addFilter(_is_no_list_of_failures)
    try:
        for message in messages:
            error = message.trace.error if message.trace else None
            if error and error.stream_descriptor:
                failed[error.stream_descriptor.name] = error.failure_type or FailureType.system_error
            yield message
    except AirbyteTracedException:
        if not failed:
            raise
        told = (
            f"{len(failed)} of {selected} streams failed: {', '.join(sorted(failed))}. The error of each says why and "
            "what to do."
        )
        if len(failed) < selected:
            told += " The other streams are complete."
        worst = next(kind for kind in _WORST_FIRST if kind in failed.values())
        raise AirbyteTracedException(message=told, internal_message=told, failure_type=worst) from None
    finally:
        logger.removeFilter(_is_no_list_of_failures)


def _is_no_list_of_failures(record: logging.LogRecord) -> bool:
    # The CDK logs what it says of each failed stream once more, as the repr of the exceptions.
    return not str(record.msg).startswith("During the sync, the following streams did not sync successfully")
