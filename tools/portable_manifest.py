"""portable/*.yaml: each source as a manifest that airbyte-cdk alone runs, made from the real one.

Airbyte Cloud's Connector Builder runs no Python of ours. So each part of the kit that the real manifest names becomes
the nearest thing that airbyte-cdk has; `docs/connector-builder.md` says what is lost by that. A part that has no
counterpart here stops the generator: a new one needs a decision, not a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from connector_kit.source import read_manifest, stream_name
from tools import ROOT
from tools.portable_errors import error_handler
from tools.portable_parts import (
    authenticator,
    ends_by_links,
    extractor,
    page_parameters,
    paginator,
    with_defaults,
    without_marks,
)
from tools.portable_values import added_fields, mended_fields

Component = dict[str, Any]

FOLDER = ROOT / "portable"
SOURCES = ("talentics", "talentio")

CONFIG_FIELDS = (
    "app_id",
    "app_secret",
    "access_token",
    "start_date",
    "base_url",
    "rate_limit_requests",
    "num_workers",
    "include_inactive_responsible_employees",
)
"""Those that airbyte-cdk alone can act on; a portable manifest has no other."""

_SENT_FILTER = "updatedAtFrom"
_AWARE, _NAIVE = "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S"


def files() -> dict[Path, str]:
    """The text of every file by its path."""
    return {FOLDER / f"{source}.yaml": render(source) for source in SOURCES}


def render(source: str) -> str:
    """A source's file."""
    text = yaml.dump(Portable(source).manifest(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return (
        f"# Written by `make portable` from source_{source}/manifest.yaml; do not edit it by hand.\n"
        "# For Airbyte's Connector Builder, which runs no Python of ours: see docs/connector-builder.md.\n"
        f"{text}"
    )


class _Dumper(yaml.SafeDumper):
    """Writes equal parts out again, as anchors are not everybody's YAML."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_PLACEHOLDER = re.compile(r"\{\{.*?\}\}")
_FILTER = "{{ format_datetime(stream_interval['start_time'], '%Y-%m-%dT%H:%M:%S') }}"
_REMAINING_HEADERS = {"source_talentics": "X-RateLimit-Remaining", "source_talentio": "X-Remaining"}


class Portable:
    """Translates one source."""

    def __init__(self, source: str) -> None:
        self._package = f"source_{source}"
        self._real = read_manifest(self._package)
        self._config = self._real["spec"]["connection_specification"]["properties"]

    def manifest(self) -> Component:
        """The manifest, as far as airbyte-cdk goes."""
        streams = {stream_name(stream): self._stream(stream) for stream in self._real["streams"]}
        unfiltered = {
            name: {word: part for word, part in stream.items() if word != "incremental_sync"}
            for name, stream in streams.items()
            if f"'#/definitions/unfiltered_parents/{name}'" in str(streams)
        }
        return {
            "version": self._real["version"],
            "type": "DeclarativeSource",
            # One stream: airbyte-cdk asks for all that are named here, and fails where one is denied.
            "check": {"type": "CheckStream", "stream_names": self._real["check"]["stream_names"][:1]},
            "definitions": {"streams": streams, **({"unfiltered_parents": unfiltered} if unfiltered else {})},
            "streams": [{"$ref": f"#/definitions/streams/{name}"} for name in streams],
            "api_budget": self._api_budget(),
            "concurrency_level": {
                "type": "ConcurrencyLevel",
                "default_concurrency": f"{{{{ config.get('num_workers', {self._default('num_workers')}) }}}}",
                "max_concurrency": self._config["num_workers"]["maximum"],
            },
            "spec": self._spec(),
        }

    def _default(self, field: str) -> Any:
        return self._config[field]["default"]

    def _spec(self) -> Component:
        spec = self._real["spec"]
        fields = {name: self._config[name] for name in CONFIG_FIELDS if name in self._config}
        return {**spec, "connection_specification": {**spec["connection_specification"], "properties": fields}}

    def _api_budget(self) -> Component:
        """Moving windows: a fixed one of airbyte-cdk's begins ten days ahead and trusts headers that may not come."""
        limits = [one["retriever"]["rate_limit"] for one in self._real["streams"] if "rate_limit" in one["retriever"]]
        if limits[0]["scope"] == "all":
            matchers: list[list[Component]] = [[]]
        else:
            paths = dict.fromkeys(
                path
                for one in self._real["streams"]
                if "requester" in one["retriever"]
                for path in (one["retriever"]["requester"]["path"],)
            )
            matchers = [
                [{"type": "HttpRequestRegexMatcher", "url_path_pattern": f"/{_PLACEHOLDER.sub('[^/]+', path)}$"}]
                for path in paths
            ]
        default = self._default("rate_limit_requests")
        rate = {
            "type": "Rate",
            "limit": f"{{{{ config.get('rate_limit_requests', {default}) }}}}",
            # airbyte-cdk does not interpolate it.
            "interval": self._default("rate_limit_period"),
        }
        return {
            "type": "HTTPAPIBudget",
            "policies": [
                {"type": "MovingWindowCallRatePolicy", "rates": [rate], "matchers": matcher} for matcher in matchers
            ],
            "ratelimit_remaining_header": _REMAINING_HEADERS[self._package],
        }

    # --- streams

    def _stream(self, real: Mapping[str, Any]) -> Component:
        name = stream_name(real)
        retriever, base = real["retriever"], real
        if "stream" in retriever:
            base = retriever["stream"]
        schema = self._schema(name)
        portable = {
            "type": "DeclarativeStream",
            "name": name,
            "primary_key": real["primary_key"],
            "retriever": self._retriever(base, retriever),
        }
        if "incremental_sync" in real:
            portable["incremental_sync"] = self._cursor(real, schema, base["retriever"])
            if self._is_filtered(base):
                # Of the same list, so the same filter; the state is the stream's own.
                portable["retriever"]["requester"]["request_parameters"][_SENT_FILTER] = _FILTER
        if transformations := self._transformations(real, schema):
            portable["transformations"] = transformations
        portable["schema_loader"] = {"type": "InlineSchemaLoader", "schema": schema}
        return portable

    def _schema(self, name: str) -> Component:
        path = ROOT / self._package / "schemas" / f"{name}.json"
        schema: Component = without_marks(json.loads(path.read_text(encoding="utf-8")))
        return schema

    def _retriever(self, base: Mapping[str, Any], own: Mapping[str, Any]) -> Component:
        retriever = base["retriever"]
        portable: Component = {
            "type": "SimpleRetriever",
            "requester": self._requester(base),
            "record_selector": {
                "type": "RecordSelector",
                "extractor": extractor(
                    base["retriever"]["record_selector"]["extractor"], own["record_selector"]["extractor"]
                ),
                "schema_normalization": "Default",
            },
        }
        if "paginator" in retriever:
            portable["paginator"] = paginator(retriever["paginator"])
        if "partition_router" in retriever:
            portable["partition_router"] = self._router(base)
        return portable

    def _requester(self, base: Mapping[str, Any]) -> Component:
        real = base["retriever"]["requester"]
        address = f"{{{{ config.get('base_url', '{self._default('base_url')}').rstrip('/') }}}}"
        return {
            "type": "HttpRequester",
            "url": f"{address}/{real['path']}",
            "http_method": "GET",
            "authenticator": authenticator(real["authenticator"]),
            "request_headers": real["request_headers"],
            "request_parameters": {
                **{
                    name: with_defaults(value, self._config)
                    for name, value in real.get("request_parameters", {}).items()
                },
                **page_parameters(base["retriever"].get("paginator")),
            },
            "connect_timeout_in_seconds": real["connect_timeout_in_seconds"],
            "read_timeout_in_seconds": real["read_timeout_in_seconds"],
            # Junk with HTTP 200 is asked for again, which airbyte-cdk would answer from its cache of parents' answers.
            "use_cache": False,
            "error_handler": error_handler(base["retriever"]),
        }

    def _router(self, base: Mapping[str, Any]) -> Component:
        (real,) = base["retriever"]["partition_router"]["parent_stream_configs"]
        parent = real["stream"]
        # Only details: a list of children changes without its parent.
        is_detail = "paginator" not in base["retriever"]
        follows = is_detail and "incremental_sync" in base and "incremental_sync" in parent
        # Where the child has times of its own, those of its parent must leave nothing out.
        definitions = "streams" if follows or "incremental_sync" not in parent else "unfiltered_parents"
        portable = {
            "type": "ParentStreamConfig",
            "stream": {"$ref": f"#/definitions/{definitions}/{stream_name(parent)}"},
            "parent_key": real["parent_key"],
            "partition_field": real["partition_field"],
        }
        if "extra_fields" in real:
            portable["extra_fields"] = real["extra_fields"]
        if follows:
            portable["incremental_dependency"] = True
        return {"type": "SubstreamPartitionRouter", "parent_stream_configs": [portable]}

    # --- cursors

    @staticmethod
    def _is_filtered(stream: Mapping[str, Any]) -> bool:
        return "start_time_option" in stream.get("incremental_sync", {})

    def _cursor(self, real: Mapping[str, Any], schema: Mapping[str, Any], endpoint: Mapping[str, Any]) -> Component:
        cursor = real["incremental_sync"]
        field = schema["properties"][cursor["cursor_field"]]
        written = _NAIVE if field.get("airbyte_type") == "timestamp_without_timezone" else _AWARE
        portable = {
            "type": "DatetimeBasedCursor",
            "cursor_field": cursor["cursor_field"],
            # With its zone: airbyte-cdk writes a state's wall clock as it is, and would read another time back.
            "datetime_format": written,
            "cursor_datetime_formats": [written] if written == _NAIVE else [_AWARE, _AWARE.replace(".%f", "")],
            "start_datetime": f"{{{{ format_datetime(config.get('start_date') or '1970-01-01', '{written}') }}}}",
            # A clock that is ahead, or read in another zone, must not make a record too new.
            "end_datetime": f"{{{{ day_delta(1, '{written}') }}}}",
        }
        if margin := endpoint.get("clock_margin"):
            portable["lookback_window"] = margin
        if "partition_router" in endpoint:
            portable["global_substream_cursor"] = True
        # Only where the server says which page is the last: airbyte-cdk counts the records that pass, and would take a
        # page without news for the end of the list.
        if ends_by_links(real["retriever"].get("paginator")):
            portable["is_client_side_incremental"] = True
        return portable

    # --- transformations

    def _transformations(self, real: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Component]:
        found = mended_fields(stream_name(real), schema)
        for one in real.get("transformations", ()):
            if one["type"] != "CustomTransformation":
                found.append(one)
            else:
                found += added_fields(one)
        return found
