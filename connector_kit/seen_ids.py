"""A set of ids that stays small as text: 100,000 ids take 0.2 KB in a row, 46 KB at the most with gaps of up to five.

The number of ids left out before each is written as a varint (0 for neighbours), deflated, in Base64. Exact: no id is
ever claimed that was not added, because an id that is wrongly taken for seen would never be read.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Iterator

# State must stay under 64 KB, the set's text under this: beyond it the lowest ids are forgotten, which costs a request
# for each at every sync but never a record.
_MOST_CHARACTERS = 48_000


class SeenIds:
    """Non-negative ids; `in`, `add`, and text both ways."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._ids = {number for number in ids if number >= 0}

    def __contains__(self, number: object) -> bool:
        return number in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, number: int) -> None:
        if number >= 0:
            self._ids.add(number)

    def encode(self) -> str:
        """The set as text, "" for none."""
        ids = sorted(self._ids)
        while ids:
            text = base64.b64encode(_deflated(bytes(_varints(_gaps(ids))))).decode("ascii")
            if len(text) <= _MOST_CHARACTERS:
                return text
            ids = ids[len(ids) - len(ids) * _MOST_CHARACTERS // len(text) + 1 :]
        return ""

    @classmethod
    def decode(cls, text: object) -> SeenIds:
        """Raises ValueError for text that `encode` did not write."""
        if not isinstance(text, str):
            raise ValueError("not text")
        if not text:
            return cls()
        try:
            data = zlib.decompress(base64.b64decode(text, validate=True))
        except (binascii.Error, zlib.error) as error:
            raise ValueError("not readable") from error
        found: list[int] = []
        position = 0
        for gap in _read_varints(data):
            found.append(position + gap)
            position += gap + 1
        return cls(found)


def _gaps(ids: list[int]) -> Iterator[int]:
    """How many ids are left out before each."""
    position = 0
    for number in ids:
        yield number - position
        position = number + 1


def _deflated(data: bytes) -> bytes:
    # Gaps are noise of a few small values: codes by how often each comes serve them better than repeated strings.
    packer = zlib.compressobj(9, strategy=zlib.Z_FILTERED)
    return packer.compress(data) + packer.flush()


def _varints(numbers: Iterable[int]) -> Iterator[int]:
    for number in numbers:
        while number > 0x7F:
            yield number & 0x7F | 0x80
            number >>= 7
        yield number


def _read_varints(data: bytes) -> Iterator[int]:
    number, shift = 0, 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            yield number
            number, shift = 0, 0
    if shift:
        raise ValueError("cut short")
