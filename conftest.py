"""What all tests share: Airbyte's own pytest hooks, which only take effect from the top level, and a few rules."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes is the machine's business; tests count requests.
settings.register_profile("any machine", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]


def pytest_configure(config: pytest.Config) -> None:
    """Make the CDK's markers known: it puts them on its tests and leaves that to the project."""
    config.addinivalue_line("markers", "image_tests: Airbyte's tests of a connector's image, which need Docker")
    config.addinivalue_line("markers", "requires_creds: Airbyte's tests that need credentials of a real account")


@pytest.fixture(scope="module", autouse=True)
def levels_stay() -> Iterator[None]:
    """Give each module the level of the connectors' log that the first one had; a tap sets it for its process."""
    logger = logging.getLogger("airbyte")
    level = logger.level
    yield
    logger.setLevel(level)
