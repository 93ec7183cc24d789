"""The catalog and the state that a tap is given as files, each refused by its name where it can't be used."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from singer_sdk.singerlib import Catalog

from connector_kit.files import read_json, read_state_file, shown
from connector_kit.singer.states import Refused, checked


def read_catalog(path: str) -> Catalog:
    """The catalog in a file. Raises Refused for anything else."""
    content = read_json(path, "catalog")
    try:
        if not isinstance(content["streams"], list):
            raise TypeError
        return Catalog.from_dict(with_replication_methods(content))
    except Exception:  # noqa: BLE001 - the SDK takes any JSON for a catalog and stumbles somewhere
        raise Refused(
            f"The catalog file {shown(path)} is not a catalog. It is what --discover prints: an object with `streams`, "
            "each with `tap_stream_id`, `schema` and `metadata`."
        ) from None


def read_bookmarks(path: str, logger: logging.Logger) -> dict[str, Any]:
    """The bookmarks in a state file. Raises Refused for a state of another kind."""
    return checked(read_state_file(path, logger), f"The state file {shown(path)}")


def with_replication_methods(catalog: Mapping[str, Any]) -> dict[str, Any]:
    """The catalog with each stream's `replication-method` where the SDK looks: it knows the forced one alone.

    Singer's metadata that users write has no "forced" in its name.
    """
    streams = []
    for stream in catalog.get("streams", []):
        roots = [entry["metadata"] for entry in stream.get("metadata", []) if not entry.get("breadcrumb")]
        chosen = [root["replication-method"] for root in roots if root.get("replication-method")]
        streams.append({**stream, "replication_method": chosen[-1]} if chosen else stream)
    return {**catalog, "streams": streams}
