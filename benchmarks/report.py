"""The measurements as a page: each piece of work as a table, and what is promised beside what was found."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks.measure import Cost
from benchmarks.workloads import (
    MEMBERS,
    OURS,
    OURS_1,
    OURS_4,
    OURS_20,
    PORTABLE,
    SINGER,
    THE_TWO,
    Workload,
)

Costs = Mapping[str, Sequence[Cost]]
_PACKAGES = ("airbyte-cdk", "singer-sdk", "dlt", "requests", "orjson")
_IN_FLIGHT = 20
_LEFT = """\
## What is left, and why

The parts, how they were measured, and what would save them are in [proposals to the
CDK](../docs/proposals-to-the-cdk.md).

- **The start** of `check` and `read` is the import of airbyte-cdk, more than half a second even without what
  nobody needs of it. `spec` does without it, and `discover` unless deletions are marked. A check needs its
  requester, its errors and its streams, so a check without it would be a second source.
- **A row of a list** costs more than `http.client` and `json` take for it. Each of its hundred values is
  compared with its declared type and cleaned of what databases refuse; the CDK passes the record from one
  thread to another and wraps it twice; and it is written again with its stream and time, where the floor counts
  it and throws it away.
- **A child** costs a request and a row. `requests` takes some 0.2 ms for a small answer, to check the URL,
  cookies, redirects, proxies and certificates: the largest part of the request. We stay with it, since companies'
  proxies and CA bundles are set up for it.
- **Details begin when their list was read**, since the oldest come first, so that a sync that ends early goes on
  from there. A list of candidates has one request for a hundred details, so beginning before would save 1% at most;
  of many short lists of tickets it would save more, and such a sync would have no place to go on from.
- **Memory**: what is imported takes 85 MB. A list adds the pages in flight, 300 records on their way to stdout,
  and for each record some bytes that tell whether it was seen. The singer-sdk tap imports no airbyte-cdk and
  takes less in every read: about two thirds.

Three bounds are not those that were promised first. All 13 streams of Talentio need twice the requests of two, so
their time says nothing of what a derived stream costs: its rows do. The wall clock of a list with latency
has the start in it, which no worker shortens, so it counts from the first request to the last. And `check` was to
take 0.3 s and 45 MB, as `discover`: it does not, since it imports airbyte-cdk, so it is compared with the portable
manifest's.

"""


def report(chosen: Sequence[Workload], measured: Mapping[str, Costs], repeats: int) -> str:
    """The page, in Markdown."""
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    runs = (
        f"Medians of {repeats} runs that took turns, with the least and the most" if repeats > 1 else "One run of each"
    )
    lines = [
        "# What a sync costs",
        "",
        f"Written by `make bench`. {runs}; CPU is user and system time of the program. The server is a process of its "
        "own on the same cores, so CPU tells more than the clock.",
        "",
        f"- Machine: {_cpu_model()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        f"- Python {platform.python_version()}, {versions}",
        "",
    ]
    for workload in chosen:
        lines += [f"## {workload.title}", "", *_table(measured[workload.key]), ""]
    lines += ["## Promised and found", "", *_verdicts(chosen, measured), "", _LEFT]
    return "\n".join(lines)


def _table(costs: Costs) -> Iterator[str]:
    yield "| program | s | s CPU | peak MB | requests | asked twice | records | server's s CPU |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, runs in costs.items():
        cells = [
            name,
            _spread(runs, lambda cost: cost.wall, "{:.2f}"),
            _spread(runs, lambda cost: cost.cpu, "{:.2f}"),
            _spread(runs, lambda cost: cost.rss / 1e6, "{:.0f}"),
            _spread(runs, lambda cost: cost.requests, "{:,.0f}"),
            _spread(runs, lambda cost: cost.repeated, "{:,.0f}"),
            _spread(runs, lambda cost: cost.records, "{:,.0f}"),
            _spread(runs, lambda cost: cost.server_cpu, "{:.2f}"),
        ]
        yield f"| {' | '.join(cells)} |"


def _spread(runs: Sequence[Cost], value: Callable[[Cost], float], form: str) -> str:
    values = [value(cost) for cost in runs]
    middle, least, most = (form.format(found) for found in (median(values), min(values), max(values)))
    return middle if least == most else f"{middle} ({least}-{most})"


@dataclass(frozen=True)
class _Verdict:
    promise: str
    found: float
    bound: float
    unit: str = ""
    at_least: bool = False

    def row(self) -> str:
        kept = self.found >= self.bound if self.at_least else self.found <= self.bound
        bound = f"{'at least' if self.at_least else 'at most'} {self.bound:g}{self.unit}"
        return f"| {self.promise} | {bound} | {self.found:.2f}{self.unit} | {'yes' if kept else '**no**'} |"


def _verdicts(chosen: Sequence[Workload], measured: Mapping[str, Costs]) -> Iterator[str]:
    yield "| promise | bound | found | kept |"
    yield "|---|---|---|---|"
    for verdict in _found(measured):
        yield verdict.row()
    for workload in chosen:
        if workload.latency and workload.child:
            runs = measured[workload.key][OURS_20]
            # From the first question to the last there are this many a second at the most.
            most = _IN_FLIGHT / workload.latency
            rate = median(cost.asked[workload.child] / cost.seconds[workload.child] for cost in runs)
            yield _Verdict("children a second, of what 20 in flight allow", rate / most, 0.9, at_least=True).row()


def _found(measured: Mapping[str, Costs]) -> Iterator[_Verdict]:
    for key, name in (("scores", OURS_1), ("children", OURS_4)):
        if key in measured:
            costs = measured[key]
            yield _Verdict(f"{key}: CPU, of the singer-sdk tap's", _cpu(costs, name) / _cpu(costs, SINGER), 1.0)
            yield _Verdict(f"{key}: CPU, of the portable manifest's", _cpu(costs, name) / _cpu(costs, PORTABLE), 0.5)
    if "scores" in measured:
        costs = measured["scores"]
        ratio = _middle(costs[OURS_4], lambda cost: cost.wall) / _middle(costs[OURS_1], lambda cost: cost.wall)
        yield _Verdict("scores: time with 4 workers, of that with 1", ratio, 1.0)
    if "list" in measured:
        costs = measured["list"]
        ratio = _middle(costs[PORTABLE], lambda cost: cost.wall) / _middle(costs[OURS], lambda cost: cost.wall)
        yield _Verdict("list: records a second, of the portable manifest's", ratio, 1.5, at_least=True)
        yield _Verdict("list: CPU, of the portable manifest's", _cpu(costs, OURS) / _cpu(costs, PORTABLE), 0.7)
        yield _Verdict("list: peak memory, of the portable manifest's", _rss(costs, OURS) / _rss(costs, PORTABLE), 1.1)
    for key, costs in measured.items():
        if key == "lists" or key.startswith("list "):
            one, four, twenty = (
                _middle(costs[name], lambda cost: max(cost.seconds.values())) for name in (OURS_1, OURS_4, OURS_20)
            )
            yield _Verdict(f"{key}: from first to last request with 4 workers, of that with 1", four / one, 0.36)
            yield _Verdict(f"{key}: from first to last request with 20 workers, of that with 1", twenty / one, 0.2)
    if "list" in measured and "memory" in measured:
        ten, once = measured["memory"], measured["list"]
        yield _Verdict("peak memory at ten times the records, of that at one", _rss(ten, OURS) / _rss(once, OURS), 1.1)
        if "million" in measured:
            ratio = _rss(measured["million"], OURS) / _rss(once, OURS)
            yield _Verdict("peak memory at fifty times the records, of that at one", ratio, 1.25)
        if "derived" in measured:
            # All 13 streams double the requests of the two, so what a derived stream costs is told by its rows.
            costs = measured["derived"]
            row = _cpu_of_a_row(costs[THE_TWO], costs[MEMBERS]) / _cpu_of_a_row(once[OURS], ten[OURS])
            yield _Verdict("a row that a derived stream adds: CPU, of a list's row", row, 1.15)
    for key, most in (("spec", 30.0), ("discover", 45.0)):
        if key in measured:
            costs = measured[key]
            yield _Verdict(f"`{key}`", _middle(costs[OURS], lambda cost: cost.wall), 0.3, " s")
            yield _Verdict(f"`{key}`: peak memory", _rss(costs, OURS), most, " MB")
    if "check" in measured:
        costs = measured["check"]
        yield _Verdict("`check`: CPU, of the portable manifest's", _cpu(costs, OURS) / _cpu(costs, PORTABLE), 1.0)


def _cpu_of_a_row(few: Sequence[Cost], many: Sequence[Cost]) -> float:
    """Seconds for each row that the second has more than the first."""
    cpu, records = (_middle(many, of) - _middle(few, of) for of in (lambda cost: cost.cpu, lambda cost: cost.records))
    return cpu / records


def _middle(runs: Sequence[Cost], value: Callable[[Cost], float]) -> float:
    return median(value(cost) for cost in runs)


def _cpu(costs: Costs, name: str) -> float:
    return _middle(costs[name], lambda cost: cost.cpu)


def _rss(costs: Costs, name: str) -> float:
    return _middle(costs[name], lambda cost: cost.rss / 1e6)


def _cpu_model() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"
