"""Thousands of syncs are quiet here, and here only: other tests read the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    logger = logging.getLogger("airbyte")
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)
