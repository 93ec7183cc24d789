"""Reads the catalog and the state that a source is given.

An error names the file and quotes nothing from it.
"""

from __future__ import annotations

import logging
from typing import Any

from airbyte_cdk.models import (
    AirbyteStateMessage,
    AirbyteStateMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
)

from connector_kit.airbyte.config_file import as_config_error
from connector_kit.config_errors import config_error
from connector_kit.files import read_json, read_state_file, shown

logger = logging.getLogger("airbyte")


def read_catalog(path: str) -> ConfiguredAirbyteCatalog:
    """Read the configured catalog.

    Raises:
        AirbyteTracedException: a config error, if the file is not a catalog or names a stream twice.
    """
    with as_config_error():
        content = read_json(path, "catalog")
    try:
        catalog: ConfiguredAirbyteCatalog = ConfiguredAirbyteCatalogSerializer.load(content)
    except Exception:  # noqa: BLE001 - the serializer raises what it likes, and quotes the content
        raise config_error(
            f"The catalog file {shown(path)} is not a configured catalog. It must be an object with `streams`, each "
            "with `stream` (as discover prints it), `sync_mode` and `destination_sync_mode`."
        ) from None
    names = [configured.stream.name for configured in catalog.streams]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise config_error(f"The catalog names stream {', '.join(twice)} more than once. Keep one entry of each.")
    if not names:
        logger.warning("The catalog file %s selects no stream, so nothing is read. Add streams to it.", shown(path))
    return catalog


def read_state(path: str) -> list[AirbyteStateMessage]:
    """Read the saved states of the streams.

    Raises:
        AirbyteTracedException: a config error, if the file is not a list of states.
    """
    with as_config_error():
        states = read_state_file(path, logger)
    try:
        # Some runners write an empty object where there is no state yet.
        return [AirbyteStateMessageSerializer.load(state) for state in _as_list(states or [])]
    except Exception:  # noqa: BLE001 - as in `read_catalog`
        raise config_error(
            f"The state file {shown(path)} is not a list of states. It must be a JSON list with the `state` of this "
            "source's last STATE message for each stream. Restore it, or leave out --state to read everything again."
        ) from None


def _as_list(states: Any) -> list[Any]:
    if not isinstance(states, list):
        raise TypeError
    for state in states:
        blob = state["stream"].get("stream_state") if isinstance(state.get("stream"), dict) else None
        if blob is not None and not isinstance(blob, dict):
            raise TypeError
    return states
