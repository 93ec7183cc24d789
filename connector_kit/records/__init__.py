"""What a record is made of: found in an answer, brought to its schema's types, its personal data kept or hidden.

Manifests name the extractors (`BodyExtractor`, `RowExtractor`) and `SchemaNormalization`.
"""

from __future__ import annotations

from connector_kit.records.extractor import BodyExtractor, RowExtractor
from connector_kit.records.format import AIRBYTE, SINGER, RecordFormat
from connector_kit.records.normalization import SchemaNormalization

__all__ = ["AIRBYTE", "SINGER", "BodyExtractor", "RecordFormat", "RowExtractor", "SchemaNormalization"]
