"""`make verify SOURCE=talentics CONFIG=secrets/talentics.json`: what a real account shows of the facts relied on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from demo.program import Failed
from demo.sync import checked_source, read_config
from verify import talentics, talentio
from verify.api import Api, Stopped
from verify.report import Finding, exit_code, table

_FACTS: Mapping[str, Callable[[Api], Iterator[Finding]]] = {
    "talentics": talentics.findings,
    "talentio": talentio.findings,
}

_TARGET = "verify"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program. Exit code 1: a fact that matters is contradicted, or not all could be asked for."""
    options = argparse.ArgumentParser(prog="python -m verify", description=__doc__)
    options.add_argument("--source", default="", help=" or ".join(_FACTS))
    options.add_argument("--config", default="", metavar="FILE", help="the source's config, JSON")
    given = options.parse_args(arguments)
    try:
        api = Api(checked_source(given.source, _TARGET), read_config(given.config, _TARGET))
    except Failed as problem:
        print(f"Failed: {problem}", file=sys.stderr)
        return 1
    except AirbyteTracedException as problem:
        print(f"Failed: {problem.message}", file=sys.stderr)
        return 1
    print(
        f"Asks the real API at most {api.most} requests, all of them reads. They count towards your limit.\n",
        flush=True,
    )
    found: list[Finding] = []
    stopped = ""
    try:
        for finding in _FACTS[api.source](api):
            found.append(finding)
    except Stopped as problem:
        stopped = str(problem)
    except Exception as problem:  # noqa: BLE001 - what was found until then has cost requests of the user's
        stopped = f"an answer was not understood ({type(problem).__name__}); report it with the table"
    print(table(found))
    print(f"\n{api.asked} requests. Nothing above is a value of a record, so the table may be shared.")
    if stopped:
        print(f"Stopped before the end: {stopped}.", file=sys.stderr)
        return 1
    return exit_code(found)


if __name__ == "__main__":
    sys.exit(main())
