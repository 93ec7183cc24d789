"""A sync by PyAirbyte, as the README has it: `pyairbyte_program.py DATABASE READ-OPTIONS STREAM…`, the config on stdin.

For the Python of `make demo`. DATABASE is a DuckDB file, READ-OPTIONS are those of `source.read` as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main(database: Path, options: str, *streams: str) -> None:
    # What it keeps and logs lies beside the database. It reads these when it is imported.
    os.environ.update(
        AIRBYTE_OFFLINE_MODE="1",
        DO_NOT_TRACK="1",
        NO_LIVE_PROGRESS="1",
        AIRBYTE_PROJECT_DIR=str(database.parent),
        AIRBYTE_LOGGING_ROOT=str(database.parent / "logs"),
    )
    import airbyte as ab

    program = Path(sys.executable).parent / "source-talentio"
    source = ab.get_source("source-talentio", local_executable=program, install_if_missing=False)
    source.set_config(json.load(sys.stdin))
    source.select_streams(list(streams))
    cache = ab.caches.DuckDBCache(db_path=database, schema_name="talentio")
    source.read(cache=cache, **json.loads(options))
    cache.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
