"""Airbyte's standard tests for both sources: the classes that `airbyte-cdk connector test` runs, with our own start.

Not collected by itself: test_airbyte_standard.py runs it in a process of its own, where `STANDARD_TESTS_FOLDER` holds a
folder for each connector with the configs that acceptance-test-config.yml names, and counts what ran.
"""

from __future__ import annotations

import os
from pathlib import Path

from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests import SourceTestSuiteBase
from airbyte_cdk.test.standard_tests._job_runner import IConnector

from connector_kit.source import ManifestSource


class _OurSource(SourceTestSuiteBase):
    package: str

    @classmethod
    def get_connector_root_dir(cls) -> Path:
        return Path(os.environ["STANDARD_TESTS_FOLDER"]) / cls.package

    @classmethod
    def create_connector(cls, scenario: ConnectorTestScenario | None) -> IConnector:
        config = scenario and scenario.get_config_dict(
            connector_root=cls.get_connector_root_dir(), empty_if_missing=True
        )
        return ManifestSource(cls.package, config=config or None)


class TestTalentics(_OurSource):
    package = "source_talentics"


class TestTalentio(_OurSource):
    package = "source_talentio"
