"""Stream `workspaces`: workspaces, read in full; their path is inferred."""

from __future__ import annotations

from unit_tests.support.list_tests import InferredListTests, ListStream
from unit_tests.support.vendors import TALENTIO, output

WORKSPACE = TALENTIO.sample("workspaces")
ROW = output(WORKSPACE)
WORKSPACES = ListStream(TALENTIO, "workspaces", "/workspaces", WORKSPACE, ROW, {"updatedAt": "2023-01-31T15:00:00Z"})


class TestWorkspaces(InferredListTests):
    stream = WORKSPACES
