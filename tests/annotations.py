"""What tests of the annotation share: its files, answers made from the gold entities, and what holds for any output."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from medtune.data.report_sources import Source
from medtune.files import read_json
from medtune.reporting.tables import read_csv
from medtune.studies.radgraph.annotation_files import ENTITY_COLUMNS, REPORT_COLUMNS, SKIPPED_COLUMNS, Outputs
from medtune.studies.radgraph.prepare import output_of
from medtune.studies.radgraph.reports import LABELS, corpus_of, cut, read_radgraph

NAMES = {
    "annotations": "annotations.json",
    "reports": "reports.csv",
    "entities": "entities.csv",
    "conflicts": "conflicts.csv",
    "skipped": "skipped.csv",
    "page": "annotated.html",
    "record": "record.json",
}


def outputs_in(folder: Path) -> Outputs:
    """The files of an annotation, named as the workflow names them."""
    return Outputs(**{field: folder / name for field, name in NAMES.items()})


def json_lines(folder: Path, texts: Mapping[str, str]) -> Source:
    """A source of reports, by id."""
    path = folder / "reports.jsonl"
    path.write_text("".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in texts.items()))
    return Source("jsonl", str(path), id="id")


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of a folder, without those of folders in it."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def gold_answers(layout: dict) -> dict[tuple[str, str], str]:
    """By entity type and sentence, what a model without fault answers. layout: reports as RadGraph has them."""
    answers = {}
    for sentence in (sentence for report in corpus_of(layout, "made").reports for sentence in cut(report).sentences):
        for label in LABELS:
            spans = sorted((e.start_char, e.end_char, e.text) for e in sentence.entities if e.label == label)
            answers[label, sentence.text] = output_of(spans, label)
    return answers


def check(outputs: Outputs, texts: Mapping[str, str]) -> list[dict[str, str]]:
    """Assert that all files are about these reports (text by id, in their order) and agree; gives the entity table.

    Reports without text are in the table of what was skipped alone.
    """
    annotated = {name: text for name, text in texts.items() if text.strip()}
    corpus = read_radgraph(outputs.annotations)  # which checks token indices, tokens and labels
    assert [(report.id, report.text) for report in corpus.reports] == list(annotated.items())

    entities = read_csv(outputs.entities, ENTITY_COLUMNS)
    for row in entities:
        text = annotated[row["report"]]
        assert text[int(row["start_char"]) : int(row["end_char"])] == row["text"]
        tokens = text.split()[int(row["start_token"]) : int(row["end_token"]) + 1]
        assert all(part in token for part, token in zip(row["text"].split(), tokens, strict=True))
    assert Counter((row["report"], row["label"], row["start_token"], row["end_token"]) for row in entities) == Counter(
        (report.id, entity.label, str(entity.start_token), str(entity.end_token))
        for report in corpus.reports
        for entity in report.entities
    )

    reports = read_csv(outputs.reports, REPORT_COLUMNS)
    assert [row["report"] for row in reports] == list(annotated)
    by_report = {
        "conflicts": Counter(row["report"] for row in read_csv(outputs.conflicts)),
        "skipped": Counter(row["report"] for row in read_csv(outputs.skipped, SKIPPED_COLUMNS) if row["label"]),
        **{label: Counter(row["report"] for row in entities if row["label"] == label) for label in LABELS},
    }
    for row in reports:
        assert {name: int(row[name]) for name in by_report} == {
            name: counts[row["report"]] for name, counts in by_report.items()
        }

    record = read_json(outputs.record)
    reasons = Counter(row["reason"] for row in read_csv(outputs.skipped))
    assert {name: record[name] for name in ("reports", "reports_skipped", "accepted", "sentences", "conflicts")} == {
        "reports": len(annotated),
        "reports_skipped": len(texts) - len(annotated),
        "accepted": sum(row["accepted"] == "True" for row in reports),
        "sentences": sum(int(row["sentences"]) for row in reports),
        "conflicts": by_report["conflicts"].total(),
    }
    assert record["entities"] == {label: by_report[label].total() for label in LABELS}
    assert record["skipped"] == dict(reasons)
    return entities
