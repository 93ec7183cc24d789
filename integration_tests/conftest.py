"""What several files of tests use and one run makes once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from integration_tests.meltano_project import TAPS, install, tap_program
from integration_tests.postgres import Postgres, running_postgres
from integration_tests.processes import ROOT, run


@pytest.fixture(scope="session")
def plugins() -> None:
    """Taps and targets, installed by Meltano."""
    install()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL server."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres(postgres_server: Postgres) -> Postgres:
    """A database of the test's own: each tap writes into a schema that is named after it."""
    return postgres_server.new_database()


@pytest.fixture(scope="session")
def catalogs() -> Mapping[str, dict[str, Any]]:
    """What each tap discovers, by its name."""
    return {tap: json.loads(run([tap_program(tap)], "--discover").stdout) for tap in TAPS}


@pytest.fixture(scope="session")
def pyairbyte() -> Path:
    """The Python of the environment that has PyAirbyte, which make sets up: in ours, Meltano's needs exclude it."""
    # What a `make test` around us was told is not for this one. Where ours is the only Python, it finds it.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    environment["PATH"] = os.pathsep.join((str(Path(sys.base_prefix, "bin")), environment["PATH"]))
    (ROOT / ".cache").mkdir(exist_ok=True)
    with FileLock(ROOT / ".cache" / "demo.lock"):
        done = subprocess.run(
            ["make", ".venv-demo/.ready"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
    if "PyAirbyte needs CPython" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / ".venv-demo" / "bin" / "python"
