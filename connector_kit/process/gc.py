"""Keeps the garbage collector out of the way: freezes what the imports created, and collects rarely.

Reference counts free nearly all that a sync makes, at once; cycles are few and small. Python would still walk through
all that the imports made, again and again, and through each page of records some ten times: a fifth of a sync's CPU.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Collect when this many more objects were created than freed. A page of 100 records has some 2,500, and the CDK's queue
# holds 10,000 records at most, so uncollected garbage is small beside what is in use.
_YOUNG = 50_000


@contextmanager
def freeze_imports() -> Iterator[None]:
    """Import inside the block. Afterwards what it created is never collected, and anything else rarely."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
        gc.enable()
