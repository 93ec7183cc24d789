"""Meltano, run in this repository's own project: the `meltano.yml` at the root, as it lies there.

The environments that it makes for taps and targets are kept in `.cache/meltano`; what a run is to remember (states, its
own log) goes into a folder of the caller's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demo.program import ROOT

PLUGINS = ROOT / ".cache" / "meltano"
PROGRAM = Path(sys.executable).parent / "meltano"


def environment(states: Path, configs: Mapping[str, Mapping[str, Any]], **settings: str) -> dict[str, str]:
    """The environment for a call of Meltano.

    `states` is the folder that remembers, `configs` has a config by source, `settings` are further variables.
    """
    # What the caller's shell sets for Meltano or for a plugin must not change what is shown or tested.
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("MELTANO_", "TAP_", "TARGET_"))
    }
    of_taps = {
        f"TAP_{source}_{name}".upper(): str(value)
        for source, config in configs.items()
        for name, value in config.items()
    }
    return {
        **inherited,
        "MELTANO_SYS_DIR_ROOT": str(PLUGINS),
        "MELTANO_DATABASE_URI": f"sqlite:///{states / 'meltano.db'}",
        # It would ask the package index for news of itself.
        "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
        **of_taps,
        **settings,
    }


def meltano(
    *arguments: str, environment: Mapping[str, str], cwd: Path = ROOT, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Calls Meltano in a project and waits. `options` are those of `subprocess.run`."""
    return subprocess.run(
        [PROGRAM, *arguments], cwd=cwd, env=environment, stdin=subprocess.DEVNULL, text=True, check=False, **options
    )
