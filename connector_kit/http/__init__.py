"""One request, from its URL to an answer that can be used: sent, retried, waited for, and its failures explained.

Manifests name `Credentials` (what goes out with each request) and `FailureTable` (what each failure means).
"""

from __future__ import annotations

from connector_kit.http.credentials import Credentials
from connector_kit.http.failure_table import FailureTable

__all__ = ["Credentials", "FailureTable"]
