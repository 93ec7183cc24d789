"""What all tests share: Airbyte's own pytest hooks, which only take effect from the top level."""

from __future__ import annotations

import pytest

pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]


def pytest_configure(config: pytest.Config) -> None:
    """Make the CDK's markers known: it puts them on its tests and leaves that to the project."""
    config.addinivalue_line("markers", "image_tests: Airbyte's tests of a connector's image, which need Docker")
    config.addinivalue_line("markers", "requires_creds: Airbyte's tests that need credentials of a real account")
