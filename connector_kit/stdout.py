"""Standard output that leaves in large pieces: of the usual 8 KB, a sync's records would take thousands of writes."""

from __future__ import annotations

import io
import sys

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
    if text.detach() is not raw:
        # Under PYTHONUNBUFFERED, which many images set, there is nothing between the text and the file.
        text_buffer = raw
    bytes_out = io.BufferedWriter(raw, _BUFFER)
    sys.stdout = sys.__stdout__ = io.TextIOWrapper(bytes_out, encoding=encoding, errors=errors, line_buffering=line_buffering)
