"""What the Dockerfile says, for tests that need no engine to hold it to that."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from unit_tests.support.doc_pages import ROOT

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
# Its lines as Docker reads them: without comments, continued ones joined.
INSTRUCTIONS = re.sub(r"\\\n", "", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE)).splitlines()


def only(pattern: str) -> str:
    """What the group of a pattern catches in the one instruction that has it."""
    (found,) = {match[1] for line in INSTRUCTIONS for match in re.finditer(pattern, line)}
    return str(found)


BASE = only(r"^ARG BASE=(\S+)$")
NOT_INSTALLED = only(r'^ENV NOT_INSTALLED="([^"]+)"$').split()
# The first line of the program that the image starts, without the Python.
STARTED_BY = shlex.split(only(r"'#!(/usr/bin/env -S .+?) /airbyte/environment/bin/python'"))
COMPILE = shlex.split(only(r"^RUN python -m (compileall .+?) /usr/local/lib"))


def build_tool() -> str:
    """The uv that made this environment: the caller's, or the Makefile's own."""
    path = os.pathsep.join([os.environ.get("PATH", ""), str(ROOT / ".cache" / "tools" / "bin")])
    found = shutil.which("uv", path=path)
    assert found, "no uv on PATH: run the tests with `make test`, or install it"
    return found


def locked(*options: str) -> list[Distribution]:
    """The packages that `uv export` names, as they are installed here."""
    command = [build_tool(), "export", "--quiet", "--frozen", "--offline", "--no-emit-project", "--no-hashes", *options]
    command += ["--no-annotate", "--no-header", "--project", str(ROOT)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    required = [Requirement(line) for line in lines]
    return [distribution(one.name) for one in required if one.marker is None or one.marker.evaluate()]


def installed() -> list[Distribution]:
    """The packages of the image, but for our own."""
    return locked("--no-dev", *(f"--no-emit-package={name}" for name in NOT_INSTALLED))


def files(package: Distribution) -> list[Path]:
    """Its files, without the compiled ones."""
    found = [Path(str(package.locate_file(file))) for file in package.files or []]
    return [path for path in found if path.suffix != ".pyc"]
