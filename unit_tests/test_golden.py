"""Whole message streams of both sources and both taps, line by line as they are written.

A change of any line is a change for somebody's tables. Where it is meant, `REWRITE_GOLDEN=1 python -m pytest
unit_tests/test_golden.py` writes the files anew, and the diff shows what users will see.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connector_kit.airbyte.commands import Entrypoint
from connector_kit.source import ManifestSource
from unit_tests.support.account import Account
from unit_tests.support.run import catalog_of
from unit_tests.support.taps import TapAccount

FOLDER = Path(__file__).with_name("golden")
SIZES = {
    "exams": 2, "tickets": 2, "jobs": 1, "applicants": 2, "candidates": 6, "requisitions": 2, "job_titles": 1,
    "channels": 2, "employees": 2, "employee_groups": 1, "workspaces": 1,
}  # fmt: skip
# What the machine's clock says, here and there; and the rows since the state before, which may be one of nothing.
CHANCE = re.compile(r'("(?:emitted_at|time_extracted|recordCount)": ?)("[^"]*"|[0-9.]+)')


def of_source(source: str) -> list[str]:
    """What `source-… read` writes."""
    account = Account(source, SIZES)
    account.later()
    catalog = catalog_of(account.streams)
    # No time goes by, as streams are read side by side and would each meet another one.
    entrypoint = Entrypoint(
        ManifestSource(
            account.package, catalog, account.config, clock=account.clock, transport=account.transport(latency=0)
        )
    )
    written = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(written):
        for message in entrypoint.messages("read", account.config, catalog, []):
            written.write(f"{entrypoint.airbyte_message_to_string(message)}\n")
            written.flush()
    written.seek(0)
    return in_order(account.streams, written.read().splitlines(), stream_of_source)


def of_tap(source: str) -> list[str]:
    """What `tap-…` writes."""
    account = TapAccount(source, SIZES)
    account.later()
    output = account.run(latency=0)
    assert output.error is None
    return in_order(account.streams, with_news_of_states(output.lines), stream_of_tap)


def in_order(streams: list[str], lines: Iterable[str], stream_of: Callable[[dict[str, Any]], str | None]) -> list[str]:
    """The lines stream by stream, each stream's as they came: side by side, streams come in any order."""
    places = {name: place for place, name in enumerate([*streams, ""])}
    found = [(stream_of(json.loads(line)), CHANCE.sub(r'\1"…"', line)) for line in lines]
    return [line for name, line in sorted(found, key=lambda it: places[it[0] or ""]) if name is not None]


def stream_of_source(message: dict[str, Any]) -> str | None:
    """The stream of a message; None for a state of nothing: one comes before each wait, and waits are chance."""
    if message["type"] == "RECORD":
        return str(message["record"]["stream"])
    if estimate := message.get("trace", {}).get("estimate"):
        return str(estimate["name"])
    told = message["state"]["stream"] if message["type"] == "STATE" else message["trace"]["stream_status"]
    return None if told.get("stream_state") == {} else str(told["stream_descriptor"]["name"])


def stream_of_tap(message: dict[str, Any]) -> str:
    return str(message.get("stream", ""))


def with_news_of_states(lines: Iterable[str]) -> Iterator[str]:
    """A tap's lines, of each state the bookmark that is new in it, if it holds something; the last state at the end."""
    bookmarks: dict[str, Any] = {}
    for line in lines:
        message = json.loads(line)
        if message["type"] != "STATE":
            yield line
            continue
        told = message["value"]["bookmarks"]
        for name, bookmark in told.items():
            if bookmark != bookmarks.get(name) and bookmark["airbyte_stream_state"]:
                yield json.dumps({"type": "STATE", "stream": name, "bookmark": bookmark}, ensure_ascii=False)
        bookmarks = told
    yield json.dumps({"type": "STATE", "value": {"bookmarks": bookmarks}}, ensure_ascii=False, sort_keys=True)


STREAMS_OF = {
    **{f"source-{source}": partial(of_source, source) for source in ("talentics", "talentio")},
    **{f"tap-{source}": partial(of_tap, source) for source in ("talentics", "talentio")},
}


@pytest.mark.slow
@pytest.mark.parametrize("program", STREAMS_OF)
def test_each_line_is_as_it_was(program: str) -> None:
    lines, file = STREAMS_OF[program](), FOLDER / f"{program}.jsonl"
    rows = [line for line in lines if line.startswith('{"type":"RECORD"')]
    streams = Account(program.partition("-")[2], SIZES).streams
    assert [name for name in streams if not any(f'"stream":"{name}"' in row for row in rows)] == []
    if os.environ.get("REWRITE_GOLDEN"):
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    assert lines == file.read_text(encoding="utf-8").splitlines()
