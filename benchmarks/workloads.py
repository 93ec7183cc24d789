"""What is measured: each piece of work, and the command of each program that does it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.run_files import RunFiles

Command = Callable[[RunFiles], Sequence[str]]

FLOOR, FLOOR_20 = "http.client + json", "http.client + json, 20 in flight"
SINGER, DLT = "singer-sdk tap", "dlt rest_api"
PORTABLE, PORTABLE_20 = "portable manifest", "portable manifest, 20 workers"
OURS, OURS_1, OURS_4, OURS_20 = ("this source", *(f"this source, {number} in flight" for number in (1, 4, 20)))
THE_TWO, MEMBERS, ALL = "candidates and candidate_details", "the two and what is derived from them", "all 13 streams"

_PARENTS = ("candidates", "candidate_details")
_DERIVED = (*_PARENTS, "candidate_stages", "stage_evaluations", "evaluation_items")


@dataclass(frozen=True)
class Workload:
    """A piece of work, the server that it needs, and the programs that do it; the first one is run once to warm up."""

    key: str
    title: str
    source: str
    sizes: dict[str, int]
    programs: dict[str, Command] = field(repr=False)
    latency: float = 0.0
    """Seconds before each of the server's answers."""
    child: str = ""
    """The endpoint that is asked once for each parent, where there is one."""
    times: int = 1
    """How often the server's candidates come, each time with new ids."""

    @property
    def server_options(self) -> list[str]:
        sizes = [f"--{name.replace('_', '-')}={size}" for name, size in self.sizes.items()]
        return ["--source", self.source, f"--latency={self.latency}", f"--times={self.times}", *sizes]


def _peer(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.peers.{name}", *arguments]


def _program(source: str) -> list[str]:
    return [str(Path(sys.executable).parent / f"source-{source}")]


def _airbyte(program: list[str], streams: Sequence[str] | None, workers: int = 0) -> Command:
    return lambda files: [
        *program,
        "read",
        "--config",
        files.config(workers),
        "--catalog",
        files.airbyte_catalog(program, streams),
    ]


def _ours(source: str, streams: Sequence[str] | None, workers: int = 0) -> Command:
    return _airbyte(_program(source), streams, workers)


def _portable(source: str, stream: str, workers: int = 0) -> Command:
    return _airbyte(_peer("airbyte", source), [stream], workers)


def _singer(source: str, stream: str) -> Command:
    program = _peer("singer", source)
    return lambda files: [
        *program,
        "--config",
        files.config(),
        "--catalog",
        files.singer_catalog(program, stream),
    ]


def _dlt(stream: str) -> Command:
    return lambda files: _peer("dlt_rest", stream, files.config(), files.new_folder())


def _floor(stream: str, workers: int = 1) -> Command:
    return lambda files: _peer("plain", stream, str(workers), files.config())


def _others(source: str, stream: str) -> dict[str, Command]:
    return {
        PORTABLE: _portable(source, stream),
        PORTABLE_20: _portable(source, stream, 20),
        SINGER: _singer(source, stream),
        DLT: _dlt(stream),
    }


def _command(arguments: Sequence[str], *options: str) -> Command:
    return lambda files: [*arguments, *options, "--config", files.config()]


def workloads(scale: int) -> list[Workload]:
    """Everything that is measured, `scale` times smaller than promised."""
    source, portable, tap = _program("talentio"), _peer("airbyte", "talentio"), _peer("singer", "talentio")
    records, children = 20_000 // scale, 2_800 // scale
    return [
        Workload(
            "spec",
            "Start: `spec`",
            "talentio",
            {},
            {
                OURS: lambda _: [*source, "spec"],
                PORTABLE: lambda _: [*portable, "spec"],
                SINGER: lambda _: [*tap, "--about"],
            },
        ),
        Workload(
            "check",
            "Start: `check`",
            "talentio",
            {},
            {OURS: _command(source, "check"), PORTABLE: _command(portable, "check")},
        ),
        Workload(
            "discover",
            "Start: `discover`",
            "talentio",
            {},
            {
                OURS: _command(source, "discover"),
                PORTABLE: _command(portable, "discover"),
                SINGER: _command(tap, "--discover"),
                DLT: lambda files: _peer("dlt_rest", files.config(), files.new_folder()),
            },
        ),
        Workload(
            "list",
            f"List of {records:,} candidates",
            "talentio",
            {"candidates": records},
            {FLOOR: _floor("candidates"), OURS: _ours("talentio", ["candidates"]), **_others("talentio", "candidates")},
        ),
        Workload(
            "scores",
            f"{20 * (200 // scale):,} ticket scores, no latency",
            "talentics",
            {"exams": 20, "tickets": 200 // scale},
            {
                FLOOR: _floor("ticket_scores"),
                OURS_1: _ours("talentics", ["ticket_scores"], 1),
                OURS_4: _ours("talentics", ["ticket_scores"], 4),
                **_others("talentics", "ticket_scores"),
            },
            child="/exams/tickets/{id}/scores",
        ),
        Workload(
            "children",
            f"{children:,} candidate details, no latency",
            "talentio",
            {"candidates": children},
            {
                FLOOR: _floor("candidate_details"),
                OURS_4: _ours("talentio", ["candidate_details"], 4),
                **_others("talentio", "candidate_details"),
            },
            child="/candidates/{id}",
        ),
        Workload(
            "latency",
            f"{children:,} candidate details, 50 ms latency",
            "talentio",
            {"candidates": children},
            {
                FLOOR: _floor("candidate_details", 20),
                OURS_20: _ours("talentio", ["candidate_details"], 20),
                **_others("talentio", "candidate_details"),
            },
            latency=0.05,
            child="/candidates/{id}",
        ),
        _list_with_latency(6_000 // scale, 0.05),
        _list_with_latency(6_000 // scale, 0.2),
        Workload(
            "lists",
            f"Tickets of {60 // scale} exams, 100 ms latency",
            "talentics",
            {"exams": 60 // scale, "tickets": 10},
            {
                name: _ours("talentics", ["exams", "tickets"], workers)
                for name, workers in ((OURS_1, 1), (OURS_4, 4), (OURS_20, 20))
            },
            latency=0.1,
        ),
        Workload(
            "derived",
            f"All streams of {children:,} candidates",
            "talentio",
            {"candidates": children, "requisitions": 150},
            {
                THE_TWO: _ours("talentio", _PARENTS, 4),
                MEMBERS: _ours("talentio", _DERIVED, 4),
                ALL: _ours("talentio", None, 4),
            },
        ),
        Workload(
            "memory",
            f"List of {10 * records:,} candidates",
            "talentio",
            {"candidates": 10 * records},
            {OURS: _ours("talentio", ["candidates"])},
        ),
        Workload(
            "million",
            f"List of {50 * records:,} candidates",
            "talentio",
            {"candidates": records},
            {OURS: _ours("talentio", ["candidates"])},
            times=50,
        ),
    ]


def _list_with_latency(candidates: int, latency: float) -> Workload:
    """What requests in flight are worth for a list; `FLOOR_20` is what the round trips and the bytes take at least."""
    streams = ["candidates"]
    return Workload(
        f"list {latency * 1000:.0f} ms",
        f"List of {candidates:,} candidates, {latency * 1000:.0f} ms latency",
        "talentio",
        {"candidates": candidates},
        {
            FLOOR_20: _floor("candidates", 20),
            OURS_1: _ours("talentio", streams, 1),
            OURS_4: _ours("talentio", streams, 4),
            OURS_20: _ours("talentio", streams, 20),
            **_others("talentio", "candidates"),
        },
        latency=latency,
    )
