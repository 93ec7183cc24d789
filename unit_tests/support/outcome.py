"""What came of one read of a source."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import AirbyteLogFormatter
from airbyte_cdk.models import AirbyteErrorTraceMessage, AirbyteMessage
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from unit_tests.support.transport import Sent

Row = dict[str, Any]
States = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Failure:
    """An error that the source reported; `stream` is "" where it is the whole sync's."""

    stream: str
    kind: str
    message: str

    @classmethod
    def of(cls, error: AirbyteErrorTraceMessage) -> Failure:
        stream = error.stream_descriptor.name if error.stream_descriptor else ""
        return cls(stream, error.failure_type.value if error.failure_type else "", error.message)


@dataclass
class Outcome:
    """A read: what it wrote and logged, what it asked for, and, by stream, what its messages say.

    Args:
        requests: those that went out, in their order.
        records: of each stream that was selected.
        states: the last of each stream that has one.
        statuses: the last of each stream.
        errors: of each stream that failed.
        ended: the failure of the whole sync, which follows that of any stream.
        lines: the messages as a program writes them.
        log: what was logged, as users see it.
    """

    requests: list[Sent] = field(default_factory=list)
    records: dict[str, list[Row]] = field(default_factory=dict)
    states: States = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    errors: dict[str, Failure] = field(default_factory=dict)
    ended: Failure | None = None
    lines: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, streams: Iterable[str]) -> Outcome:
        """One to begin with."""
        return cls(records={name: [] for name in streams})

    def note(self, message: AirbyteMessage) -> None:
        self.lines.append(AirbyteEntrypoint.airbyte_message_to_string(message))
        if message.record:
            self.records[message.record.stream].append(dict(message.record.data))
        elif message.state:
            assert message.state.stream
            blob = message.state.stream.stream_state
            self.states[message.state.stream.stream_descriptor.name] = dict(blob.__dict__) if blob else {}
        elif message.log:
            self.log.append(message.log.message)
        elif message.trace and message.trace.stream_status:
            status = message.trace.stream_status
            self.statuses[status.stream_descriptor.name] = status.status.value
        elif message.trace and message.trace.error:
            failure = Failure.of(message.trace.error)
            assert failure.stream not in self.errors
            self.errors[failure.stream] = failure

    def end(self, error: AirbyteTracedException) -> None:
        """The read raised this, as the program would tell it."""
        told = error.as_sanitized_airbyte_message()
        assert told.trace
        assert told.trace.error
        self.ended = Failure.of(told.trace.error)

    @property
    def failures(self) -> list[Failure]:
        return [*self.errors.values(), *([self.ended] if self.ended else [])]

    @property
    def failure(self) -> Failure:
        """The one failure of a read in which one thing went wrong."""
        # After a failed stream the sync is reported as failed once more.
        (only,) = self.errors.values() or self.failures
        return only

    @property
    def told(self) -> str:
        """The log as one text."""
        return "\n".join(self.log)

    @property
    def asked(self) -> Counter[str]:
        """How often each path was asked for."""
        return Counter(sent.path for sent in self.requests)

    def asked_of(self, pattern: str) -> list[int]:
        """The same of the paths that match."""
        return [count for path, count in self.asked.items() if re.search(pattern, path)]


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.setFormatter(AirbyteLogFormatter())
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(json.loads(self.format(record))["log"]["message"])


@contextmanager
def log_into(lines: list[str]) -> Iterator[None]:
    """Notes what is logged, with the secrets masked as in what a program writes."""
    handler = _Lines(lines)
    logger = logging.getLogger("airbyte")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
