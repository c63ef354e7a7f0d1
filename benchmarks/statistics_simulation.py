"""Simulations of what the intervals and tests promise: coverage, size, family error; written to docs/statistics.md.

PYTHONPATH=workflow/scripts python -m benchmarks.statistics_simulation docs/statistics.md
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import methods_simulation
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.intervals import mean, share_ends
from medtune.metrics.over_seeds import difference_over_seeds
from medtune.metrics.significance import holm, paired_difference
from medtune.reporting.tables import markdown_table

DOCUMENTS = (12, 15, 24, 33, 60)
TRUE_F1 = (0.6, 0.95, 0.97)
COVERAGE = (0.92, 0.985)
"""What the coverage of a nominal 95 % may be."""
SIZE = 0.06
"""What the share of rejected true null hypotheses may be, at a nominal 0.05."""
SIZE_DRAWS = 3000
"""Simulated tests of each row."""
MOST_REJECTED = SIZE + 2 * (SIZE * (1 - SIZE) / SIZE_DRAWS) ** 0.5
"""What the simulation of a test of this size may find: two of its standard errors more."""
SAME, UNLIKE = "the same", "one varies more"
SEED = 20


@dataclass(frozen=True)
class Corpus:
    """mean, variation: of the number of gold entities in a document, and its coefficient of variation; at least 1.
    correlation: intra-document correlation of finding an entity."""

    name: str
    mean: float
    variation: float
    correlation: float


CORPORA = (
    Corpus("short reports", 6, 0.6, 0.1),
    Corpus("reports", 15, 0.6, 0.05),
    Corpus("reports, unlike each other", 15, 0.6, 0.1),
    Corpus("long documents", 40, 0.5, 0.05),
    Corpus("case reports", 120, 0.4, 0.02),
)


def sizes(rng: np.random.Generator, corpus: Corpus, shape: tuple[int, ...]) -> np.ndarray:
    """Gold entities of each document: 1 and a negative binomial number."""
    least = corpus.mean - 1
    spread = max((corpus.variation * corpus.mean) ** 2 - least, 0.1)
    return 1 + rng.poisson(rng.gamma(least**2 / spread, spread / least, size=shape))


def qualities(rng: np.random.Generator, f1: float, correlation: float, shape: tuple[int, ...]) -> np.ndarray:
    """Share of the entities that is found in each document: beta with this mean."""
    strength = 1 / correlation - 1
    return rng.beta(f1 * strength, (1 - f1) * strength, size=shape)


def found(rng: np.random.Generator, gold: np.ndarray, quality: np.ndarray) -> np.ndarray:
    """(…, 3) tp, fp, fn: as many spurious entities as missed ones on average, so that F1 is the mean quality."""
    tp = rng.binomial(gold, quality)
    return np.stack([tp, rng.poisson(gold * (1 - quality)), gold - tp], axis=-1).astype(float)


def coverage(corpus: Corpus, f1: float, documents: int, draws: int = 6000) -> tuple[float, float, float]:
    """Share of intervals of micro-F1 that hold the true F1, that lie above it, that lie below it."""
    rng = np.random.default_rng((SEED, documents, round(1000 * f1), round(corpus.mean)))
    shape = (documents, draws)
    counts = found(rng, sizes(rng, corpus, shape), qualities(rng, f1, corpus.correlation, shape))
    _, low, high = (2 * end / (1 + end) for end in share_ends(counts[..., 0], counts.sum(axis=-1)))
    return float(((low <= f1) & (f1 <= high)).mean()), float((low > f1).mean()), float((high < f1).mean())


def coverage_of_mean(documents: int, expected: float, spread: float, draws: int = 2000) -> float:
    """Share of intervals of a mean of scores in [0, 1] (beta distributed) that hold the expectation."""
    rng = np.random.default_rng((SEED, documents, round(1000 * expected)))
    strength = expected * (1 - expected) / spread**2 - 1
    intervals = (
        mean(values) for values in rng.beta(expected * strength, (1 - expected) * strength, size=(draws, documents))
    )
    return float(np.mean([one.low <= expected <= one.high for one in intervals]))


def pair_of_models(rng: np.random.Generator, documents: int, f1: float, unlike: float, models: int = 2) -> np.ndarray:
    """(models, documents, 3) of equally good models on the same documents. unlike: intra-document correlation of what
    one model makes of a document beside the others, for the first model alone; 0: outputs might as well be swapped."""
    gold = sizes(rng, CORPORA[1], (documents,))
    difficulty = qualities(rng, f1, CORPORA[1].correlation, (documents,))
    quality = np.repeat(difficulty[None], models, axis=0)
    if unlike:
        strength = 1 / unlike - 1
        quality[0] = rng.beta(np.maximum(difficulty * strength, 1e-3), np.maximum((1 - difficulty) * strength, 1e-3))
    return found(rng, np.repeat(gold[None], models, axis=0), quality)


def size(documents: int, f1: float, unlike: float, draws: int = SIZE_DRAWS) -> tuple[float, float]:
    """Share of true null hypotheses that the paired permutation rejects; share of intervals that hold 0."""
    rng = np.random.default_rng((SEED, documents, round(1000 * f1), round(1000 * unlike)))
    tests = [
        paired_difference(*pair_of_models(rng, documents, f1, unlike), f1_of_counts, seed, resamples=999)
        for seed in range(draws)
    ]
    rejected = np.mean([one.p_value < 0.05 for one in tests])
    return float(rejected), float(np.mean([t.low <= 0 <= t.high for t in tests]))


def family_error(documents: int, f1: float, comparisons: int = 5, draws: int = 500) -> float:
    """Share of families of comparisons with one model in which Holm's correction leaves a false rejection."""
    rng = np.random.default_rng((SEED, documents, round(1000 * f1)))
    wrong = 0
    for seed in range(draws):
        first, *others = pair_of_models(rng, documents, f1, 0, comparisons + 1)
        p_values = [paired_difference(other, first, f1_of_counts, seed, resamples=999).p_value for other in others]
        wrong += min(holm(p_values)) < 0.05
    return wrong / draws


def method_size(documents: int, seeds: int, between: float, draws: int = 1000) -> float:
    """Share of equally good methods that are told apart over training seeds. between: standard deviation of the F1 of
    one method between seeds."""
    rng = np.random.default_rng((SEED, documents, seeds, round(1000 * between)))
    wrong = 0
    for _ in range(draws):
        gold = sizes(rng, CORPORA[1], (documents,))
        difficulty = qualities(rng, 0.7, CORPORA[1].correlation, (documents,))
        methods = [
            found(rng, np.repeat(gold[None], seeds, axis=0), np.clip(difficulty + shift, 0.01, 0.99))
            for shift in rng.normal(0, between, size=(2, seeds, 1))
        ]
        wrong += difference_over_seeds(*methods, f1_of_counts).p_value < 0.05
    return wrong / draws


def tables() -> dict[str, list[tuple]]:
    """All results: rows by table, the last number of each being the one that is held to a band ("beyond": to none)."""
    return {
        "coverage": [
            (corpus.name, f1, documents, f"{above:.3f}", f"{below:.3f}", round(held, 3))
            for corpus in CORPORA
            for f1 in TRUE_F1
            for documents in DOCUMENTS
            for held, above, below in [coverage(corpus, f1, documents)]
        ],
        "means": [
            (expected, spread, documents, round(coverage_of_mean(documents, expected, spread), 3))
            for expected, spread in ((0.3, 0.1), (0.7, 0.2))
            for documents in DOCUMENTS
        ],
        "size": [
            (what, f1, documents, f"{held:.3f}", round(rejected, 3))
            for what, unlike in ((SAME, 0.0), (UNLIKE, 0.1))
            for f1 in (0.6, 0.95)
            for documents in DOCUMENTS
            for rejected, held in [size(documents, f1, unlike)]
        ],
        "beyond": [
            (f1, unlike, documents, round(size(documents, f1, unlike)[0], 3))
            for f1, unlike in ((0.97, 0.1), (0.95, 0.2))
            for documents in (15, 33)
        ],
        "family": [
            (f1, documents, round(family_error(documents, f1), 3)) for f1 in (0.6, 0.95) for documents in DOCUMENTS
        ],
        "method": [
            (seeds, between, documents, round(method_size(documents, seeds, between), 3))
            for seeds in (3, 5)
            for between in (0.0, 0.03)
            for documents in (12, 33, 60)
        ],
        "curve": list(methods_simulation.curve_rows()),
        "unseen": list(methods_simulation.unseen_rows()),
        "settling": list(methods_simulation.settling_rows()),
    }


HEADERS = {
    "coverage": ("corpus", "true F1", "documents", "interval above", "interval below", "coverage"),
    "means": ("expectation", "standard deviation", "units", "coverage"),
    "size": ("dispersion of the two models", "F1", "documents", "interval of the difference holds 0", "rejected"),
    "beyond": ("F1", "correlation", "documents", "rejected"),
    "family": ("F1", "documents", "families with a false rejection"),
    "method": ("seeds of each", "standard deviation between seeds", "documents", "rejected"),
    "curve": methods_simulation.CURVE_HEADERS,
    "unseen": methods_simulation.CURVE_HEADERS,
    "settling": methods_simulation.SETTLING_HEADERS,
}


def page(results: dict[str, list[tuple]]) -> str:
    """The document."""
    text = Path(__file__).with_suffix(".md").read_text(encoding="utf-8")
    shown = {name: markdown_table(rows, HEADERS[name]) for name, rows in results.items()}
    for name, table in shown.items():
        text = text.replace(f"<!-- {name} -->", table)
    return text


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(tables()), encoding="utf-8")
