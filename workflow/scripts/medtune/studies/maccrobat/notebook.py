"""The executed summary notebook: tables, plots and sentences read from the study's files."""

import os
from collections.abc import Sequence
from pathlib import Path

from medtune.studies.maccrobat.notebook_file import Cell, Code, Text, write_notebook
from medtune.studies.maccrobat.runs import RunFiles, chosen_run

TITLE = "MACCROBAT study: summary"
SETUP = '''import html
import json
from pathlib import Path

import pandas
from IPython.display import HTML, Image, display

pandas.set_option("display.max_colwidth", 120)


def table(path, rows=None, **wanted):
    """Show a table of the study: the first rows, where wanted only those with these values."""
    frame = pandas.read_csv(path, keep_default_na=False, na_values=[""])
    for column, value in wanted.items():
        frame = frame[frame[column] == value]
    shown = frame if rows is None else frame.head(rows)
    display(HTML(shown.to_html(index=False, na_rep="", float_format="{:.4g}".format)))


def sentences(texts):
    """Show sentences that the analyses filled from their figures."""
    display(HTML("<ul>" + "".join(f"<li>{html.escape(text)}</li>" for text in texts) + "</ul>"))


def record(path):
    """Read a JSON record of the study."""
    return json.loads(Path(path).read_text(encoding="utf-8"))'''
EXAMPLES, PAIRS = 30, 10
"""Rows of long tables that are shown."""


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
    analysis = Path(chosen_run(files, choice).predictions).parent / "analysis"
    folder = Path(ipynb).parent
    summary, ready, selected, found, analysed = (
        os.path.relpath(path, folder)
        for path in (Path(choice).parent, Path(readiness).parent, Path(selection).parent, insights, analysis)
    )
    write_notebook(cells(summary, ready, selected, found, analysed), TITLE, ipynb, html)


def cells(summary: str, readiness: str, selection: str, insights: str, analysis: str) -> list[Cell]:
    """The notebook's cells. Arguments: paths as seen from its folder, of insights the file, else folders."""
    return [
        Text(
            f"# {TITLE}\n\nEvery table, plot and sentence below is read from the files of the study. Figures are of "
            "the test documents, with 95 % intervals over documents, unless said otherwise."
        ),
        Code(SETUP),
        Text("## Insights"),
        Code(
            f"insights = record({insights!r})\n"
            'for kind in ("key finding", "surprising result", "no difference shown"):\n'
            '    texts = [finding["text"] for finding in insights["findings"] if finding["kind"] == kind]\n'
            '    display(HTML(f"<b>{kind}: {len(texts)}</b>"))\n'
            "    sentences(texts)"
        ),
        Text("## Training results"),
        Code(
            f'choice = record("{summary}/choice.json")\n'
            'sentences(filter(None, [choice["note"], choice["reason"]]))\n'
            f'table("{summary}/models.csv")'
        ),
        _image(f"{summary}/micro_f1.png", "Micro-F1 of each run"),
        Code(f'table("{summary}/comparisons.csv")\ntable("{summary}/seeds.csv")'),
        Text("## Entity types of the chosen run"),
        _image(f"{analysis}/types/f1_by_type.png", "F1 by entity type"),
        _image(f"{analysis}/types/frequency.png", "F1 against frequency of the type"),
        Code(f'table("{analysis}/types/tiers.csv")\ntable("{analysis}/types/tier_differences.csv")'),
        Text("## Errors"),
        _image(f"{analysis}/errors/confusion.png", "Confusion of the most frequent types"),
        Code(
            f'table("{analysis}/errors/classes.csv")\ntable("{analysis}/errors/directions.csv")\n'
            f'table("{analysis}/errors/pairs.csv", rows={PAIRS})'
        ),
        Code(f'table("{analysis}/errors/lengths.csv")\ntable("{analysis}/errors/patterns.csv")'),
        Text("Sampled errors, by class:"),
        Code(f'table("{analysis}/errors/examples.csv", rows={EXAMPLES})'),
        Text("## Confidence and thresholds"),
        _image(f"{analysis}/confidence/histogram.png", "Confidence of right and wrong predictions"),
        _image(f"{analysis}/confidence/thresholds.png", "Precision, coverage and recall by threshold"),
        _image(f"{analysis}/confidence/reliability.png", "Accuracy by confidence"),
        Code(
            f'table("{analysis}/confidence/thresholds.csv", split="test")\n'
            f'table("{analysis}/confidence/calibration.csv")'
        ),
        Text("## Speed"),
        _image(f"{analysis}/speed/throughput.png", "Documents per second"),
        Code(
            f'sentences([record("{analysis}/speed/speed.json")["hours"]])\ntable("{analysis}/speed/speed.csv")\n'
            f'table("{analysis}/speed/precision.csv")'
        ),
        Text("## Production readiness"),
        Code(
            f'sentences(record("{readiness}/readiness.json")["sentences"])\n'
            f'table("{readiness}/entities.csv", split="test")\ntable("{readiness}/documents.csv", split="test")\n'
            f'table("{readiness}/high_value.csv")\ntable("{readiness}/types.csv")'
        ),
        _image(f"{readiness}/entities.png", "Automation rate, accuracy and recall by threshold"),
        Text("## Selection for the next phase"),
        Code(
            f'selection = record("{selection}/selection.json")\n'
            'sentences([selection["reason"], *selection["trade_off_words"]])\n'
            f'table("{selection}/ranking.csv")'
        ),
        Text("## Recommendations"),
        Code('sentences(insights["recommendations"])'),
    ]


def _image(path: str, text: str) -> Code:
    return Code(f"Image({path!r}, alt={text!r})")
