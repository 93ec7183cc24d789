"""The manifest is the map, and the map is true: whichever of its values is changed, the source does something else.

Each leaf of a resolved manifest is changed in turn. Then a request, a record, a state or a message must be another, or
the source must refuse to be built. `make test` tries a sample, `make test-long` all of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import zip_longest
from typing import Any
from unittest import mock

import pytest

from connector_kit.state import cursors as kit_state
from unit_tests.support.manifest_scenes import PACKAGES, Path, at, declarations, declared, observed, small_manifest
from unit_tests.support.one_thread import small_pages

# What airbyte-cdk demands and nothing here needs.
NOBODY_NEEDS = {
    # A DatetimeBasedCursor must have it; only a list with a `start_time_option` sends a time to the API.
    "datetime_format",
    # It must be there; this airbyte-cdk no longer looks at it.
    "version",
}
_FIRST_PARENT = ("retriever", "partition_router", "parent_stream_configs", 0)
# So many leaves `make test` tries; 0 is all.
SAMPLE = 0 if os.environ.get("CONSISTENCY_RUNS") else 10


def leaves(node: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(node, Mapping):
        for name, value in node.items():
            yield from leaves(value, (*path, name))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from leaves(value, (*path, number))
    else:
        yield path


def changed(value: Any) -> list[Any]:
    """Other values of the same type; one of them at least must make a difference."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, (int, float)):
        return [value + 1]
    return [f"{value}x", "nonsense"]


@cache
def _baseline(package: str) -> list[Any]:
    return list(observed(package, json.loads(small_manifest(package))))


def everywhere(manifest: Any) -> dict[tuple[Any, ...], list[Path]]:
    """Each leaf, by the stream that it stands in last and the path from there, with all places where it stands."""
    places = [(path, name) for name, path in declarations(manifest)]
    found: dict[tuple[Any, ...], list[Path]] = {}
    for path in leaves(manifest):
        around = [(at_, name) for at_, name in places if path[: len(at_)] == at_]
        inner, name = max(around, key=lambda it: len(it[0]), default=((), ""))
        found.setdefault((name, *path[len(inner) :]), []).append(path)
    return found


def makes_no_difference(package: str, paths: list[Path]) -> bool:
    # Outside the `try`: if it failed in there, every line would count as refused.
    known = _baseline(package)
    refused = 0
    values = changed(at(json.loads(small_manifest(package)), paths[0]))
    for value in values:
        manifest = json.loads(small_manifest(package))
        for path in paths:
            at(manifest, path[:-1])[path[-1]] = value
        difference = _difference(package, manifest, known)
        if difference:
            return False
        refused += difference is None
    # Where no other value of a list is accepted, it must be missed: a field may be there that nobody takes. Elsewhere
    # what is left out may have a default that says the same.
    if refused == len(values) and isinstance(paths[0][-1], int):
        return _is_not_missed(package, paths, known)
    return refused == 0


def _is_not_missed(package: str, paths: list[Path], known: list[Any]) -> bool:
    manifest = json.loads(small_manifest(package))
    for path in reversed(paths):
        # A list of which nothing is left goes with its last item.
        *above, last = path
        del at(manifest, tuple(above))[last]
        while above and not at(manifest, tuple(above)):
            last = above.pop()
            del at(manifest, tuple(above))[last]
    return _difference(package, manifest, known) is False


def _difference(package: str, manifest: Mapping[str, Any], known: list[Any]) -> bool | None:
    """Whether a source shows something else with a manifest; None if it refuses that."""
    try:
        return any(new != old for new, old in zip_longest(observed(package, manifest), known))
    except Exception:  # noqa: BLE001 - refused, whatever by
        return None


def _chosen(package: str) -> dict[tuple[Any, ...], list[Path]]:
    found = {
        key: paths for key, paths in everywhere(json.loads(small_manifest(package))).items() if paths[0][0] != "type"
    }
    step = max(1, len(found) // SAMPLE) if SAMPLE else 1
    return dict(list(found.items())[step // 2 :: step])


@pytest.mark.timeout(0)
@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_every_line_does_something(package: str) -> None:
    with small_pages(), mock.patch.object(kit_state, "_EMIT_EVERY", 1.0):
        idle = [
            key
            for key, paths in _chosen(package).items()
            if key[-1] not in NOBODY_NEEDS and makes_no_difference(package, paths)
        ]
    assert idle == []


@pytest.mark.timeout(0)
@pytest.mark.slow
def test_a_line_that_does_nothing_is_found() -> None:
    idle = ("employees", "incremental_sync", "datetime_format")
    with small_pages(), mock.patch.object(kit_state, "_EMIT_EVERY", 1.0):
        assert makes_no_difference("source_talentio", everywhere(json.loads(small_manifest("source_talentio")))[idle])


@pytest.mark.timeout(0)
@pytest.mark.slow
def test_a_field_that_nobody_takes_is_found() -> None:
    """Any other name is refused, as no record has it; so it must also show that the line can be left out."""
    manifest = json.loads(small_manifest("source_talentics"))
    for parent in declared(manifest, "exam_details", *_FIRST_PARENT):
        parent["extra_fields"] = [["title"]]
    with small_pages(), mock.patch.dict(globals(), small_manifest=lambda _: json.dumps(manifest)):
        assert makes_no_difference(
            "source_talentics", everywhere(manifest)[("exam_details", *_FIRST_PARENT, "extra_fields", 0, 0)]
        )
