"""Ending with the program that started us, however that one ended."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

_PIECE = 1 << 16


def when_input_ends(then: Callable[[], None]) -> None:
    """Calls `then`, in a thread of its own, once standard input is at its end.

    Whoever starts us keeps the other end of a pipe: the system closes it when that process is gone, even by SIGKILL,
    which leaves no process the time to stop others.
    """
    threading.Thread(target=_wait, args=(then,), name="standard input", daemon=True).start()


def _wait(then: Callable[[], None]) -> None:
    # Not by sys.stdin's own methods: an interpreter that ends may not find a thread within them.
    try:
        while sys.stdin is not None and os.read(sys.stdin.fileno(), _PIECE):
            pass
    except OSError:
        # A terminal that hung up.
        pass
    then()
