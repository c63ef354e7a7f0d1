"""What could go without review? The clinical coding simulation: auto-code from a confidence on, or flag for review.

A prediction is right when it has boundaries and type of a gold entity that the flat tags hold. Recall is of all gold
entities: a prediction that is exactly a dropped one finds it, and yet is not counted as right. A document is right when
all its gold entities, also the dropped ones, are found and nothing else. Thresholds are chosen on validation; what is
said of them is measured on test, and "good enough" is always judged by the lower end of the 95 % interval.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from medtune.metrics.estimate import Estimate, end_cells, end_columns
from medtune.metrics.intervals import rate, share
from medtune.metrics.proportions import proportion
from medtune.metrics.span_scores import SpanCounts, count_spans, score_spans
from medtune.studies.maccrobat.analysis.confidence import CALIBRATED, Items, span_items
from medtune.studies.maccrobat.analysis.documents import FoundSpan, TaggedDocument

AUTO, REVIEW = "auto-code", "review"
DOCUMENTS, TYPES, SUGGESTIONS = "documents", "types", "suggestions"
MODES = (DOCUMENTS, TYPES, SUGGESTIONS)
"""What a recommendation may let go without review: whole documents, entities of some types, or nothing."""
ALL = "all"
DOCUMENT_COLUMNS = (
    "split",
    "threshold",
    "documents",
    "automated",
    *end_columns("automation_rate"),
    "right",
    *end_columns("accuracy"),
    "gold_in_automated",
    "missed_in_automated",
    "spurious_in_automated",
    "chosen",
)
ENTITY_COLUMNS = (
    "split",
    "threshold",
    "predicted",
    "automated",
    *end_columns("automation_rate"),
    "right",
    *end_columns("accuracy"),
    "all_gold",
    *end_columns("recall"),
    "never_shown",
    "chosen",
)
HIGH_VALUE_COLUMNS = (
    "type",
    "gold",
    "predicted",
    *end_columns("precision", "recall", "f1", "all_gold_recall"),
    "threshold",
    "passed",
    *end_columns("precision_at_threshold"),
)
TYPE_COLUMNS = (
    "type",
    "gold",
    "predicted",
    "false_positives",
    *end_columns("false_positive_rate"),
    *end_columns("per_1000_words"),
    "threshold",
    "validation_automated",
    *end_columns("validation_precision"),
    "automated",
    *end_columns("precision"),
    "picked",
    "needs_human",
)
DOCUMENT_DECISION_COLUMNS = ("document", "confidence", "predicted", "decision", "right")
ENTITY_DECISION_COLUMNS = ("document", "first", "last", "start", "end", "type", "confidence", "decision", "right")


@dataclass(frozen=True)
class ReviewRule:
    """What goes without review: whole documents of at least `threshold`, entities of some types of at least
    `entity_threshold`, or nothing. mode: one of `MODES`. confidence: the kind that decides, "raw" or "calibrated"."""

    mode: str
    confidence: str
    threshold: float | None
    entity_threshold: float
    types: tuple[str, ...]

    def of_document(self, sure: float) -> str:
        """The decision on a whole document. sure: its confidence."""
        accepted = self.mode == DOCUMENTS and self.threshold is not None and sure >= self.threshold
        return AUTO if accepted else REVIEW

    def of_entity(self, label: str, sure: float, document: str) -> str:
        """The decision on one entity. document: that on its document, which goes first where documents do."""
        if self.mode != TYPES:
            return document
        return AUTO if label in self.types and sure >= self.entity_threshold else REVIEW


@dataclass(frozen=True)
class Recommendation:
    """What the figures allow. mode: one of `MODES`.

    document_threshold, entity_threshold: chosen on validation, None where none reaches the target there.
    judged_at: the threshold at which types were judged: the chosen one, or the highest of all.
    automatic_types: those whose lower end reaches the target on validation and on test alike; human_types: the others.
    automation_rate: share of the test entities (or documents) that go without review.  accuracy: of these; under
    `types` that of all types picked on validation, since the test split had no part in picking them.
    """

    mode: str
    confidence: str
    target: float
    document_threshold: float | None
    entity_threshold: float | None
    judged_at: float
    automatic_types: tuple[str, ...]
    human_types: tuple[str, ...]
    automation_rate: Estimate
    accuracy: Estimate

    @property
    def rule(self) -> ReviewRule:
        """What it lets go without review."""
        return ReviewRule(
            self.mode, self.confidence, self.document_threshold, self.judged_at, tuple(self.automatic_types)
        )

    def as_dict(self) -> dict:
        """Plain dictionaries for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Readiness:
    """All tables of the assessment, rows with the columns above, and what follows from them."""

    documents: list[dict]
    entities: list[dict]
    high_value: list[dict]
    types: list[dict]
    document_decisions: list[dict]
    entity_decisions: list[dict]
    recommendation: Recommendation


@dataclass(frozen=True)
class Pool:
    """The documents of a split with their predictions in one row. confidence: its kind, "raw" or "calibrated".

    items: one for each predicted entity.  types: (n,) their predicted types.  found: (n,) bool, whether they are
    exactly a gold entity, dropped ones included.
    """

    documents: Sequence[TaggedDocument]
    confidence: str
    items: Items
    types: np.ndarray
    found: np.ndarray

    def counts(self, chosen: np.ndarray) -> np.ndarray:
        """(documents,) number of the chosen predictions; chosen: (n,) bool."""
        return self.items.by_document(chosen.astype(float))

    def passing(self, threshold: float, labels: Sequence[str] | None = None) -> np.ndarray:
        """(n,) bool: with at least this confidence, and of these types where any are given."""
        sure = self.items.confidence >= threshold
        return sure if labels is None else sure & np.isin(self.types, list(labels))

    def share(self, chosen: np.ndarray) -> Estimate:
        """The chosen predictions among all."""
        return share(self.counts(chosen), self.counts(np.ones(len(chosen), dtype=bool)))

    def accuracy(self, chosen: np.ndarray) -> Estimate:
        """The right ones among the chosen predictions."""
        return share(self.counts(chosen & self.items.correct), self.counts(chosen))


def pool_of(documents: Sequence[TaggedDocument], confidence: str) -> Pool:
    """The documents of a split with their predictions."""
    types = np.array([found.span.label for document in documents for found in document.predicted], dtype=object)
    found = span_items(documents, confidence, all_gold=True).correct
    return Pool(documents, confidence, span_items(documents, confidence), types, found)


def assess(
    validation: Sequence[TaggedDocument],
    test: Sequence[TaggedDocument],
    labels: Sequence[str],
    thresholds: Sequence[float],
    target: float,
    high_value: Sequence[str],
    high_value_threshold: float,
    confidence: str,
) -> Readiness:
    """The whole assessment of one model.

    labels: all entity types, in the order of the tables. thresholds: ascending. target: share of what is auto-coded
    that must be right. confidence: "raw" or "calibrated".
    """
    pools = {"validation": pool_of(validation, confidence), "test": pool_of(test, confidence)}
    documents = [document_row(split, pool, threshold) for split, pool in pools.items() for threshold in thresholds]
    entities = [entity_row(split, pool, threshold) for split, pool in pools.items() for threshold in thresholds]
    document_threshold, entity_threshold = (
        choose_threshold([row for row in rows if row["split"] == "validation"], target)
        for rows in (documents, entities)
    )
    judged_at = max(thresholds) if entity_threshold is None else entity_threshold
    types = [type_row(label, pools["validation"], pools["test"], judged_at, target) for label in labels]
    whole = next((row for row in documents if row["split"] == "test" and row["threshold"] == document_threshold), None)
    recommendation = recommend(pools["test"], types, whole, entity_threshold, judged_at, target)
    return Readiness(
        documents=[{**row, "chosen": row["threshold"] == document_threshold} for row in documents],
        entities=[{**row, "chosen": row["threshold"] == entity_threshold} for row in entities],
        high_value=high_value_rows(pools["test"], labels, high_value, high_value_threshold),
        types=types,
        document_decisions=document_decisions(test, recommendation),
        entity_decisions=entity_decisions(test, recommendation),
        recommendation=recommendation,
    )


def document_confidence(document: TaggedDocument, confidence: str) -> float:
    """The least confidence of its predicted entities; without any, that of all its words: of there being none."""
    if document.predicted:
        return min(_sure(found, confidence) for found in document.predicted)
    return min(_sure(document, confidence))


def document_right(document: TaggedDocument) -> bool:
    """Whether all gold entities, kept or dropped, are found and nothing else."""
    return not document.dropped and sorted(document.gold) == sorted(document.predicted_spans)


def choose_threshold(rows: Sequence[dict], target: float) -> float | None:
    """The least threshold whose accuracy reaches the target with the lower end of its interval; None without such."""
    reaching = [row["threshold"] for row in rows if row["accuracy_low"] is not None and row["accuracy_low"] >= target]
    return min(reaching, default=None)


def document_row(split: str, pool: Pool, threshold: float) -> dict:
    """Documents that go without review as a whole, and how many of them are right. Wilson intervals over documents.

    Documents without predictions or without gold count like all others.
    """
    documents = pool.documents
    automated = [document for document in documents if document_confidence(document, pool.confidence) >= threshold]
    right = sum(map(document_right, automated))
    return {
        "split": split,
        "threshold": threshold,
        "documents": len(documents),
        "automated": len(automated),
        **end_cells("automation_rate", proportion(len(automated), len(documents))),
        "right": right,
        **end_cells("accuracy", proportion(right, len(automated))),
        "gold_in_automated": sum(map(_all_gold, automated)),
        "missed_in_automated": sum(_all_gold(document) - _hits(document) for document in automated),
        "spurious_in_automated": sum(len(document.predicted) - _hits(document) for document in automated),
    }


def entity_row(split: str, pool: Pool, threshold: float) -> dict:
    """Predicted entities that go without review, how many are right, and what share of all gold they are.

    never_shown: gold entities that no prediction of any confidence finds: reviewing the rest does not bring them up.
    """
    automated, correct = pool.passing(threshold), pool.items.correct
    gold = np.array([_all_gold(document) for document in pool.documents])
    return {
        "split": split,
        "threshold": threshold,
        "predicted": len(automated),
        "automated": int(automated.sum()),
        **end_cells("automation_rate", pool.share(automated)),
        "right": int((automated & correct).sum()),
        **end_cells("accuracy", pool.accuracy(automated)),
        "all_gold": int(gold.sum()),
        **end_cells("recall", share(pool.counts(automated & pool.found), gold)),
        "never_shown": int(gold.sum() - pool.found.sum()),
    }


def high_value_rows(pool: Pool, labels: Sequence[str], high_value: Sequence[str], threshold: float) -> list[dict]:
    """Strict figures of each high-value type and of all of them together, and the precision from a confidence on.

    Recall is over the gold that the flat tags hold, all_gold_recall over all. A type that the data lack has a row
    without figures.
    """
    kept, all_gold = (
        count_spans([document.scored(all_gold=wanted) for document in pool.documents], (*labels, *high_value))
        for wanted in (False, True)
    )
    rows = []
    for name, members in [*((label, [label]) for label in high_value), (ALL, list(high_value))]:
        scores = score_spans(_only(kept, members))
        figures, recall = scores.micro["strict"], score_spans(_only(all_gold, members)).micro["strict"].recall
        passed = pool.passing(threshold, members)
        rows.append(
            {
                "type": name,
                "gold": scores.gold,
                "predicted": scores.predicted,
                **end_cells("precision", figures.precision),
                **end_cells("recall", figures.recall),
                **end_cells("f1", figures.f1),
                **end_cells("all_gold_recall", recall),
                "threshold": threshold,
                "passed": int(passed.sum()),
                **end_cells("precision_at_threshold", pool.accuracy(passed)),
            }
        )
    return rows


def type_row(label: str, validation: Pool, test: Pool, threshold: float, target: float) -> dict:
    """False positives of a type on test, and its precision among the predictions from a confidence on.

    picked: the lower end reaches the target on validation. needs_human: it does not on validation or not on test, also
    where nothing was predicted and so nothing is known.
    """
    predicted = test.passing(0, [label])
    false = test.counts(predicted & ~test.items.correct)
    tried, found = (pool.accuracy(pool.passing(threshold, [label])) for pool in (validation, test))
    return {
        "type": label,
        "gold": sum(span.label == label for document in test.documents for span in document.gold)
        + sum(name == label for document in test.documents for name in document.dropped_labels),
        "predicted": int(predicted.sum()),
        "false_positives": int(false.sum()),
        **end_cells("false_positive_rate", share(false, test.counts(predicted))),
        **end_cells("per_1000_words", rate(false, [len(document.words) for document in test.documents], per=1000)),
        "threshold": threshold,
        "validation_automated": int(validation.passing(threshold, [label]).sum()),
        **end_cells("validation_precision", tried),
        "automated": int(test.passing(threshold, [label]).sum()),
        **end_cells("precision", found),
        "picked": tried.reaches(target),
        "needs_human": not (tried.reaches(target) and found.reaches(target)),
    }


def recommend(
    test: Pool,
    types: Sequence[dict],
    whole: dict | None,
    entity_threshold: float | None,
    judged_at: float,
    target: float,
) -> Recommendation:
    """What the figures allow: whole documents if their accuracy holds on test, else entities of the types picked on
    validation if their pooled accuracy does and at least one of them holds alone, else nothing without review.

    types: rows of that table.  whole: the test row of the chosen threshold for documents, None where none was chosen.
    """
    picked = [row["type"] for row in types if row["picked"]]
    automatic, human = (tuple(row["type"] for row in types if row["needs_human"] is needs) for needs in (False, True))
    automated, right = (whole["automated"], whole["right"]) if whole else (0, 0)
    documents_right = proportion(right, automated)
    chosen = test.passing(judged_at, picked)
    if documents_right.reaches(target):
        mode, rate, accuracy = DOCUMENTS, proportion(automated, len(test.documents)), documents_right
    elif automatic and test.accuracy(chosen).reaches(target):
        mode, rate, accuracy = TYPES, test.share(test.passing(judged_at, automatic)), test.accuracy(chosen)
    else:
        nothing = np.zeros(len(chosen), dtype=bool)
        mode, rate, accuracy = SUGGESTIONS, test.share(nothing), test.accuracy(nothing)
    return Recommendation(
        mode=mode,
        confidence=test.confidence,
        target=target,
        document_threshold=whole and whole["threshold"],
        entity_threshold=entity_threshold,
        judged_at=judged_at,
        automatic_types=automatic,
        human_types=human,
        automation_rate=rate,
        accuracy=accuracy,
    )


def document_decisions(documents: Sequence[TaggedDocument], recommendation: Recommendation) -> list[dict]:
    """Each document as the recommendation has it: for review unless whole documents go without."""
    rows = []
    for document in documents:
        sure = document_confidence(document, recommendation.confidence)
        decision = recommendation.rule.of_document(sure)
        rows.append(
            {
                "document": document.id,
                "confidence": sure,
                "predicted": len(document.predicted),
                "decision": decision,
                "right": document_right(document),
            }
        )
    return rows


def entity_decisions(documents: Sequence[TaggedDocument], recommendation: Recommendation) -> list[dict]:
    """Each predicted entity as the recommendation has it: with its document, or by its type and confidence, or for
    review.

    first, last: words, end exclusive; start, end: characters, end exclusive.
    """
    rows, rule = [], recommendation.rule
    for document in documents:
        gold, whole = set(document.gold), rule.of_document(document_confidence(document, rule.confidence))
        for found in document.predicted:
            span, sure = found.span, _sure(found, rule.confidence)
            rows.append(
                {
                    "document": document.id,
                    "first": span.start,
                    "last": span.end,
                    "start": document.offsets[span.start][0],
                    "end": document.offsets[span.end - 1][1],
                    "type": span.label,
                    "confidence": sure,
                    "decision": rule.of_entity(span.label, sure, whole),
                    "right": span in gold,
                }
            )
    return rows


def _all_gold(document: TaggedDocument) -> int:
    return len(document.gold) + len(document.dropped)


def _hits(document: TaggedDocument) -> int:
    """Gold entities found exactly, dropped ones included."""
    return len(document.right(all_gold=True))


def _sure(holder: FoundSpan | TaggedDocument, confidence: str) -> Any:
    """Confidence of a found entity, or of each word of a document."""
    return holder.calibrated if confidence == CALIBRATED else holder.confidence


def _only(counts: SpanCounts, labels: Sequence[str]) -> SpanCounts:
    rows = [counts.labels.index(label) for label in labels]
    return SpanCounts(tuple(labels), counts.table[:, rows])
