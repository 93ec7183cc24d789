"""The CDK's factory, for manifests whose streams name each other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
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

from connector_kit.reading.field_rules import check_fields, refuse_missing
from connector_kit.reading.retrievers import StreamRetriever


class StreamFactory(ModelToComponentFactory):
    """Builds each stream once, even if several others name it as their parent; the CDK would build it for each child.

    `retrievers` holds what was built, by stream name.
    """

    def __init__(self, **options: Any) -> None:
        # The CDK caches a parent's answers in SQLite; here the children share the answers themselves.
        super().__init__(disable_cache=True, **options)
        self.retrievers: dict[str, StreamRetriever] = {}
        self._streams: dict[str, AbstractStream] = {}

    def create_default_stream(
        self, model: DeclarativeStream, config: Config, is_parent: bool = False, **kwargs: Any
    ) -> AbstractStream:
        name = str(model.name)
        if name not in self._streams:
            stream = self._streams[name] = super().create_default_stream(model, config, is_parent, **kwargs)
            check_fields(stream, self.retrievers[name], getattr(model.incremental_sync, "cursor_field", None))
        return self._streams[name]

    def create_parent_stream_config_with_substream_wrapper(
        self, model: ParentStreamConfig, config: Config, *, stream_name: str, **kwargs: Any
    ) -> Any:
        # The CDK would build the parent in a separate factory with a state kept by the child; here it has its own.
        made = self.create_parent_stream_config(model, config, stream_name=stream_name, **kwargs)
        fields = [model.parent_key, *(name for (name,) in model.extra_fields or [])]
        refuse_missing(made.stream, fields, f"{stream_name}: parent_key or extra_fields")
        return made

    def create_custom_component(self, model: Any, config: Config, **kwargs: Any) -> Any:
        _refuse_unknown(model, _fields_of(self._get_class_from_fully_qualified_class_name(model.class_name)))
        component = super().create_custom_component(model, config, **kwargs)
        if isinstance(component, StreamRetriever):
            self.retrievers[component.name] = component
        return component

    def create_default_paginator(
        self, model: DefaultPaginator, config: Config, *, url_base: str = "", **kwargs: Any
    ) -> Any:
        # Unlike the CDK's own retriever, a custom one does not pass its requester's URL on.
        return super().create_default_paginator(model, config, url_base=url_base, **kwargs)

    def _build_concurrent_cursor(
        self, model: DeclarativeStream, stream_slicer: PartitionRouter | None, config: Config
    ) -> Cursor:
        # The kit's own cursors replace the CDK's, which accept `start_datetime` in one format only.
        return FinalStateCursor(str(model.name), None, self._message_repository)


@cache
def _fields_of(component: type) -> Mapping[str, Any]:
    return get_type_hints(component)


def _refuse_unknown(model: Any, fields: Mapping[str, Any]) -> None:
    """Refuse fields that a custom class does not have: the CDK ignores them, so a typo would silently do nothing."""
    allowed = {"type", "class_name", "parameters", *(model.parameters or {})}
    unknown = sorted(set(model.dict()) - set(fields) - allowed)
    if unknown:
        raise ValueError(f"{model.class_name} has no field {', '.join(unknown)}")
