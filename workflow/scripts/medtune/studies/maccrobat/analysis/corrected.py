"""Differences that stand side by side, in words that follow from a test corrected for all of them (Holm 1979).

An interval is of one difference: of many equal pairs some exclude 0 by chance alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import t

from medtune.metrics.contrasts import NO_DIFFERENCE, Contrast
from medtune.metrics.significance import ALPHA, holm

NOTHING = "nothing to compare"


@dataclass(frozen=True)
class Compared:
    """A difference, and what it says when it is shown: where it is above 0, and below."""

    difference: Contrast
    higher: str
    lower: str


@dataclass(frozen=True)
class Verdict:
    """p_holm: None where there is nothing to compare. finding: in words."""

    p_holm: float | None
    finding: str


def p_value(difference: Contrast, documents: int) -> float:
    """Two-sided p of no difference, from the interval's end that lies towards 0 (Altman and Bland 2011, BMJ 343:d2304,
    with quantiles of Student's t as the intervals have them): below 0.05 where the interval excludes 0."""
    end = difference.low if difference.value > 0 else difference.high
    width = abs(difference.value - end)
    if not width:
        return float(difference.value == 0)
    freedom = max(documents - 1, 1)
    return float(2 * t.sf(abs(difference.value) / width * t.ppf(0.975, freedom), freedom))


def corrected(differences: Sequence[Contrast], documents: int) -> list[float | None]:
    """p-values corrected for all differences that have a value; None for the others."""
    adjusted = iter(holm([p_value(one, documents) for one in differences if one.value is not None]))
    return [None if one.value is None else next(adjusted) for one in differences]


def verdicts(compared: Sequence[Compared], documents: int) -> list[Verdict]:
    """What the differences of a table say, corrected for all of them. documents: over which their intervals are."""
    adjusted = corrected([one.difference for one in compared], documents)
    return [Verdict(p_holm, _words(one, p_holm)) for one, p_holm in zip(compared, adjusted, strict=True)]


def _words(one: Compared, p_holm: float | None) -> str:
    if p_holm is None:
        return NOTHING
    if p_holm >= ALPHA:
        return NO_DIFFERENCE
    return one.higher if one.difference.value > 0 else one.lower
