"""The Dockerfile: what builds is pinned, what is installed is locked, and the machine's settings stay out."""

from __future__ import annotations

import re

import pytest

from unit_tests.support.doc_pages import ROOT
from unit_tests.support.dockerfile import BASE, INSTRUCTIONS, NOT_INSTALLED, STARTED_BY, locked

WITH_NETWORK = [line for line in INSTRUCTIONS if re.search(r"\b(pip|uv) ", line) and line.startswith("RUN ")]


def test_the_base_is_named_to_the_patch_and_the_release_of_debian() -> None:
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+", BASE)
    assert {line for line in INSTRUCTIONS if line.startswith("FROM ")} == {"FROM ${BASE} AS build", "FROM ${BASE}"}


def test_its_python_is_the_one_whose_folders_the_lines_name() -> None:
    minor = ".".join(BASE.removeprefix("python:").split(".")[:2])
    assert set(re.findall(r"python(3\.\d+)", "\n".join(INSTRUCTIONS))) == {minor}


def test_whatever_runs_at_build_time_is_pinned_or_locked() -> None:
    (line,) = WITH_NETWORK
    assert re.findall(r"\bpip install (?:--?\S+ (?:ignore )?)*(\S+)", line.split("&&")[0]) == ["uv==0.13.9"]
    for command in re.findall(r"uv pip install [^&]+", line):
        assert re.match(r"uv pip install --require-hashes --no-deps --no-build ", command)
    assert len(re.findall(r"uv pip install", line)) == 2
    (backend,) = [line for line in INSTRUCTIONS if "hatchling" in line]
    assert backend.startswith("RUN python -m hatchling build "), "the locked one; `uv build` would fetch another"


def test_the_lock_has_the_build_backend_that_pyproject_asks_for() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r'^requires = (\[.+\])$\n^build-backend = "hatchling.build"$', pyproject, re.MULTILINE)
    required, group = (re.findall(rf"^{name} = (\[.+\])$", pyproject, re.MULTILINE) for name in ("requires", "build"))
    assert required == group


def test_the_settings_of_a_machine_go_in_as_secrets_to_the_one_step_that_needs_them() -> None:
    (line,) = WITH_NETWORK
    mounts = dict(re.findall(r"--mount=type=secret,id=(\S+),target=(\S+)", line))
    assert mounts == {
        "certificates": "/etc/ssl/certs/ca-certificates.crt",
        "pip.conf": "/etc/pip.conf",
        "uv.toml": "/etc/uv/uv.toml",
    }
    settings = dict(re.findall(r"(\w+)=(\S+)", next(line for line in INSTRUCTIONS if "PIP_CERT" in line)))
    assert settings["PIP_CERT"] == mounts["certificates"]
    assert settings["UV_SYSTEM_CERTS"] == "1"


def test_all_that_is_left_out_is_in_the_lock() -> None:
    names = {package.metadata["Name"].lower().replace("_", "-").replace(".", "-") for package in locked("--no-dev")}
    assert set(NOT_INSTALLED) <= names
    assert sorted(NOT_INSTALLED) == NOT_INSTALLED


def test_modules_are_compiled_by_content_and_in_one_order() -> None:
    (line,) = [line for line in INSTRUCTIONS if "compileall" in line]
    assert re.search(r"compileall -q -j 1 --invalidation-mode unchecked-hash ", line)
    assert line.endswith(" /usr/local/lib/python3.11 /airbyte/environment/lib")


def test_the_image_runs_without_rights_and_under_a_name_that_airbyte_finds() -> None:
    assert STARTED_BY == ["/usr/bin/env", "-S", "--block-signal=TERM,INT"]
    (entry_point,) = [line for line in INSTRUCTIONS if line.startswith("ENTRYPOINT ")]
    assert entry_point == 'ENTRYPOINT ["/airbyte/connector"]'
    assert "ENV AIRBYTE_ENTRYPOINT=/airbyte/connector" in INSTRUCTIONS
    assert INSTRUCTIONS.index("USER 1000:1000") > max(
        number for number, line in enumerate(INSTRUCTIONS) if line.startswith(("RUN ", "COPY "))
    )


@pytest.mark.parametrize("secret", ["secrets", "output", ".env", ".venv", ".git"])
def test_nothing_of_this_machine_reaches_the_builder(secret: str) -> None:
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert rules[1] == "*"
    assert not any(rule.removeprefix("!").strip("/") == secret for rule in rules if rule.startswith("!"))
