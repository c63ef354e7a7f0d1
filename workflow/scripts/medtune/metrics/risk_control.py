"""Automation with a bound on its errors: from which confidence on answers may go without review.

Learn then test (Angelopoulos, Bates, Candès, Jordan and Lei 2021, arXiv:2110.01052) for the error among accepted units,
the selective risk of Geifman and El-Yaniv (2017): with a probability of 95 % over the validation units, at most a share
`risk` of the accepted ones is wrong in the long run.

The hypotheses are that more than `risk` is wrong above the largest confidence that is not accepted when the most
confident 10 %, 20 %, … 100 % of the n validation units with a confidence are. Given n and that confidence, the units
above it are independent draws of what lies above it, so that the wrong ones are binomial and
P(Bin(accepted, risk) <= wrong) is a p-value, exact in any sample and without any condition on the confidences. The J
hypotheses are tested at 0.05 / J each (Bonferroni); how many of the largest shares are tried follows from n and `risk`
alone. The lowest threshold whose hypothesis is rejected counts.

A unit is what was drawn: an answer, or a group of answers, such as a patient's. A group is accepted where any of its
answers is, and wrong where any of these is wrong.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import binom

LEVEL = 0.05
"""Probability that the bound does not hold."""
SHARES = 10
"""Shares of validation units that are tried, at most."""


@dataclass(frozen=True)
class Answers:
    """Answers of a split. confidence: (n,), 0 for an answer that is never accepted, such as one that cannot be read.
    wrong: (n,) bool. units: (n,) names of what each was drawn with. Raises ValueError for different lengths and for
    confidences below 0."""

    confidence: np.ndarray
    wrong: np.ndarray
    units: Sequence[Hashable]

    def __post_init__(self) -> None:
        if not len(self.confidence) == len(self.wrong) == len(self.units):
            raise ValueError("expected a confidence, a mark and a unit for each answer")
        if not (self.confidence >= 0).all():
            raise ValueError("a confidence is below 0 or no number")

    @cached_property
    def places(self) -> np.ndarray:
        """(n,) number of each answer's unit, from 0."""
        numbers = {unit: number for number, unit in enumerate(dict.fromkeys(self.units))}
        return np.array([numbers[unit] for unit in self.units], dtype=int)

    @cached_property
    def highest(self) -> np.ndarray:
        """(units,) the highest confidence of each."""
        found = np.zeros(self.places.max() + 1 if len(self.places) else 0)
        np.maximum.at(found, self.places, self.confidence)
        return found

    def accepted(self, threshold: float | None) -> np.ndarray:
        """(n,) whether each answer is above the threshold; none is where there is no threshold."""
        return np.zeros(len(self.confidence), dtype=bool) if threshold is None else self.confidence > threshold

    def counts(self, threshold: float | None) -> "Counts":
        """What is accepted above the threshold."""
        accepted = self.accepted(threshold)
        units, wrong = (set(self.places[marked].tolist()) for marked in (accepted, accepted & self.wrong))
        return Counts(len(units), len(wrong))


@dataclass(frozen=True)
class Counts:
    """Units that are accepted, and how many of these are wrong."""

    accepted: int
    wrong: int


def p_value(counts: Counts, risk: float) -> float:
    """Of the hypothesis that more than `risk` of accepted units is wrong: P(Bin(accepted, risk) <= wrong)."""
    return float(binom.cdf(counts.wrong, counts.accepted, risk))


def least_units(risk: float, level: float = LEVEL) -> int:
    """The smallest n with (1 - risk)^n <= level: accepted units without any error that certify a risk.

    Raises ValueError unless both are between 0 and 1.
    """
    if not (0 < risk < 1 and 0 < level < 1):
        raise ValueError(f"risk {risk}, level {level}: expected numbers between 0 and 1")
    return math.ceil(math.log(level) / math.log1p(-risk))


def ranks_tried(n: int, risk: float, level: float = LEVEL) -> list[int]:
    """Numbers of units, ascending, that are tried as accepted among n: as many of the largest tenths as all could be
    certified at their part of the level, were there no error. Empty where not even all n could."""
    for number in range(SHARES, 0, -1):
        ranks = sorted({n - n * place // SHARES for place in range(number)})
        if ranks[0] >= least_units(risk, level / len(ranks)):
            return ranks
    return []


def certified_threshold(validation: Answers, risk: float, level: float = LEVEL) -> float | None:
    """The threshold above which at most `risk` of accepted units is wrong, but with a probability of `level`: the
    lowest certified one. A model that was chosen among m on the same units has the m-th part of the level (Bonferroni).
    None where none is. 0 accepts every answer that has a confidence."""
    ordered = np.sort(validation.highest[validation.highest > 0])[::-1]
    ranks = ranks_tried(len(ordered), risk, level)
    thresholds = [float(ordered[rank]) if rank < len(ordered) else 0.0 for rank in ranks]
    passed = [one for one in thresholds if p_value(validation.counts(one), risk) <= level / len(ranks)]
    return min(passed, default=None)


def plain_threshold(validation: Answers, risk: float) -> float | None:
    """The lowest threshold above which at most a share `risk` of accepted validation units is wrong, with no allowance
    for chance; None where none is."""
    for threshold in np.unique([0.0, *validation.highest]):
        counts = validation.counts(threshold)
        if counts.accepted and counts.wrong <= risk * counts.accepted:
            return float(threshold)
    return None
