"""Reads that have to wait for a narrow limit, and what their messages and rows must be."""

from __future__ import annotations

import re
from typing import Any

from integration_tests.expected_rows import PRIMARY_KEYS, expected
from integration_tests.processes import Sandbox

# By source: a child stream with a request for each record of a list.
CHILD = {"talentics": "ticket_scores", "talentio": "candidate_details"}
WAIT = re.compile(
    r"(\w+): limit of (\d+) per [\w ]+ reached; next request at \d\d:\d\d:\d\d UTC; [\d,]+ requests left, about \d+ \w+"
)
# 125 requests to scores in one source; as many to details and comments, which share a window, in the other.
SIZES = ("--exams", "1", "--tickets", "125", "--jobs", "0", "--candidates", "62", "--requisitions", "0")


def told(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What the messages are, in their order: kind and stream."""
    kinds = []
    for message in messages:
        if message["type"] == "STATE":
            kinds.append(("state", message["state"]["stream"]["stream_descriptor"]["name"]))
        elif message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
            status = message["trace"]["stream_status"]
            reasons = [reason["type"] for reason in status.get("reasons") or []]
            kinds.append((reasons[0] if reasons else status["status"], status["stream_descriptor"]["name"]))
        elif message["type"] == "LOG" and (wait := WAIT.match(message["log"]["message"])):
            kinds.append(("wait", wait[1]))
    return kinds


def keys_of(rows: dict[str, list[dict[str, Any]]], source: str) -> dict[str, set[tuple[Any, ...]]]:
    return {
        stream: {tuple(row[field] for field in key) for row in rows.get(stream, [])}
        for stream, key in PRIMARY_KEYS[source].items()
    }


def wanted(sandbox: Sandbox, source: str) -> dict[str, set[tuple[Any, ...]]]:
    return keys_of(expected(source, lambda stream: sandbox.get(f"data/{source}/{stream}")), source)
