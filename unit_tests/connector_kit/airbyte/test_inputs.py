"""Files that a program is given: what can't be read is refused by the file's name, and nothing of it is repeated."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.airbyte.config_file import read_config
from connector_kit.airbyte.inputs import read_catalog, read_state

SECRET = "a-secret-in-the-file"
READERS: dict[str, Callable[[str], Any]] = {"config": read_config, "catalog": read_catalog, "state": read_state}
STREAM = {"name": "jobs", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
CONFIGURED = {"stream": STREAM, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
STATE = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "jobs"}, "stream_state": {"updated_at": "2024"}}}

BAD: dict[str, list[Any]] = {
    "config": [[], [SECRET], 5, None, SECRET],
    "catalog": [[], {}, {"streams": [STREAM]}, {"streams": [{**CONFIGURED, "sync_mode": SECRET}]}, SECRET],
    "state": [
        {SECRET: {"updated_at": "2024"}},
        [{"type": "STATE", "state": STATE}],
        [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "jobs"}, "stream_state": SECRET}}],
        [SECRET],
        5,
    ],
}


def refusal(kind: str, path: Path) -> str:
    with pytest.raises(AirbyteTracedException) as caught:
        READERS[kind](str(path))
    assert caught.value.failure_type == FailureType.config_error
    assert SECRET not in str(caught.value.message)
    # What a parser raised may quote the content, and tracebacks show what came before.
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return str(caught.value.message)


@pytest.mark.parametrize(("kind", "content"), [(kind, content) for kind, all_of in BAD.items() for content in all_of])
def test_what_is_something_else_is_refused_by_its_file(tmp_path: Path, kind: str, content: Any) -> None:
    path = tmp_path / f"{kind}.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert f"The {kind} file {path} " in refusal(kind, path)


@pytest.mark.parametrize("kind", READERS)
def test_what_is_no_json_is_refused_with_its_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(f'{{"key": "{SECRET}",\n}}', encoding="utf-8")
    assert refusal(kind, path).startswith(f"The {kind} file {path} is not valid JSON (line ")


@pytest.mark.parametrize("kind", READERS)
def test_other_encodings_and_missing_files_are_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file.json"
    assert "cannot be read: No such file" in refusal(kind, path)
    path.write_bytes(json.dumps({SECRET: 1}).encode("utf-16"))
    assert "not in UTF-8" in refusal(kind, path)


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"access_token": "x"}', encoding="utf-8-sig")
    assert read_config(str(path)) == {"access_token": "x"}


def test_a_stream_that_is_named_twice_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps({"streams": [CONFIGURED, CONFIGURED]}), encoding="utf-8")
    assert refusal("catalog", path) == "The catalog names stream jobs more than once. Keep one entry of each."


@pytest.mark.parametrize("empty", ["[]", "{}", "", " \n"])
def test_no_state_yet_is_spelled_in_several_ways(tmp_path: Path, empty: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(empty, encoding="utf-8")
    assert read_state(str(path)) == []


def test_a_saved_state_is_read(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text(json.dumps([STATE]), encoding="utf-8")
    (state,) = read_state(str(path))
    assert state.stream is not None
    assert state.stream.stream_descriptor.name == "jobs"
