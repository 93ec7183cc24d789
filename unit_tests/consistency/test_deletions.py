"""Promise: with `detect_deletions: mark`, no record that exists is marked, and each that is gone is.

`CONSISTENCY_RUNS` sets how many plays are tried for each source (`make test-long` tries thousands).
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from unit_tests.support.deletion_play import machine

RUNS = int(os.environ.get("CONSISTENCY_RUNS", "60"))
PHASES = [Phase.explicit, Phase.reuse, Phase.generate] if os.environ.get("CI") else list(Phase)

pytestmark = [pytest.mark.timeout(0), pytest.mark.slow]

TestTalentics = machine("source_talentics").TestCase
TestTalentio = machine("source_talentio").TestCase
TestTalentics.settings = TestTalentio.settings = settings(
    max_examples=RUNS,
    phases=PHASES,
    stateful_step_count=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
