"""The insights document: key findings, surprising results, what is not shown, and recommendations."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from medtune.files import read_json, write_json
from medtune.reporting.prose import Document, Heading, Items, Paragraph, write_document
from medtune.studies.maccrobat.analysis.insights import (
    KEY,
    NOT_SHOWN,
    SURPRISING,
    Finding,
    Records,
    findings,
    of_kind,
    recommendations,
)
from medtune.studies.maccrobat.runs import RunFiles, chosen_run

OF_RUNS = ("types", "errors", "confidence")
"""Analyses that every run has a record of, besides its speed."""


def write_insights(
    files: Sequence[RunFiles],
    choice: Path | str,
    of_runs: Mapping[str, Sequence[Path | str]],
    readiness: Path | str,
    outputs: Mapping[str, Path | str],
) -> None:
    """Write the findings as `record` (JSON), `page` (Markdown) and `page_html`.

    of_runs: by name in `OF_RUNS`, the record of each run, in the order of `files`; those of the chosen run are read.
    readiness: readiness.json. Raises InputError when a file is missing or broken.
    """
    run = chosen_run(files, choice)
    place = list(files).index(run)
    records = Records(
        choice=read_json(choice),
        **{name: read_json(of_runs[name][place]) for name in OF_RUNS},
        speed=read_json(run.speed),
        readiness=read_json(readiness),
    )
    found = findings(records)
    advice = recommendations(records, found)
    write_json(outputs["record"], {"findings": [asdict(finding) for finding in found], "recommendations": advice})
    write_document(insights_page(found, advice, records.choice["note"]), outputs["page"], outputs["page_html"])


def insights_page(found: Sequence[Finding], advice: Sequence[str], note: str = "") -> Document:
    """The document: each kind of finding in a section of its own. note: what the figures show, where data are made."""
    blocks = [
        *([Paragraph(note)] if note else []),
        Paragraph(
            "Figures are of the test documents, with 95 % intervals over documents. A difference whose interval "
            "includes zero, or which the correction for all comparisons (Holm) undoes, is listed under “No difference "
            "shown”, whatever its value. Runs are named by encoder, learning rate and seed."
        ),
    ]
    for kind, title, none in (
        (KEY, "Key findings", "There are none."),
        (SURPRISING, "Surprising results", "Nothing that is shown runs against what was expected."),
        (NOT_SHOWN, "No difference shown", "Every difference that was looked at is shown."),
    ):
        texts = [finding.text for finding in of_kind(found, kind)]
        blocks += [Heading(title), Items(texts) if texts else Paragraph(none)]
    return Document("Insights", [*blocks, Heading("Recommendations"), Items(advice)])
