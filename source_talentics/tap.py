"""`tap-talentics`: the streams of `source-talentics` for Singer targets and Meltano."""

from __future__ import annotations

from connector_kit.singer import launch


def main() -> None:
    """Run the program `tap-talentics`."""
    launch("source_talentics")


if __name__ == "__main__":
    main()
