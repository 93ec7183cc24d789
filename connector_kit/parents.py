"""From a list to its children: what is handed down, and which list a child hangs on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from airbyte_cdk.sources.declarative.partition_routers.partition_router import PartitionRouter
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import SubstreamPartitionRouter
from airbyte_cdk.sources.types import StreamSlice

from connector_kit.sync import Sync

if TYPE_CHECKING:
    from connector_kit.listing import ListReading


class Parent(NamedTuple):
    """What a child needs of a parent record: its time (instant and as spelled), its id, the fields to hand down."""

    instant: int | None
    id: Any
    text: str | None
    handed: tuple[Any, ...]

    @property
    def age(self) -> tuple[int, int, str]:
        """Sorts oldest first, by id where times are equal, so that a time and an id say how far a stream is."""
        number = self.id if isinstance(self.id, int) else 0
        return (self.instant if self.instant is not None else 0, number, str(self.id))


@dataclass(frozen=True)
class ParentLink:
    """A child's side of the relation: the parent's reading, and under which names the child gets id and fields."""

    reading: ListReading
    partition_field: str
    fields: tuple[str, ...]

    def slice_for(self, parent: Parent) -> StreamSlice:
        """The slice of one parent, with the fields that were handed down."""
        handed = dict(zip(self.reading.handed_fields, parent.handed, strict=True))
        return StreamSlice(
            partition={self.partition_field: parent.id},
            cursor_slice={},
            extra_fields={name: handed.get(name) for name in self.fields},
        )


def parent_of(router: Optional[PartitionRouter], sync: Sync) -> ParentLink | None:
    """The link that a manifest's `SubstreamPartitionRouter` declares; None for a stream without a parent.

    The router itself is never asked for slices: it would read the parent once more for each child.
    """
    if not isinstance(router, SubstreamPartitionRouter):
        # The factory hands a SinglePartitionRouter to streams that declare none.
        return None
    (declared,) = router.parent_stream_configs
    reading = sync.list_reading_of(declared.stream.name)
    fields = tuple(_name(path) for path in declared.extra_fields or [])
    for name in fields:
        if name not in reading.handed_fields:
            reading.handed_fields.append(name)
    return ParentLink(reading, _text(declared.partition_field), fields)


def _name(path: Iterable[object]) -> str:
    return ".".join(_text(part) for part in path)


def _text(value: object) -> str:
    # The CDK wraps plain names into interpolated strings when it builds the router.
    return str(getattr(value, "string", value))
