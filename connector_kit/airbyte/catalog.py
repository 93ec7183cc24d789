"""Makes the catalog from the manifest and the schemas, without airbyte-cdk, whose import takes a second and 60 MB.

It is the one that the CDK makes of the same source; a test compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from connector_kit.manifest import load_manifest
from connector_kit.personal_data import schema_for
from connector_kit.settings import Settings, misspelled_warnings

Json = Mapping[str, Any]


def catalog_messages(package: str, config: Json) -> Iterator[dict[str, Any]]:
    """Yield the protocol's messages of `discover`: warnings about the config, and the CATALOG.

    Args:
        package: the source's.
        config: as the user gave it.

    Raises:
        AirbyteTracedException: a config error.
    """
    manifest = load_manifest(package)
    specification = manifest["spec"]["connection_specification"]
    settings = Settings.from_config(config, specification)
    for warning in misspelled_warnings(config, specification):
        yield {"type": "LOG", "log": {"level": "WARN", "message": warning}}
    streams = (_resolved(reference, manifest) for reference in manifest["streams"])
    yield {
        "type": "CATALOG",
        "catalog": {"streams": [_stream(package, stream, manifest, settings) for stream in streams]},
    }


def _stream(package: str, declared: Json, manifest: Json, settings: Settings) -> dict[str, Any]:
    name = declared["$parameters"]["name"]
    text = files(package).joinpath("schemas", f"{name}.json").read_text(encoding="utf-8")
    cursor = _resolved(declared.get("incremental_sync", {}), manifest)
    stream: dict[str, Any] = {
        "name": name,
        "json_schema": schema_for(json.loads(text), settings.personal_data),
        "supported_sync_modes": ["full_refresh", *(["incremental"] if cursor else [])],
    }
    if cursor:
        stream |= {"source_defined_cursor": True, "default_cursor_field": [cursor["cursor_field"]]}
    return stream | {
        "source_defined_primary_key": [[field] for field in declared["primary_key"]],
        "is_resumable": bool(cursor),
        "is_file_based": False,
    }


def _resolved(node: Json, manifest: Json) -> dict[str, Any]:
    """Return an object of the manifest with what its reference, if it has one, brings along."""
    own = dict(node) if isinstance(node, Mapping) else {"$ref": node}
    path = own.pop("$ref", None)
    if path is None:
        return own
    target: Any = manifest
    for name in path.removeprefix("#/").split("/"):
        target = target[name]
    return _resolved(target, manifest) | own
