"""What several files of tests use and one run makes once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from meltano_project import TAPS, install, tap_program
from postgres import Postgres, running_postgres
from processes import run


@pytest.fixture(scope="session")
def plugins() -> None:
    """Taps and targets, installed by Meltano."""
    install()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; each test uses a schema of its own."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def catalogs() -> Mapping[str, dict[str, Any]]:
    """What each tap discovers, by its name."""
    return {tap: json.loads(run([tap_program(tap)], "--discover").stdout) for tap in TAPS}
