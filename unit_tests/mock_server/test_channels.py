"""Stream `channels`: where candidates come from, read in full; its path is inferred."""

from __future__ import annotations

from unit_tests.support.list_tests import InferredListTests, ListStream
from unit_tests.support.vendors import TALENTIO, output

CHANNEL = TALENTIO.sample("channels")
ROW = output(CHANNEL, employee={**CHANNEL["employee"], "lastName": "0", "firstName": "0"})
CHANNELS = ListStream(TALENTIO, "channels", "/channels", CHANNEL, ROW, {"updatedAt": "2023-01-31T15:00:00Z"})


class TestChannels(InferredListTests):
    stream = CHANNELS
