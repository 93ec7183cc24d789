"""Tells in a record's `meta.changes` which of its values became null or lost a part, as the protocol has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.types import Record

# The CDK's own `models` leave these out.
from airbyte_protocol_dataclasses.models import (  # type: ignore[import-untyped]
    AirbyteRecordMessageFileReference,
    AirbyteRecordMessageMeta,
    AirbyteRecordMessageMetaChange,
    Change,
    Reason,
)


@dataclass
class _Carrier(AirbyteRecordMessageFileReference):  # type: ignore[misc]
    """A record's meta in the place of its file: the CDK passes nothing else on. These sources have no files."""

    meta: AirbyteRecordMessageMeta = field(default_factory=AirbyteRecordMessageMeta)


def attach(row: Record, changes: Mapping[str, Change]) -> None:
    """Give a row its changes: the path of each field, such as `stages.scheduledAt`, and what happened to it."""
    listed = [
        AirbyteRecordMessageMetaChange(path, change, Reason.SOURCE_SERIALIZATION_ERROR)
        for path, change in changes.items()
    ]
    row.file_reference = _Carrier(meta=AirbyteRecordMessageMeta(listed))


def with_meta(messages: Iterable[AirbyteMessage]) -> Iterator[AirbyteMessage]:
    """Pass messages on; each record that was given changes says so in its meta."""
    for message in messages:
        record = message.record
        if record is not None and isinstance(record.file_reference, _Carrier):
            record.meta, record.file_reference = record.file_reference.meta, None
        yield message
