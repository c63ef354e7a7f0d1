import jinja2
import pytest

from medtune.reporting.pages import render_page, to_html, write_page

FIGURE = {"value": 0.5, "low": 0.25, "high": 0.75, "n": 8, "unit": "notes"}
PNG = b"\x89PNG\r\n\x1a\n"


def page(tmp_path, text, **content):
    path = tmp_path / "page.md.j2"
    path.write_text(text)
    return render_page(path, content, tmp_path / "out")


def test_figures_and_texts_are_written_by_filters(tmp_path):
    text = page(
        tmp_path, "# {{ name | text }}\n\n{{ found | figure }}, {{ found | short }}\n", name="a_b", found=FIGURE
    )
    assert text == "# a\\_b\n\n50.0 % (25.0–75.0, n = 8 notes), 50.0 % (25.0–75.0)\n"


def test_a_name_that_is_not_given_is_an_error(tmp_path):
    with pytest.raises(jinja2.UndefinedError, match="missing"):
        page(tmp_path, "{{ missing }}")


def test_both_forms_say_the_same_and_the_page_holds_its_pictures(tmp_path):
    picture, template = tmp_path / "plots" / "p.png", tmp_path / "page.md.j2"
    picture.parent.mkdir()
    picture.write_bytes(PNG)
    template.write_text("# T\n\n{{ rows | table(['run', 'F1']) }}\n\n![A plot]({{ picture | link }})\n")
    rows = [["<b>a|b</b>", 0.5]]
    write_page(template, {"rows": rows, "picture": picture}, tmp_path / "out.md", tmp_path / "out.html")
    markdown, html = (tmp_path / "out.md").read_text(), (tmp_path / "out.html").read_text()
    assert "![A plot](plots/p.png)" in markdown
    assert "<td>&lt;b&gt;a|b&lt;/b&gt;</td>" in html and 'text-align:right">0.5</td>' in html
    assert 'src="data:image/png;base64,' in html and "<title>T</title>" in html
    assert "http" not in html.split("<body>")[1]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a <img src=x onerror=y> b", "&lt;ok&gt;"])
def test_markup_in_texts_is_shown_as_it_is_written(tmp_path, text):
    html = to_html(page(tmp_path, "# {{ t | text }}\n\n{{ t | text }}\n", t=text), tmp_path)
    assert "<script" not in html and "<img" not in html
    assert html.count(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")) == 3
