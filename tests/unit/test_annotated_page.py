"""The page of annotated reports: what it holds, and that its colours can be told apart."""

import re
from html.parser import HTMLParser
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.reporting.annotated_page import PALETTE, Mark, MarkedText, pieces, write_annotated_page

LABELS = {"ANAT-DP": "anatomy", "OBS-DP": "present", "OBS-DA": "absent", "OBS-U": "uncertain"}

# What is left of linear RGB without one of the cone types (Machado, Oliveira and Fernandes 2009, severity 1).
VISION = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
SCHEMES = {"light": (0, "#ffffff", "#1a1a1a"), "dark": (1, "#161616", "#f5f5f5")}


class Page(HTMLParser):
    """The parts of a page: texts of its reports, marks as (class, data-label, title), tags."""

    def __init__(self, content):
        super().__init__()
        self.texts, self.marks, self.tags, self._inside = [], [], [], False
        self.feed(content)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        if attributes.get("class") == "text":
            self._inside = True
            self.texts.append("")
        if tag == "mark" and self._inside:
            self.marks.append((attributes["class"], attributes.get("data-label"), attributes["title"]))

    def handle_endtag(self, tag):
        self._inside = self._inside and tag != "div"

    def handle_data(self, data):
        if self._inside:
            self.texts[-1] += data


def page_of(tmp_path, texts, counts=None, total=None, **options):
    path = tmp_path / "annotated.html"
    write_annotated_page(path, "Annotated", texts, LABELS, counts or {}, total or len(texts), **options)
    content = path.read_text(encoding="utf-8")
    return content, Page(content)


def linear(colour):
    value = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE L*a*b* of linear sRGB."""
    ratio = TO_XYZ @ np.clip(rgb, 0, 1) / (TO_XYZ @ np.ones(3))
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_colours_are_far_apart_for_every_kind_of_eye(scheme, vision):
    number, page, _ = SCHEMES[scheme]
    seen = [lab(np.array(VISION[vision]) @ linear(colour)) for colour in [page, *(pair[number] for pair in PALETTE)]]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 20  # 2.3 is a just noticeable difference


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_on_each_colour_has_the_contrast_that_wcag_asks_for(scheme, tmp_path):
    number, page, text = SCHEMES[scheme]
    content, _ = page_of(tmp_path, [])
    assert f"--text: {text}; --page: {page[:4] if page == '#ffffff' else page};" in content
    luminance = [(TO_XYZ @ linear(colour))[1] + 0.05 for colour in [text, page, *(pair[number] for pair in PALETTE)]]
    assert all(max(luminance[0], other) / min(luminance[0], other) > 4.5 for other in luminance[1:])


def test_the_page_holds_the_text_with_its_marks_and_nothing_that_loads_or_runs(tmp_path):
    text = "No  effusion .\nHeart is normal ."
    marks = (Mark(4, 12, "OBS-DA", "confidence 0.900"), Mark(15, 20, "ANAT-DP"))
    content, page = page_of(tmp_path, [MarkedText("p1", text, marks)], {"OBS-DA": 7}, total=9)
    assert page.texts == [text]
    assert page.marks == [
        ("k2 starts ends", "OBS-DA", "OBS-DA: confidence 0.900"),
        ("k0 starts ends", "ANAT-DP", "ANAT-DP"),
    ]
    assert "The first 1 of 9 reports" in content
    assert "OBS-DA</mark> absent: 7" in content
    assert "ANAT-DP 1, OBS-DP 0, OBS-DA 1, OBS-U 0" in content
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
    assert "default-src 'none'" in content and not re.search(r"https?:|@import|url\(", content)


def test_markup_in_names_texts_labels_and_notes_is_only_text(tmp_path):
    evil = "\"><script>alert(1)</script><!-- & <mark class='k1'> {{ 7 * 7 }} {% raw %}"
    text = f"{evil} end"
    marks = (Mark(0, len(evil), "OBS-DP", evil),)
    content, page = page_of(tmp_path, [MarkedText(evil, text, marks)])
    assert page.texts == [text]
    assert page.marks == [("k1 starts ends", "OBS-DP", f"OBS-DP: {evil}")]
    assert "script" not in page.tags
    assert "<script" not in content


def test_overlapping_marks_are_all_drawn_with_lines_at_different_heights():
    text = "left lower lobe opacity"
    outer, inner, crossing = Mark(0, 15, "ANAT-DP"), Mark(5, 10, "OBS-U"), Mark(11, 23, "OBS-DP")
    found = pieces(text, [crossing, inner, outer], list(LABELS))
    assert [(piece.text, [layer.mark for layer in piece.layers]) for piece in found] == [
        ("left ", [outer]),
        ("lower", [outer, inner]),
        (" ", [outer]),
        ("lobe", [outer, crossing]),
        (" opacity", [crossing]),
    ]
    levels = {layer.mark: layer.level for piece in found for layer in piece.layers}
    assert levels == {outer: 1, inner: 0, crossing: 0}


@given(
    st.text(min_size=1, max_size=30).flatmap(
        lambda text: st.tuples(
            st.just(text),
            st.lists(
                st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text)), st.sampled_from(list(LABELS)))
                .filter(lambda mark: mark[0] < mark[1])
                .map(lambda mark: Mark(*mark)),
                max_size=8,
            ),
        )
    )
)
def test_pieces_cover_the_text_and_each_mark_once(case):
    text, marks = case
    found = pieces(text, marks, list(LABELS))
    assert "".join(piece.text for piece in found) == text
    spans = []
    at = 0
    for piece in found:
        assert len({layer.level for layer in piece.layers}) == len(piece.layers)
        assert all(layer.level >= 0 for layer in piece.layers)
        for layer in piece.layers:
            assert layer.starts == (layer.mark.start == at)
            assert layer.ends == (layer.mark.end == at + len(piece.text))
            assert layer.mark.start <= at < layer.mark.end
            spans += [layer.mark] * layer.starts
        at += len(piece.text)
    assert sorted(spans, key=repr) == sorted(marks, key=repr)


def test_a_long_text_is_cut_with_its_marks_and_the_page_says_so(tmp_path):
    text = "opacity " * 100
    marks = tuple(Mark(start, start + 7, "OBS-DP") for start in range(0, 800, 8))
    content, page = page_of(tmp_path, [MarkedText("p1", text, marks)], longest=20)
    assert page.texts == [text[:20]]
    assert len(page.marks) == 2
    assert "The first 20 of 800 characters" in content and "OBS-DP 100" in content


def test_a_mark_outside_its_text_is_refused():
    for mark in (Mark(0, 4, "OBS-DP"), Mark(2, 2, "OBS-DP"), Mark(-1, 2, "OBS-DP"), Mark(0, 1, "other")):
        with pytest.raises(ValueError):
            pieces("abc", [mark], list(LABELS))


def test_of_many_labels_colours_come_again_and_only_those_of_a_text_are_counted(tmp_path):
    labels = dict.fromkeys("ABCDEFGHIJ", "found")
    text = MarkedText("n1", "fever", (Mark(0, 5, "F"),))
    write_annotated_page(tmp_path / "page.html", "t", [text], labels, {"F": 1}, 1, what="note")
    page = (tmp_path / "page.html").read_text()
    assert 'class="k1 starts ends" data-label="F"' in page
    assert "<p>F 1</p>" in page and "1 note." in page
    assert page.count("found:") == 10
