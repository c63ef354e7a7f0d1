"""Sentences and plots of production readiness. Each sentence is filled from measured figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from medtune.reporting.plots import Line
from medtune.reporting.prose import counted, estimate_in, figure_text, interval_text, listed
from medtune.reporting.tables import percent
from medtune.studies.maccrobat.analysis.comparison import tagger_name
from medtune.studies.maccrobat.analysis.drawing import plot_lines
from medtune.studies.maccrobat.analysis.readiness import ALL, DOCUMENTS, TYPES, Readiness, Recommendation


def recommendation_sentences(found: Readiness) -> list[str]:
    """What to do, and the figures that it rests on."""
    advice = found.recommendation
    target = percent(advice.target)
    sentences = [
        {
            DOCUMENTS: _documents_words,
            TYPES: _types_words,
        }.get(advice.mode, _suggestions_words)(advice),
        _document_words(found, target),
        _entity_words(found, target),
    ]
    confirmed = listed(advice.automatic_types)
    if advice.automatic_types and advice.mode != TYPES:
        sentences.append(f"Types whose precision reaches {target} alone, on both splits: {confirmed}.")
    if len(advice.human_types) == len(found.types) > 1:
        sentences.append(f"All {len(found.types)} types need a human.")
    elif advice.human_types:
        sentences.append(f"Types that need a human: {listed(advice.human_types)}.")
    risky = riskiest(found.types)
    if risky:
        sentences.append(
            f"Most false positives per 1000 words: {risky['type']}, "
            f"{interval_text(risky, 'per_1000_words', as_percent=False)}; of its "
            f"{counted(risky['predicted'], 'prediction')} {interval_text(risky, 'false_positive_rate')} are wrong."
        )
    return sentences


def riskiest(types: Sequence[Mapping]) -> Mapping | None:
    """The type with most false positives per 1000 words; None where there are no false positives."""
    wrong = [row for row in types if row["false_positives"]]
    return max(wrong, key=lambda row: (row["per_1000_words"], row["type"]), default=None)


def figures(found: Readiness) -> dict[str, Figure]:
    """The plots by name: entities, documents. Rate of automation and accuracy against the threshold, on test."""
    kind = found.recommendation.confidence
    made = {}
    for name, rows, threshold in (
        ("entities", found.entities, found.recommendation.entity_threshold),
        ("documents", found.documents, found.recommendation.document_threshold),
    ):
        shown = [row for row in rows if row["split"] == "test"]
        lines = [
            Line(label, [row["threshold"] for row in shown], [estimate_in(row, key) for row in shown])
            for key, label in _SERIES[name].items()
        ]
        marked = None if threshold is None else (threshold, "chosen on validation")
        made[name] = plot_lines(
            lines,
            f"Test split: {name} without review, by {kind} confidence",
            "threshold",
            "share, 95 % interval over documents",
            marked,
        )
    return made


def readiness_content(
    found: Readiness, run: Mapping, pictures: Mapping[str, Path | str], note: str = ""
) -> dict[str, Any]:
    """What the template names. run: encoder, lr and seed of the assessed run. pictures: file of each plot, by name.
    note: what the figures show, where the data are made."""
    return {
        "found": found,
        "run": tagger_name(run),
        "sentences": recommendation_sentences(found),
        "types": sorted(found.types, key=lambda row: (-row["per_1000_words"], row["type"])),
        "all": ALL,
        "pictures": pictures,
        "note": note,
    }


_SERIES = {
    "entities": {
        "automation_rate": "automation rate",
        "accuracy": "accuracy of the auto-coded",
        "recall": "recall (of all gold entities)",
    },
    "documents": {"automation_rate": "automation rate", "accuracy": "accuracy of the auto-coded"},
}


def _documents_words(advice: Recommendation) -> str:
    return (
        f"Whole documents may go without review from a confidence of {advice.document_threshold:g} on: "
        f"{figure_text(advice.automation_rate)} of the test documents, of which {figure_text(advice.accuracy)} are "
        "right in full."
    )


def _types_words(advice: Recommendation) -> str:
    return (
        f"Entities of these types may go without review from a confidence of {advice.judged_at:g} on: "
        f"{listed(advice.automatic_types)}. That is {figure_text(advice.automation_rate)} of the predicted test "
        "entities; all others need review. Of the test entities of all types that validation alone would let pass, "
        f"{figure_text(advice.accuracy)} are right."
    )


def _suggestions_words(advice: Recommendation) -> str:
    return (
        "Nothing should go without review: the predictions may serve as suggestions. No threshold for documents, and "
        f"no set of types, reaches {percent(advice.target)} with the lower end of the interval on validation "
        "and on test."
    )


def _document_words(found: Readiness, target: str) -> str:
    threshold = found.recommendation.document_threshold
    if threshold is None:
        n = next(row["documents"] for row in found.documents if row["split"] == "validation")
        best = _best([row for row in found.documents if row["split"] == "validation"])
        nearest = f"the highest lower end is {percent(best['accuracy_low'])}" if best else "no document passes any"
        return f"Documents: no threshold reaches {target} on the {counted(n, 'validation document')}; {nearest}."
    row = _test_row(found.documents, threshold)
    return (
        f"Documents: from {threshold:g} on, {row['automated']} of {counted(row['documents'], 'test document')} would "
        f"go without review ({interval_text(row, 'automation_rate')}); right in full are "
        f"{interval_text(row, 'accuracy')}, with "
        f"{counted(row['missed_in_automated'], 'entity', 'entities')} missed in them."
    )


def _entity_words(found: Readiness, target: str) -> str:
    threshold = found.recommendation.entity_threshold
    if threshold is None:
        best = _best([row for row in found.entities if row["split"] == "validation"])
        if best is None:
            return "Entities: there are no predictions on validation that a threshold lets pass."
        test = _test_row(found.entities, best["threshold"])
        return (
            f"Entities of all types together: no threshold reaches {target} on validation. The nearest, "
            f"{best['threshold']:g}, lets {interval_text(test, 'automation_rate')} of the predicted test entities "
            f"pass, of which {interval_text(test, 'accuracy')} are right."
        )
    row = _test_row(found.entities, threshold)
    holds = row["accuracy_low"] is not None and row["accuracy_low"] >= found.recommendation.target
    verdict = f"the test split confirms {target}" if holds else f"the test split does not confirm {target}"
    return (
        f"Entities of all types together: from a confidence of {threshold:g} on, "
        f"{interval_text(row, 'automation_rate')} of the predicted test entities pass, of which "
        f"{interval_text(row, 'accuracy')} are right ({verdict}). They find {interval_text(row, 'recall')} of all gold "
        f"entities. No prediction finds {row['never_shown']} of the {row['all_gold']}: no review brings these up."
    )


def _best(rows: Sequence[Mapping]) -> Mapping | None:
    """The row whose accuracy has the highest lower end; the least threshold among equals."""
    judged = [row for row in rows if row["accuracy_low"] is not None]
    return max(judged, key=lambda row: (row["accuracy_low"], -row["threshold"]), default=None)


def _test_row(rows: Sequence[Mapping], threshold: float) -> Mapping:
    return next(row for row in rows if (row["split"], row["threshold"]) == ("test", threshold))
