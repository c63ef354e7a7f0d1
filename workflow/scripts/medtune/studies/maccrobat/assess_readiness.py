"""Production readiness of the chosen run: what may go without review, as tables, data and a readable document."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from medtune.errors import InputError
from medtune.files import read_json, write_json
from medtune.reporting.pages import write_page
from medtune.reporting.plots import save_figure
from medtune.reporting.tables import write_csv
from medtune.studies.maccrobat.analysis.documents import load_splits
from medtune.studies.maccrobat.analysis.readiness import (
    DOCUMENT_COLUMNS,
    DOCUMENT_DECISION_COLUMNS,
    ENTITY_COLUMNS,
    ENTITY_DECISION_COLUMNS,
    HIGH_VALUE_COLUMNS,
    TYPE_COLUMNS,
    assess,
)
from medtune.studies.maccrobat.analysis.types import read_type_table
from medtune.studies.maccrobat.page import PAGES
from medtune.studies.maccrobat.readiness_words import figures, readiness_content, recommendation_sentences
from medtune.studies.maccrobat.runs import SPLITS, RunFiles, chosen_run
from medtune.studies.maccrobat.section import MaccrobatAnalysis

COLUMNS = {
    "documents": DOCUMENT_COLUMNS,
    "entities": ENTITY_COLUMNS,
    "high_value": HIGH_VALUE_COLUMNS,
    "types": TYPE_COLUMNS,
    "document_decisions": DOCUMENT_DECISION_COLUMNS,
    "entity_decisions": ENTITY_DECISION_COLUMNS,
}
PLOTS = ("entities", "documents")


def assess_chosen(
    files: Sequence[RunFiles],
    choice: Path | str,
    data: Mapping[str, Path | str],
    tags: Path | str,
    settings: MaccrobatAnalysis,
    outputs: Mapping[str, Path | str],
) -> None:
    """Assess the run that choice.json names.

    data: rows of the splits "validation" and "test". tags: tags.json.
    outputs: paths by name: the tables of `COLUMNS` (CSV), `record` (JSON), `page` (Markdown), `page_html`, and the
    plots `{name}_{png,svg}` of `PLOTS`.
    Raises InputError when a file is missing or broken, or a split has no documents.
    """
    run = chosen_run(files, choice)
    documents = load_splits({split: data[split] for split in SPLITS}, run.predictions)
    for split in SPLITS:
        if not documents[split]:
            raise InputError(f"{data[split]}: no documents; expected at least one")
    found = assess(
        documents["validation"],
        documents["test"],
        labels=sorted(read_type_table(tags).tiers),
        thresholds=settings.thresholds,
        target=settings.target,
        high_value=settings.high_value,
        high_value_threshold=settings.high_value_threshold,
        confidence=settings.confidence,
    )
    for name, columns in COLUMNS.items():
        write_csv(outputs[name], getattr(found, name), columns)
    record = {key: value for key, value in asdict(found).items() if not key.endswith("decisions")}
    record["sentences"] = recommendation_sentences(found)
    run_key = {"encoder": run.encoder, "lr": run.lr, "seed": run.seed}
    write_json(outputs["record"], {"run": run_key, "test_documents": len(documents["test"]), **record})
    for name, figure in figures(found).items():
        for suffix in ("png", "svg"):
            save_figure(figure, outputs[f"{name}_{suffix}"])
    pictures = {name: outputs[f"{name}_svg"] for name in PLOTS}
    note = read_json(choice).get("note", "")
    content = readiness_content(found, run_key, pictures, note)
    write_page(PAGES / "readiness.md.j2", content, outputs["page"], outputs["page_html"])
