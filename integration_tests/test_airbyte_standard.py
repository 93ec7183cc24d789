"""Airbyte's standard tests, every one that needs no image, against the sandbox; and that none of them was left out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from integration_tests.processes import ROOT, SOURCES, running_sandbox, write_json

SECRET = {"talentics": "app_secret", "talentio": "access_token"}
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
    folder = tmp_path_factory.mktemp("standard")
    report = folder / "report.xml"
    # The suite writes configs that others may read; it does so in a folder that they may not enter.
    temporary = folder / "temporary"
    temporary.mkdir(mode=0o700)
    with running_sandbox("--size", "small", "--no-limits") as sandbox:
        for source in SOURCES:
            connector = folder / f"source_{source}"
            (connector / "secrets").mkdir(parents=True, mode=0o700)
            shutil.copy(ROOT / connector.name / "acceptance-test-config.yml", connector)
            config = sandbox.configs[source]
            write_json(connector / "secrets" / "config.json", config)
            write_json(connector / "secrets" / "invalid_config.json", {**config, SECRET[source]: "not-the-right-one"})
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", str(ROOT / "integration_tests" / "airbyte_standard_suite.py")),
                *("-m", "not image_tests", "-p", "no:cacheprovider", "--tb=short", f"--junitxml={report}"),
                *("-W", "error::airbyte_cdk.test.standard_tests.DiscoveredCatalogWarning"),
            ],
            cwd=ROOT,
            env={**os.environ, "STANDARD_TESTS_FOLDER": str(folder), "TMPDIR": str(temporary)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=240,
            check=False,
        )
    shutil.rmtree(temporary)
    for source in SOURCES:
        shutil.rmtree(folder / f"source_{source}" / "secrets")
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    found: dict[str, dict[str, str]] = {}
    for case in ET.parse(report).iter("testcase"):
        of_class = found.setdefault(str(case.get("classname")).rpartition(".")[2], {})
        of_class[str(case.get("name"))] = case[0].tag if len(case) else "passed"
    return found


@pytest.mark.parametrize("suite", ["TestTalentics", "TestTalentio"])
def test_all_of_airbytes_tests_ran_and_passed(outcomes: dict[str, dict[str, str]], suite: str) -> None:
    assert outcomes[suite] == {**dict.fromkeys(RAN, "passed"), **dict.fromkeys(NOT_FOR_A_BAD_CREDENTIAL, "skipped")}
