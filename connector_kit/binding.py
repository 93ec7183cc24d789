"""Gives what the factory built to one run: readers, cursors, budget. Nothing else knows of both sides."""

from __future__ import annotations

from collections.abc import Mapping

from connector_kit.dialect import Dialect
from connector_kit.listing import ListReading
from connector_kit.parents import ParentLink, ParentStream
from connector_kit.requester import Requester
from connector_kit.responses import Reading
from connector_kit.retrievers import DerivedRetriever, EndpointRetriever, StreamRetriever
from connector_kit.state import StreamCursor
from connector_kit.sync import Sync
from connector_kit.values import SchemaNormalization


class Binding:
    """Binds the retrievers of all streams, parents first.

    Args:
        retrievers: by the stream's name; those of parents and of streams that others are derived from among them.
        sync: the run.
        record_format: how the records are spelled.

    Raises:
        AirbyteTracedException: a saved state is none of its stream's.
        ValueError: the manifest contradicts itself.
    """

    def __init__(self, retrievers: Mapping[str, StreamRetriever], sync: Sync, record_format: Dialect) -> None:
        self._retrievers = retrievers
        self._sync = sync
        self._format = record_format
        self._by_key: dict[str, str] = {}
        self.readings: dict[str, Reading] = {}
        self.cursors: dict[str, StreamCursor] = {}
        for name in retrievers:
            self._reading_of(name)

    def _reading_of(self, name: str) -> Reading:
        if name not in self.readings:
            retriever = self._retrievers[name]
            self.readings[name] = reading = self._made_for(retriever)
            source = self._retrievers[retriever.stream.name] if isinstance(retriever, DerivedRetriever) else retriever
            if not isinstance(source, EndpointRetriever):
                raise TypeError(f"{name}: a stream can only be derived from one that has an endpoint")
            cursor = retriever.new_cursor(source.cursor_kind, self._sync)
            if cursor is not None:
                self.cursors[name] = cursor
            normalization = retriever.record_selector.schema_normalization
            if isinstance(normalization, SchemaNormalization):
                normalization.bind(self._format)
            reading.join(name, retriever.record_selector, cursor)
            retriever.bind(reading)
        return self.readings[name]

    def _made_for(self, retriever: StreamRetriever) -> Reading:
        if isinstance(retriever, DerivedRetriever):
            return self._reading_of(retriever.stream.name)
        if not isinstance(retriever, EndpointRetriever):
            raise TypeError(f"{retriever.name}: its retriever is none of this package's")
        declared = ParentStream.declared_by(retriever.partition_router)
        requester = Requester(
            retriever.requester,
            retriever.config,
            retriever.limit,
            parent=declared.partition_field if declared else "",
            alternative_path=retriever.other_path,
        )
        other = self._by_key.setdefault(requester.key, retriever.name)
        if other != retriever.name:
            raise ValueError(f"{retriever.name} and {other} ask for the same URLs: derive one from the other")
        return retriever.reading(self._sync, requester, self._link(declared) if declared else None)

    def _link(self, declared: ParentStream) -> ParentLink:
        parent = self._reading_of(declared.stream)
        if not isinstance(parent, ListReading):
            raise TypeError(f"{declared.stream}: only a list can be a parent")
        return ParentLink(parent, declared)
