"""The page of annotated reports in a real browser: that it opens, and that the colours are on the screen."""

from collections import Counter
from pathlib import Path

import pytest

from medtune.reporting.annotated_page import Mark, MarkedText, write_annotated_page
from medtune.studies.radgraph.annotation_files import MEANINGS, TITLE
from medtune.studies.radgraph.reports import corpus_of
from tests.reports import make_reports
from tests.workflow.browser import PROBE, check_pixels, check_styles, probed, styles


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


def test_the_probe_fits_the_page(page, tmp_path):
    """Without a browser: the copies can be made."""
    for dark in (False, True):
        assert PROBE in probed(page, tmp_path, dark).read_text()


@pytest.mark.parametrize("dark", [False, True])
def test_the_browser_computes_a_colour_and_a_line_for_each_type(browser, page, tmp_path, dark):
    found = styles(browser, page, tmp_path, dark)
    assert found["page"] == ("rgb(22, 22, 22)" if dark else "rgb(255, 255, 255)")
    assert found["text"] == ("rgb(245, 245, 245)" if dark else "rgb(26, 26, 26)")
    check_styles(found, dark)


def test_the_colours_are_on_the_screen(browser, page, tmp_path):
    check_pixels(browser, page, tmp_path)
