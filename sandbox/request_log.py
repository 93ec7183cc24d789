"""What was asked of the sandbox, so that a test can count requests."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Request:
    """One request and its answer's status. Holds no header, so no credential."""

    method: str
    path: str
    query: dict[str, str]
    status: int
    time: float
    endpoint: str
    """Source and endpoint, such as `talentics.scores`."""
    unknown: tuple[str, ...]
    """Query parameters that the endpoint does not know."""

    @property
    def url(self) -> str:
        """Path and query, the query sorted, so that equal requests are equal text."""
        return f"{self.path}?{urlencode(sorted(self.query.items()))}" if self.query else self.path


class RequestLog:
    """The requests since the start or the last `clear`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def add(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        status: int,
        time: float,
        endpoint: str,
        unknown: tuple[str, ...],
    ) -> None:
        """Notes one request."""
        self.requests.append(Request(method, path, query, status, time, endpoint, unknown))

    def clear(self) -> None:
        """Forgets all."""
        self.requests = []

    def summary(self) -> dict[str, Any]:
        """Counts: `total`, `distinct_urls`, `by_status`, and per endpoint `requests` and `distinct_urls`."""
        urls: dict[str, set[str]] = {}
        counts: Counter[str] = Counter()
        for request in self.requests:
            urls.setdefault(request.endpoint, set()).add(request.url)
            counts[request.endpoint] += 1
        return {
            "total": len(self.requests),
            "distinct_urls": sum(map(len, urls.values())),
            "by_status": dict(Counter(str(request.status) for request in self.requests)),
            "by_endpoint": {
                name: {"requests": counts[name], "distinct_urls": len(urls[name])} for name in sorted(counts)
            },
        }
