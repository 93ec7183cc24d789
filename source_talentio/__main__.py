"""Runs `source-talentio`, also as `python -m source_talentio`."""

from __future__ import annotations

from connector_kit.airbyte.program import launch


def main() -> None:
    """Run the program `source-talentio`."""
    launch("source_talentio")


if __name__ == "__main__":
    main()
