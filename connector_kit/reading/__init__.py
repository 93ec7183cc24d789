"""Lists and details: each URL is asked for once, and every stream made from it gets its rows.

Manifests name the retrievers (`ListRetriever`, `DetailRetriever`, `DerivedRetriever`), the pagination strategies
(`LaravelLinks`, `PageNumbers`) and `ParentFields`. The source builds with `StreamFactory` and binds what was built to a
run with `ReaderRegistry`; `StreamBuilder` makes the CDK's streams of it.
"""

from __future__ import annotations

from connector_kit.reading.check import check_streams
from connector_kit.reading.factory import StreamFactory
from connector_kit.reading.manifest_rules import check_manifest
from connector_kit.reading.paginators import LaravelLinks, PageNumbers
from connector_kit.reading.parents import ParentFields
from connector_kit.reading.registry import ReaderRegistry
from connector_kit.reading.retrievers import (
    DerivedRetriever,
    DetailRetriever,
    EndpointRetriever,
    ListRetriever,
    StreamRetriever,
)
from connector_kit.reading.streams import StreamBuilder
from connector_kit.reading.tombstones import DELETIONS

__all__ = [
    "DELETIONS",
    "DerivedRetriever",
    "DetailRetriever",
    "EndpointRetriever",
    "LaravelLinks",
    "ListRetriever",
    "PageNumbers",
    "ParentFields",
    "ReaderRegistry",
    "StreamBuilder",
    "StreamFactory",
    "StreamRetriever",
    "check_manifest",
    "check_streams",
]
