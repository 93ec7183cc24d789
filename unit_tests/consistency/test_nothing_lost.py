"""Promise: whatever happens while syncs run, one quiet sync later nothing is missing or stale.

`CONSISTENCY_RUNS` sets how many plays are tried for each source (`make test-long` tries thousands).
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from unit_tests.support.moving_source import machine

RUNS = int(os.environ.get("CONSISTENCY_RUNS", "60"))
PHASES = [Phase.explicit, Phase.reuse, Phase.generate] if os.environ.get("CI") else list(Phase)

# Thousands of plays take longer than any other test may.
pytestmark = [pytest.mark.timeout(0), pytest.mark.slow]

TestTalentics = machine("source_talentics").TestCase
TestTalentio = machine("source_talentio").TestCase
# No loop: its variable would be a third case to collect.
TestTalentics.settings = TestTalentio.settings = settings(
    max_examples=RUNS,
    phases=PHASES,
    stateful_step_count=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
