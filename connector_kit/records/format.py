"""How records are written: for Airbyte's destinations, or for Singer's targets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RecordFormat:
    """What differs between the two.

    Args:
        utc: write times in UTC with `Z`; otherwise as the API sends them, with its offset or without a zone.
        unknown_fields: let fields that the schema lacks pass through; otherwise leave them out, at any depth.
        deleted_at: the field that destinations look at to see that a record is gone.
    """

    utc: bool
    unknown_fields: bool
    deleted_at: str


AIRBYTE = RecordFormat(utc=False, unknown_fields=True, deleted_at="_ab_cdc_deleted_at")
# Several targets ignore the offset of a time, and several fail on a field that no SCHEMA declared.
SINGER = RecordFormat(utc=True, unknown_fields=False, deleted_at="_sdc_deleted_at")
