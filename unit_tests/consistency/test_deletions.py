"""Promise: with `detect_deletions: mark`, no record that exists is marked, and each that is gone is.

`CONSISTENCY_RUNS` sets how many plays are tried for each source (`make test-long` tries thousands).
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from unit_tests.support.deletion_play import machine

RUNS = int(os.environ.get("CONSISTENCY_RUNS", "24"))
PHASES = [Phase.explicit, Phase.reuse, Phase.generate] if os.environ.get("CI") else list(Phase)

pytestmark = [pytest.mark.timeout(0), pytest.mark.slow]


@pytest.mark.parametrize("package", ["source_talentics", "source_talentio"])
def test_what_is_gone_is_marked_and_nothing_else(package: str) -> None:
    play = machine(package)
    run_state_machine_as_test(
        play,
        settings=settings(
            max_examples=RUNS,
            phases=PHASES,
            stateful_step_count=5,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    # So that it can fail: much is marked, and where there is a total, next to nothing is left alone.
    assert play.marked.total() > RUNS // 2, play.marked
    assert play.spared["another came back"] <= play.marked.total() // 10, play.spared
