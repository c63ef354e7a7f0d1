"""Trained encoders side by side: figures on test, the choice on validation, paired tests on the same documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import mean, stdev

import numpy as np

from medtune.metrics.counts import f1_of_counts
from medtune.metrics.estimate import Estimate, Range, end_cells, end_columns
from medtune.metrics.intervals import bounded, f1
from medtune.metrics.over_seeds import LEAST_SEEDS, difference_over_seeds
from medtune.metrics.prf import ScoresByLabel
from medtune.metrics.significance import TESTED, holm, paired_difference, tested_cells, untested_cells, verdict
from medtune.metrics.span_scores import SpanCounts, count_spans, score_spans
from medtune.studies.maccrobat.analysis.documents import TaggedDocument

MODEL_COLUMNS = (
    "encoder",
    "lr",
    "seed",
    "micro_f1",
    "micro_f1_low",
    "micro_f1_high",
    "macro_f1",
    "precision",
    "recall",
    "all_gold_recall",
    "train_seconds",
    "words_per_second",
    "parameters",
    "n_documents",
    "chosen",
    "words_per_second_low",
    "words_per_second_high",
    *(
        f"{figure}{end}"
        for figure in ("macro_f1", "precision", "recall", "all_gold_recall")
        for end in ("_low", "_high")
    ),
)
VALIDATION_COLUMNS = ("encoder", "lr", "seed", *end_columns("micro_f1"), "n_documents", "chosen")
COMPARISON_COLUMNS = (
    "encoder",
    "lr",
    "seed",
    "n_documents",
    *end_columns("micro_f1", "chosen_micro_f1", "difference"),
    *TESTED,
)
SEED_COLUMNS = (
    "encoder",
    "lr",
    "seeds",
    *end_columns("mean_validation_f1", "mean_micro_f1"),
    "seed_sd",
    "n_documents",
)
TYPE_COLUMNS = (
    "type",
    "encoder",
    "lr",
    "seed",
    *end_columns("validation_f1"),
    "test_gold",
    *end_columns("f1", "chosen_f1", "difference"),
    *TESTED,
)


@dataclass(frozen=True)
class TaggerRun:
    """One trained encoder with its tagged documents by split, "validation" and "test".

    labels: all entity types. train_seconds: of the training. speed: words tagged per second, of repeated rounds without
    another job beside them. parameters: their number.
    """

    encoder: str
    lr: float
    seed: int
    documents: Mapping[str, Sequence[TaggedDocument]]
    labels: tuple[str, ...]
    train_seconds: float
    speed: Range
    parameters: int

    @property
    def configuration(self) -> tuple[str, float]:
        """What several seeds have in common."""
        return self.encoder, self.lr

    @property
    def key(self) -> dict:
        """What tells a run, in tables and files."""
        return {"encoder": self.encoder, "lr": self.lr, "seed": self.seed}

    @property
    def name(self) -> str:
        """How texts call it."""
        return f"{configuration_name(self.configuration)}, seed {self.seed}"

    @cached_property
    def counts(self) -> dict[str, SpanCounts]:
        """Spans counted by split."""
        return {
            split: count_spans([document.scored() for document in documents], self.labels)
            for split, documents in self.documents.items()
        }

    @cached_property
    def scores(self) -> dict[str, ScoresByLabel]:
        """Figures by split, over the gold that the flat tags hold."""
        return {split: score_spans(counts) for split, counts in self.counts.items()}

    @cached_property
    def all_gold_recall(self) -> Estimate:
        """Strict micro recall on test over all gold entities."""
        counts = count_spans([document.scored(all_gold=True) for document in self.documents["test"]], self.labels)
        return score_spans(counts).micro["strict"].recall

    @property
    def validation_f1(self) -> float:
        """What the choice is made on; 0 without any span."""
        return self.scores["validation"].micro["strict"].f1.value or 0.0


def configuration_name(configuration: tuple[str, float]) -> str:
    """How texts call an encoder at a learning rate."""
    encoder, lr = configuration
    return f"{encoder} at {lr:g}"


def tagger_name(row: Mapping) -> str:
    """How texts call the tagger that a row of a table is about."""
    return f"{configuration_name((row['encoder'], row['lr']))}, seed {row['seed']}"


def by_configuration(runs: Sequence[TaggerRun]) -> dict[tuple[str, float], list[TaggerRun]]:
    """Runs by encoder and learning rate, each by seed; in alphabetical order."""
    grouped: dict[tuple[str, float], list[TaggerRun]] = {}
    for run in sorted(runs, key=lambda run: (run.configuration, run.seed)):
        grouped.setdefault(run.configuration, []).append(run)
    return grouped


def mean_validation_f1(runs: Sequence[TaggerRun]) -> float:
    """Mean over the seeds of a configuration."""
    return mean(run.validation_f1 for run in runs)


def model_rows(runs: Sequence[TaggerRun], chosen: TaggerRun) -> list[dict]:
    """models.csv: figures on test, one row for each run."""
    rows = []
    for run in runs:
        test = run.scores["test"]
        micro = test.micro["strict"]
        figures = {
            "macro_f1": test.macro["strict"].f1,
            "precision": micro.precision,
            "recall": micro.recall,
            "all_gold_recall": run.all_gold_recall,
            "words_per_second": run.speed,
        }
        cells = {
            **run.key,
            **end_cells("micro_f1", micro.f1),
            **{column: cell for name, figure in figures.items() for column, cell in end_cells(name, figure).items()},
            "train_seconds": run.train_seconds,
            "parameters": run.parameters,
            "n_documents": test.documents,
            "chosen": run is chosen,
        }
        rows.append({column: cells[column] for column in MODEL_COLUMNS})
    return rows


def validation_rows(runs: Sequence[TaggerRun], chosen: TaggerRun) -> list[dict]:
    """What the choice was made on: validation micro-F1 of each run."""
    rows = []
    for run in runs:
        scores = run.scores["validation"]
        f1_cells = end_cells("micro_f1", scores.micro["strict"].f1)
        rows.append({**run.key, **f1_cells, "n_documents": scores.documents, "chosen": run is chosen})
    return rows


def comparison_rows(runs: Sequence[TaggerRun], chosen: TaggerRun, seed: int) -> list[dict]:
    """Every other run against the chosen one: strict micro-F1 on the same test documents, Holm over all of them.

    verdict: "better", "worse" or "tie", of the other run.
    """
    others = [run for run in runs if run is not chosen]
    reference = _micro_counts(chosen)
    tests = [paired_difference(_micro_counts(run), reference, f1_of_counts, seed) for run in others]
    return [
        {
            **run.key,
            "n_documents": test.n,
            **end_cells("micro_f1", run.scores["test"].micro["strict"].f1),
            **end_cells("chosen_micro_f1", chosen.scores["test"].micro["strict"].f1),
            **end_cells("difference", test),
            **tested,
        }
        for run, test, tested in zip(others, tests, tested_cells(tests), strict=True)
    ]


def seed_rows(runs: Sequence[TaggerRun]) -> list[dict]:
    """Micro-F1 of each configuration over its training seeds.

    seed_sd: standard deviation on test between seeds on the same documents, None with one seed. Intervals of the means
    are over these documents, with the seeds as they are. The two answer different questions and are not added up.
    """
    rows = []
    for (encoder, lr), group in by_configuration(runs).items():
        shares = [_f1(_micro_counts(run)) for run in group]
        rows.append(
            {
                "encoder": encoder,
                "lr": lr,
                "seeds": len(group),
                **end_cells("mean_validation_f1", mean_f1_estimate(group, "validation")),
                **end_cells("mean_micro_f1", mean_f1_estimate(group, "test")),
                "seed_sd": stdev(shares) if len(shares) > 1 else None,
                "n_documents": group[0].scores["test"].documents,
            }
        )
    return rows


def best_by_type(runs: Sequence[TaggerRun], chosen: TaggerRun, seed: int) -> list[dict]:
    """For each type the run that is best at it on validation, and on test what it is ahead of the chosen run by.

    Types without gold in the validation split have no row: there is nothing to choose on. Ties go to the chosen run,
    then to fewer parameters. Paired permutation over documents, Holm over the types where the best is another run.
    verdict: "chosen" where the chosen run itself is best, else "better", "worse" or "tie".
    """
    found = []
    for label in chosen.labels:
        if not chosen.scores["validation"].by_label[label].gold:
            continue
        best = min(runs, key=lambda run: (-_label_f1(run, label), run is not chosen, run.parameters, run.name))
        test = paired_difference(_label_counts(best, label), _label_counts(chosen, label), f1_of_counts, seed)
        found.append((label, best, test))
    corrected = iter(tested_cells([test for _, best, test in found if best is not chosen]))
    rows = []
    for label, best, test in found:
        scores = best.scores["test"].by_label[label]
        rows.append(
            {
                "type": label,
                **best.key,
                **end_cells("validation_f1", best.scores["validation"].by_label[label].schemes["strict"].f1),
                "test_gold": scores.gold,
                **end_cells("f1", scores.schemes["strict"].f1),
                **end_cells("chosen_f1", chosen.scores["test"].by_label[label].schemes["strict"].f1),
                **end_cells("difference", test),
                **(untested_cells("chosen") if best is chosen else next(corrected)),
            }
        )
    return rows


def configuration_rows(runs: Sequence[TaggerRun], chosen: TaggerRun) -> list[dict]:
    """Every other encoder at a learning rate against the chosen run's, over training seeds and test documents together;
    Holm over all of them. Those with fewer than `LEAST_SEEDS` seeds have no row: nothing can be said of them.

    verdict: "better", "worse" or "tie", of the other configuration.
    """
    groups = by_configuration(runs)
    own = groups.pop(chosen.configuration)
    others = {name: group for name, group in groups.items() if min(len(group), len(own)) >= LEAST_SEEDS}
    stacked = {name: np.stack([_micro_counts(run) for run in group]) for name, group in (*others.items(), ("own", own))}
    tests = [difference_over_seeds(stacked[name], stacked["own"], f1_of_counts) for name in others]
    return [
        {
            "encoder": encoder,
            "lr": lr,
            **end_cells("difference", test),
            "p_holm": p_holm,
            "verdict": verdict(test.value, p_holm),
        }
        for (encoder, lr), test, p_holm in zip(others, tests, holm([test.p_value for test in tests]), strict=True)
    ]


def mean_f1(sums: np.ndarray) -> np.ndarray:
    """Mean F1 of several runs: sums (m, 3 × runs) with tp, fp, fn of each, as `bounded` takes a statistic."""
    return f1_of_counts(sums.reshape(-1, 3)).reshape(len(sums), -1).mean(axis=1)


def mean_f1_estimate(group: Sequence[TaggerRun], split: str, labels: Sequence[str] | None = None) -> Estimate:
    """Mean micro-F1 of the runs of a configuration over some or all types, with an interval over documents. No value
    where there is neither gold nor a prediction of them."""
    counts = group_counts(group, labels, split)
    return f1(counts) if len(group) == 1 or not counts.any() else bounded(counts, mean_f1)


def group_counts(group: Sequence[TaggerRun], labels: Sequence[str] | None = None, split: str = "test") -> np.ndarray:
    """(documents, 3 × runs): tp, fp, fn of each run of a configuration, over some or all types."""
    return np.concatenate([_micro_counts(run, labels, split) for run in group], axis=1)


def label_f1_counts(counts: SpanCounts, labels: Sequence[str]) -> np.ndarray:
    """(documents, 3): strict tp, fp, fn over some of the types."""
    rows = [counts.labels.index(label) for label in labels]
    return SpanCounts(tuple(labels), counts.table[:, rows]).f1_counts("strict")


def _micro_counts(run: TaggerRun, labels: Sequence[str] | None = None, split: str = "test") -> np.ndarray:
    counts = run.counts[split]
    return counts.f1_counts("strict") if labels is None else label_f1_counts(counts, labels)


def _label_counts(run: TaggerRun, label: str) -> np.ndarray:
    return label_f1_counts(run.counts["test"], [label])


def _label_f1(run: TaggerRun, label: str) -> float:
    return run.scores["validation"].by_label[label].schemes["strict"].f1.value


def _f1(counts: np.ndarray) -> float:
    return float(f1_of_counts(counts.sum(axis=0, keepdims=True))[0])
