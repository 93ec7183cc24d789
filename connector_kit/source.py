"""Builds a source from its package's manifest and runs it. All programs of both connectors start here."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Optional

from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    Status,
)
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
from airbyte_cdk.sources.declarative.parsers.manifest_reference_resolver import ManifestReferenceResolver
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from requests.adapters import BaseAdapter

from connector_kit.clock import Clock
from connector_kit.config_errors import config_error
from connector_kit.failed_streams import summarize_failures
from connector_kit.http.environment import refuse_unusable
from connector_kit.http.transport import new_session
from connector_kit.manifest import load_manifest, user_agent
from connector_kit.masking import mask_secrets
from connector_kit.personal_data import SAFE_KEY_LENGTH
from connector_kit.reading import (
    DELETIONS,
    ReaderRegistry,
    StreamBuilder,
    StreamFactory,
    StreamRetriever,
    check_manifest,
    check_streams,
)
from connector_kit.records.changes import with_meta
from connector_kit.records.format import AIRBYTE, RecordFormat
from connector_kit.settings import Settings, with_defaults
from connector_kit.sync import Sync

logger = logging.getLogger("airbyte")


# This many records may wait to be written: 1 MB of candidates if stdout is slower than the API.
_MOST_WAITING = 300


def read_manifest(package: str) -> dict[str, Any]:
    """Return the manifest of a source package with its references resolved. Nobody may change what is in it."""
    return dict(_resolved(package))


@cache
def _resolved(package: str) -> Mapping[str, Any]:
    resolved: dict[str, Any] = dict(ManifestReferenceResolver().preprocess_manifest(load_manifest(package)))
    # Not needed once resolved; the CDK would check and copy each of them again.
    resolved.pop("definitions", None)
    return resolved


def stream_name(stream: Mapping[str, Any]) -> str:
    """Return the name of a stream that the manifest declares."""
    return str(stream["$parameters"]["name"])


def _threads_for(streams: int, declared: object) -> dict[str, Any]:
    """Return the concurrency_level that so many streams need. With fewer threads they would deadlock.

    Streams of one endpoint wait for each other, and children for their parent. Only `num_workers` limits the requests
    in flight.
    """
    if declared is not None:
        logger.warning("The manifest's concurrency_level has no effect: the number of streams sets that of threads.")
    # One thread to read each stream; the CDK reserves half of the threads for starting streams.
    return {"type": "ConcurrencyLevel", "default_concurrency": max(2, 2 * streams)}


class ManifestSource(ConcurrentDeclarativeSource):
    """A declarative source whose streams share one sync: one budget, one connection pool, each URL once.

    Args:
        package: the source's package, which holds its manifest and schemas.
        catalog, config, state: passed to the CDK, which wants all three at construction.
        only: the names of the streams to build; None for those of the catalog, or all without one.
        record_format: how values are written in the records.
        sample: read only a little of each endpoint; the states of such a read are meaningless.
        clock, transport: replacements for tests.
    """

    def __init__(
        self,
        package: str,
        catalog: Optional[ConfiguredAirbyteCatalog] = None,
        config: Optional[Mapping[str, Any]] = None,
        state: Optional[list[AirbyteStateMessage]] = None,
        *,
        only: Sequence[str] | None = None,
        record_format: RecordFormat = AIRBYTE,
        sample: bool = False,
        clock: Clock | None = None,
        transport: BaseAdapter | None = None,
    ) -> None:
        self._package = package
        manifest = read_manifest(package)
        check_manifest(manifest)
        self._stream_names = [stream_name(stream) for stream in manifest["streams"]]
        if (config or {}).get("detect_deletions") == "mark":
            self._stream_names.append(DELETIONS)
        if only is None and catalog is not None:
            only = [stream.stream.name for stream in catalog.streams]
        if only is not None:
            manifest["streams"] = [stream for stream in manifest["streams"] if stream_name(stream) in only]
        self._only = only
        self._configured = catalog
        # One more for the stream of deletions.
        manifest["concurrency_level"] = _threads_for(len(manifest["streams"]) + 1, manifest.get("concurrency_level"))
        self._connection_specification: Mapping[str, Any] = manifest["spec"]["connection_specification"]
        self._own_state = state or []
        self._record_format = record_format
        self._sample = sample
        self._clock = clock
        self._transport = transport
        self._sync: Sync | None = None
        # By stream, including parents; built by `streams`.
        self.retrievers: Mapping[str, StreamRetriever] = {}
        # state=None: the CDK would refuse the shape of the kit's states, and its own cursors are not used.
        super().__init__(
            catalog=catalog,
            config=with_defaults(config, self._connection_specification) if config else None,
            state=None,
            source_config=manifest,
        )
        # The CDK made it with room for 10,000, which is all that a larger source adds to the memory.
        self._concurrent_source._queue.maxsize = _MOST_WAITING

    @property
    def name(self) -> str:
        return self._package.replace("_", "-")

    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:
        """Return the config for the commands. The CDK's method would also write the credentials to a file."""
        return self._config or config

    # --- the protocol's commands ---------------------------------------------------------------------------------

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        sync = self.open(checking=True)
        try:
            refuse_unusable(sync.settings.base_url)
            message = check_streams(self.streams(config), self._source_config["check"]["stream_names"])
        except AirbyteTracedException as error:
            return AirbyteConnectionStatus(status=Status.FAILED, message=error.message)
        finally:
            sync.close()
        return AirbyteConnectionStatus(status=Status.SUCCEEDED, message=message)

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteCatalog:
        self.open()
        return super().discover(logger, config)

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: Optional[list[AirbyteStateMessage]] = None,
    ) -> Iterator[AirbyteMessage]:
        selected = [stream.stream.name for stream in catalog.streams]
        self._refuse_unknown(selected, "The catalog asks for")
        sync = self.open(selected)
        refuse_unusable(sync.settings.base_url)
        if sync.settings.personal_data == "hash" and len(self._config["personal_data_key"]) < SAFE_KEY_LENGTH:
            logger.warning(
                f"personal_data_key has fewer than {SAFE_KEY_LENGTH} characters: anyone with the hashed data could "
                "guess it, and with it names and phone numbers. Choose a long random text, and sync all streams again."
            )
        try:
            messages = with_meta(super().read(logger, config, catalog, state))
            yield from summarize_failures(messages, len(selected), logger)
        finally:
            logger.info(sync.summary())
            sync.close()

    def streams(self, config: Mapping[str, Any]) -> list[AbstractStream]:
        """Build all streams and bind them to the sync that was opened last."""
        sync = self._sync or self.open()
        self._constructor = factory = StreamFactory(message_repository=self._message_repository)
        declared = super().streams(config)
        self.retrievers = factory.retrievers
        if sync.settings.detect_deletions and self._configured is not None:
            sync.unmarked = self._without_field(self._configured)
        self._registry = ReaderRegistry(self.retrievers, sync, self._record_format)
        builder = StreamBuilder(self._registry, sync, self._record_format, self._message_repository)
        streams: list[AbstractStream] = [
            builder.stream(stream, self.retrievers[stream.name])
            for stream in declared
            if isinstance(stream, DefaultStream)
        ]
        log = self._registry.deletions
        if log is not None and (self._only is None or DELETIONS in self._only):
            streams.append(builder.deletions(log))
        return streams

    # --- building ------------------------------------------------------------------------------------------------

    def open(self, selected: Sequence[str] | None = None, checking: bool = False) -> Sync:
        """Start a new sync; the streams that are built from now on belong to it. Raises a config error.

        `selected` names the streams to read; None if they are read one by one. A check never waits for a rate limit.
        """
        settings = Settings.from_config(self._config, self._connection_specification)
        sync = Sync(
            settings,
            new_session(settings.num_workers, self._transport),
            states=self._states(),
            emit=self._message_repository.emit_message,
            clock=self._clock,
        )
        sync.session.headers["User-Agent"] = user_agent(self._package)
        mask_secrets(self._connection_specification, self._config)
        sync.selected = frozenset(selected) if selected is not None else None
        sync.checking = checking
        sync.sampling = self._sample
        self._sync = sync
        return sync

    def _without_field(self, catalog: ConfiguredAirbyteCatalog) -> frozenset[str]:
        """Return the streams whose schema at the destination lacks the field for deletions, and warn about them.

        A tombstone would empty a row there without saying why.
        """
        field, missing = self._record_format.deleted_at, []
        for configured in catalog.streams:
            retriever = self.retrievers.get(configured.stream.name)
            properties = configured.stream.json_schema.get("properties")
            if retriever is not None and retriever.marks_deletions and properties and field not in properties:
                missing.append(configured.stream.name)
        if missing:
            logger.warning(
                f"detect_deletions: the catalog was made without it, so nothing is marked in {', '.join(missing)}. "
                "Refresh the connection's schema (run discover again), then sync."
            )
        return frozenset(missing)

    def _refuse_unknown(self, names: Sequence[str], what: str) -> None:
        unknown = sorted(set(names) - set(self._stream_names))
        if DELETIONS in unknown:
            raise config_error(
                f"{what} stream {DELETIONS}, which this source has only with detect_deletions: mark. Set that, or "
                "deselect the stream."
            )
        if unknown:
            raise config_error(
                f"{what} stream {', '.join(unknown)}, which this source does not have. It has: "
                f"{', '.join(self._stream_names)}. Run discover again, or correct the name."
            )

    def _states(self) -> dict[str, dict[str, Any]]:
        states: dict[str, dict[str, Any]] = {}
        for message in self._own_state:
            stream = message.stream
            if stream is None:
                raise config_error(
                    "The saved state is not a state per stream, so this connector did not write it. Restore the right "
                    "one, or clear the state of all streams to read them again in full."
                )
            states[stream.stream_descriptor.name] = dict(stream.stream_state.__dict__) if stream.stream_state else {}
        # Its state holds nothing that anybody needs once detect_deletions is off again.
        self._refuse_unknown([name for name in states if name != DELETIONS], "The saved state names")
        return states
