"""`make sync SOURCE=talentio CONFIG=secrets/talentio.json`: a source from its real API into `output/talentio.duckdb`.

The next call into the same file reads only what changed since.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demo.airbyte_client import AirbyteClient
from demo.program import ROOT, Failed, run
from demo.report import footnote, sync_table
from demo.streams import SOURCES
from demo.tables import contents, difference, opened, table_names

# DuckDB cannot tell a schema from a file of the same name, so the tables lie in the schema that every file has.
_SCHEMA = "main"
_EXAMPLE = "make {target} SOURCE=talentio CONFIG=secrets/talentio.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program. Exit code 1: an argument is wrong, or the sync failed."""
    options = argparse.ArgumentParser(prog="python -m demo.sync", description=__doc__)
    options.add_argument("--source", default="", help=" or ".join(SOURCES))
    options.add_argument("--config", default="", metavar="FILE", help="the source's config, JSON")
    options.add_argument("--output", default=ROOT / "output", type=Path, metavar="DIR", help="where the file goes")
    given = options.parse_args(arguments)
    return run(lambda: _sync(checked_source(given.source), read_config(given.config), given.output))


def checked_source(name: str, target: str = "sync") -> str:
    """The name, if there is such a source. Raises Failed, with an example for the target of make that was called."""
    if not name:
        raise Failed(f"SOURCE is missing: {' or '.join(SOURCES)}. For example: {_EXAMPLE.format(target=target)}")
    if name not in SOURCES:
        raise Failed(f"there is no source {name!r}: SOURCE is {' or '.join(SOURCES)}")
    return name


def read_config(path: str, target: str = "sync") -> dict[str, Any]:
    """The config in a file. Raises Failed, with no word of the content."""
    if not path:
        example = _EXAMPLE.format(target=target)
        raise Failed(f"CONFIG is missing: a JSON file with the source's config. For example: {example}")
    try:
        config = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise Failed(f"cannot read CONFIG {path}: {problem.strerror}") from None
    except json.JSONDecodeError as problem:
        raise Failed(f"CONFIG {path} is not JSON: {problem.msg} in line {problem.lineno}") from None
    except UnicodeDecodeError:
        raise Failed(f"CONFIG {path} is not UTF-8 text") from None
    if not isinstance(config, dict):
        raise Failed(f"CONFIG {path} must hold a JSON object with the config's fields")
    return config


def _sync(source: str, config: dict[str, Any], output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    database = (output / f"{source}.duckdb").resolve()
    print(f"Starting PyAirbyte to sync source-{source} …", flush=True)
    client = AirbyteClient(output.resolve() / "pyairbyte")
    before = _contents(database)
    streams = client.sync(source, config, database, _SCHEMA)
    with opened(database) as connection:
        changes = {
            stream.name: difference(connection, _SCHEMA, stream.name, before.get(stream.name, frozenset()))
            for stream in streams
        }
    print("\n" + sync_table(streams, changes))
    if note := footnote(streams):
        print(note)
    print(f"\nDuckDB file: {database}")


def _contents(database: Path) -> dict[str, frozenset[int]]:
    if not database.exists():
        return {}
    with opened(database) as connection:
        return {name: contents(connection, _SCHEMA, name) for name in table_names(connection, _SCHEMA)}


if __name__ == "__main__":
    raise SystemExit(main())
