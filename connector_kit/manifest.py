"""A source's manifest as it lies in its package, read without airbyte-cdk, whose import takes seconds."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

import yaml

DISTRIBUTION = "airbyte-source-talentics-talentio"


def user_agent(package: str) -> str:
    """How the requests of a source name themselves: the source and its version, nothing of the machine."""
    name = f"airbyte-{package.replace('_', '-')}"
    try:
        return f"{name}/{version(DISTRIBUTION)}"
    except PackageNotFoundError:
        # Run from a copy of the files that was never installed.
        return name


def load_manifest(package: str) -> dict[str, Any]:
    """The manifest of a source package, found by the package and never by the current directory."""
    text = files(package).joinpath("manifest.yaml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    manifest: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader, in C where there is one
    return manifest


def connection_specification(package: str) -> dict[str, Any]:
    """The JSON schema of the source's configuration."""
    specification: dict[str, Any] = load_manifest(package)["spec"]["connection_specification"]
    return specification
