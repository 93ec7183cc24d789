"""How often Python looks for garbage: seldom, and never among what stays to the end.

A reference count frees nearly all that a sync makes, at once; cycles are few and small. Python would still walk through
all that the imports made, over and over, and through each page of records some ten times: a fifth of a sync's CPU.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# So many objects more than were freed make a collection due. A page of 100 records has some 2,500, and the CDK's queue
# holds 10,000 records at the most, so what a collection could free meanwhile is little beside what is in use.
_YOUNG = 50_000


@contextmanager
def freeze_imports() -> Iterator[None]:
    """Around the imports: what they make is never looked at again, and other things seldom from then on."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
        gc.enable()
