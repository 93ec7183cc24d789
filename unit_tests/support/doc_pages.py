"""The pages of the documentation, and how to find a place in them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"source_talentics": ROOT / "docs" / "talentics.md", "source_talentio": ROOT / "docs" / "talentio.md"}


def section(page: Path, heading: str) -> str:
    """The text under a heading of the second level, up to the next one."""
    parts = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert heading in found, f"{page.name} has no heading '{heading}'"
    return found[heading]


def under(page: Path, words: str) -> str:
    """The text under the one heading of the Troubleshooting that begins with the words."""
    parts = re.split(r"^### (.+)$", section(page, "Troubleshooting"), flags=re.MULTILINE)
    (text,) = [text for heading, text in zip(parts[1::2], parts[2::2], strict=True) if heading.startswith(words)]
    return text
