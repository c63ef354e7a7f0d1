"""How well each entity type is found, and the tiers of frequent, medium and rare types."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from medtune.errors import InputError
from medtune.files import read_json
from medtune.metrics.contrasts import Contrast, contrast
from medtune.metrics.estimate import Estimate, end_cells, end_columns, end_values
from medtune.metrics.intervals import p_of_f1
from medtune.metrics.prf import FIGURES, ScoresByLabel
from medtune.metrics.significance import ALPHA, holm
from medtune.metrics.span_scores import SpanCounts, count_spans, score_spans
from medtune.studies.maccrobat.analysis.corrected import Compared, verdicts
from medtune.studies.maccrobat.analysis.documents import TaggedDocument

TIERS = ("frequent", "medium", "rare")
LEFT_OUT = "left out"
"""Tier of types that the tagger was not trained on."""
WEAKEST = 10
LEAST_GOLD = 5
"""Gold entities that a type needs to be listed among the weakest."""
TYPE_COLUMNS = (
    "type",
    "tier",
    "corpus_count",
    "gold",
    "dropped_gold",
    "predicted",
    "documents",
    *end_columns(*FIGURES, "all_gold_recall"),
    "p_holm",
    "below_overall",
)
TIER_COLUMNS = (
    "tier",
    "types",
    "types_with_gold",
    "gold",
    "predicted",
    *end_columns(*(f"{average}_{figure}" for average in ("micro", "macro") for figure in FIGURES)),
)
DIFFERENCE_COLUMNS = ("average", "first", "second", *end_columns("difference"), "p_holm", "finding")


@dataclass(frozen=True)
class TypeTable:
    """What the data say of the types: tier and number of gold entities in the corpus, by type."""

    tiers: Mapping[str, str]
    counts: Mapping[str, int]

    def tier(self, label: str) -> str:
        """Tier of a type; `LEFT_OUT` where the tagger has no tag for it."""
        return self.tiers.get(label, LEFT_OUT)


@dataclass(frozen=True)
class TypeScores:
    """Scores of a split: of the gold entities that the flat tags hold, and of all gold ones. counts: of the former."""

    counts: SpanCounts
    scores: ScoresByLabel
    all_gold: ScoresByLabel


def read_type_table(path: Path | str) -> TypeTable:
    """The data's tags.json. Raises InputError where its parts are missing."""
    content = read_json(path)
    for name in ("tiers", "counts"):
        if not isinstance(content, dict) or not isinstance(content.get(name), dict):
            raise InputError(f'{path}: no object "{name}"')
    unknown = sorted(set(content["tiers"].values()) - set(TIERS))
    if unknown:
        raise InputError(f'{path}: tier "{unknown[0]}"; expected one of {", ".join(TIERS)}')
    return TypeTable(content["tiers"], content["counts"])


def score_types(documents: Sequence[TaggedDocument], table: TypeTable) -> TypeScores:
    """Scores of all types of the table, and of others that are seen."""
    labels = sorted(table.tiers)
    counts = count_spans((document.scored() for document in documents), labels)
    all_gold = count_spans((document.scored(all_gold=True) for document in documents), labels)
    return TypeScores(counts, score_spans(counts), score_spans(all_gold))


def type_rows(found: TypeScores, table: TypeTable) -> list[dict]:
    """A row for each type, with columns `TYPE_COLUMNS`, best strict F1 first, types without gold and predictions last.

    gold: entities that the flat tags hold.  p_holm: of the F1 being the micro F1 of all types, corrected over the
    types. below_overall: whether it is below by this corrected test.
    """
    overall = found.scores.micro["strict"].f1.value
    p_holm = _against_overall(found.counts, overall)
    rows = []
    for label, all_gold in found.all_gold.by_label.items():
        scores = found.scores.by_label.get(label)
        strict = scores and scores.schemes["strict"]
        row = {
            "type": label,
            "tier": table.tier(label),
            "corpus_count": table.counts.get(label),
            "gold": scores.gold if scores else 0,
            "dropped_gold": all_gold.gold - (scores.gold if scores else 0),
            "predicted": all_gold.predicted,
            "documents": all_gold.documents,
        }
        for name in FIGURES:
            row |= end_cells(name, strict and getattr(strict, name))
        row |= end_cells("all_gold_recall", all_gold.schemes["strict"].recall)
        row["p_holm"] = p_holm.get(label)
        row["below_overall"] = row["p_holm"] is not None and row["p_holm"] < ALPHA and row["f1"] < overall
        rows.append(row)
    return sorted(rows, key=lambda row: (row["f1"] is None, -(row["f1"] or 0), row["type"]))


def weakest(rows: Sequence[Mapping], amount: int = WEAKEST, least_gold: int = LEAST_GOLD) -> list[Mapping]:
    """The types with the lowest F1 among those with enough gold entities, lowest first."""
    judged = [row for row in rows if row["f1"] is not None and row["gold"] >= least_gold]
    return sorted(judged, key=lambda row: (row["f1"], row["type"]))[:amount]


def tier_rows(found: TypeScores, table: TypeTable) -> list[dict]:
    """A row for each tier that has types, with columns `TIER_COLUMNS`: strict figures over its entities (micro), and
    the mean over its types with gold (macro)."""
    rows = []
    for tier in TIERS:
        counts = _of_tier(found.counts, table, tier)
        if not counts.labels:
            continue
        scores = score_spans(counts)
        row = {
            "tier": tier,
            "types": len(counts.labels),
            "types_with_gold": len(scores.macro_labels),
            "gold": scores.gold,
            "predicted": scores.predicted,
        }
        for average in ("micro", "macro"):
            for name in FIGURES:
                row |= end_cells(f"{average}_{name}", getattr(getattr(scores, average)["strict"], name))
        rows.append(row)
    return rows


def frequency_findings(tiers: Sequence[Mapping], types: Sequence[Mapping], documents: int) -> tuple[list[dict], dict]:
    """Are frequent types found better? Rows of tiers, and the correlation over types, in words that are corrected for
    all of them.

    tiers: of `tier_rows`. types: of `type_rows`. The first: strict F1 of each tier less that of each rarer one, with
    columns `DIFFERENCE_COLUMNS`; none where a tier has no gold entities. The second: rho, low, high, n (types), p_holm
    and finding.
    """
    pairs = [
        (average, *pair) for average in ("micro", "macro") for pair in combinations([r for r in tiers if r["gold"]], 2)
    ]
    compared = [
        Compared(
            contrast(_tier_f1(first, average), _tier_f1(second, average)),
            *(f"{row['tier']} types are found better" for row in (first, second)),
        )
        for average, first, second in pairs
    ]
    rho, points = frequency_correlation(types)
    compared.append(Compared(rho, "frequent types are found better", "rare types are found better"))
    *found, of_rho = verdicts(compared, documents)
    rows = [
        dict(
            zip(
                DIFFERENCE_COLUMNS,
                (average, first["tier"], second["tier"], *end_values(one.difference), said.p_holm, said.finding),
                strict=True,
            )
        )
        for (average, first, second), one, said in zip(pairs, compared[:-1], found, strict=True)
    ]
    correlation = {
        "rho": rho.value,
        "low": rho.low,
        "high": rho.high,
        "n": points,
        "p_holm": of_rho.p_holm,
        "finding": of_rho.finding,
    }
    return rows, correlation


def frequency_correlation(rows: Sequence[Mapping]) -> tuple[Contrast, int]:
    """Spearman's correlation of a type's number in the corpus and its F1, and the number of types with gold entities.

    The interval is that of Bonett and Wright (2000); None where fewer than five types or no spread are there.
    """
    points = [(row["corpus_count"], row["f1"]) for row in rows if row["gold"] and row["corpus_count"] is not None]
    counts, values = zip(*points, strict=True) if points else ((), ())
    if len(points) < 5 or len(set(counts)) == 1 or len(set(values)) == 1:
        return Contrast(None, None, None), len(points)
    rho = float(spearmanr(counts, values).statistic)
    half = 1.959964 * math.sqrt((1 + rho**2 / 2) / (len(points) - 3))
    centre = math.atanh(min(max(rho, -1 + 1e-9), 1 - 1e-9))
    return Contrast(rho, math.tanh(centre - half), math.tanh(centre + half)), len(points)


def _against_overall(counts: SpanCounts, overall: float | None) -> dict[str, float]:
    """By type with spans the p-value of its strict F1 being the overall one, corrected over the types (Holm)."""
    if not overall or overall == 1:
        return {}
    hits, gold, predicted = (counts.column(name) for name in ("strict_gold", "gold", "predicted"))
    with_spans = np.flatnonzero((gold + predicted).any(axis=0))
    table = np.stack([hits, predicted - hits, gold - hits], axis=-1)[:, with_spans]
    adjusted = holm(p_of_f1(table, overall).tolist())
    return {counts.labels[number]: p for number, p in zip(with_spans, adjusted, strict=True)}


def _of_tier(counts: SpanCounts, table: TypeTable, tier: str) -> SpanCounts:
    chosen = [number for number, label in enumerate(counts.labels) if table.tier(label) == tier]
    return SpanCounts(tuple(counts.labels[number] for number in chosen), counts.table[:, chosen])


def _tier_f1(row: Mapping, average: str) -> Estimate:
    return Estimate(*(row[column] for column in end_columns(f"{average}_f1")), row["gold"], "")
