"""Talentio as an Airbyte source: `manifest.yaml` is the map, `schemas/` says what each stream's records look like."""
