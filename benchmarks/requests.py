"""Requests of whole syncs by size of the source: `python -m benchmarks.requests`.

For each source and size: a full sync, one with nothing changed, one with 1% of the tickets or candidates changed. The
requests are counted by the sandbox; distinct URLs beside them show that none was asked for twice. Takes a minute.
"""

from __future__ import annotations

import logging

from integration_tests.whole_syncs import Company, Outcome, company

BASE = {
    "talentics": {"exams": 5, "tickets": 40, "jobs": 5, "applicants": 10},
    "talentio": {"candidates": 200, "requisitions": 20},
}
# Children per parent stay as they are where the source grows.
GROWS = ("exams", "jobs", "candidates", "requisitions")
CHANGES = {"talentics": "tickets", "talentio": "candidates"}
FACTORS = (1, 4, 16)
# It has no time to compare, so each sync reads all of it; BEHAVIOR.md advises against it.
LEFT_OUT = "applicant_details"


def main() -> None:
    """Prints the table."""
    # The sources tell each step, which would tear the table apart.
    logging.disable(logging.CRITICAL)
    counts = f"{'requests':>9}{'distinct':>9}{'ratio':>7}"
    print(f"{'source':<10}{'size':>5}  {'parents':>8}  {'sync':<12}{counts}  by endpoint")
    for source, base in BASE.items():
        for factor in FACTORS:
            sizes = {name: count * factor if name in GROWS else count for name, count in base.items()}
            with company(source, **sizes) as made:
                syncs(made, factor)


def syncs(made: Company, factor: int) -> None:
    """The three syncs of one source and size."""
    names = [name for name in made.streams() if name != LEFT_OUT]
    full = made.sync(*names, workers=8)
    row(made, factor, "full", full)
    states = full.states
    unchanged = made.sync(*names, workers=8, states=states)
    row(made, factor, "unchanged", unchanged)
    states.update(unchanged.states)
    kind = CHANGES[made.source]
    for number in made.ids(kind)[::100]:
        made.world.data.update(kind, number)
    row(made, factor, "1% changed", made.sync(*names, workers=8, states=states))


def row(made: Company, factor: int, label: str, outcome: Outcome) -> None:
    """One line of the table."""
    parents = len(made.ids(CHANGES[made.source]))
    requests = len(outcome.requests)
    distinct = len({request.url for request in outcome.requests})
    counts = f"{requests:>9,}{distinct:>9,}{requests / distinct:>7.3f}"
    endpoints = ", ".join(f"{endpoint} {count:,}" for endpoint, count in sorted(outcome.by_endpoint.items()))
    print(f"{made.source:<10}{factor:>4}x  {parents:>8,}  {label:<12}{counts}  {endpoints}", flush=True)


if __name__ == "__main__":
    main()
