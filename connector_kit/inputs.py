"""The files that a program is given: config, catalog and state, each refused by its name where it can't be read.

No word of the content is repeated: a config holds credentials.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airbyte_cdk.models import (
    AirbyteStateMessage,
    AirbyteStateMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
)

from connector_kit.settings import config_error


def read_config(path: str) -> Mapping[str, Any]:
    """The configuration. Raises a config error for a file that is no JSON object."""
    config = _json(path, "config")
    if not isinstance(config, dict):
        raise config_error(f'The config file {path} is not a JSON object. Write it as {{"name": "value"}}.')
    return config


def read_catalog(path: str) -> ConfiguredAirbyteCatalog:
    """The configured catalog. Raises a config error for a file that is none, or names a stream twice."""
    content = _json(path, "catalog")
    try:
        catalog: ConfiguredAirbyteCatalog = ConfiguredAirbyteCatalogSerializer.load(content)
    except Exception:  # noqa: BLE001 - the serialiser raises what it likes, and quotes the content
        raise config_error(
            f"The catalog file {path} is not a configured catalog. It is an object with `streams`, each with `stream` "
            "(as discover prints it), `sync_mode` and `destination_sync_mode`."
        ) from None
    names = [configured.stream.name for configured in catalog.streams]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise config_error(f"The catalog names stream {', '.join(twice)} more than once. Leave one of each.")
    return catalog


def read_state(path: str) -> list[AirbyteStateMessage]:
    """The saved states of the streams. Raises a config error for a file that holds something else."""
    states = _json(path, "state")
    try:
        # An empty object is how some runners spell that there is no state yet.
        return [AirbyteStateMessageSerializer.load(state) for state in _listed(states or [])]
    except Exception:  # noqa: BLE001 - the same
        raise config_error(
            f"The state file {path} is not a list of states. It is a JSON list of what the STATE messages of this "
            "source have under `state`, the last one of each stream. Restore it, or leave --state out to read "
            "everything again."
        ) from None


def _listed(states: Any) -> list[Any]:
    if not isinstance(states, list):
        raise TypeError
    for state in states:
        blob = state["stream"].get("stream_state") if isinstance(state.get("stream"), dict) else None
        if blob is not None and not isinstance(blob, dict):
            raise TypeError
    return states


def _json(path: str, what: str) -> Any:
    try:
        # With or without the mark that some editors put at the beginning.
        return json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise config_error(f"The {what} file {path} cannot be read: {error.strerror}. Check the path.") from None
    except ValueError as error:
        place = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ", or not in UTF-8"
        raise config_error(f"The {what} file {path} is no valid JSON{place}. Mend it there.") from None
