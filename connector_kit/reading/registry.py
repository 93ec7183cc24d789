"""Connects what the factory built with one run. No other module knows both."""

from __future__ import annotations

from collections.abc import Mapping

from connector_kit.http.requester import Requester
from connector_kit.reading.details import DetailReader
from connector_kit.reading.lists import ListReader
from connector_kit.reading.parents import ParentFields, ParentLink, ParentStream
from connector_kit.reading.reader import Reader
from connector_kit.reading.retrievers import (
    DerivedRetriever,
    DetailRetriever,
    EndpointRetriever,
    ListRetriever,
    StreamRetriever,
)
from connector_kit.reading.tombstones import DELETIONS, DETECTED_AT, DeletionLog, Tombstones
from connector_kit.records.extractor import RowExtractor
from connector_kit.records.format import RecordFormat
from connector_kit.state.cursors import ListCursor, StreamCursor
from connector_kit.sync import Sync


class ReaderRegistry:
    """Creates the readers and cursors of a run and binds the retrievers to them, parents first.

    Args:
        retrievers: by stream name, including parents and the streams that others are derived from.
        sync: the run.
        record_format: how values are written in the records.

    Raises:
        AirbyteTracedException: a saved state does not fit its stream.
        TypeError, ValueError: the manifest combines parts that don't fit.
    """

    def __init__(self, retrievers: Mapping[str, StreamRetriever], sync: Sync, record_format: RecordFormat) -> None:
        self._retrievers = retrievers
        self._sync = sync
        self._format = record_format
        self._by_key: dict[str, str] = {}
        self.readers: dict[str, Reader] = {}
        self.cursors: dict[str, StreamCursor] = {}
        for name in retrievers:
            self._reader_of(name)
        self.deletions = self._new_log() if sync.settings.detect_deletions else None

    def _new_log(self) -> DeletionLog:
        """Return the stream of deletions, with which all readers mark what is gone."""
        cursor = ListCursor(self._sync, DELETIONS, DETECTED_AT)
        log = DeletionLog(self._sync, cursor, list(dict.fromkeys(self.readers.values())))
        for reader in self.readers.values():
            if isinstance(reader, (ListReader, DetailReader)):
                reader.tombstones = Tombstones(self._sync, self._format, log)
        return log

    def _reader_of(self, name: str) -> Reader:
        if name not in self.readers:
            retriever = self._retrievers[name]
            self.readers[name] = reader = self._new_reader(retriever)
            source = self._retrievers[retriever.stream.name] if isinstance(retriever, DerivedRetriever) else retriever
            if not isinstance(source, EndpointRetriever):
                raise TypeError(f"{name}: a stream can only be derived from one that has an endpoint")
            _refuse_unknown_fields(retriever, ParentStream.declared_by(source.partition_router))
            cursor = retriever.new_cursor(source, self._sync, reader.filter)
            if cursor is not None:
                self.cursors[name] = cursor
            reader.add_stream(name, retriever.record_selector, cursor, retriever.marks_deletions)
            reader.outputs[name].normalization.bind(self._format)
            retriever.bind(reader)
        return self.readers[name]

    def _new_reader(self, retriever: StreamRetriever) -> Reader:
        if isinstance(retriever, DerivedRetriever):
            if not isinstance(retriever.record_selector.extractor, RowExtractor):
                raise TypeError(f"{retriever.name}: the extractor of a derived stream must be RowExtractor")
            return self._reader_of(retriever.stream.name)
        if not isinstance(retriever, (ListRetriever, DetailRetriever)):
            raise TypeError(f"{retriever.name}: the retriever must be one of connector_kit.reading's")
        declared, requester = self._declared_by(retriever)
        other = self._by_key.setdefault(requester.key, retriever.name)
        if other != retriever.name:
            raise ValueError(f"{retriever.name} and {other} ask for the same URLs: derive one from the other")
        link = self._link_to(declared) if declared else None
        if isinstance(retriever, ListRetriever):
            if retriever.filter and link is not None:
                raise ValueError(f"{retriever.name}: filter has an effect for a list without a parent only")
            reader: Reader = ListReader(self._sync, requester, retriever, link)
        elif link is None:
            raise ValueError(f"{retriever.name}: a detail needs a SubstreamPartitionRouter with its parent")
        else:
            reader = DetailReader(self._sync, requester, retriever, link)
        if link is not None:
            link.reader.keep_for(link.declared)
            link.reader.children.append(reader)
        return reader

    def _declared_by(self, retriever: EndpointRetriever) -> tuple[ParentStream | None, Requester]:
        try:
            declared = ParentStream.declared_by(retriever.partition_router)
            return declared, Requester(
                retriever.requester,
                retriever.config,
                retriever.limit,
                parent=declared.partition_field if declared else "",
                alternative_path=retriever.other_path,
            )
        except (TypeError, ValueError) as error:
            raise type(error)(f"{retriever.name}: {error}") from error

    def _link_to(self, declared: ParentStream) -> ParentLink:
        parent = self._reader_of(declared.stream)
        if not isinstance(parent, ListReader):
            raise TypeError(f"{declared.stream}: only a list can be a parent")
        return ParentLink(parent, declared)


def _refuse_unknown_fields(retriever: StreamRetriever, parent: ParentStream | None) -> None:
    """Refuse to add fields that the stream does not take of its parent: they would be null in every row."""
    taken = {parent.partition_field, *parent.extra_fields} if parent else set()
    for part in retriever.record_selector.transformations:
        if isinstance(part, ParentFields) and (unknown := sorted(set(part.fields.values()) - taken)):
            raise ValueError(f"{retriever.name}: its parent gives no field {', '.join(unknown)}; see extra_fields")
