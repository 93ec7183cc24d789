"""A temporary folder that goes with the program, whenever the program is told to end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from connector_kit.ending import signals_held

_PREFIX = "airbyte-source-"


@contextmanager
def own_temporary_folder() -> Iterator[None]:
    """Let all inside make its temporary files in a folder for its owner alone, which is removed with the block.

    airbyte-cdk makes a folder for each command. A signal in the middle of that would leave the folder, or the file by
    which Python finds out where it may write.
    """
    before, folder = tempfile.tempdir, None

    def clean() -> None:
        with signals_held():
            tempfile.tempdir = before
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)

    try:
        try:
            with signals_held():
                tempfile.tempdir = folder = tempfile.mkdtemp(prefix=_PREFIX)
            yield
        finally:
            clean()
    finally:
        # Again: a signal that came before it was held back has ended the first one.
        clean()


def remove(folder: str) -> None:
    """Remove an empty temporary folder, and the program's own around it, once nobody needs them.

    A killed process takes no folder away.
    """
    os.rmdir(folder)
    around = os.path.dirname(folder)
    if os.path.basename(around).startswith(_PREFIX):
        tempfile.tempdir = os.path.dirname(around)
        os.rmdir(around)
