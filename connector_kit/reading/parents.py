"""Links a child stream to its parent list: which list it is, and which fields of a parent record the child gets."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Optional

from airbyte_cdk.sources.declarative.partition_routers.partition_router import PartitionRouter
from airbyte_cdk.sources.declarative.partition_routers.single_partition_router import SinglePartitionRouter
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import SubstreamPartitionRouter
from airbyte_cdk.sources.declarative.transformations import RecordTransformation
from airbyte_cdk.sources.types import Config, StreamSlice, StreamState

from connector_kit.reading.list_marks import ListMarks
from connector_kit.reading.paginators import Pagination
from connector_kit.reading.reader import Reader


class Parent(NamedTuple):
    """What a child needs to know of a parent record.

    `Parent(1709251200000000, 17, "2024-03-01T00:00:00Z", (5,))`: its time in microseconds since the epoch, its id, the
    time as the API writes it, and the values of the list's `parent_fields`.
    """

    instant: int | None
    id: Any
    text: str | None
    fields: tuple[Any, ...]

    @property
    def age(self) -> tuple[int, int, str]:
        """Sort key, oldest first and by id among equal times, so that one time and id mark a child's progress."""
        number = self.id if isinstance(self.id, int) else 0
        return (self.instant if self.instant is not None else 0, number, str(self.id))


@dataclass(frozen=True)
class ParentStream:
    """What a manifest's `SubstreamPartitionRouter` declares; its own slices would read the parent for each child.

    Args:
        stream: the parent's name, `tickets`.
        parent_key: the field of a parent record that goes into a child's URL, `id`.
        partition_field: the name of that key in the child's slice, `ticket_id`.
        extra_fields: further fields of the parent that the slice gets, `("exam_id", "updated_at")`.
    """

    stream: str
    parent_key: str
    partition_field: str
    extra_fields: tuple[str, ...]

    @classmethod
    def declared_by(cls, router: Optional[PartitionRouter]) -> ParentStream | None:
        """Return the declared parent; None for a stream without one, which gets the CDK's SinglePartitionRouter."""
        if router is None or isinstance(router, SinglePartitionRouter):
            return None
        if not isinstance(router, SubstreamPartitionRouter):
            raise TypeError(
                f"{type(router).__name__} has no effect here; a stream's parent is a SubstreamPartitionRouter"
            )
        if len(router.parent_stream_configs) > 1:
            names = ", ".join(config.stream.name for config in router.parent_stream_configs)
            raise ValueError(f"parent_stream_configs names {names}, but a stream has one parent here")
        (declared,) = router.parent_stream_configs
        return cls(
            declared.stream.name,
            _text(declared.parent_key),
            _text(declared.partition_field),
            tuple(_text(name) for (name,) in declared.extra_fields or []),
        )


class ParentList(Reader):
    """A list as its child streams see it.

    `is_whole` says whether every record of every list was seen; `read_at` is when it was read, in seconds of the
    monotonic clock. `marks` is what it found out about what is gone, None if nobody wants to know; `is_filtered` says
    whether it left out what no selected stream needed.
    """

    is_whole: bool
    read_at: float
    pagination: Pagination
    marks: ListMarks | None
    is_filtered: bool

    @property
    @abstractmethod
    def parent_fields(self) -> list[str]:
        """The names of the fields that are kept of each record for the children."""

    @abstractmethod
    def keep_for(self, child: ParentStream) -> None:
        """Keep the key and the fields of each record that a child needs."""

    @abstractmethod
    def belongs(self, instant: int | None) -> bool:
        """Whether a record that was last updated at `instant` is among those that streams remember."""

    @property
    @abstractmethod
    def has_listed_all(self) -> bool:
        """Whether the lists have shown every record that belongs to the sync."""

    @abstractmethod
    def index(self) -> list[Parent]:
        """Wait until the list was read and return every record as a parent, oldest first."""

    @property
    @abstractmethod
    def started_at(self) -> datetime | None:
        """When the list began to be read, by the server's clock; None if nothing was answered."""

    @property
    @abstractmethod
    def server_time(self) -> datetime:
        """The server's time at the list's first page; a safely earlier time if its answers carry none.

        It also caps the children's states: reading a list can take hours, and it lacks what changed meanwhile.
        """


@dataclass(frozen=True)
class ParentLink:
    """A child's link to its parent: the parent's reader, and what the child declares to take of each record."""

    reader: ParentList
    declared: ParentStream

    def slice_for(self, parent: Parent) -> StreamSlice:
        """Return the slice of one parent, such as `{"ticket_id": 17}` with the extra fields `{"exam_id": 5}`."""
        values = dict(zip(self.reader.parent_fields, parent.fields, strict=True))
        return StreamSlice(
            partition={self.declared.partition_field: parent.id},
            cursor_slice={},
            extra_fields={name: values.get(name) for name in self.declared.extra_fields},
        )


def _text(value: object) -> str:
    # The CDK wraps plain names in InterpolatedString when it builds the router.
    return str(getattr(value, "string", value))


@dataclass
class ParentFields(RecordTransformation):
    """Adds fields of the parent to a record: `{ticket_updated_at: updated_at}` copies `updated_at` of its slice."""

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
        parent_fields = {**stream_slice.extra_fields, **stream_slice.partition}
        for name, source in self.fields.items():
            record[name] = parent_fields.get(source)
