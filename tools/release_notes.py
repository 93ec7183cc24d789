"""What CHANGELOG.md says of a version: `python -m tools.release_notes 0.1.0`. For the workflow that publishes a tag."""

from __future__ import annotations

import re
import sys

from tools import ROOT


def notes(version: str) -> str:
    """The text under the version's heading. LookupError where there is none, or where nothing stands under it."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (\S+)(?: - \S+)?$", text, flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True)).get(version, "").strip()
    if not found:
        raise LookupError(f"CHANGELOG.md has nothing under {version}: give its heading the version and the date")
    return found


if __name__ == "__main__":
    print(notes(sys.argv[1]))
