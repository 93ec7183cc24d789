"""Runs Airbyte's standard tests of both sources against a sandbox, and says what became of each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

from integration_tests.processes import ROOT, SOURCES, running_sandbox, write_json

_SECRET = {"talentics": "app_secret", "talentio": "access_token"}


def outcomes_of(folder: Path, *options: str, env: Mapping[str, str] | None = None) -> dict[str, dict[str, str]]:
    """Run the suite with pytest's options in an empty folder.

    Returns:
        By class and test: `passed`, or what it was instead.
    """
    report = folder / "report.xml"
    # The suite writes configs that others may read; it does so in a folder that they may not enter.
    temporary = folder / "temporary"
    temporary.mkdir(mode=0o700)
    with running_sandbox("--size", "small", "--no-limits") as sandbox:
        for source in SOURCES:
            connector = folder / f"source_{source}"
            (connector / "secrets").mkdir(parents=True, mode=0o700)
            shutil.copy(ROOT / connector.name / "acceptance-test-config.yml", connector)
            shutil.copy(ROOT / connector.name / "metadata.yaml", connector)
            config = sandbox.configs[source]
            write_json(connector / "secrets" / "config.json", config)
            write_json(connector / "secrets" / "invalid_config.json", {**config, _SECRET[source]: "not-the-right-one"})
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", str(ROOT / "integration_tests" / "airbyte_standard_suite.py")),
                *("-p", "no:cacheprovider", "--tb=short", f"--junitxml={report}"),
                *("-W", "error::airbyte_cdk.test.standard_tests.DiscoveredCatalogWarning", *options),
            ],
            cwd=ROOT,
            env={**os.environ, "STANDARD_TESTS_FOLDER": str(folder), "TMPDIR": str(temporary), **(env or {})},
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
