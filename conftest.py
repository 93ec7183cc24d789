"""What all tests share: Airbyte's own pytest hooks, which only take effect from the top level, and a few rules."""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Callable
from functools import cache
from typing import Any

import orjson
import pytest
from airbyte_cdk.sources.declarative import concurrent_declarative_source
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
from airbyte_cdk.sources.declarative.models.declarative_component_schema import DeclarativeStream
from airbyte_cdk.sources.declarative.parsers import model_to_component_factory
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

# Most of what a test of a source takes is the CDK's building of it: it reads its own 300 KB of YAML; it resolves,
# checks and parses the manifest; it looks at the types of each class. The tests build thousands, of few manifests.
concurrent_declarative_source.get_declarative_component_schema = cache(
    concurrent_declarative_source.get_declarative_component_schema
)
model_to_component_factory.get_type_hints = cache(model_to_component_factory.get_type_hints)  # type: ignore[assignment]
_pre_process = ConcurrentDeclarativeSource._pre_process_manifest
_validate = ConcurrentDeclarativeSource._validate_source
_parse = DeclarativeStream.parse_obj
# The tests of each line of a manifest build thousands of them, a quarter of a megabyte each.
_MOST_REMEMBERED = 200
_processed: dict[bytes, bytes] = {}
_valid: dict[bytes, bytes] = {}
_parsed: dict[bytes, bytes] = {}


def _once(known: dict[bytes, bytes], text: bytes, make: Callable[[], bytes]) -> bytes:
    made = known.get(text)
    if made is None:
        made = make()
        if len(known) >= _MOST_REMEMBERED:
            known.pop(next(iter(known)), None)
        known[text] = made
    return made


def _pre_process_once(source: ConcurrentDeclarativeSource, manifest: dict[str, Any]) -> dict[str, Any]:
    # A date that YAML read stays one for the CDK, which refuses it: it must not become text on the way.
    text = orjson.dumps(manifest, option=orjson.OPT_PASSTHROUGH_DATETIME)
    processed: dict[str, Any] = orjson.loads(
        _once(_processed, text, lambda: orjson.dumps(_pre_process(source, manifest)))
    )
    return processed


def _validate_once(source: ConcurrentDeclarativeSource) -> None:
    _once(_valid, orjson.dumps(source._source_config), lambda: pickle.dumps(_validate(source)))


def _parse_once(declared: Any) -> DeclarativeStream:
    made = _once(_parsed, orjson.dumps(declared), lambda: pickle.dumps(_parse(declared)))
    model: DeclarativeStream = pickle.loads(made)  # noqa: S301 - written above
    return model


ConcurrentDeclarativeSource._pre_process_manifest = _pre_process_once  # type: ignore[method-assign, assignment]
ConcurrentDeclarativeSource._validate_source = _validate_once  # type: ignore[method-assign, assignment]
DeclarativeStream.parse_obj = _parse_once  # type: ignore[method-assign, assignment]

# Where an assertion of theirs fails, it is to show its values, as one in a test does.
pytest.register_assert_rewrite("unit_tests.support")

pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]


def pytest_configure(config: pytest.Config) -> None:
    """Make the CDK's markers known: it puts them on its tests and leaves that to the project."""
    config.addinivalue_line("markers", "image_tests: Airbyte's tests of a connector's image, which need Docker")
    config.addinivalue_line("markers", "requires_creds: Airbyte's tests that need credentials of a real account")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Give the tests one process more than there are cores: many wait for a program, a server or a pause."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def log_of_a_new_program() -> None:
    """The log as a program finds it: a tap sets the level of its whole process, and secrets of others are masked."""
    logging.getLogger("airbyte").setLevel(logging.INFO)
    update_secrets([])
