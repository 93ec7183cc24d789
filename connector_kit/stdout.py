"""Standard output that leaves in large pieces: of the usual 8 KB, a sync's records would take thousands of writes."""

from __future__ import annotations

import io
import sys
from typing import Any

_BUFFER = 1 << 17


def widen_stdout() -> None:
    """Give stdout a buffer for some sixty records. What is flushed still leaves at once, all before it with it.

    Both names of it, since airbyte-cdk's log goes to the second. Where stdout was replaced already nothing is done.
    """
    text = sys.__stdout__
    if sys.stdout is not text or not isinstance(text, io.TextIOWrapper):
        return
    raw: Any = text.buffer
    if isinstance(raw, io.BufferedWriter):
        raw = raw.raw
    if not isinstance(raw, io.FileIO):
        return
    encoding, errors, line_buffering = text.encoding, text.errors, text.line_buffering
    text.flush()
    buffer = text.detach()
    # Under PYTHONUNBUFFERED, which many images set, nothing stands between the text and the file.
    if isinstance(buffer, io.BufferedWriter):
        buffer.detach()
    bytes_out = io.BufferedWriter(raw, _BUFFER)
    wide = io.TextIOWrapper(bytes_out, encoding=encoding, errors=errors, line_buffering=line_buffering)
    sys.stdout = sys.__stdout__ = wide  # type: ignore[misc]  # the CDK's log looks it up by this name
