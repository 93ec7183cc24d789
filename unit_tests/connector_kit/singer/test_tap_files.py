"""Files that a tap is given: what is something else is refused by the file's name."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from singer_sdk.singerlib import Catalog

from connector_kit.files import UnreadableFile
from connector_kit.singer.inputs import read_bookmarks, read_catalog
from connector_kit.singer.states import Refused
from unit_tests.support.taps import tap_of

BAD_CATALOGS = ["[]", "5", "{}", "null", '{"streams": {}}', '{"streams": [5]}', '{"streams": [{}]}', "{", ""]
BAD_STATES = ["[]", "[5]", "5", '"x"', '{"no": 1}', '{"bookmarks": []}', "{", '{"type": "STATE", "value": {}}']


@pytest.mark.parametrize("content", BAD_CATALOGS)
def test_a_catalog_of_another_kind_is_refused_by_its_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "catalog.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises((Refused, UnreadableFile)) as caught:
        read_catalog(str(path))
    assert str(caught.value).startswith(f"The catalog file {path} ")


@pytest.mark.parametrize("content", BAD_STATES)
def test_a_state_of_another_kind_is_refused_by_its_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises((Refused, UnreadableFile)) as caught:
        read_bookmarks(str(path), logging.getLogger("tap"))
    assert str(caught.value).startswith(f"The state file {path} ")


def entry(name: str, **root: Any) -> dict[str, Any]:
    return {"tap_stream_id": name, "schema": {}, "metadata": [{"breadcrumb": [], "metadata": root}]}


@pytest.mark.slow
@pytest.mark.parametrize("root", [{}, {"selected": True}, {"inclusion": "available"}])
def test_a_stream_that_there_is_not_is_refused(root: dict[str, Any]) -> None:
    catalog = Catalog.from_dict({"streams": [entry("jobs", selected=True), entry("salaries", **root)]})
    with pytest.raises(Refused, match="stream salaries, which this tap does not have"):
        tap_of("talentics")(config={"app_id": "an-app", "app_secret": "its-secret"}, catalog=catalog)


def test_one_that_is_left_out_does_no_harm() -> None:
    catalog = Catalog.from_dict({"streams": [entry("jobs", selected=True), entry("salaries", selected=False)]})
    tap = tap_of("talentics")(config={"app_id": "an-app", "app_secret": "its-secret"}, catalog=catalog)
    assert [name for name, stream in tap.streams.items() if stream.selected] == ["jobs"]
