"""Rules that a manifest must keep so that each of its lines has an effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# The fields of airbyte-cdk's own components that have an effect here. The CDK ignores a field that it does not know,
# and the readers of this package do without many that it does know (its slices, its cache, its own cursors).
_EFFECTIVE: Mapping[str, frozenset[str]] = {
    name: frozenset(fields.split())
    for name, fields in {
        # The source itself says that concurrency_level has no effect.
        "DeclarativeSource": "check concurrency_level spec streams version definitions",
        "ConcurrencyLevel": "default_concurrency max_concurrency",
        "CheckStream": "stream_names",
        "DeclarativeStream": "incremental_sync primary_key retriever schema_loader transformations",
        "JsonFileSchemaLoader": "file_path",
        "DatetimeBasedCursor": "cursor_field datetime_format is_client_side_incremental start_datetime "
        "start_time_option",
        "DefaultPaginator": "page_size_option page_token_option pagination_strategy",
        "RequestOption": "field_name inject_into",
        "RecordSelector": "extractor schema_normalization",
        "HttpRequester": "authenticator connect_timeout_in_seconds error_handler path read_timeout_in_seconds "
        "request_headers request_parameters url_base",
        "SubstreamPartitionRouter": "parent_stream_configs",
        "ParentStreamConfig": "extra_fields parent_key partition_field stream",
        "AddFields": "condition fields",
        "AddedFieldDefinition": "path value value_type",
        "RemoveFields": "field_pointers",
        "Spec": "connection_specification documentation_url",
    }.items()
}
_ALWAYS = {"type", "$parameters"}
# The CDK hands $parameters down to all that is below, where a name that nothing takes does nothing.
_PARAMETERS = {"DeclarativeStream": {"name"}}


def check_manifest(manifest: Mapping[str, Any]) -> None:
    """Refuse a resolved manifest with a line that would do nothing.

    Resolving references puts a copy of a stream's declaration wherever another stream names it (as its parent, or as
    the one it is derived from). Only one copy is used, so a difference between two would be lost.

    Raises:
        ValueError: naming the stream, or the component and its field.
    """
    declared: dict[str, Any] = {}
    settings: Mapping[str, Any] = manifest["spec"]["connection_specification"]["properties"]
    for node in _components(manifest):
        kind, name = str(node["type"]), str(node.get("$parameters", {}).get("name"))
        if idle := sorted(set(node.get("$parameters", ())) - _PARAMETERS.get(kind, set())):
            raise ValueError(
                f"The manifest has a {kind} with {', '.join(idle)} in $parameters, which has no effect here"
            )
        if unknown := _unknown_settings(node, settings):
            raise ValueError(f"{node.get('class_name', kind)}: the spec and this part differ in {', '.join(unknown)}")
        if kind == "RemoveFields" and node.get("condition"):
            # The CDK then tests each value of the record, whatever the pointers say: the key could go as well.
            raise ValueError("RemoveFields: with a condition it removes every field whose value meets it; leave it out")
        if not kind.startswith("Custom"):
            if kind not in _EFFECTIVE:
                raise ValueError(f"The manifest has a {kind}, which has no effect here")
            idle = sorted(set(node) - _EFFECTIVE[kind] - _ALWAYS)
            if idle:
                raise ValueError(f"The manifest has a {kind} with {', '.join(idle)}, which has no effect here")
        if kind == "DeclarativeStream" and declared.setdefault(name, node) != node:
            raise ValueError(f"The manifest declares stream {name} in two different ways")
        if kind == "DeclarativeStream":
            _refuse_set_twice(name, node["retriever"], node.get("incremental_sync", {}))
        if kind == "DatetimeBasedCursor" and node.get("is_client_side_incremental") is not True:
            raise ValueError("DatetimeBasedCursor: is_client_side_incremental must be true, as lists are filtered here")
        if kind == "ParentStreamConfig" and any(len(path) > 1 for path in node.get("extra_fields", [])):
            raise ValueError("ParentStreamConfig: each of extra_fields must name a field of the parent, not a path")
    listed = [str(stream["$parameters"]["name"]) for stream in manifest["streams"]]
    if twice := sorted({name for name in listed if listed.count(name) > 1}):
        raise ValueError(f"The manifest lists {', '.join(twice)} more than once under streams")
    unknown = sorted(set(manifest["check"]["stream_names"]) - declared.keys())
    if unknown:
        raise ValueError(f"CheckStream: stream_names has {', '.join(unknown)}, which is no stream")


def _unknown_settings(node: Mapping[str, Any], settings: Mapping[str, Any]) -> list[str]:
    """Return the settings that a component names and the spec lacks; of a filter also those that only the spec has."""
    unknown = set(node.get("config_fields", ())) - settings.keys()
    if declared := node.get("filter"):
        own = settings.get(declared.get("config_field"), {}).get("properties", {})
        unknown |= {*declared.get("parameters", {}).values(), *declared.get("list_for_each", {}).values()} ^ own.keys()
    return sorted(unknown)


def _refuse_set_twice(name: str, retriever: Mapping[str, Any], cursor: Mapping[str, Any]) -> None:
    """Refuse query parameters that two lines of a stream's declaration set.

    A page would never be sent, and an order that has a parameter of the filter would read another list.
    """
    paginator, chosen = retriever.get("paginator", {}), retriever.get("filter", {})
    options = [paginator.get("page_token_option"), paginator.get("page_size_option"), cursor.get("start_time_option")]
    varied = [
        *(option["field_name"] for option in options if option and "field_name" in option),
        *chosen.get("parameters", {}),
        *chosen.get("list_for_each", {}),
    ]
    if twice := sorted({parameter for parameter in varied if varied.count(parameter) > 1}):
        raise ValueError(f"{name}: two of its paginator, cursor and filter set the parameter {', '.join(twice)}")
    fixed = retriever.get("requester", {}).get("request_parameters", {})
    orders = [parameter for order in retriever.get("other_orders", []) for parameter in order]
    # An expression in place of all parameters is known only once it is evaluated.
    for line, declared in (("request_parameters", () if isinstance(fixed, str) else fixed), ("other_orders", orders)):
        if taken := sorted(set(varied) & set(declared)):
            raise ValueError(f"{name}: {line} has {', '.join(taken)}, which its paginator, cursor or filter sets")


def _components(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        # JSON schemas have a `type` as well, in lower case.
        if str(node.get("type", ""))[:1].isupper():
            yield node
        for name, value in node.items():
            if name not in ("connection_specification", "$parameters"):
                yield from _components(value)
    elif isinstance(node, list):
        for value in node:
            yield from _components(value)
