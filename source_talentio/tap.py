"""`tap-talentio`: the streams of `source-talentio` for Singer targets and Meltano."""

from __future__ import annotations

from connector_kit.singer import launch


def main() -> None:
    """Run the program `tap-talentio`."""
    launch("source_talentio")


if __name__ == "__main__":
    main()
