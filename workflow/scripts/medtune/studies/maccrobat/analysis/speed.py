"""What timed rounds of tagging say: throughput, latency, hours for many notes, and what lower precision costs.

Pure functions over timings; `speed_measurement` takes them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, NamedTuple

import numpy as np

from medtune.data.bio import spans_of
from medtune.metrics.contrasts import Contrast
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.estimate import Estimate, Range, end_cells, end_columns
from medtune.metrics.intervals import f1 as f1_estimate
from medtune.metrics.intervals import share
from medtune.metrics.significance import difference_of
from medtune.metrics.span_scores import SpanDocument, count_spans
from medtune.studies.maccrobat.analysis.corrected import Compared, verdicts

NOTES = 10_000
UNITS = (("hours", 1), ("minutes", 60), ("seconds", 3600))
"""Of durations in words, each with its number in an hour."""
STREAMING, TOGETHER = "streaming", "together"
Mode = Literal["streaming", "together"]
BATCH_SIZES = (8, 16, 32)
SPEED_COLUMNS = (
    "device",
    "precision",
    "mode",
    "batch_size",
    "rounds",
    "documents",
    "words",
    *end_columns("documents_per_second", "words_per_second", "latency_ms", "latency_ms_p95", "hours_for_10000"),
)
PRECISION_COLUMNS = (
    "device",
    "precision",
    *end_columns("f1", "f1_less_fp32"),
    "p_holm",
    "finding",
    *end_columns("same_tags", "speed_ratio"),
    "weights_mb",
    "peak_memory_mb",
    "documents",
)
STREAMING_COLUMNS = ("device", "precision", "batch_size", *end_columns("ratio"))


class Variant(NamedTuple):
    """Where and in which precision a tagger runs. precision: "fp32", "bf16", "fp16" or "int8"."""

    device: str
    precision: str


class Way(NamedTuple):
    """How documents go through the tagger. streaming: one after the other, each as it comes; together: all handed over
    at once. batch_size: windows in a forward pass, at most."""

    mode: Mode
    batch_size: int


WAYS = (
    Way(STREAMING, 1),
    Way(STREAMING, max(BATCH_SIZES)),
    *(Way(TOGETHER, size) for size in BATCH_SIZES),
)


def ways_with(batch_size: int) -> tuple[Way, ...]:
    """`WAYS`, and the one in which documents are tagged in the study, should it not be among them."""
    used = Way(TOGETHER, batch_size)
    return WAYS if used in WAYS else (*WAYS, used)


@dataclass(frozen=True)
class Round:
    """One timed pass over the documents. seconds: of each call of the tagger (of each document when streaming).
    documents, words: in the whole pass."""

    variant: Variant
    way: Way
    documents: int
    words: int
    seconds: tuple[float, ...]

    @property
    def documents_per_second(self) -> float:
        """Throughput of the pass."""
        return self.documents / sum(self.seconds)


@dataclass(frozen=True)
class Tagged:
    """What a variant gives for all documents of the split. tags: predicted, by document. weights_mb: memory that its
    weights take. peak_memory_mb: most memory while tagging, of the GPU on a GPU, else of the whole process."""

    variant: Variant
    tags: Sequence[Sequence[str]]
    weights_mb: float
    peak_memory_mb: float


def speed_rows(rounds: Sequence[Round]) -> list[dict]:
    """A row for each variant and way, in the order of the rounds, with columns `SPEED_COLUMNS`.

    Throughput is the median of the rounds, its ends are the slowest and the fastest of them; so are the hours. These
    ranges show how much the machine varied, they are no confidence intervals. Latencies, of streaming alone, are over
    the documents of all rounds, and their ends those of single rounds.
    """
    rows = []
    for (variant, way), group in _grouped(rounds).items():
        speeds = [found.documents_per_second for found in group]
        words_each = group[0].words / group[0].documents
        latencies = [[1000 * seconds for seconds in found.seconds] for found in group if way.mode == STREAMING]
        measured = Range(median(speeds), min(speeds), max(speeds))
        rows.append(
            {
                **variant._asdict(),
                **way._asdict(),
                "rounds": len(group),
                "documents": group[0].documents,
                "words": group[0].words,
                **end_cells("documents_per_second", measured),
                **end_cells("words_per_second", Range(*(speed * words_each for speed in measured))),
                **end_cells("latency_ms", _over_rounds(latencies, median)),
                **end_cells("latency_ms_p95", _over_rounds(latencies, _percentile_95)),
                **end_cells("hours_for_10000", Range(*map(hours_for, (measured.value, measured.high, measured.low)))),
            }
        )
    return rows


def _over_rounds(latencies: Sequence[Sequence[float]], statistic: Callable[[Sequence[float]], float]) -> Range | None:
    """A statistic over the documents of all rounds, and its least and greatest value in a round."""
    if not latencies:
        return None
    by_round = [statistic(one) for one in latencies]
    value = statistic([seconds for one in latencies for seconds in one])
    return Range(value, min(value, *by_round), max(value, *by_round))


def _percentile_95(values: Sequence[float]) -> float:
    return float(np.percentile(values, 95))


def hours_for(documents_per_second: float, notes: int = NOTES) -> float:
    """Hours for so many notes as long as the timed documents."""
    return notes / documents_per_second / 3600


def streaming_rows(rounds: Sequence[Round]) -> list[dict]:
    """For each variant, how many times as fast documents are together as streaming, at the largest batch, with columns
    `STREAMING_COLUMNS`. The range sets the slowest round of the one against the fastest of the other."""
    size = max(BATCH_SIZES)
    groups = _grouped(rounds)
    rows = []
    for variant in dict.fromkeys(found.variant for found in rounds):
        together, streaming = (
            [found.documents_per_second for found in groups[variant, Way(mode, size)]] for mode in (TOGETHER, STREAMING)
        )
        ratio = Range(
            median(together) / median(streaming), min(together) / max(streaming), max(together) / min(streaming)
        )
        rows.append({**variant._asdict(), "batch_size": size, **end_cells("ratio", ratio)})
    return rows


def precision_rows(found: Sequence[Tagged], gold: Sequence[Sequence[str]], rounds: Sequence[Round]) -> list[dict]:
    """A row for each variant, with columns `PRECISION_COLUMNS`.

    gold: tags of each document of the split.  f1: strict micro, and its difference to fp32 on the same device, paired
    by document, both with intervals over them; the finding is by a test that is corrected for all rows.  same_tags:
    share of words tagged as with fp32.  speed_ratio: words per second by those of fp32, together at the largest batch;
    its range sets the slowest round of the one against the fastest of the other.
    """
    wanted = [spans_of(tags) for tags in gold]
    speeds = {
        (row["device"], row["precision"]): Range(*(row[column] for column in end_columns("words_per_second")))
        for row in speed_rows(rounds)
        if (row["mode"], row["batch_size"]) == (TOGETHER, max(BATCH_SIZES))
    }
    references = {tagged.variant.device: tagged for tagged in found if tagged.variant.precision == "fp32"}
    counts = [_f1_counts(wanted, tagged.tags) for tagged in found]
    of_reference = [_f1_counts(wanted, references[tagged.variant.device].tags) for tagged in found]
    nothing = Contrast(None, None, None)
    compared = [
        Compared(
            nothing if tagged.variant.precision == "fp32" else difference_of(*pair, f1_of_counts),
            "better than fp32",
            "worse than fp32",
        )
        for tagged, pair in zip(found, zip(counts, of_reference, strict=True), strict=True)
    ]
    rows = []
    for tagged, own, one, said in zip(found, counts, compared, verdicts(compared, len(gold)), strict=True):
        reference = references[tagged.variant.device]
        itself = tagged is reference
        here, fp32 = speeds[tagged.variant], speeds[reference.variant]
        ratio = Range(here.value / fp32.value, here.low / fp32.high, here.high / fp32.low)
        rows.append(
            {
                **tagged.variant._asdict(),
                **end_cells("f1", f1_estimate(own)),
                **end_cells("f1_less_fp32", one.difference),
                "p_holm": said.p_holm,
                "finding": "the reference" if itself else said.finding,
                **end_cells("same_tags", None if itself else _same(tagged.tags, reference.tags)),
                **end_cells("speed_ratio", Range(1.0, None, None) if itself else ratio),
                "weights_mb": tagged.weights_mb,
                "peak_memory_mb": tagged.peak_memory_mb,
                "documents": len(gold),
            }
        )
    return rows


def hours_in_words(row: dict) -> str:
    """The estimate for many notes, of a row of `speed_rows`, as a sentence."""
    hours = row["hours_for_10000"]
    unit, each = next((unit, each) for unit, each in UNITS if hours * each >= 1 or each == UNITS[-1][1])
    value, low, high = (f"{row[column] * each:.1f}" for column in end_columns("hours_for_10000"))
    return (
        f"{NOTES:,} notes of {row['words'] / row['documents']:.0f} words take {value} {unit} ({low} to {high} over "
        f"{row['rounds']} rounds) on {row['device']} in {row['precision']}, {row['batch_size']} windows a batch."
    )


def _grouped(rounds: Sequence[Round]) -> dict[tuple[Variant, Way], list[Round]]:
    groups: dict[tuple[Variant, Way], list[Round]] = {}
    for found in rounds:
        groups.setdefault((found.variant, found.way), []).append(found)
    return groups


def _f1_counts(wanted: Sequence[Sequence], tags: Sequence[Sequence[str]]) -> np.ndarray:
    return count_spans(SpanDocument(g, spans_of(p)) for g, p in zip(wanted, tags, strict=True)).f1_counts()


def _same(tags: Sequence[Sequence[str]], others: Sequence[Sequence[str]]) -> Estimate:
    equal = [sum(a == b for a, b in zip(*pair, strict=True)) for pair in zip(tags, others, strict=True)]
    return share(equal, [len(row) for row in tags])
