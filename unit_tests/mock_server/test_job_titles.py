"""Stream `job_titles`: occupations, read in full; their path is inferred."""

from __future__ import annotations

from unit_tests.support.list_tests import ListStream
from unit_tests.support.vendors import MISSING, TALENTIO, output

JOB_TITLE = TALENTIO.sample("job_titles")
ROW = output(JOB_TITLE)
JOB_TITLES = ListStream(TALENTIO, "job_titles", "/job_titles", JOB_TITLE, ROW, {"updatedAt": "2023-01-31T15:00:00Z"})


def test_every_page_is_read_by_number() -> None:
    JOB_TITLES.reads_two_pages()


def test_an_unchanged_list_gives_nothing_again() -> None:
    JOB_TITLES.gives_nothing_twice()


def test_only_the_changed_job_title_comes() -> None:
    JOB_TITLES.gives_the_later_one()


def test_a_missing_path_is_told_to_be_inferred() -> None:
    failure = TALENTIO.read("job_titles", {JOB_TITLES.url(): MISSING}, fails=True).failure
    assert (failure.stream, failure.kind) == ("job_titles", "config_error")
    assert "/job_titles" in failure.message
    assert "inferred" in failure.message
    assert "base_url" in failure.message
