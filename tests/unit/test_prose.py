import pytest

from medtune.reporting.prose import (
    Document,
    Heading,
    Items,
    Paragraph,
    Picture,
    Table,
    counted,
    interval_text,
    listed,
    points,
    to_html,
    to_markdown,
    write_document,
)


def document(picture):
    return Document(
        "A <title>",
        [
            Heading("Part"),
            Paragraph("x < y & *z*"),
            Items(["one", "two"]),
            Table(["name", "n"], [["a|b", 1], ["c", 22]]),
            Picture(picture, "what it shows"),
        ],
    )


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "plots" / "p.svg"
    path.parent.mkdir()
    path.write_text("<svg/>")
    return path


def test_markdown_shows_markup_in_texts_as_it_is_written(picture, tmp_path):
    text = to_markdown(document(picture), tmp_path / "pages")
    assert text.startswith("# A \\<title\\>\n\n## Part\n\nx \\< y \\& \\*z\\*\n\n- one\n- two\n\n")
    assert "| a\\|b | 1 |" in text
    assert text.endswith("![what it shows](../plots/p.svg)\n")


def test_the_page_holds_its_pictures_and_escapes_its_texts(picture):
    page = to_html(document(picture))
    assert "<h1>A &lt;title&gt;</h1>" in page
    assert "x &lt; y &amp; *z*" in page
    assert '<td class="number">22</td>' in page
    assert 'src="data:image/svg+xml;base64,PHN2Zy8+"' in page
    assert "http:" not in page.replace("http-equiv", "")


def test_both_forms_are_written(picture, tmp_path):
    write_document(document(picture), tmp_path / "a.md", tmp_path / "a.html")
    assert (tmp_path / "a.md").read_text() == to_markdown(document(picture), tmp_path)
    assert (tmp_path / "a.html").read_text() == to_html(document(picture))


def test_figures_in_words():
    row = {"f1": 0.5, "f1_low": 0.4, "f1_high": 0.61, "p": None, "p_low": None, "p_high": None}
    assert interval_text(row, "f1") == "50.0 % (40.0–61.0)"
    assert interval_text(row, "f1", as_percent=False) == "0.50 (0.40–0.61)"
    assert interval_text(row, "p") == "none"
    assert points(0.012, -0.003, 0.027, of="F1 points") == "+1.2 F1 points (-0.3 to +2.7)"
    assert points(0.0, -0.0001, 0.01) == "+0.0 points (+0.0 to +1.0)"


def test_counts_and_lists_in_words():
    assert (counted(1, "run"), counted(2, "run"), counted(0, "entity", "entities")) == ("1 run", "2 runs", "0 entities")
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "none",
        "a",
        "a and b",
        "a, b and c",
    ]
