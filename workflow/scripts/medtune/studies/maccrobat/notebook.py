"""The executed summary notebook: tables, plots and sentences read from the study's files."""

import os
from collections.abc import Sequence
from pathlib import Path

from medtune.reporting.pages import render_page
from medtune.studies.maccrobat.notebook_file import cells_of, write_notebook
from medtune.studies.maccrobat.runs import RunFiles, chosen_run

TITLE = "MACCROBAT study: summary"
TEMPLATE = Path(__file__).parent / "pages" / "notebook.md.j2"


def write_summary_notebook(
    files: Sequence[RunFiles],
    choice: Path | str,
    readiness: Path | str,
    selection: Path | str,
    insights: Path | str,
    ipynb: Path | str,
    html: Path | str,
) -> None:
    """Write and execute the notebook.

    choice, readiness, selection, insights: their records (JSON); tables and plots lie beside them. The analyses of the
    chosen run are in the folder `analysis` beside its predictions. Raises InputError when choice.json names no run.
    """
    folder = Path(ipynb).parent
    paths = {
        "summary": Path(choice).parent,
        "readiness": Path(readiness).parent,
        "selection": Path(selection).parent,
        "insights": insights,
        "analysis": Path(chosen_run(files, choice).predictions).parent / "analysis",
    }
    content = {"title": TITLE, **{name: os.path.relpath(path, folder) for name, path in paths.items()}}
    write_notebook(cells_of(render_page(TEMPLATE, content, folder)), TITLE, ipynb, html)
