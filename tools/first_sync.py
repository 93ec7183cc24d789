"""How long a first sync takes under the limit: `python -m tools.first_sync talentics --exams 20 --tickets 4000`.

Counts the requests to the endpoint that is asked most (Talentics limits each), or to all (Talentio). All windows but
the last are waited out.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from math import ceil

from connector_kit.manifest import connection_specification
from connector_kit.settings import duration

_PAGE = 100
_COUNTED = {"talentics": ("exams", "tickets", "jobs", "applicants"), "talentio": ("candidates",)}


def requests_of(source: str, counts: Mapping[str, int]) -> dict[str, int]:
    """Requests of a first sync of the suggested streams, by endpoint."""
    if source == "talentics":
        exams, tickets, applicants = counts["exams"], counts["tickets"], counts["applicants"]
        return {
            "exams": max(1, ceil(exams / _PAGE)),
            "tickets": max(exams, ceil(tickets / _PAGE)),
            "scores": tickets,
            "jobs": max(1, ceil(counts["jobs"] / _PAGE)),
            "applicants": counts["jobs"] + 1 if counts["jobs"] else 0,
            "forms": applicants,
        }
    candidates = counts["candidates"]
    return {
        "candidates": max(1, ceil(candidates / _PAGE)),
        "details": candidates,
        "comments": candidates,
        "lists": 6,
    }


def windows(source: str, counts: Mapping[str, int], limit: int) -> tuple[int, int]:
    """The requests that count, and the windows that they take."""
    asked = requests_of(source, counts)
    counted = max(asked.values()) if source == "talentics" else sum(asked.values())
    return counted, ceil(counted / limit)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the estimate."""
    parser = argparse.ArgumentParser(prog="python -m tools.first_sync", description=__doc__)
    parser.add_argument("source", choices=("talentics", "talentio"))
    for name in (name for names in _COUNTED.values() for name in names):
        parser.add_argument(f"--{name}", type=int, help=f"how many {name} there are, all together")
    parser.add_argument("--limit", type=int, help="requests per period (default: the vendor's)")
    given = parser.parse_args(arguments)
    counts = {name: vars(given)[name] for names in _COUNTED.values() for name in names if vars(given)[name] is not None}
    wanted = _COUNTED[given.source]
    if not counts or counts.keys() - set(wanted):
        parser.error(f"{given.source} is estimated from {', '.join(f'--{name}' for name in wanted)}")
    if min(counts.values()) < 0 or (given.limit is not None and given.limit < 1):
        parser.error("a number is below 0, or the limit below 1")
    fields = connection_specification(f"source_{given.source}")["properties"]
    limit = given.limit or fields["rate_limit_requests"]["default"]
    period = duration(fields["rate_limit_period"]["default"], "rate_limit_period")
    counted, number = windows(given.source, {**dict.fromkeys(wanted, 0), **counts}, limit)
    hours = max(0, number - 1) * period.total_seconds() / 3600
    told = f"{counted:,} request{'s' * (counted != 1)}, {number} window{'s' * (number != 1)} of {limit:,}"
    print(f"{told}: {hours:.1f} h and the time of the last window's requests.")


if __name__ == "__main__":
    main()
