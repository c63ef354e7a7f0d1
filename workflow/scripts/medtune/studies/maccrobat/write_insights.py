"""The insights document: key findings, surprising results, what is not shown, and recommendations."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from medtune.files import read_json, write_json
from medtune.reporting.pages import write_page
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
from medtune.studies.maccrobat.page import PAGES
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
    content = insights_content(found, advice, records.choice["note"])
    write_page(PAGES / "insights.md.j2", content, outputs["page"], outputs["page_html"])


def insights_content(found: Sequence[Finding], advice: Sequence[str], note: str = "") -> dict[str, Any]:
    """What the template names: the texts of each kind of finding. note: what the figures show, where data are made."""
    kinds = {"key": KEY, "surprising": SURPRISING, "not_shown": NOT_SHOWN}
    texts = {name: [finding.text for finding in of_kind(found, kind)] for name, kind in kinds.items()}
    return {**texts, "advice": advice, "note": note}
