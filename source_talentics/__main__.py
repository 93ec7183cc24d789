"""Runs `source-talentics`, also as `python -m source_talentics`."""

from __future__ import annotations

from connector_kit.airbyte.program import launch


def main() -> None:
    """Run the program `source-talentics`."""
    launch("source_talentics")


if __name__ == "__main__":
    main()
