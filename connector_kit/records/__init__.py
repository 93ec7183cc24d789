"""Everything about records: finds them in an answer, brings them to their schema's types, hides personal data.

Manifests name the extractors (`BodyExtractor`, `RowExtractor`) and `SchemaNormalization`.
"""

from __future__ import annotations

from connector_kit.records.extractor import BodyExtractor, RowExtractor
from connector_kit.records.format import AIRBYTE, SINGER, RecordFormat
from connector_kit.records.normalization import SchemaNormalization

__all__ = ["AIRBYTE", "SINGER", "BodyExtractor", "RecordFormat", "RowExtractor", "SchemaNormalization"]
