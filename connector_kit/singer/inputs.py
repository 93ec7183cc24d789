"""Reads the catalog and the state that a tap is given as files. An error names the file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from singer_sdk.singerlib import Catalog

from connector_kit.files import read_json, read_state_file, shown
from connector_kit.singer.states import Refused, bookmarks_of


def read_catalog(path: str) -> Catalog:
    """Read the catalog in a file.

    Raises:
        Refused: it holds something else.
        UnreadableFile: it can't be read as JSON.
    """
    content = read_json(path, "catalog")
    try:
        if not isinstance(content["streams"], list):
            raise TypeError
        return Catalog.from_dict(with_replication_methods(content))
    except Exception:  # noqa: BLE001 - the SDK accepts any JSON and fails wherever a key is missing
        raise Refused(
            f"The catalog file {shown(path)} is not a catalog. It must be what --discover prints: an object with "
            "`streams`, each with `tap_stream_id`, `schema` and `metadata`."
        ) from None


def read_bookmarks(path: str, logger: logging.Logger) -> dict[str, Any]:
    """Read the bookmarks in a state file; none where it is empty.

    Raises:
        Refused: it holds another kind of state.
        UnreadableFile: it can't be read as JSON.
    """
    return bookmarks_of(read_state_file(path, logger), f"The state file {shown(path)}")


def with_replication_methods(catalog: Mapping[str, Any]) -> dict[str, Any]:
    """Return the catalog with each stream's `replication-method` where the SDK looks for it.

    Users write it into the metadata as `replication-method`; the SDK only reads `forced-replication-method` there.
    """
    streams = []
    for stream in catalog.get("streams", []):
        roots = [entry["metadata"] for entry in stream.get("metadata", []) if not entry.get("breadcrumb")]
        chosen = [root["replication-method"] for root in roots if root.get("replication-method")]
        streams.append({**stream, "replication_method": chosen[-1]} if chosen else stream)
    return {**catalog, "streams": streams}
