"""Each definition of a manifest is used, and each override overrides.

Resolved, a manifest has lost both, so `test_manifest_lines.py`, which changes what is left, would not find them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import getitem
from typing import Any

import pytest
from airbyte_cdk.sources.declarative.parsers.manifest_reference_resolver import ManifestReferenceResolver

from connector_kit.manifest import load_manifest
from unit_tests.support.trees import strings_in

PACKAGES = ("source_talentics", "source_talentio")
Path = tuple[str | int, ...]


def _references(node: Any) -> list[str]:
    return [text for text in strings_in(node) if text.startswith("#/")]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_definition_is_used(package: str) -> None:
    manifest = load_manifest(package)
    definitions = manifest["definitions"]
    declared = {f"#/definitions/{name}" for name in definitions if name != "streams"}
    declared |= {f"#/definitions/streams/{name}" for name in definitions["streams"]}
    waiting = _references({name: part for name, part in manifest.items() if name != "definitions"})
    used: set[str] = set()
    while waiting:
        if (reference := waiting.pop()) not in used:
            used.add(reference)
            waiting += _references(reduce(getitem, reference.removeprefix("#/").split("/"), manifest))
    assert used == declared


@pytest.mark.parametrize("package", PACKAGES)
def test_no_override_repeats_what_it_overrides(package: str) -> None:
    manifest, resolver = load_manifest(package), ManifestReferenceResolver()

    def repeated(node: Any, path: Path = ()) -> Iterator[Path]:
        if isinstance(node, list):
            node = dict(enumerate(node))
        if isinstance(node, Mapping):
            if "$ref" in node:
                own = {name: value for name, value in node.items() if name != "$ref"}
                base, mine = (resolver._evaluate_node(part, manifest, set()) for part in (node["$ref"], own))
                yield from ((*path, name) for name, value in mine.items() if name in base and base[name] == value)
            for name, value in node.items():
                yield from repeated(value, (*path, name))

    assert list(repeated(manifest)) == []
