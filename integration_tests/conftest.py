"""What several files of tests use and one run makes once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from meltano_project import install
from postgres import Postgres, running_postgres


@pytest.fixture(scope="session")
def plugins() -> None:
    """Taps and targets, installed by Meltano."""
    install()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; each test uses a schema of its own."""
    with running_postgres() as server:
        yield server
