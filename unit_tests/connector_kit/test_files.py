"""Files as targets, editors and crashes leave them: read where that is safe, else refused by name and never quoted."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from connector_kit.files import UnreadableFile, read_json, read_state_file

logger = logging.getLogger("airbyte")
OLD: dict[str, Any] = {"bookmarks": {"jobs": {"name": "line\u2028separator"}}}
NEW: dict[str, Any] = {"bookmarks": {"jobs": {}}}
WHOLE = [
    "{old}\n{new}",
    "{old}\n{new}\n",
    "{old}\r\n{new}\r\n",
    "\n\n{old}\n\n{new}\n \n",
    "\ufeff{old}\n{new}\n",
]
CUT = ['{old}\n{new}\n{{"bookm', '{old}\n{new}\n\n{{"bookmarks": {{"jobs": {{}}', "{old}\n{new}\n5"]
REFUSED = [
    # Cut with nothing whole before it, or broken where no crash leaves off: an older state is not what was meant.
    '{{"bookmarks": {{',
    '{{\n  "bookmarks": {{\n    "jobs": {{}}',
    "[\n{{}},\n{{}}",
    "[\n{{}}\n{{}}",
    '{old}\n{{"bookm\n',
    '{{"bookm\n{new}\n',
    "{old}\nnot a state\n{new}",
    "{old}{new}",
]


def written(folder: Path, text: str) -> str:
    path = folder / "state.json"
    text = text.format(old=json.dumps(OLD, ensure_ascii=False), new=json.dumps(NEW))
    path.write_text(text, encoding="utf-8", newline="")
    return str(path)


@pytest.mark.parametrize("text", WHOLE)
def test_of_several_states_the_last_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str) -> None:
    assert read_state_file(written(tmp_path, text), logger) == NEW
    assert caplog.messages == []


@pytest.mark.parametrize("text", CUT)
def test_where_the_last_was_cut_the_one_before_it_counts_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    path = written(tmp_path, text)
    assert read_state_file(path, logger) == NEW
    assert caplog.messages == [f"The last line of the state file {path} is incomplete. The state before it is used."]


@pytest.mark.parametrize("text", REFUSED)
def test_what_no_crash_explains_is_refused(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UnreadableFile) as caught:
        read_state_file(path, logger)
    assert str(caught.value).startswith(f"The state file {path} is not valid JSON (")
    assert "book" not in str(caught.value).removeprefix(f"The state file {path}")


@pytest.mark.parametrize("text", ["[{old},\n{new}]", "[\n  {old},\n  {new}\n]\n"])
def test_one_state_may_take_several_lines(tmp_path: Path, text: str) -> None:
    assert read_state_file(written(tmp_path, text), logger) == [OLD, NEW]


@pytest.mark.parametrize("text", ["", " \n\t\n", "\ufeff"])
def test_an_empty_file_is_no_state_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    path = written(tmp_path, text)
    assert read_state_file(path, logger) is None
    (told,) = caplog.messages
    assert told.startswith(f"The state file {path} is empty")
    with pytest.raises(UnreadableFile, match="is empty"):
        read_json(path, "config")


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5_000, "{"])
def test_whatever_json_can_be_wrong_in_is_refused_by_the_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFile) as caught:
        read_json(str(path), "config")
    assert str(caught.value).startswith(f"The config file {path} is not valid JSON (")
