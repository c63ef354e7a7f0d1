"""What another iteration would likely bring: the steering metric against the size of the training set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from medtune.metrics.counts import Statistic
from medtune.metrics.estimate import VALUES, Estimate, end_cells, end_columns, nothing, value_cells
from medtune.metrics.text.metric_scores import UNIT
from medtune.metrics.text.registry import statistic_of
from medtune.reporting.prose import counted, scores_text
from medtune.studies.meerkat.comparisons import includes_zero
from medtune.studies.meerkat.medical_qa import ALL
from medtune.studies.meerkat.prepare import DatasetStats
from medtune.studies.meerkat.progressive_splits import count_of, next_shares
from medtune.studies.meerkat.recommendations import TrainingRecommendations
from medtune.studies.meerkat.runs import STEERING_SPLIT, Run

OUTLOOK_COLUMNS = (
    "specialty",
    "n",
    "train_size",
    "next_train_size",
    "metric",
    *VALUES,
    *end_columns("expected", "gain"),
    "told",
)
METHOD = "stratified jackknife over questions, t quantile"


@dataclass(frozen=True)
class Outlook:
    """rows: of outlook.csv. sizes: training questions that are recommended, by specialty, where these are more. slope:
    of the metric on the logarithm of training questions; None without a fit. fault: why nothing is predicted, in words;
    None where it is. questions: those behind the fit."""

    rows: list[dict]
    sizes: Mapping[str, int]
    slope: Estimate | None
    fault: str | None
    questions: int


@dataclass(frozen=True)
class Points:
    """What the fit is made on. specialties: S names. n: (S,) items behind them. sizes: (I, S) training questions in I
    iterations. values: (1 + N, I, S), the metric as measured and then without each of N items. overall: (1 + N,), the
    metric over all items in the last iteration. weights: (N,) of the items in the variance: (n - 1) / n, n being those
    of the item's specialty."""

    specialties: tuple[str, ...]
    n: np.ndarray
    sizes: np.ndarray
    values: np.ndarray
    overall: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Fit:
    """value = level + slope · log(size). slope: (1 + N,). level: (1 + N, S)."""

    slope: np.ndarray
    level: np.ndarray


def outlook(runs: Sequence[Run], metric: str, recommendations: TrainingRecommendations) -> Outlook:
    """Fit the metric on the evaluation split, and predict it for the sizes that are recommended.

    runs: the iterations from 1, in their order; copies of an earlier one give no point of their own.
    recommendations: after the last of them. A prediction is made only where sizes vary, where there are more points
    than unknowns, and where the interval of the slope excludes zero; else `fault` says why there is none. The interval
    knows of the evaluation items alone, not of chance in training; a specialty with a single item adds nothing to its
    width.
    """
    last = runs[-1]
    asked = sizes_asked(last.stats, recommendations)
    points = points_of([run for run in runs if not run.copied], metric)
    fault = not_fitted(points)
    fit = None if fault else fit_sizes(points)
    slope = _estimate(fit.slope, points) if fit else None
    if slope and includes_zero(slope.low, slope.high):
        fault = f"the interval of the slope {scores_text(slope.as_dict(), sign='+')} includes zero"
    gains = {} if fault else _gains(points, fit, asked)
    rows = _rows(last, metric, points, asked, None if fault else fit, gains)
    return Outlook(rows, asked, slope, fault, int(points.n.sum()))


def sizes_asked(stats: DatasetStats, recommendations: TrainingRecommendations) -> dict[str, int]:
    """Training questions by specialty that the recommendations would lead to, where these are more than now.

    Raises InputError when they name an unknown specialty.
    """
    current = {name: found.train_percentage for name, found in stats.specialties.items()}
    asked = {}
    for name, share in next_shares(current, recommendations.recommended_sample_increases, {}).items():
        found = stats.specialties[name]
        size = count_of(share.value, found.eval + found.train + found.pool) - found.eval
        if size > found.train:
            asked[name] = size
    return asked


def points_of(runs: Sequence[Run], metric: str) -> Points:
    """The metric by iteration and specialty on the evaluation split, and without each item of a specialty that has
    several, in all iterations alike. Items without a score in any run play no part."""
    statistic = statistic_of(metric)
    some = np.any([run.scored(STEERING_SPLIT, metric) for run in runs], axis=0)
    names = np.array([item["specialty"] for item in runs[0].of_split(STEERING_SPLIT)])
    specialties = tuple(sorted(set(names[some])))
    sizes = np.array([int((some & (names == name)).sum()) for name in specialties], dtype=int)
    left_out = [n if n > 1 else 0 for n in sizes]
    total = sum(left_out)
    values = np.zeros((1 + total, len(runs), len(specialties)))
    sums, start = 0.0, 1
    for place, (name, deleted) in enumerate(zip(specialties, left_out, strict=True)):
        counts = np.array([run.counts[STEERING_SPLIT][metric][some & (names == name)] for run in runs], dtype=float)
        # (1 + N, I, k): all items of the specialty, and one less in the rows that are its own.
        own = np.repeat(counts.sum(axis=1)[None], 1 + total, axis=0)
        own[start : start + deleted] -= counts.transpose(1, 0, 2)[:deleted]
        values[:, :, place] = _apply(statistic, own.reshape(-1, own.shape[-1])).reshape(1 + total, len(runs))
        sums, start = sums + own[:, -1], start + deleted
    return Points(
        specialties,
        sizes,
        np.array([[run.train_size(name) for name in specialties] for run in runs], dtype=float),
        values,
        _apply(statistic, sums) if specialties else np.zeros(1),
        np.repeat([(n - 1) / n for n in sizes], left_out),
    )


def not_fitted(points: Points) -> str | None:
    """Why there is no fit, in words; None when there is one. A specialty whose size is always the same says nothing of
    the slope; each other one has a level of its own to be found, and the slope is one unknown more."""
    if len(points.sizes) < 2:
        return "there is only one training"
    varying = int((points.sizes != points.sizes[0]).any(axis=0).sum())
    if not varying:
        return "no specialty's training set differs in size between the iterations"
    known, unknown = varying * len(points.sizes), varying + 1
    if known <= unknown:
        return (
            f"there are too few points ({known} of {counted(varying, 'specialty', 'specialties')} with a growing"
            f" training set, for {unknown} unknowns)"
        )
    return None


def fit_sizes(points: Points) -> Fit:
    """Least squares with one level for each specialty and one slope for all; a specialty weighs as much as it has
    items, as if each item were a point. Sizes must vary."""
    x = np.log(points.sizes)
    centred = x - x.mean(axis=0)
    weights = centred * points.n
    slope = (weights * points.values).sum(axis=(1, 2)) / (weights * centred).sum()
    return Fit(slope, points.values.mean(axis=1) - slope[:, None] * x.mean(axis=0))


def _apply(statistic: Statistic, sums: np.ndarray) -> np.ndarray:
    return np.asarray(statistic(sums), dtype=float)


def _gains(points: Points, fit: Fit, asked: Mapping[str, int]) -> dict[str, np.ndarray]:
    """(1 + N,) by specialty: what the slope says of the growth alone; over all items, as the mean by items."""
    gains = {}
    for place, name in enumerate(points.specialties):
        if name in asked:
            gains[name] = fit.slope * np.log(asked[name] / points.sizes[-1, place])
    total = sum(gains[name] * n for name, n in zip(points.specialties, points.n, strict=True) if name in gains)
    return {**gains, ALL: total / points.n.sum()} if gains else {}


def _rows(
    last: Run,
    metric: str,
    points: Points,
    asked: Mapping[str, int],
    fit: Fit | None,
    gains: Mapping[str, np.ndarray],
) -> list[dict]:
    """A row for each specialty that would grow, and one for all; none when nothing would. Expected of a specialty: what
    the fit says of its new size; of all: the figure now and the gain."""
    rows = []
    for name in [*sorted(asked), *([ALL] if asked else [])]:
        there = name == ALL or name in last.splits[STEERING_SPLIT]["specialties"]
        now = last.estimate(STEERING_SPLIT, metric, name) if there else nothing(UNIT).as_dict()
        size = last.train_size(name)
        later = asked[name] if name != ALL else size + sum(asked[each] - last.train_size(each) for each in asked)
        gain = gains.get(name)
        if fit is None or gain is None:
            expected = None
        elif name == ALL:
            expected = points.overall + gain
        else:
            expected = fit.level[:, points.specialties.index(name)] + fit.slope * np.log(later)
        rows.append(
            {
                "specialty": name,
                "n": now["n"],
                "train_size": size,
                "next_train_size": later,
                "metric": metric,
                **value_cells(now),
                **end_cells("expected", None if expected is None else _estimate(expected, points)),
                **end_cells("gain", None if gain is None else _estimate(gain, points)),
                "told": gain is not None,
            }
        )
    return rows


def _estimate(values: np.ndarray, points: Points) -> Estimate:
    """The first of (1 + N,) with its 95 % interval: stratified jackknife (Efron and Tibshirani 1993, ch. 11) with a t
    quantile.

    Unbounded where no item makes a difference: nothing then tells how far the value would vary.
    """
    error = float(np.sqrt((points.weights * (values[1:] - values[0]) ** 2).sum()))
    # One degree of freedom less than items, for each specialty: a stratum of n weighs (n - 1) / n in each of n rows.
    freedom = round(float(points.weights.sum()))
    half = float(t.ppf(0.975, freedom)) * error if error > 1e-12 and freedom else np.inf
    value = float(values[0])
    return Estimate(value, float(values[0] - half), float(values[0] + half), int(points.n.sum()), METHOD, UNIT)
