"""What another iteration would likely bring: the steering metric against the size of the training set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from medtune.data.medical_qa import ALL
from medtune.data.progressive_splits import count_of, next_shares
from medtune.data.recommendations import TrainingRecommendations
from medtune.metrics.bootstrap import SAMPLES, Statistic, resamples
from medtune.metrics.text.registry import statistic_of
from medtune.reporting.prose import counted, listed
from medtune.reporting.score_plots import score_text
from medtune.tasks.meerkat.comparisons import includes_zero
from medtune.tasks.meerkat.prepare import DatasetStats
from medtune.tasks.meerkat.runs import STEERING_SPLIT, Run

OUTLOOK_COLUMNS = (
    "specialty",
    "n",
    "train_size",
    "next_train_size",
    "metric",
    *("value", "low", "high"),
    *("expected", "expected_low", "expected_high"),
    *("gain", "gain_low", "gain_high"),
    "told",
)


@dataclass(frozen=True)
class Outlook:
    """rows: of outlook.csv. words: the paragraph."""

    rows: list[dict]
    words: str


@dataclass(frozen=True)
class Points:
    """What the fit is made on. specialties: S names. n: (S,) items behind them. sizes: (I, S) training questions in I
    iterations. values: (1 + samples, I, S), the metric as measured and then as resampled. overall: (1 + samples,), the
    metric over all items in the last iteration."""

    specialties: tuple[str, ...]
    n: np.ndarray
    sizes: np.ndarray
    values: np.ndarray
    overall: np.ndarray


@dataclass(frozen=True)
class Fit:
    """value = level + slope · log(size). slope: (1 + samples,). level: (1 + samples, S)."""

    slope: np.ndarray
    level: np.ndarray


def outlook(
    runs: Sequence[Run], metric: str, recommendations: TrainingRecommendations, seed: int, samples: int = SAMPLES
) -> Outlook:
    """Fit the metric on the evaluation split, and predict it for the sizes that are recommended.

    runs: the iterations from 1, in their order; copies of an earlier one give no point of their own.
    recommendations: after the last of them. A prediction is made only where sizes vary, where there are more points
    than unknowns, and where the interval of the slope excludes zero; else the words say that it cannot be told, and
    why. The interval knows of the evaluation items alone, not of chance in training; a specialty with a single item
    adds nothing to its width.
    """
    last = runs[-1]
    asked = sizes_asked(last.stats, recommendations)
    points = points_of([run for run in runs if not run.copied], metric, seed, samples)
    fault = not_fitted(points)
    fit = None if fault else fit_sizes(points)
    if fit and includes_zero(*_interval(fit.slope)):
        fault = f"the interval of the slope {_signed(fit.slope)} includes zero"
    gains = {} if fault else _gains(points, fit, asked)
    rows = _rows(last, metric, points, asked, None if fault else fit, gains)
    return Outlook(rows, _words(last, metric, recommendations, points, asked, fit, fault, rows))


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


def points_of(runs: Sequence[Run], metric: str, seed: int, samples: int = SAMPLES) -> Points:
    """The metric by iteration and specialty on the evaluation split, and as it would be with other items: drawn with
    replacement within each specialty, the same ones for all iterations. Items without a score in any run are left out.
    """
    statistic = statistic_of(metric)
    some = np.any([run.scored(STEERING_SPLIT, metric) for run in runs], axis=0)
    names = np.array([item["specialty"] for item in runs[0].of_split(STEERING_SPLIT)])
    specialties = tuple(sorted(set(names[some])))
    # Specialties of the same size must not be resampled alike.
    seeds = np.random.SeedSequence(seed).generate_state(max(len(specialties), 1))
    n, values, totals = [], [], 0.0
    for name, own_seed in zip(specialties, seeds, strict=False):
        rows = some & (names == name)
        counts = [run.counts[STEERING_SPLIT][metric][rows] for run in runs]
        sums = _sums(counts, int(own_seed), samples)
        n.append(int(rows.sum()))
        values.append([_apply(statistic, of_run) for of_run in sums])
        totals = totals + sums[-1]
    shape = (len(specialties), len(runs), 1 + samples)
    return Points(
        specialties,
        np.array(n, dtype=int),
        np.array([[run.train_size(name) for name in specialties] for run in runs], dtype=float),
        np.array(values, dtype=float).reshape(shape).transpose(2, 1, 0),
        _apply(statistic, totals) if specialties else np.zeros(1 + samples),
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


def _sums(counts: Sequence[np.ndarray], seed: int, samples: int) -> list[np.ndarray]:
    """For each run (1 + samples, k): the sums of all items, then those of each resample."""
    n = len(counts[0])
    weights = np.concatenate([np.ones((1, n)), *resamples(n, seed, samples)])
    return [weights @ of_run for of_run in counts]


def _apply(statistic: Statistic, sums: np.ndarray) -> np.ndarray:
    return np.asarray(statistic(sums), dtype=float)


def _gains(points: Points, fit: Fit, asked: Mapping[str, int]) -> dict[str, np.ndarray]:
    """(1 + samples,) by specialty: what the slope says of the growth alone; over all items, as the mean by items."""
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
        now = (
            last.estimate(STEERING_SPLIT, metric, name) if there else {"value": None, "low": None, "high": None, "n": 0}
        )
        size = last.train_size(name)
        later = asked[name] if name != ALL else size + sum(asked[each] - last.train_size(each) for each in asked)
        gain = gains.get(name)
        if fit is None or gain is None:
            expected = None
        elif name == ALL:
            expected = points.overall + gain
        else:
            expected = fit.level[:, points.specialties.index(name)] + fit.slope * np.log(later)
        values = (
            name,
            now["n"],
            size,
            later,
            metric,
            *(now[end] for end in ("value", "low", "high")),
            *_cells(expected),
            *_cells(gain),
            gain is not None,
        )
        rows.append(dict(zip(OUTLOOK_COLUMNS, values, strict=True)))
    return rows


def _words(
    last: Run,
    metric: str,
    recommendations: TrainingRecommendations,
    points: Points,
    asked: Mapping[str, int],
    fit: Fit | None,
    fault: str | None,
    rows: Sequence[Mapping],
) -> str:
    low = recommendations.low_performance_specialties
    if not low:
        start = f"After {last.name} no specialty counts as low: another iteration would have no more questions."
    elif not asked:
        start = (
            f"After {last.name} these specialties count as low: {listed(sorted(low))}. But nothing more can be added "
            "to their training questions: another iteration would have no more of them."
        )
    else:
        sizes = listed([f"{name} ({last.train_size(name)} to {size})" for name, size in sorted(asked.items())])
        start = f"After {last.name} more training questions are recommended for {sizes}."
    parts = [start]
    if fit:
        parts.append(
            f"Least squares over the iterations from 1 gives {metric} on the {STEERING_SPLIT} split as a level of each "
            f"specialty and {_signed(fit.slope)} times the natural logarithm of its training questions."
        )
    if fault and asked:
        parts.append(f"What another iteration would bring cannot be told: {fault}.")
    elif fault:
        parts.append(f"What more training data would bring cannot be told: {fault}.")
    told = next((row for row in rows if row["specialty"] == ALL and row["told"]), None)
    if told:
        change, *ends = (score_text(told[f"gain{end}"], "+") for end in ("", "_low", "_high"))
        parts.append(
            f"For the recommended sizes that is a change of {change} ({ends[0]} to {ends[1]}) over all "
            f"{int(points.n.sum())} questions, to "
            f"{score_text(told['expected'])} ({score_text(told['expected_low'])}–{score_text(told['expected_high'])})."
        )
    elif asked and not fault:
        parts.append("None of these specialties has evaluation questions, so what they would gain cannot be told.")
    if fit:
        parts.append(
            "The intervals know of the evaluation questions alone, resampled within each specialty. Chance in training "
            "is not in them, nor that specialties were given more data because their figures were low, some of them by "
            "chance."
        )
    return " ".join(parts)


def _interval(values: np.ndarray) -> tuple[float, float]:
    """95 % interval of what is (1 + samples,)."""
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return float(low), float(high)


def _cells(values: np.ndarray | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if values is None else (float(values[0]), *_interval(values))


def _signed(values: np.ndarray) -> str:
    value, low, high = (score_text(value, "+") for value in _cells(values))
    return f"{value} ({low} to {high})"
