"""What parts of airbyte-cdk cost by themselves: `python -m benchmarks.cdk_costs`.

The figures of `docs/proposals-to-the-cdk.md`. Starts are medians of processes of their own, parts of a record the best
of several passes over made-up candidates. All are CPU: seconds for a start, microseconds for a record.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from queue import Queue
from statistics import median
from typing import Any

_REPEATS = 5
_CANDIDATES = 2000
_IMPORT = "import airbyte_cdk"
# What the import takes, in the way that its first line prepares.
_STARTS = {
    "import airbyte_cdk": "pass",
    "the same, no collection of garbage meanwhile": "import gc; gc.disable()",
    "the same, and no source of a class to be found": (
        "import gc, inspect; gc.disable(); inspect.findsource = lambda _: (_ for _ in ()).throw(OSError)"
    ),
}
_TIMED = "import time; {first}; began = time.process_time(); {imported}; print(time.process_time() - began)"
_PAGE = 100


def main(arguments: Sequence[str]) -> None:
    """Measures and prints a line each."""
    argparse.ArgumentParser(prog="python -m benchmarks.cdk_costs", description=__doc__).parse_args(arguments)
    for name, first in _STARTS.items():
        _print(name, median(_start(first) for _ in range(_REPEATS)), "s")
    for name, seconds in _parts_of_a_start():
        _print(name, seconds, "s")
    for name, seconds in _parts_of_a_record():
        _print(name, seconds * 1e6, "µs")


def _print(name: str, value: float, unit: str) -> None:
    print(f"{name:<62} {value:8.2f} {unit}", flush=True)


def _start(first: str) -> float:
    command = [sys.executable, "-c", _TIMED.format(first=first, imported=_IMPORT)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return float(subprocess.run(command, capture_output=True, check=True, text=True, env=environment).stdout)


def _best(work: Callable[[], object], times: int = 1) -> float:
    """Seconds of the quickest pass, shared among `times`."""
    taken = []
    for _ in range(_REPEATS):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken) / times


def _each(work: Callable[[Any], object], items: Iterable[Any]) -> None:
    """Let each result go at once, as a sync does."""
    deque(map(work, items), maxlen=0)


def _parts_of_a_start() -> Iterable[tuple[str, float]]:
    from airbyte_cdk.sources.declarative.concurrent_declarative_source import get_declarative_component_schema

    yield "get_declarative_component_schema()", _best(get_declarative_component_schema)


def _parts_of_a_record() -> Iterable[tuple[str, float]]:
    import orjson
    from airbyte_cdk.entrypoint import AirbyteEntrypoint
    from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer
    from airbyte_cdk.sources.types import Record
    from airbyte_cdk.sources.utils.record_helper import stream_data_to_airbyte_message

    from sandbox.settings import Settings
    from sandbox.world import World

    world = World(Settings.for_size("small", candidates=_CANDIDATES, talentio_limit=None), clock=time.time)
    found = [orjson.loads(orjson.dumps(candidate)) for candidate in world.records("talentio", "candidates")]
    records = [Record(data=data, stream_name="candidates") for data in found]
    gc.collect()
    gc.freeze()

    def message(record: Record) -> AirbyteMessage:
        return stream_data_to_airbyte_message(
            stream_name=record.stream_name, data_or_message=record.data, file_reference=record.file_reference
        )

    def queued(items: Sequence[Any]) -> None:
        queue: Queue[Any] = Queue()
        for item in items:
            queue.put(item)
        for _ in items:
            queue.get()

    def written(sent: AirbyteMessage) -> bytes:
        assert sent.record is not None  # noqa: S101 - a record's message
        data = {name: value for name, value in sent.record.data.items() if value is not None}
        fields = {"stream": sent.record.stream, "data": data, "emitted_at": sent.record.emitted_at}
        return orjson.dumps({"type": "RECORD", "record": fields}, option=orjson.OPT_APPEND_NEWLINE)

    counts: defaultdict[Any, float] = defaultdict(float)

    def counted(sent: AirbyteMessage) -> AirbyteMessage:
        return AirbyteEntrypoint.handle_record_counts(sent, counts)

    def encoded(text: str) -> bytes:
        return f"{text}\n".encode()

    messages = [message(record) for record in records]
    dumped = [AirbyteMessageSerializer.dump(sent) for sent in messages]
    texts = [AirbyteEntrypoint.airbyte_message_to_string(sent) for sent in messages]
    pages = [records[first : first + _PAGE] for first in range(0, len(records), _PAGE)]
    count = len(records)
    print(f"Each of {count:,} candidates of {sum(map(len, map(orjson.dumps, found))) / count:,.0f} bytes:")
    yield "Queue.put and get, a record an item", _best(lambda: queued(records), count)
    yield f"Queue.put and get, {_PAGE} records an item", _best(lambda: queued(pages), count)
    for name, work, items in (
        ("stream_data_to_airbyte_message", message, records),
        ("AirbyteEntrypoint.handle_record_counts", counted, messages),
        ("AirbyteMessageSerializer.dump", AirbyteMessageSerializer.dump, messages),
        ("orjson.dumps of that", orjson.dumps, dumped),
        (
            "AirbyteEntrypoint.airbyte_message_to_string, all in all",
            AirbyteEntrypoint.airbyte_message_to_string,
            messages,
        ),
        ("the text's way into bytes again", encoded, texts),
        ("the record's bytes from a dict of three fields", written, messages),
    ):
        yield name, _best(partial(_each, work, items), count)


if __name__ == "__main__":
    main(sys.argv[1:])
