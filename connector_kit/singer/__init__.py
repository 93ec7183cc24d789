"""The same sources spoken as Singer: taps for Meltano and for bare targets, on Meltano's singer-sdk.

A tap is singer-sdk's `Tap`, for command line, settings, catalog, stream maps, flattening, batches and metrics, around
one in-process read of the Airbyte source, for everything else. So both programs send the same requests and keep the
same promises, and nothing is written twice.
"""

from __future__ import annotations

import logging
import sys
from functools import partial
from importlib.util import find_spec

from connector_kit.process.exit import die_on_signal, exit_on_signal
from connector_kit.process.stdout import start


def launch(package: str) -> None:
    """Run a source package as a tap. Without the extra `singer` it says in one line what to install, exit code 1."""
    name = package.replace("source_", "tap-")
    if find_spec("singer_sdk") is None:
        sys.exit(f"{name} needs the extra `singer`: pip install 'airbyte-source-talentics-talentio[singer]'")
    start()
    with exit_on_signal(partial(_tell, name)):
        with die_on_signal():
            from connector_kit.singer.program import run
        run(package)


def _tell(name: str, error: BaseException) -> None:
    """Say in the log, which goes to stderr, why the tap ends."""
    try:
        from connector_kit.singer.program import told
    except ImportError as missing:
        messages = [f"The tap cannot start: {missing}. Install it again, with all that it needs."]
    else:
        messages = told(error)
    for message in messages:
        logging.getLogger(name).error("%s", message)
