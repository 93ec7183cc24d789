"""The CDK's factory, for manifests whose streams name each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_type_hints

from airbyte_cdk.sources.declarative.models.declarative_component_schema import (
    DeclarativeStream,
    DefaultPaginator,
    ParentStreamConfig,
)
from airbyte_cdk.sources.declarative.parsers.model_to_component_factory import ModelToComponentFactory
from airbyte_cdk.sources.declarative.partition_routers.partition_router import PartitionRouter
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor, FinalStateCursor
from airbyte_cdk.sources.types import Config

from connector_kit.reading.retrievers import StreamRetriever


class StreamFactory(ModelToComponentFactory):
    """Builds each stream once, however many others name it as theirs.

    The CDK would build a parent anew for each child. `retrievers` has what was built, by the stream's name.
    """

    def __init__(self, **options: Any) -> None:
        # What the CDK does for a parent's answers (a cache in SQLite) is done by sharing them.
        super().__init__(disable_cache=True, **options)
        self.retrievers: dict[str, StreamRetriever] = {}
        self._streams: dict[str, AbstractStream] = {}

    def create_default_stream(
        self, model: DeclarativeStream, config: Config, is_parent: bool = False, **kwargs: Any
    ) -> AbstractStream:
        name = str(model.name)
        if name not in self._streams:
            self._streams[name] = super().create_default_stream(model, config, is_parent, **kwargs)
        return self._streams[name]

    def create_parent_stream_config_with_substream_wrapper(
        self, model: ParentStreamConfig, config: Config, *, stream_name: str, **kwargs: Any
    ) -> Any:
        # The CDK's has a factory of its own, with a parent's state for the child; here a parent has its own.
        return self.create_parent_stream_config(model, config, stream_name=stream_name, **kwargs)

    def create_custom_component(self, model: Any, config: Config, **kwargs: Any) -> Any:
        _refuse_unknown(model, get_type_hints(self._get_class_from_fully_qualified_class_name(model.class_name)))
        component = super().create_custom_component(model, config, **kwargs)
        if isinstance(component, StreamRetriever):
            self.retrievers[component.name] = component
        return component

    def create_default_paginator(
        self, model: DefaultPaginator, config: Config, *, url_base: str = "", **kwargs: Any
    ) -> Any:
        # A custom retriever does not hand its requester's URL down, as the CDK's own does.
        return super().create_default_paginator(model, config, url_base=url_base, **kwargs)

    def _build_concurrent_cursor(
        self, model: DeclarativeStream, stream_slicer: PartitionRouter | None, config: Config
    ) -> Cursor:
        # Memories of the package's own take the place of the CDK's, which would read `start_datetime` in one format.
        return FinalStateCursor(str(model.name), None, self._message_repository)


def _refuse_unknown(model: Any, fields: Mapping[str, Any]) -> None:
    """The CDK passes over what a custom class has no field for: a slip of the pen would do nothing, and not be told."""
    handed_down = {"type", "class_name", "parameters", *(model.parameters or {})}
    unknown = sorted(set(model.dict()) - set(fields) - handed_down)
    if unknown:
        raise ValueError(f"{model.class_name} has no field {', '.join(unknown)}")


def refuse_contradictions(manifest: Mapping[str, Any]) -> None:
    """Refuse a resolved manifest that declares a stream in two ways.

    Where a stream names another one (its parent, or what it is derived from), a copy of that one's declaration stands
    there; only one of them would be read.
    """
    found: dict[str, Any] = {}

    def look(node: Any) -> None:
        if isinstance(node, Mapping):
            if node.get("type") == "DeclarativeStream":
                name = str(node.get("$parameters", {}).get("name"))
                if found.setdefault(name, node) != node:
                    raise ValueError(f"The manifest declares stream {name} in two ways")
            for value in node.values():
                look(value)
        elif isinstance(node, list):
            for value in node:
                look(value)

    look(manifest)
