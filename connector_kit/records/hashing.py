"""Hashes personal values with a key, so that people join across streams and nobody without the key can guess them."""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from connector_kit.records import canonical as spelling
from connector_kit.records.scalars import UnreadableError, to_text

# Takes an object, and changes it. Gives the number of the rule's fields that the object lacks.
Rule = Callable[[dict[str, Any]], int]

# Names of form and custom fields; a server may make them up without end.
_MOST_NAMES = 200
# Employees, schools, days of birth and the like repeat from record to record, and some fields say the same. Long texts
# hardly ever do, and what is first seen late is hardly seen again.
_REMEMBERED, _LONGEST_REMEMBERED = 20_000, 200


class Hasher:
    """HMAC-SHA-256 over the normalised value, as 64 hexadecimal digits.

    The same e-mail address, phone number or date gives the same hash in every stream and sync, however it is spelled;
    nobody without the key can try values out. Safe to share among threads.
    """

    def __init__(self, key: str) -> None:
        # Copied for each value: `hmac.digest` would take in the key anew each time, at twice the cost.
        self._keyed = hmac.new(key.encode("utf-8", "surrogatepass"), digestmod="sha256")
        self._known: dict[spelling.Canonicalizer, dict[str, str]] = defaultdict(dict)
        self._by_name: dict[str, Rule] = {}

    def named(self, name: str) -> Rule:
        """For the `value` of `{name, value}` pairs with this name."""
        rule = self._by_name.get(name)
        if rule is None:
            rule = self._rule([("value", spelling.canonicalizer(name))])
            if len(self._by_name) < _MOST_NAMES:
                self._by_name[name] = rule
        return rule

    def rule(self, names: Sequence[str]) -> Rule:
        """For some fields of an object. Nothing stays nothing: null and empty lists are null, blank text is empty."""
        return self._rule([(name, spelling.canonicalizer(name)) for name in names])

    def _rule(self, spellers: Sequence[tuple[str, spelling.Canonicalizer]]) -> Rule:
        fields = [(name, spell, self._known[spell]) for name, spell in spellers]

        def hash_fields(target: dict[str, Any]) -> int:
            absent = 0
            for name, spell, known in fields:
                value = target.get(name)
                if value is None:
                    absent += name not in target
                    continue
                text = value if type(value) is str else _text_of(value)
                if text is None:
                    target[name] = None
                    continue
                result = known.get(text)
                if result is None:
                    result = self._hash_of(text, spell)
                    if len(known) < _REMEMBERED and len(text) <= _LONGEST_REMEMBERED:
                        known[text] = result
                target[name] = result
            return absent

        return hash_fields

    def _hash_of(self, text: str, spell: spelling.Canonicalizer) -> str:
        normal = spell(spelling.plain(text).strip())
        if not normal:
            return ""
        keyed = self._keyed.copy()
        # Half of a surrogate pair can't be encoded as it is.
        keyed.update(normal.encode(errors="replace"))
        return keyed.hexdigest()


def _text_of(value: Any) -> str | None:
    """The spelling of what is no text."""
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
