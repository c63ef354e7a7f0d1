"""Which specialties should get more training data: those whose scores are significantly below average.

Judged on the evaluation split alone. The holdout is for the final comparison: nothing here depends on it.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from medtune.errors import InputError
from medtune.files import read_json
from medtune.metrics.text.names import METEOR
from medtune.reporting.tables import read_csv
from medtune.studies.meerkat.prepare import DatasetStats, SpecialtyStats
from medtune.studies.meerkat.recommendations import Basis, Judgement, TrainingRecommendations, write_recommendations
from medtune.studies.meerkat.shrinkage import METHOD, Shrinkage, ShrunkMean, shrink_means

logger = logging.getLogger(__name__)

SPLIT = "evaluation"
"""The split that steers."""


def recommend(
    metrics: Path | str,
    items: Path | str,
    base_metrics: Path | str,
    stats: Path | str,
    settings: Mapping[str, float],
    steering: str,
    output: Path | str,
) -> None:
    """Write training_recommendations.json of an iteration.

    metrics, items: of the iteration's model, as the score stage writes them. base_metrics: of the base model. stats:
    dataset_stats.json of the iteration. settings, steering, and what is raised: see `recommendations`.
    """
    scored = read_json(metrics)
    check_steering(steering, scored["metrics"])
    found = recommendations(
        scored,
        scores_of(read_csv(items, ("split", "specialty", steering)), steering),
        read_json(base_metrics),
        DatasetStats.model_validate(read_json(stats)),
        settings,
        steering,
    )
    write_recommendations(output, found)
    logger.info("low in %s: %s", steering, ", ".join(found.low_performance_specialties) or "none")


def check_steering(steering: str, names: Collection[str]) -> None:
    """Raise InputError when the metric that steers is not among those that were computed."""
    if steering not in names:
        hint = ", whose name depends on whether WordNet is there" if steering.startswith(METEOR) else ""
        raise InputError(
            f'meerkat.metrics.steering = "{steering}": no such metric{hint}; expected one of {", ".join(names)}'
        )


def scores_of(items: Sequence[Mapping[str, str]], metric: str) -> dict[str, list[float]]:
    """By specialty the scores of its items of the evaluation split, those without a score left out.

    items: rows of items.csv, cells as strings.
    """
    scores: dict[str, list[float]] = {}
    for item in items:
        if item["split"] == SPLIT and item[metric]:
            scores.setdefault(item["specialty"], []).append(float(item[metric]))
    return scores


def recommendations(
    metrics: Mapping[str, Any],
    scores: Mapping[str, Sequence[float]],
    base_metrics: Mapping[str, Any],
    stats: DatasetStats,
    settings: Mapping[str, float],
    steering: str,
) -> TrainingRecommendations:
    """What an iteration's figures say about the next one's training shares.

    The specialties' means are shrunk towards their overall mean (`analysis.shrinkage`), since each has ten records or
    so. A specialty is low when the upper end of its interval is below the overall mean minus the margin; the steering
    metric must be one where higher is better. A low one gets a larger share while its pool holds records.

    metrics, base_metrics: content of metrics.json. scores: of the steering metric on the evaluation split, by
    specialty. settings: `increase` of a share, `margin`, and `confidence` of the intervals. Low specialties are named
    in order of their shrunken means. Raises InputError when files do not belong together.
    """
    strangers = sorted(set(scores) - set(stats.specialties))
    if strangers:
        raise InputError(f'items.csv: specialty "{strangers[0]}" is not in dataset_stats.json; score again')
    shrinkage = shrink_means(scores, settings["confidence"])
    judgements = {
        specialty: _judged(shrinkage.groups.get(specialty), shrinkage, own, settings, steering)
        for specialty, own in sorted(stats.specialties.items())
    }
    low = sorted(
        (name for name, found in shrinkage.groups.items() if _is_low(found, shrinkage, settings)),
        key=lambda name: (shrinkage.groups[name].shrunk, name),
    )
    return TrainingRecommendations(
        low_performance_specialties=low,
        recommended_sample_increases={
            name: judgements[name].recommended_share
            for name in low
            if judgements[name].recommended_share > judgements[name].share
        },
        overall_improvement=_improvement(metrics, base_metrics),
        basis=Basis(
            iteration=stats.iteration,
            metric=steering,
            overall_mean=_rounded(shrinkage.overall),
            method=METHOD,
            **settings,
        ),
        specialties=judgements,
    )


def _is_low(found: ShrunkMean, shrinkage: Shrinkage, settings: Mapping[str, float]) -> bool:
    return found.high is not None and found.high < shrinkage.overall - settings["margin"]


def _judged(
    found: ShrunkMean | None,
    shrinkage: Shrinkage,
    stats: SpecialtyStats,
    settings: Mapping[str, float],
    metric: str,
) -> Judgement:
    """One specialty. found: None without any score."""
    share = recommended = stats.train_percentage
    if found is None or found.high is None:
        reason = _not_judged(found, stats, metric)
    else:
        threshold = f"the mean of all specialties, {shrinkage.overall:.3f}"
        if settings["margin"]:
            threshold += f", minus the margin of {settings['margin']:g}"
        figures = (
            f"{metric} {found.mean:.3f} on {_records(found.n)}, shrunk to {found.shrunk:.3f} with a"
            f" {100 * settings['confidence']:g} % interval of {found.low:.3f} to {found.high:.3f}"
        )
        if not _is_low(found, shrinkage, settings):
            reason = f"not low: {figures}, which does not end below {threshold}"
        elif share < 1 and stats.pool > 0:
            recommended = min(1.0, round(share + settings["increase"], 4))
            reason = f"low: {figures}, which ends below {threshold}"
        else:
            reason = f"low: {figures}, which ends below {threshold}, but no record is left in its pool"
    shown = found or ShrunkMean(0, None, None, None, None)
    return Judgement(
        metric=metric,
        n=shown.n,
        value=_rounded(shown.mean),
        shrunk=_rounded(shown.shrunk),
        low=_rounded(shown.low),
        high=_rounded(shown.high),
        share=share,
        recommended_share=recommended,
        reason=reason,
    )


def _not_judged(found: ShrunkMean | None, stats: SpecialtyStats, metric: str) -> str:
    if found is not None:
        return f"not judged: {_records(found.n)}, and no specialty has two, which would tell chance from difference"
    if stats.eval == 0:
        return "not judged: too small for an evaluation split"
    return f"not judged: {metric} is not defined for any of {_records(stats.eval)}"


def _improvement(metrics: Mapping[str, Any], base_metrics: Mapping[str, Any]) -> dict[str, float]:
    """By metric the overall figure on the evaluation split minus that of the base; metrics without a figure are left
    out. Raises InputError when the two were not scored by the same metrics."""
    different = sorted(set(metrics["metrics"]) ^ set(base_metrics["metrics"]))
    if different:
        raise InputError(
            f"metrics.json: the model and the base were not scored by the same metrics ({', '.join(different)}); "
            "score both again on one machine"
        )
    own, base = (content["splits"][SPLIT]["overall"] for content in (metrics, base_metrics))
    return {
        name: _rounded(own[name]["value"] - base[name]["value"])
        for name in metrics["metrics"]
        if own[name]["value"] is not None and base[name]["value"] is not None
    }


def _records(n: int) -> str:
    return "1 evaluation record" if n == 1 else f"{n} evaluation records"


def _rounded(value: float | None) -> float | None:
    """Six decimals, for a file that people read."""
    return None if value is None else round(value, 6)
