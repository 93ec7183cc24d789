"""From a list to its children: what is handed down, and which list a child hangs on."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Optional

from airbyte_cdk.sources.declarative.partition_routers.partition_router import PartitionRouter
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import SubstreamPartitionRouter
from airbyte_cdk.sources.declarative.transformations import RecordTransformation
from airbyte_cdk.sources.types import Config, StreamSlice, StreamState

from connector_kit.reading.paginators import Pagination
from connector_kit.reading.reader import Reader


class Parent(NamedTuple):
    """What a child needs of a parent record: its time (instant and as spelled), its id, the fields to hand down."""

    instant: int | None
    id: Any
    text: str | None
    fields: tuple[Any, ...]

    @property
    def age(self) -> tuple[int, int, str]:
        """Sorts oldest first, by id where times are equal, so that a time and an id say how far a stream is."""
        number = self.id if isinstance(self.id, int) else 0
        return (self.instant if self.instant is not None else 0, number, str(self.id))


@dataclass(frozen=True)
class ParentStream:
    """What a manifest's `SubstreamPartitionRouter` declares.

    The router itself is never asked for slices: it would read the parent once more for each child.

    Args:
        stream: the parent's name.
        parent_key: the field of a parent's record that a child's URL takes.
        partition_field: the name of that key in the child's slice.
        extra_fields: further fields of the parent that its slice gets.
    """

    stream: str
    parent_key: str
    partition_field: str
    extra_fields: tuple[str, ...]

    @classmethod
    def declared_by(cls, router: Optional[PartitionRouter]) -> ParentStream | None:
        """The parent, or None for a stream without one, which gets the CDK's SinglePartitionRouter."""
        if not isinstance(router, SubstreamPartitionRouter):
            return None
        (declared,) = router.parent_stream_configs
        return cls(
            declared.stream.name,
            _text(declared.parent_key),
            _text(declared.partition_field),
            tuple(".".join(map(_text, path)) for path in declared.extra_fields or []),
        )


class ParentList(Reader):
    """A list that other streams hang on, as they see it.

    `parent_fields` are those that are kept of each record; `is_whole` tells whether every record of every list was
    seen; `read_at` is when it was read, by the monotonic clock; `pagination` is how it pages.
    """

    parent_fields: list[str]
    is_whole: bool
    read_at: float
    pagination: Pagination

    @abstractmethod
    def keep_for(self, child: ParentStream) -> None:
        """Keep of each record what a child takes of it."""

    @abstractmethod
    def index(self) -> list[Parent]:
        """Every record as a parent, oldest first. Waits until the list was read."""

    @property
    @abstractmethod
    def server_time(self) -> datetime:
        """The server's clock when the first page came, or earlier where its answers don't tell.

        What hangs on the list goes by it too: a list can take hours, and what was touched meanwhile is not in it.
        """


@dataclass(frozen=True)
class ParentLink:
    """A child's side of the relation: the parent's reading, and what the child takes of each record."""

    reader: ParentList
    declared: ParentStream

    def __post_init__(self) -> None:
        self.reader.keep_for(self.declared)

    def slice_for(self, parent: Parent) -> StreamSlice:
        """The slice of one parent, with the fields that were handed down."""
        handed = dict(zip(self.reader.parent_fields, parent.fields, strict=True))
        return StreamSlice(
            partition={self.declared.partition_field: parent.id},
            cursor_slice={},
            extra_fields={name: handed.get(name) for name in self.declared.extra_fields},
        )


def _text(value: object) -> str:
    # The CDK wraps plain names into interpolated strings when it builds the router.
    return str(getattr(value, "string", value))


@dataclass
class ParentFields(RecordTransformation):
    """Adds fields of the parent to a record: `fields` maps the name in the record to the name in the parent's slice."""

    config: Config
    fields: Mapping[str, str] = field(default_factory=dict)

    def transform(
        self,
        record: dict[str, Any],
        config: Optional[Config] = None,
        stream_state: Optional[StreamState] = None,
        stream_slice: Optional[StreamSlice] = None,
    ) -> None:
        if stream_slice is None:
            return
        handed = {**stream_slice.extra_fields, **stream_slice.partition}
        for name, source in self.fields.items():
            record[name] = handed.get(source)
