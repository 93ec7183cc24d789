"""`python -m plugins`: writes the taps' definitions for Meltano."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from plugins import TAPS, About, definition, files

FOLDER = Path(__file__).parent


def about(tap: str) -> About:
    """What the installed tap tells of itself."""
    program = Path(sys.executable).parent / tap
    told = subprocess.run([program, "--about", "--format=json"], stdout=subprocess.PIPE, text=True, check=True)
    found: About = json.loads(told.stdout)
    return found


def main() -> None:
    """Writes every file."""
    for path, text in files({tap: definition(about(tap)) for tap in TAPS}, FOLDER).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
