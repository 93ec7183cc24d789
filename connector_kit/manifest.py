"""Reads a source's manifest from its package, without airbyte-cdk, whose import takes seconds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

import yaml

DISTRIBUTION = "airbyte-source-talentics-talentio"


def user_agent(package: str) -> str:
    """Return the User-Agent of a source's requests: `airbyte-source-talentio/0.1.0`, nothing about the machine."""
    name = f"airbyte-{package.replace('_', '-')}"
    try:
        return f"{name}/{version(DISTRIBUTION)}"
    except PackageNotFoundError:
        # The files were copied here and never installed.
        return name


@cache
def load_manifest(package: str) -> Mapping[str, Any]:
    """Return the manifest of a source package, wherever the current directory is; references are not resolved.

    All callers get the same object: nobody may change it.
    """
    text = files(package).joinpath("manifest.yaml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    manifest: Mapping[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader, in C if available
    return manifest


def connection_specification(package: str) -> dict[str, Any]:
    """Return the JSON schema of the source's configuration."""
    specification: dict[str, Any] = load_manifest(package)["spec"]["connection_specification"]
    return specification
