"""What the unit tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def machine_without_a_certificate_bundle() -> Iterator[None]:
    """Let no read check a bundle of the machine's own, a fifth of a small read: the tests' servers speak plain HTTP."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            patch.delenv(name, raising=False)
        yield
