"""Decides how many requests may go out, and when: the budget, the server's windows and headers, and bursts."""

from __future__ import annotations

from connector_kit.limits.budget import Budget, RateLimit
from connector_kit.limits.headers import LimitHeaders, parse_http_date

__all__ = ["Budget", "LimitHeaders", "RateLimit", "parse_http_date"]
