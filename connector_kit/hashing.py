"""Hashes personal values with a key, so that people join across streams and nobody without the key can guess them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import isfinite
from typing import Any

from connector_kit import spelling
from connector_kit.scalars import LARGEST, SMALLEST, UnreadableError, to_text

# Takes an object, and changes it. Gives the number of the rule's fields that the object lacks.
Rule = Callable[[dict[str, Any]], int]

_REMEMBERED_HASHES, _LONGEST_REMEMBERED = 2000, 200
# Days of birth repeat, too, though late: half a century has so many.
_DAYS = 20_000
# Names of form and custom fields; a server may make them up without end.
_MOST_NAMES = 200
_BLOCK = hashlib.sha256().block_size


class Hasher:
    """HMAC-SHA-256 over the normalised value, as 64 hexadecimal digits.

    The same e-mail address, phone number or date gives the same hash in every stream and sync, however it is spelled;
    nobody without the key can try values out. Safe to share among threads.
    """

    def __init__(self, key: str) -> None:
        secret = key.encode("utf-8", "surrogatepass")
        if len(secret) > _BLOCK:
            secret = hashlib.sha256(secret).digest()
        secret = secret.ljust(_BLOCK, b"\0")
        # RFC 2104, with the key's two blocks digested once: `hmac` would do it anew for each value, at twice the cost.
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in secret))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in secret))
        self._by_name: dict[str, Rule] = {}

    def named(self, name: str) -> Rule:
        """For the `value` of `{name, value}` pairs with this name."""
        rule = self._by_name.get(name)
        if rule is None:
            rule = self._rule({"value": spelling.speller(name)})
            if len(self._by_name) < _MOST_NAMES:
                self._by_name[name] = rule
        return rule

    def rule(self, names: Sequence[str]) -> Rule:
        """For some fields of an object. Nothing stays nothing: null and empty lists are null, blank text is empty."""
        return self._rule({name: spelling.speller(name) for name in names})

    def _rule(self, spellers: Mapping[str, spelling.Speller]) -> Rule:
        """One loop for all fields: it runs for each record."""
        plain, is_day, any_text = spelling.plain, spelling.is_day, spelling.any_text
        copy_inner, copy_outer = self._inner.copy, self._outer.copy
        # Side by side what is spelled alike: Talentics sends one number as both `identity_number` and `nik` (V).
        # Texts of no certain kind are hardly ever the same.
        ordered = sorted(spellers, key=lambda name: spellers[name].__qualname__)
        alike = {name for before, name in pairwise(ordered) if spellers[name] is spellers[before] is not any_text}
        # Employees, schools and the like repeat from record to record; what is first seen later hardly does.
        fields: list[tuple[str, spelling.Speller, bool, dict[str, str] | None]]
        fields = [(name, spellers[name], name in alike, {"": ""}) for name in ordered]
        objects = 0

        def hash_fields(target: dict[str, Any]) -> int:
            nonlocal objects
            objects += 1
            absent = 0
            before = result = None
            get = target.get
            for name, spell, is_alike, memory in fields:
                value = get(name)
                if type(value) is str:
                    text = value
                elif value is None:
                    absent += name not in target
                    before = None
                    continue
                elif type(value) is int and SMALLEST <= value <= LARGEST:
                    text = str(value)
                elif (other := _text_of(value)) is None:
                    target[name] = before = None
                    continue
                else:
                    text = other
                if memory is not None and (known := memory.get(text)) is not None:
                    target[name] = known
                    before = None
                    continue
                if is_alike and text == before:
                    target[name] = result
                    continue
                before = text
                # Most texts are plain: spare them a call.
                normal = spell((text if text.isascii() and "\0" not in text else plain(text)).strip())
                if normal:
                    inner, outer = copy_inner(), copy_outer()
                    try:
                        inner.update(normal.encode())
                    except UnicodeEncodeError:
                        # Half of a surrogate pair.
                        inner.update(normal.encode(errors="replace"))
                    outer.update(inner.digest())
                    result = outer.hexdigest()
                else:
                    result = ""
                target[name] = result
                if memory is not None and len(text) <= _LONGEST_REMEMBERED:
                    if len(memory) < (_DAYS if is_day(text) else _REMEMBERED_HASHES):
                        memory[text] = result
                    elif objects < 2 * _REMEMBERED_HASHES:
                        # Hardly a value came twice, as with names and numbers of one person each.
                        fields[ordered.index(name)] = (name, spell, is_alike, None)
            return absent

        return hash_fields


def _text_of(value: Any) -> str | None:
    """The spelling of what is neither text nor a usual whole number."""
    if value in ([], {}):
        return None
    if type(value) is float and isfinite(value):
        if not value.is_integer():
            return repr(value)
        value = int(value)
    try:
        return to_text(value)
    except UnreadableError:
        return None
