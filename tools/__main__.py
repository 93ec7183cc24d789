"""`python -m tools`: writes every generated file that is not as it should be, and says which."""

from __future__ import annotations

from tools import ROOT, dbt_staging, meltano_plugins, personal_data_page


def main() -> None:
    """Writes the files."""
    taps = {tap: meltano_plugins.definition(meltano_plugins.about(tap)) for tap in meltano_plugins.TAPS}
    generated = {
        personal_data_page.PAGE: personal_data_page.render(),
        **dbt_staging.files(),
        **meltano_plugins.files(taps),
    }
    for path, text in generated.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
