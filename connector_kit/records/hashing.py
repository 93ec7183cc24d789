"""Hashes personal values with a key: people still join across streams, and nobody without the key can guess them."""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from connector_kit.records import canonical
from connector_kit.records.scalars import UnreadableError, to_text

# Changes an object in place. Returns how many of the rule's fields the object lacks.
Rule = Callable[[dict[str, Any]], int]

# The most names of form and custom fields that are remembered: a server could make up any number.
_MOST_NAMES = 200
# The most hashes that are remembered per kind of field. Employees, schools and birth dates repeat from record to
# record; longer texts hardly ever do.
_MOST_REMEMBERED, _LONGEST_REMEMBERED = 20_000, 200


class Hasher:
    """HMAC-SHA-256 over the canonical form of a value, as 64 hexadecimal digits.

    An e-mail address, phone number or date gets the same hash in every stream and sync, however it is spelled; nobody
    without the key can try values out. Safe to share among threads.

    Args:
        key: `personal_data_key` of the configuration.
    """

    def __init__(self, key: str) -> None:
        # Copied for each value: `hmac.digest` would process the key again each time, at twice the cost.
        self._keyed = hmac.new(key.encode("utf-8", "surrogatepass"), digestmod="sha256")
        self._known: dict[canonical.Canonicalizer, dict[str, str]] = defaultdict(dict)
        self._by_name: dict[str, Rule] = {}

    def named(self, name: str) -> Rule:
        """Return the rule for hashing `value` in `{name, value}` pairs that have this name."""
        rule = self._by_name.get(name)
        if rule is None:
            rule = self._rule([("value", canonical.canonicalizer(name))], lambda _: None)
            if len(self._by_name) < _MOST_NAMES:
                self._by_name[name] = rule
        return rule

    def rule(self, names: Sequence[str], nulled: Callable[[str], None] = lambda _: None) -> Rule:
        """Return the rule for these fields of an object. Null and empty lists become null, blank text becomes empty.

        `nulled` is told of a field whose value can't be hashed and becomes null.
        """
        return self._rule([(name, canonical.canonicalizer(name)) for name in names], nulled)

    def _rule(self, named: Sequence[tuple[str, canonical.Canonicalizer]], nulled: Callable[[str], None]) -> Rule:
        fields = [(name, canonicalize, self._known[canonicalize]) for name, canonicalize in named]

        def hash_fields(target: dict[str, Any]) -> int:
            absent = 0
            for name, canonicalize, known in fields:
                value = target.get(name)
                if value is None:
                    absent += name not in target
                    continue
                text = value if type(value) is str else _text_of(value)
                if text is None:
                    target[name] = None
                    if value not in ([], {}):
                        nulled(name)
                    continue
                result = known.get(text)
                if result is None:
                    result = self._hash_of(text, canonicalize)
                    if len(known) < _MOST_REMEMBERED and len(text) <= _LONGEST_REMEMBERED:
                        known[text] = result
                target[name] = result
            return absent

        return hash_fields

    def _hash_of(self, text: str, canonicalize: canonical.Canonicalizer) -> str:
        form = canonicalize(canonical.plain(text).strip())
        if not form:
            return ""
        keyed = self._keyed.copy()
        # Half of a surrogate pair can't be encoded.
        keyed.update(form.encode(errors="replace"))
        return keyed.hexdigest()


def _text_of(value: Any) -> str | None:
    """Return the text to hash for a value that is not text."""
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
