"""Findings in words, from the records of the analyses. Each sentence follows from the figures in it.

A difference whose interval includes zero, or which the correction for all differences of the page (Holm 1979) undoes,
is reported as no difference shown. One that is shown is a key finding, or a surprising result where it runs against
what was expected beforehand; the expectations are stated below.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medtune.metrics.contrasts import NO_DIFFERENCE, Contrast, contrast
from medtune.metrics.estimate import ENDS, Estimate
from medtune.metrics.significance import ALPHA
from medtune.reporting.prose import counted, figure_text, interval_text, listed, points
from medtune.studies.maccrobat.analysis.comparison import configuration_name, tagger_name
from medtune.studies.maccrobat.analysis.confidence import RAW, SPANS
from medtune.studies.maccrobat.analysis.corrected import corrected
from medtune.studies.maccrobat.analysis.errors import BOUNDARY, TYPE

KEY, SURPRISING, NOT_SHOWN = "key finding", "surprising result", NO_DIFFERENCE
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """name: what it is about. kind: KEY, SURPRISING or NOT_SHOWN. value, low, high: the figure behind the sentence."""

    name: str
    kind: str
    text: str
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Expected:
    """What a difference says in words when it is above zero, and when below. sign: what was expected, +1, -1, or 0 for
    no expectation. subject: what is compared."""

    subject: str
    above: str
    below: str
    sign: int = 0
    unit: str = "points"


@dataclass(frozen=True)
class Judged:
    """A difference that is still to be judged, together with all others. figure: it in words, where it is not one in
    percentage points. none: what is said where it is not shown."""

    name: str
    difference: Contrast
    expected: Expected
    figure: str = ""
    none: str = NO_DIFFERENCE


@dataclass(frozen=True)
class Records:
    """The records (JSON) of the study: the choice of the run; its types, errors, confidence, speed and readiness."""

    choice: Record
    types: Record
    errors: Record
    confidence: Record
    speed: Record
    readiness: Record


def findings(records: Records) -> list[Finding]:
    """Everything worth a sentence, in the order of the analyses."""
    items = [
        *_overall(records.choice),
        *_runs(records.choice),
        *_seeds(records.choice),
        *_tiers(records.types),
        *_weakest(records.types),
        *_error_classes(records.errors),
        *_confusions(records.errors),
        *_lengths(records.errors),
        *_confidence(records.confidence, records.readiness["recommendation"]["confidence"]),
        *_precisions(records.speed),
    ]
    judged = [item for item in items if isinstance(item, Judged) and item.difference.value is not None]
    documents = records.choice["test"]["micro_f1"]["n"]
    adjusted = iter(corrected([item.difference for item in judged], documents))
    kept = [item for item in items if isinstance(item, Finding) or item.difference.value is not None]
    return [item if isinstance(item, Finding) else judge(item, next(adjusted)) for item in kept]


def recommendations(records: Records, found: Sequence[Finding]) -> list[str]:
    """What to do: which run, what may go without review, how long it takes, and what the findings (those of `findings`)
    say of more annotation. Only readiness speaks of thresholds, and only the choice of a run."""
    shown = {finding.name: finding for finding in found if finding.kind != NOT_SHOWN}
    return [
        records.choice["reason"],
        *records.readiness["sentences"],
        records.speed["hours"],
        *_more_examples(records.types, shown),
        *_boundaries_or_types(shown),
    ]


def judge(item: Judged, adjusted: float) -> Finding:
    """A difference that has a value as a finding. adjusted: its p-value after the correction."""
    difference, expected = item.difference, item.expected
    figure = item.figure or points(difference.value, difference.low, difference.high, of=expected.unit)
    if not difference.shown or adjusted >= ALPHA:
        undone = ", which the correction for all comparisons undoes" if difference.shown else ""
        text, kind = f"{expected.subject}: {item.none}, {figure}{undone}.", NOT_SHOWN
    else:
        sign = 1 if difference.value > 0 else -1
        text, kind = f"{expected.above if sign > 0 else expected.below}: {figure}.", KEY
        if sign == -expected.sign:
            text, kind = f"{text} The opposite was expected.", SURPRISING
    return Finding(item.name, kind, text, difference.value, difference.low, difference.high)


def _overall(choice: Record) -> Iterator[Finding]:
    test = {name: Estimate(**estimate) for name, estimate in choice["test"].items()}
    micro = test["micro_f1"]
    yield Finding(
        "micro-F1",
        KEY,
        f"{tagger_name(choice['chosen'])} has a strict micro-F1 of {figure_text(micro)} on the test documents, "
        f"and a macro-F1 of {figure_text(test['macro_f1'])}.",
        micro.value,
        micro.low,
        micro.high,
    )
    recall = test["all_gold_recall"]
    yield Finding(
        "recall of all gold",
        KEY,
        f"It finds {figure_text(test['recall'])} of the entities that flat tags can hold, and {figure_text(recall)} of "
        "all gold entities.",
        recall.value,
        recall.low,
        recall.high,
    )


def _runs(choice: Record) -> Iterator[Finding]:
    """Other runs against the chosen one, judged after Holm's correction: an interval alone is of one comparison."""
    for row in choice["comparisons"]:
        difference = Contrast(*(row[f"difference{end}"] for end in ENDS))
        figure = points(difference.value, difference.low, difference.high, of="F1 points")
        name, chosen = tagger_name(row), tagger_name(choice["chosen"])
        if row["verdict"] == "tie" or not difference.shown:
            text, kind = f"{name} against the chosen {chosen}: {NO_DIFFERENCE} on test, {figure}", NOT_SHOWN
            text += f"{', which the correction for all comparisons undoes' if difference.shown else ''}."
        elif row["verdict"] == "worse":
            text, kind = f"{name} is worse than the chosen {chosen} on test: {figure}.", KEY
        else:
            text = f"{name} is better on test than {chosen}, which was chosen without it: {figure}."
            kind = SURPRISING
        yield Finding(f"{name} against the chosen run", kind, text, difference.value, difference.low, difference.high)


def _seeds(choice: Record) -> Iterator[Finding]:
    for row in choice["seeds"]:
        if row["seed_sd"] is not None:
            name = configuration_name((row["encoder"], row["lr"]))
            yield Finding(
                f"seeds of {name}",
                KEY,
                f"{name} has a mean micro-F1 of {interval_text(row, 'mean_micro_f1')} over {row['seeds']} seeds, with "
                f"a standard deviation of {100 * row['seed_sd']:.1f} points between seeds; the interval comes from "
                f"having only {counted(row['n_documents'], 'test document')}.",
                *(row[f"mean_micro_f1{end}"] for end in ENDS),
            )


def _tiers(types: Record) -> Iterator[Finding | Judged]:
    for row in types["tier_differences"]:
        if row["average"] != "micro":
            continue
        first, second = row["first"], row["second"]
        yield Judged(
            _tier_name(row),
            Contrast(row["difference"], row["difference_low"], row["difference_high"]),
            Expected(
                f"Micro-F1 of {first} against {second} types",
                f"{first.capitalize()} types are found better than {second} ones",
                f"{second.capitalize()} types are found better than {first} ones, {first} less {second}",
                sign=1,
                unit="F1 points",
            ),
        )
    found = types["frequency_and_f1"]
    if found["rho"] is None:
        return
    yield Judged(
        "frequency and F1",
        Contrast(found["rho"], found["low"], found["high"]),
        Expected(
            "A type's frequency and its F1",
            "The more frequent a type, the better it is found",
            "The more frequent a type, the worse it is found",
            sign=1,
        ),
        figure=f"Spearman's rho {found['rho']:+.2f} ({found['low']:+.2f} to {found['high']:+.2f}, {found['n']} types)",
        none="no correlation shown",
    )


def _weakest(types: Record) -> Iterator[Finding]:
    below = [row for row in types["weakest"] if row["below_overall"]]
    for row in below[:1]:
        yield Finding(
            "weakest type",
            KEY,
            f"Found worse than all types together, corrected for the number of types: "
            f"{listed([one['type'] for one in below])}. The lowest: {row['type']}, F1 {interval_text(row, 'f1')} on "
            f"{counted(row['gold'], 'entity', 'entities')}.",
            row["f1"],
            row["f1_low"],
            row["f1_high"],
        )


def _error_classes(errors: Record) -> Iterator[Finding | Judged]:
    shares = {row["class"]: row for row in errors["classes"] if row["share_of_errors"] is not None}
    if not shares:
        return
    first = max(shares.values(), key=lambda row: (row["share_of_errors"], row["class"]))
    yield Finding(
        "most frequent class of errors",
        KEY,
        f"Of {counted(errors['errors'], 'error')} the largest class is “{first['class']}”: "
        f"{interval_text(first, 'share_of_errors')}.",
        *(first[f"share_of_errors{end}"] for end in ENDS),
    )
    yield Judged(BOUNDARY_NAME, _boundary_less_type(errors), BOUNDARY_OR_TYPE)


BOUNDARY_NAME = "boundary against type errors"
BOUNDARY_OR_TYPE = Expected(
    "Errors of the boundary alone against errors of the type alone",
    "Errors of the boundary alone are more frequent than of the type alone",
    "Errors of the type alone are more frequent than of the boundary alone",
)


def _boundary_less_type(errors: Record) -> Contrast:
    shares = {row["class"]: _estimate(row, "share_of_errors", row["count"]) for row in errors["classes"]}
    return contrast(shares[BOUNDARY], shares[TYPE])


def _confusions(errors: Record) -> Iterator[Finding]:
    for row in errors["pairs"][:1]:
        yield Finding(
            "most frequent confusion",
            KEY,
            f"The most frequent confusion: {row['gold']} taken for {row['predicted']}, {row['count']} of "
            f"{counted(row['gold_entities'], 'entity', 'entities')}, {interval_text(row, 'share_of_gold')}.",
            *(row[f"share_of_gold{end}"] for end in ENDS),
        )


def _lengths(errors: Record) -> Iterator[Judged]:
    yield Judged(
        "single against several words",
        _contrast(errors["single_less_multi_f1"]),
        Expected(
            "F1 of single words against several",
            "Entities of a single word are found better than those of several",
            "Entities of several words are found better than single words, single less several",
            sign=1,
            unit="F1 points",
        ),
    )
    yield Judged(
        "boundary errors by length",
        _contrast(errors["multi_less_single_boundary_errors"]),
        Expected(
            "Boundary errors of several words against single ones",
            "Entities of several words have more boundary errors than single words",
            "Entities of several words have fewer boundary errors than single words",
            sign=1,
        ),
    )


def _confidence(confidence: Record, kind: str) -> Iterator[Judged]:
    yield Judged(
        "confidence of right and wrong predictions",
        _contrast(confidence["correct_less_wrong"][kind]),
        Expected(
            f"Mean {kind} confidence of right against wrong predictions",
            f"Right predictions are surer than wrong ones ({kind} confidence)",
            f"Wrong predictions are surer than right ones ({kind} confidence)",
            sign=1,
        ),
    )
    for row in confidence["calibration"]:
        if (row["level"], row["split"]) != (SPANS, "test"):
            continue
        means = [_estimate(row, name, row["n"]) for name in ("mean_confidence", "accuracy")]
        yield Judged(
            f"{row['confidence']} confidence against accuracy",
            contrast(*means),
            Expected(
                f"Mean {row['confidence']} confidence of predicted entities against the share that is right",
                f"The {row['confidence']} confidence of predicted entities is too high on average",
                f"The {row['confidence']} confidence of predicted entities is too low on average",
                sign=1 if row["confidence"] == RAW else 0,
            ),
        )


def _precisions(speed: Record) -> Iterator[Judged]:
    for row in speed["precision"]:
        name = f"{row['precision']} on {row['device']}"
        difference = Contrast(*(row[f"f1_less_fp32{end}"] for end in ENDS))
        fast = f", at {row['speed_ratio']:.2f} times the words per second of fp32"
        yield Judged(
            name,
            difference,
            Expected(
                f"F1 of {name} against fp32{fast}",
                f"{name} has a higher F1 than fp32{fast}",
                f"{name} has a lower F1 than fp32{fast}",
                sign=-1,
                unit="F1 points",
            ),
        )


def _more_examples(types: Record, shown: Mapping[str, Finding]) -> Iterator[str]:
    """More annotation of a rarer tier, only where it is shown to be found worse."""
    for row in types["tier_differences"]:
        found = shown.get(_tier_name(row)) if row["average"] == "micro" else None
        if found and found.value > 0:
            value, low, high = (100 * end for end in (found.value, found.low, found.high))
            yield (
                f"Annotate more of the {row['second']} types: they are behind the {row['first']} ones by "
                f"{value:.1f} F1 points ({low:.1f} to {high:.1f})."
            )


def _boundaries_or_types(shown: Mapping[str, Finding]) -> Iterator[str]:
    found = shown.get(BOUNDARY_NAME)
    if found:
        first, second = ("boundaries", "types") if found.value > 0 else ("types", "boundaries")
        figure = points(found.value, found.low, found.high)
        yield f"Work on {first} before {second}: their shares of the errors differ by {figure}, boundary less type."


def _tier_name(row: Record) -> str:
    return f"{row['first']} against {row['second']} types"


def _contrast(record: Record) -> Contrast:
    return Contrast(record["value"], record["low"], record["high"])


def _estimate(row: Record, name: str, n: int) -> Estimate:
    return Estimate(*(row[f"{name}{end}"] for end in ENDS), n, "")


def of_kind(found: Sequence[Finding], kind: str) -> list[Finding]:
    """The findings of one kind, in order."""
    return [finding for finding in found if finding.kind == kind]
