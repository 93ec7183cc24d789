"""`python -m tools`: writes every generated file that is not as it should be, and says which.

`python -m tools portable` writes those of portable/ alone, which need no installed tap.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from tools import ROOT, dbt_staging, meltano_plugins, personal_data_page, portable_manifest


def main() -> None:
    """Writes the files."""
    generated = portable_manifest.files() if sys.argv[1:] == ["portable"] else _all()
    for path, text in generated.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))


def _all() -> Mapping[Path, str]:
    taps = {tap: meltano_plugins.definition(meltano_plugins.about(tap)) for tap in meltano_plugins.TAPS}
    return {
        personal_data_page.PAGE: personal_data_page.render(),
        **dbt_staging.files(),
        **portable_manifest.files(),
        **meltano_plugins.files(taps),
    }


if __name__ == "__main__":
    main()
