"""Runs the protocol's commands: parses arguments, reads files, and writes messages to stdout."""

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

from connector_kit.airbyte.config_file import read_config
from connector_kit.airbyte.inputs import read_catalog, read_state
from connector_kit.config_errors import config_error
from connector_kit.files import shown
from connector_kit.masking import NoForeignTracebacks
from connector_kit.process.exit import silence_log_errors, write
from connector_kit.settings import Settings, misspelled_warnings
from connector_kit.source import ManifestSource, logger, read_manifest


class Entrypoint(AirbyteEntrypoint):
    """The CDK's commands, with a config check that names the field, and with records written in one step."""

    def messages(
        self,
        command: str,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog | None,
        state: list[AirbyteStateMessage],
    ) -> Iterator[AirbyteMessage]:
        """Yield all messages of a command except the records, which `read` writes itself.

        The CDK's `run` would read config, catalog and state from their paths a second time, which fails for a pipe, and
        create a temporary folder, for which there may be no place.
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
        for warning in misspelled_warnings(config, source_spec.connectionSpecification):
            logger.warning(warning)

    def read(
        self,
        source_spec: ConnectorSpecification,
        config: Mapping[str, Any],
        catalog: Any,
        state: list[Any],
    ) -> Iterable[AirbyteMessage]:
        """Write the records to stdout and yield all other messages, in order.

        The CDK would turn each record into a dict, the dict into text and the text into bytes: three times the work.
        """
        out = sys.stdout.buffer
        for message in super().read(source_spec, config, catalog, state):
            record = message.record
            if record is None:
                yield message
                continue
            # Like the CDK's serializer, which omits null fields at the top level of a record only.
            data = {name: value for name, value in record.data.items() if value is not None}
            fields = {"stream": record.stream, "data": data, "emitted_at": record.emitted_at}
            if record.meta is not None:
                fields["meta"] = record.meta
            try:
                line = orjson.dumps({"type": "RECORD", "record": fields}, option=orjson.OPT_APPEND_NEWLINE)
            except TypeError:
                # Half of a surrogate pair, which only the CDK's serializer can write.
                yield message
                continue
            write(out, line)


def run(package: str, arguments: Sequence[str], config: Mapping[str, Any] | None = None) -> None:
    """Run a command of a source.

    Args:
        package: the source's.
        arguments: the command line, without the program's name.
        config: the configuration, if it was read already.

    Raises:
        AirbyteTracedException: it failed; pass it to `report`.
    """
    silence_log_errors()
    for handler in logging.getLogger().handlers:
        handler.addFilter(NoForeignTracebacks())
    parsed = _parsed(arguments)
    command, given = parsed.command, vars(parsed)
    level = logging.DEBUG if parsed.debug or is_platform_debug_log_enabled() else logging.INFO
    if config is None:
        config = read_config(parsed.config) if "config" in given else {}
    catalog = read_catalog(parsed.catalog) if "catalog" in given else None
    state = read_state(parsed.state) if given.get("state") else []
    only = read_manifest(package)["check"]["stream_names"] if command == "check" else None
    entrypoint = Entrypoint(ManifestSource(package, catalog, config, state, only=only))
    logger.setLevel(level)
    for message in entrypoint.messages(command, config, catalog, state):
        # A state in the buffer would be lost if the process were killed.
        write(sys.stdout, f"{entrypoint.airbyte_message_to_string(message)}\n", flush=True)


def report(error: BaseException) -> None:
    """Write a TRACE message that says why a command failed."""
    if isinstance(error, AirbyteTracedException):
        # The CDK's hook would also log it, with a traceback that is of no use to a user.
        error.emit_message()
    else:
        init_uncaught_exception_handler(logger)
        sys.excepthook(type(error), error, error.__traceback__)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line with the CDK's parser, but report a mistake as a message of the protocol."""
    stderr = io.StringIO()
    try:
        with redirect_stderr(stderr):
            parsed = AirbyteEntrypoint.parse_args(list(arguments))
    except SystemExit as end:
        if not end.code:
            raise
        mistake = shown(stderr.getvalue().rpartition("error: ")[2].strip())
    else:
        if parsed.command:
            return parsed
        mistake = "no command"
    raise config_error(
        f"The command line is wrong: {mistake}. Use `spec`, `check --config FILE`, `discover --config FILE` or "
        "`read --config FILE --catalog FILE [--state FILE]`."
    )
