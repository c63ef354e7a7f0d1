"""Pages as templates (Markdown with Jinja, beside a study or kind), written as Markdown and as one HTML page."""

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import mistune

from medtune.files import write_text
from medtune.metrics.significance import p_text, p_words
from medtune.reporting.prose import counted, difference_text, interval_text, listed, scores_text, short_text
from medtune.reporting.tables import escape_markdown, estimate_text, markdown_table, percent, template

MEDIA = {".png": "image/png", ".svg": "image/svg+xml"}
FILTERS = {
    "text": escape_markdown,
    "figure": estimate_text,
    "short": short_text,
    "scores": scores_text,
    "interval": interval_text,
    "difference": difference_text,
    "percent": percent,
    "p": p_words,
    "p_cell": p_text,
    "listed": listed,
    "counted": counted,
    "table": markdown_table,
}
"""Of templates: `text`, for whatever comes from data or configuration, shows markup as it is written. `figure`, `short`
take an estimate in its dictionary form; `interval(name)` and `difference` a row of a table; `scores(name, sign)`
either, for what is no share; `table(headers)` rows of
cells, which it escapes itself. `p` is a p-value in a sentence, `p_cell` one in a table."""


def render_page(path: Path | str, content: Mapping[str, Any], folder: Path | str) -> str:
    """A template as Markdown. path: of the template, whose folder others can be included from. content: what it names;
    other names are errors (jinja2.UndefinedError). folder: where the page will stand; the filter `link` makes the path
    of a file one from there."""
    path = Path(path)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(path.parent),
        autoescape=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= FILTERS | {"link": lambda file: os.path.relpath(file, folder)}
    return environment.get_template(path.name).render(content)


def write_page(path: Path | str, content: Mapping[str, Any], markdown: Path | str, html: Path | str) -> None:
    """Write both forms atomically. The HTML page holds its pictures, which must be there. Arguments: `render_page`."""
    text = render_page(path, content, Path(markdown).parent)
    write_text(markdown, text)
    write_text(html, to_html(text, Path(markdown).parent))


def to_html(text: str, folder: Path | str) -> str:
    """Markdown as one HTML page that needs no other file and no network. Markup in it is text. folder: of pictures."""
    title = next((line[2:] for line in text.splitlines() if line.startswith("# ")), "")
    title = mistune.html(title).replace("<p>", "").replace("</p>", "").strip()
    body = mistune.create_markdown(renderer=_Page(Path(folder)), plugins=["table"])(text)
    return template("page.html.j2", html=False).render(title=title, body=body)


class _Page(mistune.HTMLRenderer):
    """Escapes what is no Markdown, and holds pictures as data."""

    def __init__(self, folder: Path):
        super().__init__(escape=True)
        self.folder = folder

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A picture file beside the page, as data."""
        file = self.folder / url
        content = base64.b64encode(file.read_bytes()).decode()
        return f'<img alt="{mistune.escape(text)}" src="data:{MEDIA[file.suffix]};base64,{content}">'
