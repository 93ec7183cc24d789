"""The protocol's commands as programs run them: arguments, files, messages on stdout, and the end."""

from __future__ import annotations

import argparse
import io
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from typing import Any

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.logger import is_platform_debug_log_enabled
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    ConnectorSpecification,
    Type,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.airbyte.inputs import read_catalog, read_config, read_state
from connector_kit.errors import config_error
from connector_kit.files import shown
from connector_kit.masking import NoForeignTracebacks
from connector_kit.process.exit import quieten_log, write
from connector_kit.settings import Settings, misspelled
from connector_kit.source import ManifestSource, logger, read_manifest


class Entrypoint(AirbyteEntrypoint):
    """The CDK's commands, with a config check that names the field, and with records that are written at once."""

    def __init__(self, source: ManifestSource) -> None:
        super().__init__(source)

    def messages(
        self,
        command: str,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog | None,
        state: list[AirbyteStateMessage],
    ) -> Iterator[AirbyteMessage]:
        """All messages of a command but the records.

        `run` of the CDK reads config, catalog and state from their paths once more, which a pipe does not give twice,
        and makes a temporary folder, for which there may be no place.
        """
        full = self.source.configure(config, temp_dir="")
        specification = self.source.spec(self.logger)
        try:
            if command == "spec":
                yield AirbyteMessage(type=Type.SPEC, spec=specification)
            elif command == "check":
                yield from self.check(specification, full)
            elif command == "discover":
                yield from self.discover(specification, full)
            else:
                yield from self.read(specification, full, catalog, state)
        finally:
            yield from self._emit_queued_messages(self.source)

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


def run(package: str, arguments: Sequence[str]) -> None:
    """Run a command of a source. Raises AirbyteTracedException, for `tell`, where it fails."""
    quieten_log()
    for handler in logging.getLogger().handlers:
        handler.addFilter(NoForeignTracebacks())
    parsed = _parsed(arguments)
    command, given = parsed.command, vars(parsed)
    level = logging.DEBUG if parsed.debug or is_platform_debug_log_enabled() else logging.INFO
    config = read_config(parsed.config) if "config" in given else {}
    catalog = read_catalog(parsed.catalog) if "catalog" in given else None
    state = read_state(parsed.state) if given.get("state") else []
    only = read_manifest(package)["check"]["stream_names"] if command == "check" else None
    entrypoint = Entrypoint(ManifestSource(package, catalog, config, state, only=only))
    logger.setLevel(level)
    for message in entrypoint.messages(command, config, catalog, state):
        # A state that waits in the buffer of a pipe is lost when the process is killed.
        write(sys.stdout, f"{entrypoint.airbyte_message_to_string(message)}\n", flush=True)


def tell(error: BaseException) -> None:
    """Say why a command failed, as a TRACE message."""
    if isinstance(error, AirbyteTracedException):
        # Said in words; the CDK's hook would log it besides, with a traceback of no use to a user.
        error.emit_message()
    else:
        init_uncaught_exception_handler(logger)
        sys.excepthook(type(error), error, error.__traceback__)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line as the CDK takes it, but that a mistake in it is told in the protocol."""
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            parsed = AirbyteEntrypoint.parse_args(list(arguments))
    except SystemExit as end:
        if not end.code:
            raise
        wrong = shown(said.getvalue().rpartition("error: ")[2].strip())
    else:
        if parsed.command:
            return parsed
        wrong = "no command"
    raise config_error(
        f"The command line cannot be used: {wrong}. It is `spec`, `check --config FILE`, `discover --config FILE` or "
        "`read --config FILE --catalog FILE [--state FILE]`."
    )
