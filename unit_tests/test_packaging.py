"""The wheel: the two sources with their manifests and schemas, the kit, and nothing that is only for development."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

from unit_tests.support.doc_pages import ROOT
from unit_tests.support.dockerfile import build_tool

PACKAGES = ("source_talentics", "source_talentio", "connector_kit")
PROGRAMS = {f"source-{name}": f"source_{name}.__main__:main" for name in ("talentics", "talentio")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel as `pip install .` makes it, from a copy of the tree: a build must leave nothing behind in it."""
    folder = tmp_path_factory.mktemp("wheel")
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
        [build_tool(), "build", "--wheel", "--out-dir", str(folder), str(tree)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        yield archive


def files_below(package: str, *suffixes: str) -> set[str]:
    paths = (ROOT / package).rglob("*")
    return {path.relative_to(ROOT).as_posix() for path in paths if path.suffix in suffixes or path.name in suffixes}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_is_in_it(wheel: zipfile.ZipFile, package: str) -> None:
    assert files_below(package, ".py") <= set(wheel.namelist())


@pytest.mark.parametrize("package", PACKAGES[:2])
def test_the_manifest_all_schemas_metadata_and_icon_are_in_it(wheel: zipfile.ZipFile, package: str) -> None:
    schemas = files_below(f"{package}/schemas", ".json")
    assert len(schemas) == {"source_talentics": 12, "source_talentio": 13}[package]
    beside = {f"{package}/{name}" for name in ("manifest.yaml", "metadata.yaml", "icon.svg", "py.typed")}
    assert schemas | beside <= set(wheel.namelist())


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
