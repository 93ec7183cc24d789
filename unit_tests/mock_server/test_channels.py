"""Stream `channels`: where candidates come from, read in full; its path is inferred."""

from __future__ import annotations

from unit_tests.support.list_tests import ListStream
from unit_tests.support.vendors import MISSING, TALENTIO, output

CHANNEL = TALENTIO.sample("channels")
ROW = output(CHANNEL, employee={**CHANNEL["employee"], "lastName": "0", "firstName": "0"})
CHANNELS = ListStream(TALENTIO, "channels", "/channels", CHANNEL, ROW, {"updatedAt": "2023-01-31T15:00:00Z"})


def test_every_page_is_read_by_number() -> None:
    CHANNELS.reads_two_pages()


def test_an_unchanged_list_gives_nothing_again() -> None:
    CHANNELS.gives_nothing_twice()


def test_only_the_changed_channel_comes() -> None:
    CHANNELS.gives_the_later_one()


def test_a_missing_path_is_told_to_be_inferred() -> None:
    failure = TALENTIO.read("channels", {CHANNELS.url(): MISSING}, fails=True).failure
    assert (failure.stream, failure.kind) == ("channels", "config_error")
    assert "/channels" in failure.message
    assert "inferred" in failure.message
    assert "base_url" in failure.message
