"""The taps' definitions for Meltano: what the taps tell, in the Hub's shape, and good for `meltano add`."""

from __future__ import annotations

import json
import re
import subprocess
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
import yaml
from uv import find_uv_bin

from demo.meltano_client import environment, meltano
from integration_tests.meltano_project import TAPS
from integration_tests.processes import ROOT, running_sandbox
from tools.meltano_plugins import FOLDER, About, Definition, about, definition, files

# What the Hub's own check of a definition lets pass.
FIELDS = {
    *("name", "namespace", "variant", "label", "description", "pip_url", "executable", "repo", "docs", "logo_url"),
    *("domain_url", "maintenance_status", "quality", "keywords", "supported_python_versions", "capabilities"),
    *("settings", "settings_group_validation", "select", "metadata", "prereq", "usage", "next_steps"),
}
REQUIRED = {"name", "namespace", "variant", "quality"}
QUALITIES = {"gold", "silver", "bronze", "unknown"}
MAINTENANCE = {"active", "beta", "development", "inactive", "unknown"}
CAPABILITIES = {
    *("properties", "catalog", "discover", "state", "about", "stream-maps", "schema-flattening"),
    *("activate-version", "batch", "test", "log-based", "structured-logging"),
}
SETTING_FIELDS = {"name", "label", "description", "kind", "options", "value", "sensitive", "placeholder", "env"}
KINDS = {"string", "integer", "decimal", "boolean", "object", "array", "options", "date_iso8601", "email", "file"}


@pytest.fixture(scope="module", params=TAPS)
def tap(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def told(tap: str) -> About:
    return about(tap)


@pytest.fixture(scope="module")
def written(tap: str) -> Definition:
    found: Definition = yaml.safe_load((FOLDER / f"{tap}.yml").read_text(encoding="utf-8"))
    return found


def test_the_files_are_what_the_tap_tells_of_itself(tap: str, told: About) -> None:
    for path, text in files({tap: definition(told)}).items():
        assert path.read_text(encoding="utf-8") == text, "run: make generate"


def test_the_hub_takes_the_definition(written: Definition) -> None:
    assert written.keys() <= FIELDS
    assert written.keys() >= REQUIRED
    assert written["quality"] in QUALITIES
    assert written["maintenance_status"] in MAINTENANCE
    assert set(written["capabilities"]) <= CAPABILITIES
    assert all(re.fullmatch(r"3\.\d+", version) for version in written["supported_python_versions"])
    for setting in written["settings"]:
        assert setting.keys() <= SETTING_FIELDS
        assert setting["kind"] in KINDS, setting["name"]
        assert ("options" in setting) == (setting["kind"] == "options"), setting["name"]
        assert all(option.keys() == {"label", "value"} for option in setting.get("options", []))


def test_every_setting_of_the_tap_can_be_set_and_secrets_are_hidden(told: About, written: Definition) -> None:
    schema = told["settings"]
    settings = {setting["name"]: setting for setting in written["settings"]}
    assert {name.partition(".")[0] for name in settings} == schema["properties"].keys()
    assert {name for name, setting in settings.items() if setting.get("sensitive")} == {
        name for name, field in schema["properties"].items() if field.get("secret")
    }
    assert written["settings_group_validation"] == [schema["required"]]


def test_the_project_has_the_shape_that_meltano_documents() -> None:
    schema = json.loads(resources.files("meltano").joinpath("schemas/meltano.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8")), schema)


@pytest.mark.timeout(1800)
def test_meltano_adds_installs_and_tests_the_tap_from_its_definition(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "meltano.yml").write_text("default_environment: sandbox\nenvironments:\n- name: sandbox\n")
    wheels = tmp_path / "wheels"
    subprocess.run([find_uv_bin(), "build", "--quiet", "--wheel", "--out-dir", wheels, ROOT], check=True)

    with running_sandbox("--candidates=5", "--employees=3", "--no-limits") as sandbox:
        variables = environment(tmp_path, sandbox.configs, UV_FIND_LINKS=str(wheels))
        variables["MELTANO_SYS_DIR_ROOT"] = str(project / ".meltano")

        def call(*arguments: str) -> str:
            done = meltano(*arguments, environment=variables, cwd=project, capture_output=True)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout + done.stderr

        for tap in TAPS:
            call("add", "--plugin-type", "extractor", "--no-install", tap, "--from-ref", str(FOLDER / f"{tap}.yml"))
        call("install", "tap-talentio")
        assert "Plugin configuration is valid" in call("config", "test", "tap-talentio")
        printed = call("config", "print", "tap-talentio")
    assert sandbox.configs["talentio"]["base_url"] in printed
    assert sandbox.configs["talentio"]["access_token"] not in printed
