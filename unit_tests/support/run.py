"""The one run of the tests: a source is built, reads its streams, and what came of it is noted."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from airbyte_cdk.models import ConfiguredAirbyteCatalog, SyncMode
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.test.state_builder import StateBuilder
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.source import ManifestSource
from unit_tests.support.clock import SharedClock
from unit_tests.support.outcome import Outcome, log_into
from unit_tests.support.transport import Transport


def catalog_of(streams: Iterable[str]) -> ConfiguredAirbyteCatalog:
    builder = CatalogBuilder()
    for name in streams:
        builder.with_stream(name, SyncMode.incremental)
    catalog: ConfiguredAirbyteCatalog = builder.build()
    return catalog


def read(
    package: str,
    streams: Iterable[str],
    config: Mapping[str, Any],
    clock: SharedClock,
    transport: Transport,
    states: Mapping[str, Mapping[str, Any]] | None = None,
) -> Outcome:
    """Read streams of a source from their states. What ends the read is in the outcome."""
    names = list(streams)
    catalog, state = catalog_of(names), StateBuilder()
    for name, blob in (states or {}).items():
        state.with_stream_state(name, blob)
    saved = state.build()
    outcome = Outcome.of(names)
    outcome.requests = transport.requests
    source = ManifestSource(package, catalog, config, saved, clock=clock, transport=transport)
    with log_into(outcome.log):
        try:
            for message in source.read(logging.getLogger("airbyte"), config, catalog, saved):
                outcome.note(message)
        except AirbyteTracedException as error:
            outcome.end(error)
    return outcome
