"""Chromium without a window: how a page of annotated reports looks in it."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import matplotlib.image
import numpy as np

from medtune.reporting.annotated_page import PALETTE
from medtune.studies.radgraph.reports import LABELS

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--window-size=1200,1600",
)
# Reads the styles as the browser computed them; the page itself has no script, and lets none run.
PROBE = """<script>
const found = [...document.querySelectorAll(".text mark")].map(mark => ({
  style: mark.classList[0],
  label: mark.dataset.label ?? null,
  tag: getComputedStyle(mark, "::after").content,
  background: getComputedStyle(mark).backgroundColor,
  line: getComputedStyle(mark).borderBottomStyle,
  width: mark.getBoundingClientRect().width,
}));
const page = getComputedStyle(document.body);
const probe = document.createElement("pre");
probe.id = "probe";
probe.textContent = JSON.stringify({marks: found, page: page.backgroundColor, text: page.color});
document.body.append(probe);
</script>
"""


def find_browser() -> str | None:
    """Path of a Chromium, where there is one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def opened(browser, path, folder, *arguments) -> str:
    """Open a page; gives what the browser prints."""
    command = [browser, *OPTIONS, f"--user-data-dir={folder / 'profile'}", *arguments, path.as_uri()]
    environment = {**os.environ, "HOME": str(folder)}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def probed(page, folder, dark: bool) -> Path:
    """A copy of the page that says what it looks like; dark: as for a reader who prefers that."""
    content = page.read_text(encoding="utf-8")
    changes = [("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'"), ("</body>", PROBE + "</body>")]
    if dark:
        changes.append(("@media (prefers-color-scheme: dark)", "@media all"))
    for old, new in changes:
        assert content.count(old) == 1
        content = content.replace(old, new)
    copy = folder / "probed.html"
    copy.write_text(content, encoding="utf-8")
    return copy


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))


def styles(browser: str, page: Path, folder: Path, dark: bool = False) -> dict:
    """The colours of a page and its marks as the browser computes them."""
    dom = opened(browser, probed(page, folder, dark), folder, "--dump-dom")
    return json.loads(html.unescape(re.search(r'<pre id="probe">(.*?)</pre>', dom, re.DOTALL)[1]))


def check_styles(found: dict, dark: bool = False) -> None:
    """Assert that each entity type has marks, in its colour, with a line that no other one has, and its name as tag."""
    lines = set()
    for number, label in enumerate(LABELS):
        marks = [mark for mark in found["marks"] if mark["style"] == f"k{number}"]
        assert marks
        assert {mark["background"] for mark in marks} == {"rgb({}, {}, {})".format(*rgb(PALETTE[number][dark]))}
        assert {mark["label"] for mark in marks} == {label}
        assert {mark["tag"] for mark in marks} <= {f'"{label}"', "attr(data-label)"}  # versions differ
        assert all(mark["width"] > 0 for mark in marks)
        lines |= {mark["line"] for mark in marks}
    assert len(lines) == len(LABELS)


def check_pixels(browser: str, page: Path, folder: Path) -> None:
    """Assert that the colours of all entity types are on the screen."""
    picture = folder / "page.png"
    opened(browser, page, folder, f"--screenshot={picture}")
    pixels = np.rint(matplotlib.image.imread(picture)[..., :3] * 255).astype(int)
    for light, _ in PALETTE:
        assert (pixels == rgb(light)).all(axis=-1).sum() > 200, light
