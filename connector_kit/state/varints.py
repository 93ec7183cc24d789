"""Packs numbers into short text for states: varints, deflated, in Base64. Unpacking is bounded for any text."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Iterator

# A state must stay under 64 KB; this leaves room for its other keys.
MOST_CHARACTERS = 60_000
# Consecutive ids deflate to almost nothing, so a short text can unpack to any amount. This many take some 100 MB of
# memory, and no company has that many applicants or candidates.
MOST_NUMBERS = 1_000_000
# Of seven bits each: enough for any id and for microseconds since the epoch.
_MOST_BYTES_EACH = 10


def pack(numbers: Iterable[int]) -> str:
    """Return non-negative numbers as text: 17, 0, 2 gives `"eNoTZGACAAA4ABQ="`."""
    # Z_FILTERED favors Huffman codes over repeated strings, which suits gaps: random, but of a few small values.
    packer = zlib.compressobj(9, strategy=zlib.Z_FILTERED)
    return base64.b64encode(packer.compress(bytes(_varints(numbers))) + packer.flush()).decode("ascii")


def unpack(text: object) -> list[int]:
    """Return the numbers that `pack` wrote. Raises ValueError for any other text, or if it holds too many."""
    if not isinstance(text, str):
        raise ValueError("not text")
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"longer than {MOST_CHARACTERS:,} characters, so not written by this connector")
    most = MOST_NUMBERS * _MOST_BYTES_EACH
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(base64.b64decode(text, validate=True), most)
    except (binascii.Error, zlib.error) as error:
        raise ValueError("not readable") from error
    if unpacker.unconsumed_tail:
        raise ValueError(f"more than {MOST_NUMBERS:,} numbers, so not written by this connector")
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("cut short or longer than it should be")
    return list(_read_varints(data))


def _varints(numbers: Iterable[int]) -> Iterator[int]:
    for number in numbers:
        while number > 0x7F:
            yield number & 0x7F | 0x80
            number >>= 7
        yield number


def _read_varints(data: bytes) -> Iterator[int]:
    number, shift, count = 0, 0, 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte & 0x80:
            if shift >= 7 * _MOST_BYTES_EACH:
                raise ValueError("a number that is too large")
            continue
        count += 1
        if count > MOST_NUMBERS:
            raise ValueError(f"more than {MOST_NUMBERS:,} numbers, so not written by this connector")
        yield number
        number, shift = 0, 0
    if shift:
        raise ValueError("cut short")
