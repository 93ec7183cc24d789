"""portable/: as the generator makes it, and nothing in it that needs more than airbyte-cdk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from connector_kit.source import read_manifest, stream_name
from tools.portable_manifest import FOLDER, SOURCES, files

FILES = {source: FOLDER / f"{source}.yaml" for source in SOURCES}


@pytest.fixture(scope="module", params=SOURCES)
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_files_are_what_the_generator_makes_of_the_real_manifests() -> None:
    for path, text in files().items():
        assert path.read_text(encoding="utf-8") == text, "run: make portable"


def test_no_part_needs_python_of_ours(source: str) -> None:
    parts = list(_parts(yaml.safe_load(FILES[source].read_text(encoding="utf-8"))))
    kinds = {str(part["type"]) for part in parts if isinstance(part.get("type"), str)}
    assert {kind for kind in kinds if kind.startswith("Custom")} == set()
    assert [part["class_name"] for part in parts if "class_name" in part] == []
    assert "JsonFileSchemaLoader" not in kinds


def test_every_stream_is_there_with_its_key_and_cursor(source: str) -> None:
    portable = yaml.safe_load(FILES[source].read_text(encoding="utf-8"))["definitions"]["streams"]
    assert [(name, one["primary_key"], _cursor(one)) for name, one in portable.items()] == [
        (stream_name(real), real["primary_key"], _cursor(real)) for real in read_manifest(f"source_{source}")["streams"]
    ]


def test_no_answer_is_cached_as_the_second_try_after_junk_would_get_the_junk_again(source: str) -> None:
    requesters = [
        part
        for part in _parts(yaml.safe_load(FILES[source].read_text(encoding="utf-8")))
        if part.get("type") == "HttpRequester"
    ]
    assert requesters
    assert {requester["use_cache"] for requester in requesters} == {False}


def _cursor(stream: dict[str, Any]) -> Any:
    return stream.get("incremental_sync", {}).get("cursor_field")


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _parts(inner)
