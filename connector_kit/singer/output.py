"""Writes a tap's messages: stdout gets whole lines and nothing but messages, whatever happens."""

from __future__ import annotations

import logging
import logging.config
import os
import select
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TextIO

import orjson
from singer_sdk.helpers._util import utc_now
from singer_sdk.singerlib.encoding import GenericSingerWriter
from singer_sdk.singerlib.json import serialize_json
from singer_sdk.singerlib.messages import Message, RecordMessage

from connector_kit.process.exit import CLOSED_PIPE, Ended, begin_exit, die_on_signal
from connector_kit.process.memory import freeze_imports, share_one_heap

# The import replaces functions of other packages for its time; a second one meanwhile would put back the replacement.
_IMPORTING = threading.RLock()


class MessageWriter(GenericSingerWriter[bytes, Message]):
    """Writes one message per line to stdout, and flushes all but records.

    A state in the buffer would be lost if the process were killed.
    """

    def __init__(self) -> None:
        super().__init__()
        self._claimed: TextIO | None = None
        self._is_writing = False
        self._ended: Ended | None = None

    def serialize_message(self, message: Message) -> bytes:
        return self._line(message.to_dict())

    @staticmethod
    def _line(fields: dict[str, Any]) -> bytes:
        try:
            return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)
        except orjson.JSONEncodeError:
            # Decimals and integers of more than 64 bits, which only a stream map can make.
            return serialize_json(fields).encode() + b"\n"

    @contextmanager
    def claimed_stdout(self) -> Iterator[None]:
        """Inside the block only messages reach stdout: whatever else is printed goes to stderr."""
        self._claimed = sys.stdout
        try:
            with redirect_stdout(sys.stderr):
                yield
        finally:
            self._claimed = None

    def write_message(self, message: Message) -> None:
        self._write(self.serialize_message(message), flush=not isinstance(message, RecordMessage))

    def write_record(self, stream: str, record: dict[str, Any], version: int | None) -> None:
        """Write a record without creating a `RecordMessage`, which would take a fifth of the time per record."""
        fields: dict[str, Any] = {"type": "RECORD", "stream": stream, "record": record}
        if version is not None:
            fields["version"] = version
        fields["time_extracted"] = utc_now()
        self._write(self._line(fields), flush=False)

    def _write(self, line: bytes, flush: bool) -> None:
        out = self._claimed or sys.stdout
        self._is_writing = True
        try:
            if hasattr(out, "buffer"):
                out.buffer.write(line)
            else:
                out.write(line.decode())
            if flush:
                self.flush()
        finally:
            self._is_writing = False
        if self._ended is not None:
            raise self._ended

    def flush(self) -> None:
        (self._claimed or sys.stdout).flush()

    def end(self, signal_number: int) -> None:
        """End the process after the line that is being written.

        Raises:
            Ended: here, or where that line is written.
        """
        ended = begin_exit(signal_number)
        if not self._is_writing:
            raise ended
        self._ended = ended


class SecretFilter(logging.Filter):
    """Keeps credentials and tracebacks out of the log: a traceback may quote data, and messages say what failed."""

    def filter(self, record: logging.LogRecord) -> bool:
        from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

        record.exc_info = record.exc_text = None
        message = record.getMessage()
        filtered = filter_secrets(message)
        if filtered != message:
            record.msg, record.args = filtered, ()
        return True


def import_source() -> Any:
    """Import `connector_kit.source`, and keep the log as it is: importing airbyte-cdk would redirect it to stdout."""
    with _IMPORTING:
        return _import_source()


def _import_source() -> Any:
    configure = logging.config.dictConfig
    logging.config.dictConfig = lambda _: None  # type: ignore[assignment]
    # What the CDK says of its own classes, and of the manifest's words, tells a tap's user nothing.
    for words in ("This class is experimental", "Component type: `HttpRequester`"):
        warnings.filterwarnings("ignore", words)
    share_one_heap()
    try:
        with die_on_signal(), freeze_imports():
            from connector_kit import source
    finally:
        logging.config.dictConfig = configure
    root = logging.getLogger()
    for handler in root.handlers:
        if not any(isinstance(known, SecretFilter) for known in handler.filters):
            handler.addFilter(SecretFilter())
    # airbyte-cdk also sets a level for its logger, which would override the user's.
    logging.getLogger("airbyte").setLevel(max(root.level, logging.INFO))
    return source


def exit_when_stdout_closes() -> None:
    """Exit when nobody reads stdout any more, even while the tap waits and has nothing to write."""
    if not hasattr(select, "poll"):
        return
    watch = select.poll()
    watch.register(sys.stdout.fileno(), 0)

    def wait() -> None:
        for _, event in watch.poll():
            if event & (select.POLLERR | select.POLLHUP):
                os._exit(CLOSED_PIPE)

    threading.Thread(target=wait, name="stdout", daemon=True).start()
