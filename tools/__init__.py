"""What writes the committed files that are made from others. `make generate` runs all of it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
