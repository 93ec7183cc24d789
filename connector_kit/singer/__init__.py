"""The door for Singer: the same sources as taps for Meltano and plain targets, on Meltano's singer-sdk.

singer-sdk's `Tap` provides command line, settings, catalog, stream maps, flattening, batches and metrics. All else is
one read of the Airbyte source in the same process, so taps send the same requests and keep the same promises.
"""

from __future__ import annotations

import logging
import sys
from functools import partial
from importlib.util import find_spec

from connector_kit.process.exit import die_on_signal, exit_on_signal
from connector_kit.process.stdout import start


def launch(package: str) -> None:
    """Run a source package as a tap.

    Raises:
        SystemExit: the extra `singer` is not installed; the message says how to install it.
    """
    name = package.replace("source_", "tap-")
    if find_spec("singer_sdk") is None:
        sys.exit(f"{name} needs the extra `singer`: pip install 'airbyte-source-talentics-talentio[singer]'")
    start()
    with exit_on_signal(partial(_report, name)):
        with die_on_signal():
            from connector_kit.singer.program import run
        run(package)


def _report(name: str, error: BaseException) -> None:
    """Log, to stderr, why the tap failed."""
    try:
        from connector_kit.singer.program import error_messages
    except ImportError as missing:
        messages = [f"The tap cannot start: {missing}. Reinstall it with all of its dependencies."]
    else:
        messages = error_messages(error)
    for message in messages:
        logging.getLogger(name).error("%s", message)
