"""Pages in tests, opened from disk in Chromium as a user opens them, and measured."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PROBE = """<script>
const out = document.createElement("pre"), right = e => e.getBoundingClientRect().right;
const wide = [...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll") && right(e) > innerWidth + 1);
DRIVE
out.id = "probe";
out.textContent = JSON.stringify({
  width: innerWidth, page: document.documentElement.scrollWidth, wide: wide.map(e => e.className || e.tagName),
  ticks: document.querySelectorAll(".ticks s").length, result: typeof result === "undefined" ? null : result
});
document.body.append(out);
</script></body>"""
FRAME = """<!doctype html><body><iframe src="page.html" style="width:WIDTHpx;height:900px;border:0"></iframe>
<script>onload = () => document.body.append(frames[0].document.getElementById("probe").textContent)</script></body>"""


def in_browser(page: bytes, folder: Path, width: int, *, dark: bool = False, drive: str = "") -> dict[str, object]:
    """Open a page in Chromium and measure it, in a frame: that can be narrower than a window."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    (folder / "page.html").write_bytes(page.replace(b"</body>", PROBE.replace("DRIVE", drive).encode()))
    (folder / "frame.html").write_text(FRAME.replace("WIDTH", str(width)), encoding="utf-8")
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files",
               "--window-size=1400,1000", f"--user-data-dir={folder / 'profile'}",
               f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--dump-dom")  # fmt: skip
    done = subprocess.run(
        [CHROMIUM, *options, (folder / "frame.html").as_uri()], capture_output=True, text=True, timeout=60, check=True
    )
    found = re.search(r'\{"width.*\}', html.unescape(done.stdout))
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    return dict(json.loads(found.group()))
