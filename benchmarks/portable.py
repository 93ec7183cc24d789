"""What the portable manifests lose: `python -m benchmarks.portable` prints the table of docs/connector-builder.md.

Both run as processes against one sandbox at a time: the package's program, and airbyte-cdk's own with the manifest.
Takes about five minutes.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import Limit, Running, Settings, World, serve

ROOT = Path(__file__).resolve().parents[1]
_PATIENCE = 240
_PROGRAMS = ("package", "portable")


@dataclass(frozen=True)
class Outcome:
    """What one run wrote, and what it asked for."""

    messages: list[dict[str, Any]]
    requests: int
    by_endpoint: Mapping[str, int]
    refused: int

    def rows(self, stream: str) -> list[dict[str, Any]]:
        records = [message["record"] for message in self.messages if message["type"] == "RECORD"]
        return [record["data"] for record in records if record["stream"] == stream]

    def ids(self, stream: str) -> set[int]:
        return {row["id"] for row in self.rows(stream)}

    @property
    def states(self) -> list[dict[str, Any]]:
        """The last state of each stream."""
        states = [message["state"] for message in self.messages if message["type"] == "STATE"]
        return list({state["stream"]["stream_descriptor"]["name"]: state for state in states}.values())

    def logged(self, pattern: str) -> int:
        """How many log lines match."""
        lines = [message["log"]["message"] for message in self.messages if message["type"] == "LOG"]
        return sum(re.search(pattern, line) is not None for line in lines)


class Client:
    """One of the two programs, with a sandbox of its own."""

    def __init__(self, program: str, source: str, running: Running, folder: Path) -> None:
        self.world = running.world
        self._program, self._source, self._folder = program, source, folder
        self.config = running.configs[source]
        self._period = ""

    def limit(self, limit: Limit) -> None:
        """A limit of the server's that the client knows; in the manifest it is no part of the config."""
        self.world.settings.talentics_limit = limit
        self.config |= {"rate_limit_requests": limit.requests, "rate_limit_period": limit.duration}
        self._period = limit.duration

    def read(self, *streams: str, states: Sequence[Any] = (), stop: Callable[[], bool] | None = None) -> Outcome:
        """Read the streams, all without a name; SIGTERM once `stop` says so."""
        self._write("config", self.config)
        arguments = ["--config", "config.json"]
        found = json.loads(self._output([*self._command("discover"), *arguments]))["catalog"]["streams"]
        chosen = [stream for stream in found if not streams or stream["name"] in streams]
        self._write(
            "catalog", {"streams": [{**_MODES[len(one["supported_sync_modes"])], "stream": one} for one in chosen]}
        )
        self._write("state", list(states))
        self.world.log.clear()
        command = [*self._command("read"), *arguments, "--catalog", "catalog.json", "--state", "state.json"]
        lines = self._lines(command, stop)
        log = self.world.log
        return Outcome(
            messages=[json.loads(line) for line in lines if line.startswith("{")],
            requests=len(log.requests),
            # On a slow machine a run may be over before it is stopped, and the next asks for nothing.
            by_endpoint=Counter(request.endpoint.partition(".")[2] for request in log.requests),
            refused=sum(request.status == 429 for request in log.requests),
        )

    def _command(self, command: str) -> list[str]:
        if self._program == "package":
            return [sys.executable, "-m", f"source_{self._source}", command]
        manifest = (ROOT / "portable" / f"{self._source}.yaml").read_text(encoding="utf-8")
        if self._period:
            manifest = re.sub("interval: PT[0-9HM]+", f"interval: {self._period}", manifest)
        (self._folder / "manifest.yaml").write_text(manifest, encoding="utf-8")
        program = Path(sys.executable).parent / "source-declarative-manifest"
        return [str(program), command, "--manifest-path", "manifest.yaml"]

    def _write(self, name: str, value: Any) -> None:
        (self._folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")

    def _output(self, command: Sequence[str]) -> str:
        return next(line for line in self._lines(command) if line.startswith('{"type":"CATALOG"'))

    def _lines(self, command: Sequence[str], stop: Callable[[], bool] | None = None) -> list[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with (self._folder / "out").open("w+", encoding="utf-8") as out:
            with subprocess.Popen(
                command, cwd=self._folder, env=environment, stdout=out, stderr=subprocess.DEVNULL
            ) as process:
                until = time.monotonic() + _PATIENCE
                while process.poll() is None:
                    time.sleep(0.02)
                    if (stop and stop()) or time.monotonic() > until:
                        process.send_signal(signal.SIGTERM)
                        stop = None
            out.seek(0)
            return out.read().splitlines()


_MODES: Mapping[int, dict[str, str]] = {
    1: {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"},
    2: {"sync_mode": "incremental", "destination_sync_mode": "append_dedup"},
}

Measure = Callable[[Client], str]


@contextmanager
def client(program: str, source: str, **settings: Any) -> Iterator[Client]:
    """A program with a sandbox in which each ticket has scores, without limits."""
    defaults = {"talentics_limit": None, "talentio_limit": None, "unfinished_scores": "empty"}
    world = World(Settings.for_size("small", **{**defaults, **settings}))
    with serve(world=world) as running, tempfile.TemporaryDirectory() as folder:
        yield Client(program, source, running, Path(folder))


def _requests(one: Client) -> str:
    return f"{one.read().requests:,}"


def _requests_for_nothing_new(one: Client) -> str:
    return f"{one.read(states=one.read().states).requests:,}"


def _requests_for_scores(one: Client) -> str:
    streams = ("ticket_scores", "assessment_scores", "aspect_scores")
    return f"{one.read(*streams).by_endpoint['scores']:,}"


def _resumed(one: Client) -> str:
    def many() -> bool:
        return sum(request.endpoint == "talentics.scores" for request in one.world.log.requests) >= 50

    one.limit(Limit(20, 3))
    first = one.read("ticket_scores", stop=many)
    second = one.read("ticket_scores", states=first.states)
    return f"{first.by_endpoint['scores'] + second.by_endpoint['scores'] - 60}"


def _lost_to_deletions(one: Client) -> str:
    """Ten records of the first page are deleted before the second is asked for: ten others move up to it."""
    collection = one.world.data.collections["candidates"]

    def before(_: str, path: str, params: Mapping[str, str]) -> None:
        if path.endswith("/candidates") and params.get("page") == "2":
            one.world.before_request = None
            for deleted in list(collection.all_ids())[:10]:
                one.world.data.delete("candidates", deleted)

    one.world.before_request = before
    first = one.read("candidates")
    second = one.read("candidates", states=first.states)
    return _missing(set(collection.all_ids()), first.ids("candidates") | second.ids("candidates"))


def _lost_to_ties(one: Client) -> str:
    return _missing(set(one.world.data.collections["candidates"].all_ids()), one.read("candidates").ids("candidates"))


def _missing(wanted: set[int], got: set[int]) -> str:
    return f"{len(wanted - got)} of {len(wanted)} rows"


def _unsaid_pages(one: Client) -> str:
    return f"{len(one.read('tickets').ids('tickets'))} of 250 rows"


def _scores_at_the_other_path(one: Client) -> str:
    return f"{len(one.read('ticket_scores').rows('ticket_scores'))} of 45 rows"


def _told_of_hidden_records(one: Client) -> str:
    outcome = one.read("candidates")
    return "a warning" if outcome.logged(r"\d+ of (the )?120|120 .*\d+") else "nothing"


def _a_page_that_repeats(one: Client) -> str:
    outcome = one.read("channels", stop=lambda: len(one.world.log.requests) >= 200)
    return f"{outcome.requests}" + (", then killed" if outcome.requests >= 200 else "")


def _behind_the_last_page(one: Client) -> str:
    outcome = one.read("channels")
    failed = any(message["type"] == "TRACE" and message["trace"]["type"] == "ERROR" for message in outcome.messages)
    return f"{len(outcome.rows('channels'))} of 9 rows" + (", but the stream fails" if failed else "")


def _comments_in_pages(one: Client) -> str:
    wanted = sum(1 for _ in one.world.records("talentio", "candidate_comments"))
    return f"{len(one.read('candidate_comments').rows('candidate_comments'))} of {wanted} rows"


def _waits_told(one: Client) -> str:
    one.limit(Limit(5, 3))
    outcome = one.read("tickets", "ticket_scores")
    return f"{outcome.logged('[Ww]ait')}"


def _shared_limit(one: Client) -> str:
    one.world.settings.other_client = 3
    one.limit(Limit(5, 3))
    outcome = one.read("ticket_scores")
    return f"{outcome.refused} answers of 429, {len(outcome.rows('ticket_scores'))} of 15 rows"


def _names_in_clear(one: Client) -> str:
    one.config |= {"personal_data": "hash", "personal_data_key": "a key of more than sixteen letters"}
    names = {record["name"] for record in one.world.records("talentics", "applicants")}
    rows = one.read("applicants").rows("applicants")
    return f"{sum(row.get('name') in names for row in rows)} of {len(rows)} names in clear"


def _odd_days(one: Client) -> str:
    rows = one.read("exams").rows("exams")
    odd = sum(not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", row["started_at"]) for row in rows)
    return f"{odd} of {len(rows)} not a time"


def _one_parent_refused(one: Client) -> str:
    (ticket,) = list(one.world.data.collections["tickets"].all_ids())[7:8]
    one.world.settings.answers = ((f"*/tickets/{ticket}/scores", 422),)
    first = one.read("ticket_scores")
    one.world.settings.answers = ()
    second = one.read("ticket_scores", states=first.states)
    return f"{second.by_endpoint['scores']}"


LINES: Sequence[tuple[str, str, Measure, dict[str, Any]]] = [
    ("Requests of a first sync of all streams, Talentics", "talentics", _requests, {}),
    ("The same, Talentio", "talentio", _requests, {}),
    ("Requests of the next sync with nothing new, Talentics", "talentics", _requests_for_nothing_new, {}),
    ("The same, Talentio", "talentio", _requests_for_nothing_new, {}),
    ("Requests for the scores of 45 tickets, all three streams of them", "talentics", _requests_for_scores, {}),
    (
        "Scores asked for again after a SIGTERM at the 50th of 60, in the third window",
        "talentics",
        _resumed,
        {"exams": 1, "tickets": 60},
    ),
    (
        "Scores asked for in the sync after one in which one ticket of 45 answered HTTP 422",
        "talentics",
        _one_parent_refused,
        {},
    ),
    ("Rows lost where ten records are deleted meanwhile", "talentio", _lost_to_deletions, {"candidates": 250}),
    ("Rows lost where 200 records share one time", "talentio", _lost_to_ties, {"candidates": 250, "ties": 200}),
    ("Told where the total says more than the pages show", "talentio", _told_of_hidden_records, {"hidden": 0.1}),
    (
        "Requests for the nine channels of a server that repeats its last page for ever",
        "talentio",
        _a_page_that_repeats,
        {"past_end": "last"},
    ),
    (
        "A server that answers HTTP 404 behind the last page, nine channels",
        "talentio",
        _behind_the_last_page,
        {"past_end": "404"},
    ),
    (
        "Comments that come in pages of one, though none is documented to",
        "talentio",
        _comments_in_pages,
        {"candidates": 20, "comments_per_page": 1},
    ),
    (
        "A list of 250 with neither links nor a total",
        "talentics",
        _unsaid_pages,
        {"exams": 1, "tickets": 250, "talentics_pages": "simple", "links": False},
    ),
    (
        "Scores stand at the other path of the vendor's page",
        "talentics",
        _scores_at_the_other_path,
        {"scores_routes": ("ticket",)},
    ),
    ("Log lines about waits for the limit, 12 s of them", "talentics", _waits_told, {"exams": 1, "tickets": 20}),
    ("Somebody else uses 3 of 5 requests of each window", "talentics", _shared_limit, {"exams": 1, "tickets": 15}),
    ("Applicants with `personal_data: hash`", "talentics", _names_in_clear, {}),
    ("Days of one digit", "talentics", _odd_days, {"exams": 30, "tickets": 0}),
]


def main() -> None:
    """Prints the table."""
    print("| measured | package | portable manifest |\n|---|---|---|")
    for title, source, measure, settings in LINES:
        found = []
        for program in _PROGRAMS:
            with client(program, source, **settings) as one:
                found.append(measure(one))
        print(f"| {title} | {' | '.join(found)} |", flush=True)


if __name__ == "__main__":
    main()
