"""What both programs share: where they are, and how they end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
"""The repository."""


class Failed(Exception):
    """The program cannot go on; the text tells its user why and what to do."""


def run(work: Callable[[], None]) -> int:
    """Does the work and gives the exit code: 1 after `Failed`, 130 after Ctrl-C, 143 when told to end."""
    # Ends as Ctrl-C does, so that blocks are left in order and the processes in them stopped.
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        work()
    except Failed as problem:
        print(f"\nFailed: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        print("\nStopped.", file=sys.stderr)
        return 143 if stop.args else 130
    finally:
        signal.signal(signal.SIGTERM, previous)
    return 0


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt("terminated")
