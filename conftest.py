"""What all tests share: Airbyte's own pytest hooks, which only take effect from the top level, and a few rules."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from airbyte_cdk.sources.declarative import concurrent_declarative_source
from airbyte_cdk.utils.airbyte_secrets_utils import update_secrets
from hypothesis import HealthCheck, settings

# How long an example takes is the machine's business; tests count requests.
_ANY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# `make test` tries the same examples each time, so that no change fails for what it did not do; `make test-long` looks
# for new ones.
settings.register_profile("ci", _ANY_MACHINE, derandomize=True)
# Said, as Hypothesis itself would not be random where `CI` is set.
settings.register_profile("long", _ANY_MACHINE, derandomize=False, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# The CDK reads its own 300 KB of YAML for each source that it builds, and checks the manifest by it; the tests build
# thousands in one process, of few manifests.
concurrent_declarative_source.get_declarative_component_schema = cache(
    concurrent_declarative_source.get_declarative_component_schema
)
_validate = concurrent_declarative_source.validate_manifest
_valid: set[str] = set()


def _validate_once(manifest: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    text = json.dumps(manifest)
    if text not in _valid:
        _validate(manifest, schema)
        _valid.add(text)


concurrent_declarative_source.validate_manifest = _validate_once

# Where an assertion of theirs fails, it is to show its values, as one in a test does.
pytest.register_assert_rewrite("unit_tests.support")

pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]


def pytest_configure(config: pytest.Config) -> None:
    """Make the CDK's markers known: it puts them on its tests and leaves that to the project."""
    config.addinivalue_line("markers", "image_tests: Airbyte's tests of a connector's image, which need Docker")
    config.addinivalue_line("markers", "requires_creds: Airbyte's tests that need credentials of a real account")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Give the tests two processes more than there are cores: many wait for a program, a server or a pause."""
    return (os.cpu_count() or 1) + 2


@pytest.fixture(autouse=True)
def log_of_a_new_program() -> None:
    """The log as a program finds it: a tap sets the level of its whole process, and secrets of others are masked."""
    logging.getLogger("airbyte").setLevel(logging.INFO)
    update_secrets([])
