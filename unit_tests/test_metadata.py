"""metadata.yaml of each connector, and the root's, against Airbyte's model, pyproject.toml and the manifests.

The version stands in pyproject.toml; whatever else tells it is compared with that.
"""

from __future__ import annotations

import importlib.resources
import json
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml
from airbyte_connector_models.metadata.v0.connector_metadata_definition_v0 import ConnectorMetadataDefinitionV0

from connector_kit.http.failure_table import PAUSES
from connector_kit.http.requester import WHOLE_ANSWER
from connector_kit.http.waits import STATUS_EVERY
from unit_tests.support.doc_pages import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGES = ("source_talentics", "source_talentio")
# They repeat a list at one request a row: of use to few, and dear under these APIs' limits.
NOT_SUGGESTED = {"exam_details", "applicant_details", "job_details", "requisition_details"}


def read_yaml(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def metadata_of(package: str) -> dict[str, Any]:
    data: dict[str, Any] = read_yaml(ROOT / package / "metadata.yaml")["data"]
    return data


def streams_of(package: str) -> list[str]:
    """The streams in the manifest's order; each entry of its list points at the definition of that name."""
    return [reference.rpartition("/")[2] for reference in read_yaml(ROOT / package / "manifest.yaml")["streams"]]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    content: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return content


@pytest.fixture(scope="module")
def root() -> dict[str, Any]:
    return read_yaml(ROOT / "metadata.yaml")


@pytest.mark.parametrize("package", PACKAGES)
def test_airbytes_model_takes_it(package: str) -> None:
    content = read_yaml(ROOT / package / "metadata.yaml")
    model = importlib.resources.files("airbyte_connector_models.metadata.v0") / "ConnectorMetadataDefinitionV0.json"
    schema = json.loads(model.read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(content)] == []
    ConnectorMetadataDefinitionV0.model_validate(content)


@pytest.mark.parametrize("package", PACKAGES)
def test_it_describes_the_package_that_it_lies_in(package: str, project: dict[str, Any]) -> None:
    data = metadata_of(package)
    program = package.replace("_", "-")
    assert (data["dockerRepository"], data["dockerImageTag"]) == (program, project["version"])
    assert data["license"] == project["license"]
    assert project["scripts"][program] == f"{package}.__main__:main"
    assert f"source-{data['name'].lower()}" == program
    assert "language:manifest-only" in data["tags"], "without it `airbyte-cdk connector test` refuses the folder"


@pytest.mark.parametrize("package", PACKAGES)
def test_its_icon_is_a_square_picture(package: str) -> None:
    icon = ET.fromstring((ROOT / package / metadata_of(package)["icon"]).read_text(encoding="utf-8"))
    _, _, width, height = str(icon.get("viewBox")).split()
    assert icon.tag.endswith("}svg")
    assert width == height


@pytest.mark.parametrize("package", PACKAGES)
def test_the_suggested_streams_are_all_but_those_that_repeat_a_list(package: str) -> None:
    suggested = metadata_of(package)["suggestedStreams"]["streams"]
    assert suggested == [stream for stream in streams_of(package) if stream not in NOT_SUGGESTED]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_one_host_allowed_is_that_of_the_default_base_url(package: str) -> None:
    spec = read_yaml(ROOT / package / "manifest.yaml")["spec"]["connection_specification"]
    host = urlsplit(spec["properties"]["base_url"]["default"]).hostname
    assert metadata_of(package)["allowedHosts"]["hosts"] == [host]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_platform_is_more_patient_than_the_longest_silence(package: str) -> None:
    requester = read_yaml(ROOT / package / "manifest.yaml")["definitions"]["requester"]
    one_try = requester["connect_timeout_in_seconds"] + WHOLE_ANSWER * requester["read_timeout_in_seconds"]
    longest = (len(PAUSES) + 1) * one_try + sum(PAUSES) * 1.2
    assert longest < metadata_of(package)["maxSecondsBetweenMessages"]
    # Whatever the window's length, a wait for it sends messages.
    assert longest > STATUS_EVERY


@pytest.mark.parametrize("package", PACKAGES)
def test_no_image_is_named_by_a_digest_that_nobody_published(package: str) -> None:
    assert "sha256" not in (ROOT / package / "metadata.yaml").read_text(encoding="utf-8")


def test_the_root_lists_both_as_they_describe_themselves(root: dict[str, Any]) -> None:
    assert root["connectors"] == [
        {
            "name": data["name"],
            "folder": package,
            "program": package.replace("_", "-"),
            "definitionId": data["definitionId"],
            "dockerRepository": data["dockerRepository"],
            "dockerImageTag": data["dockerImageTag"],
            "allowedHosts": data["allowedHosts"]["hosts"],
            "streams": len(streams_of(package)),
            "suggestedStreams": len(data["suggestedStreams"]["streams"]),
        }
        for package in PACKAGES
        for data in [metadata_of(package)]
    ]


def test_the_root_names_the_package_as_pyproject_does(root: dict[str, Any], project: dict[str, Any]) -> None:
    assert {name: root[name] for name in ("package", "version", "license")} == {
        "package": project["name"],
        "version": project["version"],
        "license": project["license"],
    }


def test_no_two_connectors_share_an_id(root: dict[str, Any]) -> None:
    ids = [connector["definitionId"] for connector in root["connectors"]]
    assert len(set(ids)) == len(ids) == len(PACKAGES)


def test_the_image_bears_the_version_and_takes_both_connectors(project: dict[str, Any]) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r'io\.airbyte\.version="?([^"\s]+)', dockerfile) == [project["version"]]
    assert re.findall(r"--tag \S+:(\S+)", dockerfile) == [project["version"]]
    (choices,) = re.findall(r"^\s*(source-\S+(?: \| source-\S+)*)\) ;;", dockerfile, re.MULTILINE)
    assert sorted(choices.split(" | ")) == sorted(package.replace("_", "-") for package in PACKAGES)


def test_the_newest_version_of_each_changelog_is_that_of_the_package(project: dict[str, Any]) -> None:
    heading = re.compile(r"^## (\S+) - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
    changes = heading.findall((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert changes[0][0] == project["version"]
    for page in ("talentics", "talentio"):
        _, _, table = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8").partition("\n## Changelog\n")
        rows = re.findall(r"^\| (\d\S+) \| (\S+) \|", table, re.MULTILINE)
        assert rows == changes[: len(rows)], "newest first, with the dates of CHANGELOG.md"
        assert rows[0][0] == project["version"]


def test_the_commands_of_the_readme_name_the_version(project: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"source-talentics:(\d\S*)", readme) + re.findall(r"\| Docker image tag \| `(\S+)` \|", readme)
    assert len(named) >= 3
    assert set(named) == {project["version"]}


def test_a_push_does_not_cancel_the_long_tests() -> None:
    workflow = read_yaml(ROOT / ".github" / "workflows" / "ci.yml")
    assert "github.event_name" in workflow["concurrency"]["group"]


def test_the_versions_of_python_are_the_same_wherever_they_stand(project: dict[str, Any]) -> None:
    words = [classifier.rpartition(" :: ")[2] for classifier in project["classifiers"]]
    versions = [version for version in words if re.fullmatch(r"3\.\d+", version)]
    behind = f"3.{int(versions[-1].removeprefix('3.')) + 1}"
    assert project["requires-python"] == f">={versions[0]},<{behind}"
    jobs = read_yaml(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    assert jobs["python"]["strategy"]["matrix"]["python"] == versions
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"no CPython from {versions[0]} to {versions[-1]} found" in makefile
    newest_first = " ".join(f"python{version}" for version in reversed(versions))
    assert f"$(PYTHON) {newest_first},({behind.replace('.', '$(comma) ')})" in makefile
