"""The page of annotated reports in a real browser: that it opens, and that the colours are on the screen."""

import html
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from medtune.data.radgraph import LABELS, corpus_of
from medtune.data.synthetic.radgraph import make_reports
from medtune.reporting.annotated_page import PALETTE, Mark, MarkedText, write_annotated_page
from medtune.tasks.radgraph.annotation_files import MEANINGS, TITLE

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


@pytest.fixture(scope="module")
def browser():
    """Path of a Chromium."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """The page of 200 made reports with their gold entities."""
    reports = corpus_of(make_reports(200, seed=5, part="test"), "made").reports
    texts = [
        MarkedText(
            report.id,
            report.text,
            tuple(Mark(entity.start_char, entity.end_char, entity.label, "confidence 1") for entity in report.entities),
        )
        for report in reports
    ]
    counts = Counter(entity.label for report in reports for entity in report.entities)
    path = tmp_path_factory.mktemp("page") / "annotated.html"
    write_annotated_page(path, TITLE, texts, MEANINGS, counts, len(texts))
    return path


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


def test_the_probe_fits_the_page(page, tmp_path):
    """Without a browser: the copies can be made."""
    for dark in (False, True):
        assert PROBE in probed(page, tmp_path, dark).read_text()


@pytest.mark.parametrize("dark", [False, True])
def test_the_browser_computes_a_colour_and_a_line_for_each_type(browser, page, tmp_path, dark):
    dom = opened(browser, probed(page, tmp_path, dark), tmp_path, "--dump-dom")
    found = json.loads(html.unescape(re.search(r'<pre id="probe">(.*?)</pre>', dom, re.DOTALL)[1]))
    assert found["page"] == ("rgb(22, 22, 22)" if dark else "rgb(255, 255, 255)")
    assert found["text"] == ("rgb(245, 245, 245)" if dark else "rgb(26, 26, 26)")
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


def test_the_colours_are_on_the_screen(browser, page, tmp_path):
    picture = tmp_path / "page.png"
    opened(browser, page, tmp_path, f"--screenshot={picture}")
    pixels = np.rint(matplotlib.image.imread(picture)[..., :3] * 255).astype(int)
    for light, _ in PALETTE:
        assert (pixels == rgb(light)).all(axis=-1).sum() > 200, light
