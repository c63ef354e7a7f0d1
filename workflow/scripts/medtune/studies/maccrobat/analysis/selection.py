"""Which configuration is taken to the next phase? Stated criteria and weights, scores, a ranking, and its price.

A criterion's score is the candidate's figure as a share of the best one (the least, where less is better), so that a
difference of one per cent stays one per cent; scaling from worst to best would make it the whole range. Speeds whose
rounds overlap count as equal. The test split has no part in the ranking; the price is what it says afterwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean

from medtune.metrics.contrasts import Contrast
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.estimate import Estimate, Range, end_cells, end_columns
from medtune.metrics.significance import ALPHA, difference_of
from medtune.studies.maccrobat.analysis.comparison import (
    TaggerRun,
    group_counts,
    label_f1_counts,
    mean_f1,
    mean_f1_estimate,
    mean_validation_f1,
)
from medtune.studies.maccrobat.analysis.corrected import corrected

HIGHER, LOWER = "higher", "lower"
CRITERIA = {"validation_f1": HIGHER, "rare_f1": HIGHER, "speed": HIGHER, "size": LOWER}
"""Name to the better end: micro-F1 and the rare types' micro-F1 on validation, tagged words per second, parameters."""
CANDIDATE_COLUMNS = (
    "rank",
    "encoder",
    "lr",
    "seeds",
    *end_columns("validation_f1", "rare_f1", "speed"),
    "size",
    *(f"{name}_score" for name in CRITERIA),
    "score",
)
TRADE_OFF_COLUMNS = (
    "encoder",
    "lr",
    *end_columns("f1_difference"),
    "f1_p_holm",
    *end_columns("rare_f1_difference"),
    "rare_f1_p_holm",
    *end_columns("time_ratio"),
    "training_time_ratio",
    "size_ratio",
    "f1_shown",
    "rare_f1_shown",
)


@dataclass(frozen=True)
class Candidate:
    """A configuration with its runs, one per seed. figures: by criterion, means over the seeds; None: no figure.
    speed: of all seeds' rounds. estimates: of the figures on validation, with intervals over its documents."""

    configuration: tuple[str, float]
    runs: Sequence[TaggerRun]
    figures: Mapping[str, float | None]
    speed: Range
    estimates: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True)
class TradeOff:
    """The first of the ranking against another candidate, on the test documents.

    f1, rare_f1: differences of the strict micro-F1, None where there is no gold of rare types. Ratios of the first to
    the other one: time to tag a word, time to train, parameters.
    """

    first: Candidate
    other: Candidate
    f1: Contrast
    rare_f1: Contrast
    time_ratio: float
    training_time_ratio: float
    size_ratio: float


def candidate(runs: Sequence[TaggerRun], rare: Sequence[str]) -> Candidate:
    """A configuration with its figures. rare: the types of the rare tier."""
    speed = Range(
        mean(run.speed.value for run in runs), min(run.speed.low for run in runs), max(run.speed.high for run in runs)
    )
    figures = {
        "validation_f1": mean_validation_f1(runs),
        "rare_f1": _rare_f1(runs, rare),
        "speed": speed.value,
        "size": float(runs[0].parameters),
    }
    estimates = {"validation_f1": mean_f1_estimate(runs, "validation")}
    if figures["rare_f1"] is not None:
        estimates["rare_f1"] = mean_f1_estimate(runs, "validation", rare)
    return Candidate(runs[0].configuration, runs, figures, speed, estimates)


def usable_weights(candidates: Sequence[Candidate], weights: Mapping[str, float]) -> dict[str, float]:
    """The weights of the criteria that all candidates have a figure for, adding up to 1.

    Raises ValueError when nothing with a weight is left.
    """
    usable = {
        name: weights[name]
        for name in CRITERIA
        if weights[name] > 0 and all(one.figures[name] is not None for one in candidates)
    }
    total = sum(usable.values())
    if not total:
        raise ValueError("no criterion with a weight has a figure for every candidate")
    return {name: weight / total for name, weight in usable.items()}


def scores(candidates: Sequence[Candidate], names: Sequence[str]) -> list[dict[str, float]]:
    """For each candidate the score in [0, 1] of each named criterion: 1 for the best."""
    tables: list[dict[str, float]] = [{} for _ in candidates]
    for name in names:
        values = equal_speeds(candidates) if name == "speed" else [one.figures[name] for one in candidates]
        best = max(values) if CRITERIA[name] == HIGHER else min(values)
        for table, value in zip(tables, values, strict=True):
            shares = (value, best) if CRITERIA[name] == HIGHER else (best, value)
            table[name] = shares[0] / shares[1] if shares[1] else 1.0
    return tables


def equal_speeds(candidates: Sequence[Candidate]) -> list[float]:
    """The speed that each candidate is ranked by: of those that hang together by overlapping rounds the fastest median,
    so that no difference inside the spread decides anything."""
    order = sorted(range(len(candidates)), key=lambda place: candidates[place].speed.low)
    groups: list[list[int]] = []
    reach = -1.0
    for place in order:
        if candidates[place].speed.low > reach:
            groups.append([])
        groups[-1].append(place)
        reach = max(reach, candidates[place].speed.high)
    values = [0.0] * len(candidates)
    for group in groups:
        for place in group:
            values[place] = max(candidates[member].speed.value for member in group)
    return values


def choose(ranking: Sequence[tuple[Candidate, dict[str, float], float]]) -> TaggerRun:
    """Of the first configuration the run with the highest validation micro-F1; of equals that of the smallest seed."""
    return min(ranking[0][0].runs, key=lambda run: (-run.validation_f1, run.seed))


def rank(
    candidates: Sequence[Candidate], weights: Mapping[str, float]
) -> list[tuple[Candidate, dict[str, float], float]]:
    """Candidates with their scores by criterion and their weighted score, best first; ties by name.

    Raises ValueError as `usable_weights` does.
    """
    usable = usable_weights(candidates, weights)
    scored = [
        (one, table, sum(weight * table[name] for name, weight in usable.items()))
        for one, table in zip(candidates, scores(candidates, list(usable)), strict=True)
    ]
    return sorted(scored, key=lambda item: (-item[2], item[0].configuration))


def ranking_rows(ranking: Sequence[tuple[Candidate, dict[str, float], float]]) -> list[dict]:
    """The ranking as a table, with columns `CANDIDATE_COLUMNS`; criteria that were left out have no score."""
    rows = []
    for place, (one, table, score) in enumerate(ranking, start=1):
        encoder, lr = one.configuration
        rows.append(
            {
                "rank": place,
                "encoder": encoder,
                "lr": lr,
                "seeds": len(one.runs),
                **_with_ends(one, "validation_f1"),
                **_with_ends(one, "rare_f1"),
                **end_cells("speed", one.speed),
                "size": one.figures["size"],
                **{f"{name}_score": table.get(name) for name in CRITERIA},
                "score": score,
            }
        )
    return rows


def trade_off(first: Candidate, other: Candidate, rare: Sequence[str]) -> TradeOff:
    """What the first is ahead or behind by, on the same test documents (paired, interval over them).

    With several seeds the difference is that of the means over seeds.
    """
    return TradeOff(
        first=first,
        other=other,
        f1=_difference(first.runs, other.runs, None),
        rare_f1=_difference(first.runs, other.runs, rare),
        time_ratio=other.figures["speed"] / first.figures["speed"],
        training_time_ratio=_training_seconds(first) / _training_seconds(other),
        size_ratio=first.figures["size"] / other.figures["size"],
    )


def trade_off_rows(trade_offs: Sequence[TradeOff], documents: int) -> list[dict]:
    """The first of the ranking against each other candidate, with columns `TRADE_OFF_COLUMNS`. What is shown follows
    the test that is corrected for all differences of the table. documents: of the test split."""
    differences = [difference for found in trade_offs for difference in (found.f1, found.rare_f1)]
    p_values = iter(corrected(differences, documents))
    rows = []
    for found in trade_offs:
        f1_p, rare_p = next(p_values), next(p_values)
        first, other = found.first.speed, found.other.speed
        encoder, lr = found.other.configuration
        rows.append(
            {
                "encoder": encoder,
                "lr": lr,
                **end_cells("f1_difference", found.f1),
                "f1_p_holm": f1_p,
                **end_cells("rare_f1_difference", found.rare_f1),
                "rare_f1_p_holm": rare_p,
                **end_cells("time_ratio", Contrast(found.time_ratio, other.low / first.high, other.high / first.low)),
                "training_time_ratio": found.training_time_ratio,
                "size_ratio": found.size_ratio,
                "f1_shown": f1_p is not None and f1_p < ALPHA,
                "rare_f1_shown": rare_p is not None and rare_p < ALPHA,
            }
        )
    return rows


def _rare_f1(runs: Sequence[TaggerRun], rare: Sequence[str]) -> float | None:
    """Mean over seeds of the rare types' micro-F1 on validation; None where it has no gold of theirs."""
    tables = [label_f1_counts(run.counts["validation"], rare).sum(axis=0, keepdims=True) for run in runs]
    if not any(table[0, 0] + table[0, 2] for table in tables):
        return None
    return mean(float(f1_of_counts(table)[0]) for table in tables)


def _with_ends(one: Candidate, name: str) -> dict[str, float | None]:
    """Cells of the figure that the ranking is made on, 0 where nothing is found, with the interval of its estimate."""
    return {**end_cells(name, one.estimates.get(name)), name: one.figures[name]}


def _difference(first: Sequence[TaggerRun], other: Sequence[TaggerRun], labels: Sequence[str] | None) -> Contrast:
    """Seeds may differ in number: each side is the mean over its own."""
    a, b = group_counts(first, labels), group_counts(other, labels)
    if labels is not None and not (a[:, 0] + a[:, 2]).any():
        return Contrast(None, None, None)
    return difference_of(a, b, mean_f1)


def _training_seconds(one: Candidate) -> float:
    return mean(run.train_seconds for run in one.runs)
