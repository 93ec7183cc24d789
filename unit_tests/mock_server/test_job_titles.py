"""Stream `job_titles`: occupations, read in full; their path is inferred."""

from __future__ import annotations

from unit_tests.support.list_tests import InferredListTests, ListStream
from unit_tests.support.vendors import TALENTIO, output

JOB_TITLE = TALENTIO.sample("job_titles")
ROW = output(JOB_TITLE)
JOB_TITLES = ListStream(TALENTIO, "job_titles", "/job_titles", JOB_TITLE, ROW, {"updatedAt": "2023-01-31T15:00:00Z"})


class TestJobTitles(InferredListTests):
    stream = JOB_TITLES
