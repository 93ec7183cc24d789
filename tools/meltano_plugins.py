"""What Meltano has to know of the two taps, made from what they tell of themselves (`tap-… --about --format=json`).

- `plugins/tap-….yml`: a definition as Meltano's Hub keeps them, for `meltano add … --from-ref`;
- `plugins/extractors/*.lock`: the same where a Meltano project keeps what it knows of its plugins, for the
  `meltano.yml` of this repository.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tools import ROOT

About = Mapping[str, Any]
Definition = dict[str, Any]

FOLDER = ROOT / "plugins"

VARIANT = "talentics-talentio"
"""Meltano tells several makers' taps of one name apart by this."""

TAPS: Mapping[str, Mapping[str, str]] = {
    "tap-talentics": {"label": "Talentics", "domain_url": "https://talentics.id"},
    "tap-talentio": {"label": "Talentio", "domain_url": "https://talentio.com"},
}
"""What `--about` does not tell."""

_PACKAGE = "airbyte-source-talentics-talentio[singer]"
_KINDS = {"integer": "integer", "number": "decimal", "boolean": "boolean", "object": "object", "array": "array"}


def about(tap: str) -> About:
    """What the installed tap tells of itself."""
    program = Path(sys.executable).parent / tap
    told = subprocess.run([program, "--about", "--format=json"], stdout=subprocess.PIPE, text=True, check=True)
    found: About = json.loads(told.stdout)
    return found


def definition(told: About) -> Definition:
    """A tap's definition as the Hub wants it."""
    name = told["name"]
    schema = told["settings"]
    return {
        "name": name,
        "namespace": name.replace("-", "_"),
        "variant": VARIANT,
        "description": told["description"],
        **TAPS[name],
        "pip_url": _PACKAGE,
        "executable": name,
        "maintenance_status": "active",
        "quality": "unknown",
        "keywords": ["api", "meltano_sdk", "recruiting"],
        "supported_python_versions": told["supported_python_versions"],
        "capabilities": sorted(told["capabilities"]),
        "settings_group_validation": [schema.get("required", [])],
        "settings": list(_settings(schema, "")),
    }


def files(definitions: Mapping[str, Definition]) -> dict[Path, str]:
    """The text of every file by its path."""
    found = {}
    for name, one in definitions.items():
        text = yaml.safe_dump(one, sort_keys=False, allow_unicode=True, width=120)
        found[FOLDER / f"{name}.yml"] = f"# Written by `make generate`.\n{text}"
        # Meltano reads locks that name the type of the plugin and leaves out what is for the Hub's pages alone.
        lock = {"plugin_type": "extractors", **one}
        path = FOLDER / "extractors" / f"{name}--{VARIANT}.lock"
        found[path] = json.dumps(lock, indent=2, ensure_ascii=False) + "\n"
    return found


def _settings(schema: Mapping[str, Any], prefix: str) -> Iterator[dict[str, Any]]:
    for name, described in schema["properties"].items():
        if described.get("properties") and not isinstance(described.get("additionalProperties"), Mapping):
            # Meltano joins the names of nested settings by a dot.
            yield from _settings(described, f"{prefix}{name}.")
        else:
            yield _setting(f"{prefix}{name}", described)


def _setting(name: str, described: Mapping[str, Any]) -> dict[str, Any]:
    types = described.get("type", "string")
    (kind,) = {types} if isinstance(types, str) else {of for of in types if of != "null"}
    setting = {
        "name": name,
        "label": described["title"],
        "description": described["description"],
        "kind": _KINDS.get(kind, "string"),
    }
    if described.get("format") in ("date", "date-time"):
        setting["kind"] = "date_iso8601"
    if choices := described.get("enum"):
        setting["kind"] = "options"
        setting["options"] = [{"label": str(choice), "value": str(choice)} for choice in choices if choice is not None]
    if described.get("secret"):
        setting["sensitive"] = True
    if "default" in described:
        setting["value"] = described["default"]
    return setting
