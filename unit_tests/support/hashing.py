"""The key of the tests, and what a value in its one spelling becomes with it."""

from __future__ import annotations

import hashlib
import hmac

KEY = "a long random text"


def digest(normal: str) -> str:
    return hmac.new(KEY.encode(), normal.encode(), hashlib.sha256).hexdigest()
