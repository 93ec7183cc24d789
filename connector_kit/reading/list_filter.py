"""Which records of a list belong to the sync: a filter that the user configures and the server applies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from airbyte_cdk.sources.types import Config

_KEYS = {"config_field", "parameters", "list_for_each", "date_format"}
# Characters of the digest. It tells a filter from the one before, and nobody gains by a collision.
_DIGEST_LENGTH = 12


@dataclass(frozen=True)
class ListFilter:
    """A configured filter of one list.

    Args:
        config_field: the field of the configuration that holds it, `candidate_filter`.
        lists: the query parameters of each list to read; one list without any if nothing is configured.
        digest: tells this filter from others in a state; "" if nothing is configured.
    """

    config_field: str
    lists: tuple[Mapping[str, str], ...]
    digest: str

    @classmethod
    def declared_by(cls, stream: str, declared: Mapping[str, Any], config: Config) -> ListFilter:
        """Evaluate a manifest's `filter` with the config.

        `parameters` maps query parameters to fields of the configured object: arrays are joined by commas, dates
        written in `date_format`. `list_for_each` has parameters that take one value only: each value of their array is
        a list of its own.

        Raises:
            ValueError: the declaration lacks a key, or has another.
        """
        if set(declared) != _KEYS or len(declared["list_for_each"]) != 1:
            raise ValueError(f"{stream}: filter must have {', '.join(sorted(_KEYS))}, with one parameter to list for")
        field, pattern = str(declared["config_field"]), str(declared["date_format"])
        given = {
            name: sorted(set(value)) if isinstance(value, list) else str(value).strip()
            for name, value in (config.get(field) or {}).items()
            if value is not None
        }
        given = {name: value for name, value in given.items() if value}
        common = {
            parameter: _text(given[name], pattern)
            for parameter, name in declared["parameters"].items()
            if name in given
        }
        ((parameter, name),) = declared["list_for_each"].items()
        lists = tuple({**common, parameter: str(value)} for value in given.get(name, ()))
        canonical = json.dumps(given, sort_keys=True).encode()
        digest = hashlib.sha256(canonical).hexdigest()[:_DIGEST_LENGTH] if given else ""
        return cls(field, lists or (common,), digest)


def _text(value: list[Any] | str, date_format: str) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return date.fromisoformat(value).strftime(date_format)
