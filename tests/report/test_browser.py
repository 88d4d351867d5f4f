"""The page in a real browser, where there is one: nothing sticks out on a phone."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

WIDTHS = (390, 1280)
NAMES = ("plain", "two-targets", "nasty", "twenty-rows")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
    "--allow-file-access-from-files", "--virtual-time-budget=4000",
)  # fmt: skip

# A window cannot be as narrow as a phone, so the page lies in frames of each width.
FRAMES = """<!DOCTYPE html><body>{frames}<pre id="out"></pre><script>
window.onload = () => {{
  const found = [];
  for (const frame of document.querySelectorAll("iframe")) {{
    const page = frame.contentDocument, limit = page.documentElement.clientWidth;
    const out = [...page.querySelectorAll("main *, nav *")].filter(
      (e) => !e.closest(".scroll, pre, svg, h2, thead") && e.getBoundingClientRect().right > limit + 1);
    const size = (svg) => Math.min(...[...svg.querySelectorAll("text")]
      .map((t) => parseFloat(getComputedStyle(t).fontSize) * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width));
    const shown = [...page.querySelectorAll("svg")].filter((svg) => svg.getBoundingClientRect().width > 0);
    found.push([limit, page.documentElement.scrollWidth, out.length, Math.min(...shown.map(size)).toFixed(2)]);
  }}
  document.getElementById("out").textContent = "MEASURED " + JSON.stringify(found);
}};
</script></body>"""


@pytest.fixture
def browser(tmp_path: Path) -> Callable[[Path], str]:
    """Give a function that loads a page in Chromium and returns its elements."""
    binary = shutil.which("chromium") or shutil.which("chromium-browser")
    if binary is None:
        pytest.skip("there is no Chromium on this machine")

    def load(page: Path) -> str:
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        command = [binary, *FLAGS, profile, "--dump-dom", page.as_uri()]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=90, check=True
        ).stdout

    return load


@pytest.mark.slow
def test_nothing_sticks_out_at_phone_and_desktop_width(browser, html, tmp_path):
    frames = ""
    for name in NAMES:
        (tmp_path / f"{name}.html").write_text(html(name), encoding="utf-8")
        for width in WIDTHS:
            style = f"border:0;width:{width}px;height:900px"
            frames += f'<iframe src="{name}.html" style="{style}"></iframe>'
    (tmp_path / "frames.html").write_text(FRAMES.format(frames=frames))
    measured = re.search(r"MEASURED (\[.*\])<", browser(tmp_path / "frames.html"))
    assert measured is not None
    rows = re.findall(r'\[(\d+),(\d+),(\d+),"([\d.]+)"\]', measured[1])
    assert [int(limit) for limit, *_ in rows] == list(WIDTHS) * len(NAMES)
    for limit, width, outside, letters in rows:
        assert int(width) <= int(limit)
        assert int(outside) == 0
        assert float(letters) >= 6.5  # pixels: the smallest letters of the smallest figure
