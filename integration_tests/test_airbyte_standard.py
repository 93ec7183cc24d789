"""Airbyte's standard tests, every one that needs no image, against the sandbox; and that none of them was left out."""

from __future__ import annotations

import pytest

from integration_tests.standard_runs import outcomes_of

# What a config listed under the sections of acceptance-test-config.yml is worth: the good one runs all commands, the
# bad one `check` (and `spec`, as it is well-formed). A test that is skipped is not for that config.
RAN = {
    "test_spec",
    "test_config_matches_spec['config' Test Scenario]",
    "test_config_matches_spec['invalid_config' Test Scenario]",
    "test_check['config' Test Scenario]",
    "test_check['invalid_config' Test Scenario]",
    "test_discover['config' Test Scenario]",
    "test_basic_read['config' Test Scenario]",
    "test_fail_read_with_bad_catalog['config' Test Scenario]",
}
NOT_FOR_A_BAD_CREDENTIAL = {
    "test_discover['invalid_config' Test Scenario]",
    "test_basic_read['invalid_config' Test Scenario]",
    "test_fail_read_with_bad_catalog['invalid_config' Test Scenario]",
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """By class: what became of each test."""
    return outcomes_of(tmp_path_factory.mktemp("standard"), "-m", "not image_tests")


@pytest.mark.parametrize("suite", ["TestTalentics", "TestTalentio"])
def test_all_of_airbytes_tests_ran_and_passed(outcomes: dict[str, dict[str, str]], suite: str) -> None:
    assert outcomes[suite] == {**dict.fromkeys(RAN, "passed"), **dict.fromkeys(NOT_FOR_A_BAD_CREDENTIAL, "skipped")}
