"""A real Chromium without a window: what it makes of a page."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from integration_tests.processes import run

_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Asks the page itself, in a frame of the wanted width: no window of Chrome's is as narrow as a phone.
_ASKING = """<!doctype html><meta charset="utf-8"><body style="margin:0">
<iframe id="page" style="border:0;width:{width}px;height:800px"></iframe><pre id="told"></pre>
<script>
const frame = document.getElementById("page");
frame.onload = () => {{
  const page = frame.contentDocument, told = {{tables: {{}}, pictures: {{}}}};
  for (const section of page.querySelectorAll("section")) {{
    told.tables[section.id] = [...section.querySelectorAll("tbody tr")].map(
      row => [...row.cells].map(cell => cell.textContent));
    told.pictures[section.id] = [...section.querySelectorAll("svg")].reduce(
      (sum, drawn) => sum + drawn.getBoundingClientRect().height, 0);
  }}
  told.content_width = page.documentElement.scrollWidth;
  told.background = frame.contentWindow.getComputedStyle(page.body).backgroundColor;
  document.getElementById("told").textContent = JSON.stringify(told);
}};
frame.srcdoc = {page};
</script>"""


@dataclass(frozen=True)
class Shown:
    """What a browser shows of a page with sections."""

    console: list[str]
    """What it complained of."""
    tables: dict[str, list[list[str]]]
    """The cells of each section's tables, by the section's id."""
    pictures: dict[str, float]
    """How high each section's pictures stand."""
    content_width: int
    """What the content needs, in pixels."""
    background: str


class Browser:
    """A program that shows pages."""

    def __init__(self, program: str) -> None:
        self._program = program

    def show(self, page: Path, *, width: int, dark: bool = False) -> Shown:
        """A page in a frame that is so wide."""
        with tempfile.TemporaryDirectory(prefix="browser-") as folder:
            asking = Path(folder, "asking.html")
            # A `</script>` of the page's would end ours.
            text = json.dumps(page.read_text(encoding="utf-8")).replace("</", "<\\/")
            asking.write_text(_ASKING.format(width=width, page=text), encoding="utf-8")
            done = run(
                [self._program, "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr"],
                # As root, as which a container's tests often run, it starts in no other way.
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
                f"--blink-settings=preferredColorScheme={0 if dark else 1}",
                f"--user-data-dir={folder}/profile",
                "--dump-dom",
                asking.as_uri(),
            )
        assert done.exit_code == 0, done.stderr[-4000:]
        found = re.search(r'<pre id="told">(.+?)</pre>', done.stdout, re.DOTALL)
        assert found, done.stdout[-2000:] + done.stderr[-2000:]
        told: dict[str, Any] = json.loads(unescape(found[1]))
        return Shown([line for line in done.stderr.splitlines() if "CONSOLE" in line], **told)


def find_browser() -> str | None:
    """A Chromium or Chrome of this machine's."""
    return os.environ.get("CHROMIUM") or next((found for name in _NAMES if (found := shutil.which(name))), None)
