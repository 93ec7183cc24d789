"""Names the failed streams at the end of a sync. Each one's reason was reported when it failed."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator

from airbyte_cdk.models import AirbyteMessage, FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

# What a person must fix comes first: if one failure needs that, running the sync again does not help.
_WORST_FIRST = (FailureType.config_error, FailureType.system_error, FailureType.transient_error)


def worst_of(kinds: Collection[FailureType | None]) -> FailureType:
    """Return the failure type that several failures have together."""
    return next(kind for kind in _WORST_FIRST if kind in kinds)


def summarize_failures(
    messages: Iterable[AirbyteMessage], selected: int, logger: logging.Logger
) -> Iterator[AirbyteMessage]:
    """Pass on the messages of a sync of `selected` streams.

    Raises:
        AirbyteTracedException: after the last message, if streams failed: it names them, with the worst failure type.
    """
    failed: dict[str, FailureType] = {}
    logger.addFilter(_is_not_the_cdks_list)
    try:
        for message in messages:
            error = message.trace.error if message.trace else None
            if error and error.stream_descriptor:
                failed[error.stream_descriptor.name] = error.failure_type or FailureType.system_error
            yield message
    except AirbyteTracedException:
        if not failed:
            raise
        names = ", ".join(sorted(failed))
        text = f"{len(failed)} of {selected} streams failed: {names}. Each stream's error says why and what to do."
        if len(failed) < selected:
            text += " The other streams are complete."
        worst = worst_of(failed.values())
        raise AirbyteTracedException(message=text, internal_message=text, failure_type=worst) from None
    finally:
        logger.removeFilter(_is_not_the_cdks_list)


def _is_not_the_cdks_list(record: logging.LogRecord) -> bool:
    # The CDK logs the failed streams again, as the repr of their exceptions.
    return not str(record.msg).startswith("During the sync, the following streams did not sync successfully")
