"""The image without an engine: what is installed is what the commands import, and no start of them compiles."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from connector_kit.manifest import DISTRIBUTION
from integration_tests.processes import (
    ROOT,
    SOURCES,
    Run,
    Sandbox,
    configured,
    discovered,
    run,
    running_sandbox,
    write_json,
)
from unit_tests.support.dockerfile import BASE, COMPILE, files, installed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not BASE.startswith(f"python:{sys.version_info.major}.{sys.version_info.minor}."),
        reason="what is imported and compiled depends on the version of Python; the image has another",
    ),
]
# Runs before the program: nothing that the image lacks can be imported, and what is asked for is noted.
HOOK = """
import os, sys
class Imports:
    noted = os.open({noted!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    def find_spec(self, name, path=None, target=None):
        os.write(self.noted, name.encode() + b"\\n")
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
sys.meta_path.insert(0, Imports())
"""
# pydantic imports it for a model with bounds.
LAZY = {"annotated-types"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# By the name of a module at the top: the packages that have it.
OWNERS = {top: {normal(name) for name in names} for top, names in packages_distributions().items()}
# Those that it leaves out, and what this environment has beyond them: requests prefers simplejson where that is found.
IN_IMAGE = {normal(package.metadata["Name"]) for package in installed()} | {normal(DISTRIBUTION)}
ABSENT = {top for top, names in OWNERS.items() if not names & IN_IMAGE}


def all_commands(source: str, sandbox: Sandbox, folder: Path, env: Mapping[str, str]) -> None:
    """Spec, check, discover, read with hashed data and read again; and what goes wrong."""
    given = sandbox.configs[source]
    config = write_json(folder / "config.json", {**given, "personal_data": "hash", "personal_data_key": "k" * 32})

    def go(*arguments: str | Path, **more: str) -> Run:
        return run([sys.executable, "-m", f"source_{source}"], *arguments, cwd=folder, env={**env, **more})

    go("spec").assert_clean()
    go("check", "--config", config).assert_clean()
    catalog = write_json(folder / "catalog.json", configured(discovered(go("discover", "--config", config))))
    first = go("read", "--config", config, "--catalog", catalog, "--debug")
    first.assert_clean()
    state = write_json(folder / "state.json", first.last_states())
    go("read", "--config", config, "--catalog", catalog, "--state", state).assert_clean()
    (error,) = go("read", "--config", config, "--catalog", catalog, "--state", config).errors()
    assert error["failure_type"] == "config_error"
    elsewhere = write_json(folder / "elsewhere.json", {**given, "base_url": "https://api.test/v1"})
    (verdict,) = go("check", "--config", elsewhere, HTTPS_PROXY="http://127.0.0.1:9").of_type("CONNECTION_STATUS")
    assert "the proxy refused the connection" in verdict["connectionStatus"]["message"]


@dataclass(frozen=True)
class Played:
    """What all commands of both sources did, in an environment that has been compiled as the image's is."""

    imported: set[str]
    compiled: Mapping[Path, int]
    compiled_after: Mapping[Path, int]
    left: set[str]


def times_of(folder: Path) -> Mapping[Path, int]:
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob("*.pyc")}


def places_of_modules() -> list[Path]:
    """Python's own library as the base has it, without its tests; the packages of the image; ours."""
    library = [
        path for path in Path(sysconfig.get_path("stdlib")).iterdir() if path.name not in ("site-packages", "test")
    ]
    site = Path(sysconfig.get_path("purelib"))
    tops = {
        path.relative_to(site).parts[0] for package in installed() for path in files(package) if path.suffix == ".py"
    }
    ours = [ROOT / name for name in ("connector_kit", "source_talentics", "source_talentio")]
    return [*library, *(site / top for top in sorted(tops)), *ours]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("image")
    hook, compiled, work, temporary = (folder / name for name in ("hook", "compiled", "work", "temporary"))
    for each in (hook, work, temporary):
        each.mkdir()
    noted = folder / "imports"
    (hook / "sitecustomize.py").write_text(HOOK.format(noted=str(noted), absent=ABSENT), encoding="utf-8")
    env = {"PYTHONPYCACHEPREFIX": str(compiled), "TMPDIR": str(temporary)}
    command = [sys.executable, "-m", *COMPILE, str(hook), *map(str, places_of_modules())]
    subprocess.run(command, env={**os.environ, **env}, check=True, timeout=240)
    before = times_of(compiled)
    env["PYTHONPATH"] = f"{hook}{os.pathsep}{ROOT}"
    with running_sandbox("--no-limits", "--tickets", "6", "--candidates", "12") as sandbox:
        for source in SOURCES:
            all_commands(source, sandbox, work, env)
    tops = {name.partition(".")[0] for name in noted.read_text(encoding="utf-8").splitlines()}
    left = {path.name for place in (work, temporary) for path in place.iterdir()}
    return Played(tops, before, times_of(compiled), left)


def test_the_commands_need_no_package_that_the_image_lacks_and_import_all_that_it_has(played: Played) -> None:
    """pandas, numpy, grpc and the like would make it twice as large."""
    assert {"pandas", "grpc", "setuptools"} <= ABSENT
    assert "airbyte_cdk" in played.imported
    imported = {owner for top in played.imported - ABSENT for owner in OWNERS.get(top, ())}
    assert {normal(package.metadata["Name"]) for package in installed()} - imported == LAZY


def test_no_start_compiles_anything(played: Played) -> None:
    """What the Dockerfile's line compiles is all that is imported, and holds whatever the times of the files are."""
    assert len(played.compiled) > 1000
    assert played.compiled_after == played.compiled


def test_no_command_leaves_a_file(played: Played) -> None:
    assert played.left == {"config.json", "catalog.json", "state.json", "elsewhere.json"}


def test_the_packages_stay_within_the_budget() -> None:
    """With what is compiled of them they are twice as much; the image is to stay under 230 MB, and its base has 130."""
    sizes = {package.metadata["Name"]: sum(file.stat().st_size for file in files(package)) for package in installed()}
    assert len(sizes) > 40
    assert sum(sizes.values()) < 50_000_000, sorted(sizes.items(), key=lambda item: -item[1])[:5]
