"""The protocol's commands as programs run them: arguments, files, messages on stdout, and the end."""

from __future__ import annotations

import logging
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.models import AirbyteMessage, ConnectorSpecification
from airbyte_cdk.sources.connector_state_manager import HashableStreamDescriptor
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.ending import ending_at_once, write
from connector_kit.inputs import read_catalog, read_config, read_state
from connector_kit.masking import NoForeignTracebacks
from connector_kit.settings import Settings, misspelled
from connector_kit.source import ManifestSource, logger, read_manifest
from connector_kit.stdout import widen_stdout
from connector_kit.temporary import own_temporary_folder


class Entrypoint(AirbyteEntrypoint):
    """The CDK's commands, with a config check that names the field, and with records that are written at once."""

    def __init__(self, source: ManifestSource) -> None:
        super().__init__(source)

    @staticmethod
    def validate_connection(source_spec: ConnectorSpecification, config: Mapping[str, Any]) -> None:
        Settings.from_config(config, source_spec.connectionSpecification)
        for name, meant in misspelled(config, source_spec.connectionSpecification).items():
            # A misspelled `personal_data` would send everybody's data in clear.
            logger.warning("Config field %s is unknown and has no effect. Is %s meant?", name, meant)

    def read(
        self,
        source_spec: ConnectorSpecification,
        config: Mapping[str, Any],
        catalog: Any,
        state: list[Any],
    ) -> Iterable[AirbyteMessage]:
        """All messages but the records, which go to stdout from here, each where it belongs.

        The CDK would make a dict of each message, a text of the dict and bytes of the text: three times the work.
        """
        out = sys.stdout.buffer
        for message in super().read(source_spec, config, catalog, state):
            record = message.record
            if record is None:
                yield message
                continue
            # As the CDK's serialiser has it, which leaves empty fields of a record out, but not those further down.
            data = {name: value for name, value in record.data.items() if value is not None}
            fields = {"stream": record.stream, "data": data, "emitted_at": record.emitted_at}
            try:
                line = orjson.dumps({"type": "RECORD", "record": fields}, option=orjson.OPT_APPEND_NEWLINE)
            except TypeError:
                # Half of a surrogate pair, which the CDK knows how to write.
                yield message
                continue
            write(out, line)

    @staticmethod
    def handle_record_counts(
        message: AirbyteMessage, stream_message_count: defaultdict[HashableStreamDescriptor, float]
    ) -> AirbyteMessage:
        """The CDK's count of records for the next state, with a descriptor for each stream, not for each record."""
        if message.record is None:
            return AirbyteEntrypoint.handle_record_counts(message, stream_message_count)
        stream_message_count[_descriptor(message.record.stream)] += 1.0
        return message


@cache
def _descriptor(stream: str) -> HashableStreamDescriptor:
    return HashableStreamDescriptor(name=stream)


def launch(package: str, args: Sequence[str] | None = None) -> None:
    """Run a source as a program: `spec`, `check`, `discover` or `read`."""
    widen_stdout()
    with ending_at_once(_tell), own_temporary_folder():
        _run(package, args)


def _tell(error: BaseException) -> None:
    if isinstance(error, AirbyteTracedException):
        # Said in words, as a TRACE message; the CDK's hook would log it besides, with a traceback of no use to a user.
        error.emit_message()
    else:
        sys.excepthook(type(error), error, error.__traceback__)


def _run(package: str, args: Sequence[str] | None) -> None:
    init_uncaught_exception_handler(logger)
    for handler in logging.getLogger().handlers:
        handler.addFilter(NoForeignTracebacks())
    arguments = list(sys.argv[1:] if args is None else args)
    parsed = AirbyteEntrypoint.parse_args(arguments)
    config = read_config(parsed.config) if getattr(parsed, "config", None) else None
    catalog = read_catalog(parsed.catalog) if getattr(parsed, "catalog", None) else None
    state = read_state(parsed.state) if getattr(parsed, "state", None) else None
    only = read_manifest(package)["check"]["stream_names"] if parsed.command == "check" else None
    entrypoint = Entrypoint(ManifestSource(package, catalog, config, state, only=only))
    for message in entrypoint.run(parsed):
        # A state that waits in the buffer of a pipe is lost when the process is killed.
        write(sys.stdout, f"{message}\n", flush=True)
    sys.stdout.flush()
