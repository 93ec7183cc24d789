"""How records are spelled: as Airbyte's destinations take them, or as Singer's targets do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RecordFormat:
    """What differs between two readers of the same records.

    `utc`: times come in UTC with `Z`; otherwise as the API spells them, with its offset or without a zone.
    `unknown_fields`: fields that the schema lacks pass through; otherwise they are left out, at any depth.
    """

    utc: bool
    unknown_fields: bool


AIRBYTE = RecordFormat(utc=False, unknown_fields=True)
# Several targets store the wall clock of a time with an offset, and several fail on a field that no SCHEMA declared.
SINGER = RecordFormat(utc=True, unknown_fields=False)
