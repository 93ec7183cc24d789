"""The same sources spoken as Singer: taps for Meltano and for bare targets, on Meltano's singer-sdk.

A tap is singer-sdk's `Tap`, for command line, settings, catalog, stream maps, flattening, batches and metrics, around
one in-process read of the Airbyte source, for everything else. So both programs send the same requests and keep the
same promises, and nothing is written twice.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec


def launch(package: str) -> None:
    """Run a source package as a tap. Without the extra `singer` it says in one line what to install, exit code 1."""
    if find_spec("singer_sdk") is None:
        name = package.replace("source_", "tap-")
        sys.exit(f"{name} needs the extra `singer`: pip install 'airbyte-source-talentics-talentio[singer]'")
    from connector_kit.singer.program import run

    run(package)
