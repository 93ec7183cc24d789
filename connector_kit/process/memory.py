"""Keeps the start short, the memory small and the garbage collector out of the way.

Reference counts free nearly all that a sync makes, at once; cycles are few and small. Python would still walk through
all that the imports made, again and again, and through each page of records some ten times: a fifth of a sync's CPU.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

# Collect when this many more objects were created than freed. A page of 100 records has some 2,500, and the CDK's queue
# holds 300 records at most, so uncollected garbage is small beside what is in use.
_YOUNG = 50_000
# `M_ARENA_MAX` of glibc's malloc.h.
_MOST_HEAPS = -8


@contextmanager
def freeze_imports() -> Iterator[None]:
    """Import inside the block. Afterwards what it created is never collected, and anything else rarely.

    Where airbyte-cdk is there already, nothing is left to gain, and what the process has by now would stay for good.
    """
    if "airbyte_cdk" in sys.modules:
        yield
        return
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        with _without_attribute_docs():
            yield
    finally:
        gc.freeze()
        gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
        if was_enabled:
            gc.enable()


@contextmanager
def _without_attribute_docs() -> Iterator[None]:
    """Let serpyco-rs, which writes the protocol's messages, take no descriptions of fields from the source code.

    Up to Python 3.12 the search parses the protocol's module once for each class, a third of a program's start, and the
    descriptions end in JSON schemas that nobody asks for.
    """
    try:
        docs: Any = import_module("attributes_doc")
        search = docs.get_attributes_doc
    except (ImportError, AttributeError):
        # Another version of serpyco-rs may do without.
        yield
        return
    docs.get_attributes_doc = lambda _: {}
    try:
        yield
    finally:
        docs.get_attributes_doc = search


def share_one_heap() -> None:
    """Let all threads use one heap. Call this before there are any.

    glibc gives each thread a heap of its own, which grows with what passes through it and is not given back: 20 MB more
    in a list of a million records. Only one thread runs at a time, so none waits for another's heap.
    """
    # Other C libraries have no such function.
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_MOST_HEAPS, 1)
