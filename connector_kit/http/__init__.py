"""Everything about one request: it is sent, retried and waited for, its answer checked, its failure explained.

Manifests name `Credentials` (what goes out with each request) and `FailureTable` (what each failure means).
"""

from __future__ import annotations

from connector_kit.http.credentials import Credentials
from connector_kit.http.failure_table import FailureTable

__all__ = ["Credentials", "FailureTable"]
