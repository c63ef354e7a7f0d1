"""Outputs of summaries, and what of them Snakemake's report shows."""

from collections.abc import Callable, Iterable
from typing import Any

CAPTIONS = "../workflow/report"
"""Folder of the captions, from that of the rules."""


class Outputs:
    """Outputs by name, for rules. study: whose folder they are in. title: category of the report. caption: what the
    names of the files of captions begin with, where that is not the study."""

    def __init__(self, results: str, report: Callable[..., Any]):
        """results: folder of the studies. report: Snakemake's function, which marks a path."""
        self._results = results
        self._report = report

    def tables(
        self, study: str, title: str, shown: Iterable[str], plain: Iterable[str] = (), caption: str | None = None
    ) -> dict[str, Any]:
        """Tables of a summary: a CSV each; those that are shown in the report as HTML as well."""
        folder, shown = self._folder(study), list(shown)
        files = {name: f"{folder}/{name}.csv" for name in (*shown, *plain)}
        pages = {
            f"{name}_html": self.shown(f"{folder}/{name}.html", caption or study, title, name, "Tables")
            for name in shown
        }
        return {**files, **pages}

    def plots(self, study: str, title: str, names: Iterable[str], caption: str | None = None) -> dict[str, Any]:
        """Plots of a summary: PNG for pages, SVG for print and the report."""
        folder, names = self._folder(study), list(names)
        images = {f"{name}_png": f"{folder}/{name}.png" for name in names}
        drawings = {
            f"{name}_svg": self.shown(f"{folder}/{name}.svg", caption or study, title, name, "Plots") for name in names
        }
        return {**images, **drawings}

    def readable(self, study: str, title: str, folder: str, name: str, caption: str | None = None) -> dict[str, Any]:
        """A readable document: Markdown, and a page in the report."""
        return {"page": f"{folder}/{name}.md", "page_html": self.page(caption or study, title, folder, name)}

    def page(self, study: str, title: str, folder: str, name: str) -> Any:
        """A page that is shown in the report."""
        return self.shown(f"{folder}/{name}.html", study, title, name, "Pages")

    def shown(self, path: str, study: str, title: str, name: str, subcategory: str) -> Any:
        """An output with its caption (workflow/report/{study}_{name}.rst) and its place in the report."""
        return self._report(
            path,
            caption=f"{CAPTIONS}/{study}_{name}.rst",
            category=title,
            subcategory=subcategory,
            labels={"shows": name},
        )

    def _folder(self, study: str) -> str:
        return f"{self._results}/{study}/summary"
