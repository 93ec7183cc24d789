"""The wheel: the two sources with their manifests and schemas, the kit, and nothing that is only for development."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

from tools import release_notes
from unit_tests.support.doc_pages import ROOT
from unit_tests.support.dockerfile import build_tool

PACKAGES = ("source_talentics", "source_talentio", "connector_kit")
PROGRAMS = {f"source-{name}": f"source_{name}.__main__:main" for name in ("talentics", "talentio")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist and the wheel made of it, from a copy of the tree: a build must leave nothing in it."""
    folder = tmp_path_factory.mktemp("built")
    tree = folder / "tree"
    left_out = shutil.ignore_patterns(".*", "__pycache__", "output", "build", "dist")
    shutil.copytree(ROOT, tree, ignore=left_out)
    # What Airbyte's test command and a careless user leave in a connector's folder.
    for leftover in (".tmp/test.py", "build/report.xml", "secrets/config.json"):
        path = tree / "source_talentics" / leftover
        path.parent.mkdir(parents=True)
        path.write_text("{}", encoding="utf-8")
    shutil.copy(ROOT / ".gitignore", tree)
    done = subprocess.run(
        [build_tool(), "build", "--out-dir", str(folder), str(tree)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Iterator[zipfile.ZipFile]:
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def files_below(package: str, *suffixes: str) -> set[str]:
    paths = (ROOT / package).rglob("*")
    return {path.relative_to(ROOT).as_posix() for path in paths if path.suffix in suffixes or path.name in suffixes}


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_is_in_it(wheel: zipfile.ZipFile, package: str) -> None:
    assert files_below(package, ".py") <= set(wheel.namelist())


@pytest.mark.parametrize("package", PACKAGES[:2])
def test_the_manifest_all_schemas_metadata_and_icon_are_in_it(wheel: zipfile.ZipFile, package: str) -> None:
    schemas = files_below(f"{package}/schemas", ".json")
    assert len(schemas) == {"source_talentics": 12, "source_talentio": 13}[package]
    beside = {f"{package}/{name}" for name in ("manifest.yaml", "metadata.yaml", "icon.svg", "py.typed")}
    assert schemas | beside <= set(wheel.namelist())


def test_the_sdist_has_what_the_wheel_is_built_from_and_no_more(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    beside = {"README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "PKG-INFO", ".gitignore"}
    assert {name.partition("/")[0] for name in names} == {*PACKAGES, *beside}
    assert {name for package in PACKAGES for name in files_below(package, ".py", ".json", ".yaml", ".svg")} <= names


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_it_installs_in_an_empty_environment(built: Path, kind: str, tmp_path: Path) -> None:
    (path,) = built.glob(kind)
    environment = tmp_path / "environment"
    python = str(environment / "bin" / "python")
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(environment)],
        ["pip", "install", "--quiet", "--python", python, str(path)],
    ):
        subprocess.run([build_tool(), *command], cwd=tmp_path, check=True)
    for program in PROGRAMS:
        spec = subprocess.run(
            [str(environment / "bin" / program), "spec"],
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        )
        assert '"type":"SPEC"' in spec.stdout


def test_the_release_notes_are_what_the_changelog_says_of_the_version() -> None:
    assert release_notes.notes("0.1.0").startswith("The first version: 12 streams of Talentics")
    with pytest.raises(LookupError, match=r"nothing under 9\.9\.9: give its heading the version"):
        release_notes.notes("9.9.9")


def test_nothing_else_is_in_it(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist() if ".dist-info/" not in name}
    assert tops == set(PACKAGES)
    assert [name for name in wheel.namelist() if any(part in name for part in ("secrets", ".tmp", "/build/"))] == []


def test_the_programs_are_declared(wheel: zipfile.ZipFile) -> None:
    (entry_points,) = (name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    declared = configparser.ConfigParser()
    declared.read_string(wheel.read(entry_points).decode())
    assert PROGRAMS.items() <= dict(declared["console_scripts"]).items()


def test_the_license_and_the_description_go_with_it(wheel: zipfile.ZipFile) -> None:
    (metadata,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    headers = Parser().parsestr(wheel.read(metadata).decode())
    assert headers["Metadata-Version"] == "2.4"
    assert headers["License-Expression"] == "MIT"
    assert headers["Description-Content-Type"] == "text/markdown"
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.namelist())


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_programs_are_installed(program: str) -> None:
    assert shutil.which(program, path=str(Path(sys.executable).parent)), "install the project: uv sync --frozen"


@pytest.mark.parametrize("package", PACKAGES[:2])
def test_the_module_says_the_same_as_the_program(package: str) -> None:
    program = Path(sys.executable).parent / package.replace("_", "-")
    answers = [
        subprocess.run([*command, "spec"], capture_output=True, text=True, encoding="utf-8", check=True).stdout
        for command in ([str(program)], [sys.executable, "-m", package])
    ]
    assert '"type":"SPEC"' in answers[0]
    assert answers[0] == answers[1]
