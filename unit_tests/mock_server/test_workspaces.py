"""Stream `workspaces`: workspaces, read in full; their path is inferred."""

from __future__ import annotations

from unit_tests.support.list_tests import ListStream
from unit_tests.support.vendors import MISSING, TALENTIO, output

WORKSPACE = TALENTIO.sample("workspaces")
ROW = output(WORKSPACE)
WORKSPACES = ListStream(TALENTIO, "workspaces", "/workspaces", WORKSPACE, ROW, {"updatedAt": "2023-01-31T15:00:00Z"})


def test_every_page_is_read_by_number() -> None:
    WORKSPACES.reads_two_pages()


def test_an_unchanged_list_gives_nothing_again() -> None:
    WORKSPACES.gives_nothing_twice()


def test_only_the_changed_workspace_comes() -> None:
    WORKSPACES.gives_the_later_one()


def test_a_missing_path_is_told_to_be_inferred() -> None:
    failure = TALENTIO.read("workspaces", {WORKSPACES.url(): MISSING}, fails=True).failure
    assert (failure.stream, failure.kind) == ("workspaces", "config_error")
    assert "/workspaces" in failure.message
    assert "inferred" in failure.message
    assert "base_url" in failure.message
