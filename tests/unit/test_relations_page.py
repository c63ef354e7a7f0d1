"""The page of relations: that everything is in its place, that nothing runs or loads, and that text stays text."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.reporting.annotated_page import PALETTE, Mark
from medtune.studies.relations.arrows import CELL, COLUMNS, Join, lay_out
from medtune.studies.relations.relations_page import (
    MOST_ARROWS,
    MOST_LISTED,
    Arrow,
    Example,
    Panel,
    write_relations_page,
)

ENTITIES = {"Drug": "a drug", "Disease": "a disease", "Symptom": "a symptom", "Lab_Test": "a test", "Procedure": "one"}
TEXT = "Metformin treats type 2 diabetes."
MARKS = (Mark(0, 9, "Drug"), Mark(17, 32, "Disease", "sure"))
TREATS = Arrow(0, 1, "treats")


class Page(HTMLParser):
    """The parts of a page: its tags, and what stands in the lines and labels of its drawings and in its lists."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.items, self.attributes = [], {"line": [], "label": [], "li": []}, []
        self._open = None
        self.feed(content)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self.attributes.append((tag, attributes))
        kind = attributes.get("class") if tag == "text" else tag
        if kind in self.items:
            self._open = kind
            self.items[kind].append("")

    def handle_endtag(self, tag):
        if tag in ("text", "li"):
            self._open = None

    def handle_data(self, data):
        if self._open:
            self.items[self._open][-1] += data


def page_of(tmp_path, *examples, total=None, **options):
    path = tmp_path / "relations.html"
    write_relations_page(path, "Relations", examples, ENTITIES, {"treats": "helps"}, total or len(examples), **options)
    content = path.read_text(encoding="utf-8")
    return content, Page(content)


def test_text_boxes_and_arrows_of_both_sides_are_drawn(tmp_path):
    wrong = Arrow(1, 0, "treats", "wrong direction", wrong=True)
    example = Example("d1", TEXT, Panel(MARKS, (TREATS,)), Panel(MARKS, (wrong,), ("no place: insulin",)))
    content, page = page_of(tmp_path, example, total=9)
    assert page.items["line"] == [TEXT, TEXT]
    boxes = [attributes["class"] for tag, attributes in page.attributes if tag == "rect"][len(ENTITIES) :]
    assert boxes == ["k0", "k1"] * 2
    assert "<title>Disease: sure</title>" in content
    assert [attributes.get("class") for tag, attributes in page.attributes if tag == "path"] == [None, "wrong"]
    assert page.items["li"][-3:] == [
        "Metformin (Drug) → treats → type 2 diabetes (Disease)",
        "type 2 diabetes (Disease) → treats → Metformin (Drug): wrong direction",
        "no place: insulin",
    ]
    assert "1 of 9 documents" in content


def test_boxes_lie_behind_their_words(tmp_path):
    _, page = page_of(tmp_path, Example("d1", TEXT, Panel(MARKS), Panel()))
    line = next(attributes for tag, attributes in page.attributes if tag == "text")
    boxes = [attributes for tag, attributes in page.attributes if tag == "rect"][len(ENTITIES) :]
    for box, mark in zip(boxes, MARKS, strict=True):
        assert int(box["x"]) == int(line["x"]) + mark.start * CELL
        assert int(box["width"]) == (mark.end - mark.start) * CELL
        assert int(box["y"]) < int(line["y"]) < int(box["y"]) + int(box["height"])
    assert int(line["textlength"]) == len(TEXT) * CELL


def test_an_arrow_points_at_its_tail_and_a_symmetric_one_at_both(tmp_path):
    for arrow, points in ((TREATS, 1), (Arrow(0, 1, "treats", symmetric=True), 2)):
        content, _ = page_of(tmp_path, Example("d1", TEXT, Panel(MARKS, (arrow,)), Panel()))
        assert content.count("<polygon") == points
        x = int(re.search(r'polygon points="(\d+),', content)[1])
        left = int(re.search(r'class="line"[^>]* x="(\d+)"', content)[1])
        assert left + 17 * CELL < x < left + 32 * CELL


def test_more_labels_than_colours_are_told_apart_by_dashes(tmp_path):
    marks = (Mark(0, 9, "Drug"), Mark(10, 16, "Procedure"))
    _, page = page_of(tmp_path, Example("d1", TEXT, Panel(marks), Panel()))
    first, other = (a for tag, a in page.attributes if tag == "rect" and int(a["width"]) > 24)
    assert len(PALETTE) == 4 and first["class"] == other["class"] == "k0"
    assert "stroke-dasharray" not in first and other["stroke-dasharray"]


def test_markup_in_all_that_comes_from_data_is_only_text(tmp_path):
    evil = "\"><script>alert(1)</script><!-- & ]]> </text></svg> ' {{ 7 * 7 }} {% raw %}"
    panel = Panel((Mark(0, len(evil), "Drug", evil),), (Arrow(0, 0, evil, evil),), (evil,))
    content, page = page_of(tmp_path, Example(evil, evil, panel, Panel()))
    assert "".join(page.items["line"][:2]) == evil
    assert page.items["li"][-3] == f"{evil} (Drug) → {evil} → {evil} (Drug): {evil}"
    assert "script" not in page.tags and "<script" not in content
    assert page.tags.count("svg") == len(ENTITIES) + 2


def test_the_page_loads_and_runs_nothing(tmp_path):
    content, page = page_of(tmp_path, Example("d1", TEXT, Panel(MARKS, (TREATS,)), Panel()))
    assert not {"script", "link", "img", "iframe", "object", "form", "use", "a"} & set(page.tags)
    assert "default-src 'none'" in content and not re.search(r"https?:|@import|url\(|\son\w+=", content)


def test_drawings_are_well_formed_whatever_the_text(tmp_path):
    text = "a\x00b\u202ec\x1b <&>\r\n\t\U0001f489 'quoted' end"
    content, page = page_of(tmp_path, Example("d1", text, Panel((Mark(0, 3, "Drug"),)), Panel()))
    drawings = re.findall(r"<svg.*?</svg>", content, re.DOTALL)
    for drawing in drawings:
        ElementTree.fromstring(drawing)
    assert len("".join(page.items["line"])) == 2 * len(text)
    assert not re.search("[\x00\u202e\x1b]", content)


def test_overlapping_entities_have_boxes_of_different_heights(tmp_path):
    marks = (Mark(17, 32, "Disease"), Mark(24, 32, "Symptom"))
    _, page = page_of(tmp_path, Example("d1", TEXT, Panel(marks), Panel()))
    outer, inner = [a for tag, a in page.attributes if tag == "rect"][len(ENTITIES) :]
    assert (outer["class"], inner["class"]) == ("k1", "k2")
    assert int(outer["height"]) > int(inner["height"])


def test_a_long_text_is_cut_with_its_arrows_and_the_page_says_so(tmp_path):
    example = Example("d1", TEXT, Panel(MARKS, (TREATS,)), Panel())
    content, page = page_of(tmp_path, example, longest=20)
    assert page.items["line"] == [TEXT[:20]] * 2
    assert "The first 20 of 33 characters" in content and "0 of 1 relations are drawn" in content
    assert "<path" not in content and "Metformin (Drug) → treats → type 2 diabetes (Disease)" in page.items["li"]


def test_ten_thousand_repeated_relations_make_no_large_page(tmp_path):
    panel = Panel(MARKS, (TREATS,) * 10_000)
    content, page = page_of(tmp_path, Example("d1", TEXT, Panel(MARKS), panel))
    assert f"{MOST_ARROWS} of 10000 relations are drawn" in content
    assert page.items["li"][-1] == f"and {10_000 - MOST_LISTED} more"
    assert len(content) < 60_000


def test_arrows_without_their_marks_and_marks_outside_the_text_are_refused(tmp_path):
    for panel in (
        Panel(MARKS, (Arrow(0, 2, "treats"),)),
        Panel(MARKS, (Arrow(-1, 1, "treats"),)),
        Panel((Mark(5, 5, "Drug"),)),
        Panel((Mark(0, 9, "unheard"),)),
    ):
        with pytest.raises(ValueError):
            page_of(tmp_path, Example("d1", TEXT, panel, Panel()))
    with pytest.raises(ValueError, match="in a text of 3 characters"):
        lay_out("abc", [Join((0, 1), (2, 4), "x")])


def test_lines_break_at_white_space_and_where_the_text_does():
    text = "word " * 20 + "\n" + "x" * 90
    lines = [text[line.start : line.end] for line in lay_out(text, []).lines]
    assert "".join(lines) == text
    assert lines == ["word " * 12, "word " * 8 + "\n", "x" * COLUMNS, "x" * (90 - COLUMNS)]


SPANS = st.tuples(st.integers(0, 299), st.integers(1, 20)).map(lambda place: (place[0], min(300, sum(place))))
JOINS = st.lists(st.builds(Join, SPANS, SPANS, st.sampled_from(["treats", "interacts_with"])), max_size=12)


@given(JOINS, st.sampled_from(["aspirin or\nwarfarin ", "x", "a "]))
def test_arrows_go_from_head_to_tail_inside_the_drawing_and_no_two_meet_in_a_lane(joins, word):
    text = (word * 300)[:300]
    layout = lay_out(text, joins)
    assert [line.start for line in layout.lines[1:]] == [line.end for line in layout.lines[:-1]]
    lanes = []
    for join, route in zip(joins, layout.routes, strict=True):
        assert all(0 <= x <= layout.width and 0 <= y <= layout.height for x, y in route.corners)
        half = len(join.label) * 3
        assert half <= route.label_x <= layout.width - half
        for (start, end), (x, y) in ((join.head, route.corners[0]), (join.tail, route.corners[-1])):
            left, base, width = layout.boxes(start, end)[0]
            assert left <= x <= left + width and base - 20 < y < base
        for (x, y), (other, same) in zip(route.corners[1:], route.corners[2:-1], strict=False):
            if y == same:
                lanes.append((y, *sorted((x, other))))
    for number, (y, begin, end) in enumerate(lanes):
        assert all(y != other[0] or end < other[1] or other[2] < begin for other in lanes[:number])


def test_no_text_has_no_lines(tmp_path):
    assert lay_out("", []).lines == ()
    _, page = page_of(tmp_path, Example("d1", "", Panel(), Panel()))
    assert page.items["li"][-2:] == ["no relations"] * 2
