"""Findings in words, from the records of the analyses. Each sentence follows from the figures in it.

A difference whose interval includes zero, or which a correction for several comparisons undoes, is reported as no
difference shown. One that is shown is a key finding, or a surprising result where it runs against what was expected
beforehand; the expectations are stated in the calls below.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medtune.analysis.clustered import NO_DIFFERENCE, Contrast, contrast
from medtune.analysis.comparison import configuration_name
from medtune.analysis.confidence import RAW, SPANS
from medtune.analysis.errors import BOUNDARY, TYPE
from medtune.metrics.estimate import Estimate
from medtune.reporting.prose import counted, figure_text, interval_text, listed, points
from medtune.reporting.tables import percent

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
class Records:
    """The records (JSON) of the study: the choice of the run; its types, errors, confidence, speed and readiness; and
    the selection."""

    choice: Record
    types: Record
    errors: Record
    confidence: Record
    speed: Record
    readiness: Record
    selection: Record


def findings(records: Records) -> list[Finding]:
    """Everything worth a sentence, in the order of the analyses."""
    return [
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


def recommendations(records: Records) -> list[str]:
    """What to do, from the figures of readiness, confidence, selection, speed and types."""
    kind = records.readiness["recommendation"]["confidence"]
    return [
        *records.readiness["sentences"],
        records.confidence["recommendation"][kind]["words"],
        records.selection["agreement"],
        *records.speed["hours"],
        *_more_examples(records.types),
        *_boundaries_or_types(records.errors),
    ]


def judge(name: str, difference: Contrast, expected: Expected) -> list[Finding]:
    """One difference as a finding; none where there was nothing to compare."""
    if difference.value is None:
        return []
    figure = points(difference.value, difference.low, difference.high, of=expected.unit)
    if not difference.shown:
        text, kind = f"{expected.subject}: {NO_DIFFERENCE}, {figure}.", NOT_SHOWN
    else:
        sign = 1 if difference.value > 0 else -1
        text, kind = f"{expected.above if sign > 0 else expected.below}: {figure}.", KEY
        if sign == -expected.sign:
            text, kind = f"{text} The opposite was expected.", SURPRISING
    return [Finding(name, kind, text, difference.value, difference.low, difference.high)]


def _overall(choice: Record) -> Iterator[Finding]:
    test = {name: Estimate(**estimate) for name, estimate in choice["test"].items()}
    micro = test["micro_f1"]
    yield Finding(
        "micro-F1",
        KEY,
        f"{_run(choice['chosen'])} has a strict micro-F1 of {figure_text(micro)} on the test documents, and a macro-F1 "
        f"of {figure_text(test['macro_f1'])}.",
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
        difference = Contrast(*(row[f"difference{end}"] for end in ("", "_low", "_high")))
        figure = points(difference.value, difference.low, difference.high, of="F1 points")
        name, chosen = _run(row), _run(choice["chosen"])
        if row["verdict"] == "tie" or not difference.shown:
            text, kind = f"{name} against the chosen {chosen}: {NO_DIFFERENCE} on test, {figure}", NOT_SHOWN
            text += f"{', which the correction for all comparisons undoes' if difference.shown else ''}."
        elif row["verdict"] == "worse":
            text, kind = f"{name} is worse than the chosen {chosen} on test: {figure}.", KEY
        else:
            text = f"{name} is better on test than {chosen}, which validation chose: {figure}."
            kind = SURPRISING
        yield Finding(f"{name} against the chosen run", kind, text, difference.value, difference.low, difference.high)


def _seeds(choice: Record) -> Iterator[Finding]:
    for row in choice["seeds"]:
        if row["seed_sd"] is not None:
            name = configuration_name((row["encoder"], row["lr"]))
            yield Finding(
                f"seeds of {name}",
                KEY,
                f"{name} has a mean micro-F1 of {percent(row['mean_micro_f1'])} over {row['seeds']} seeds, with a "
                f"standard deviation of {100 * row['seed_sd']:.1f} points between seeds; from having only "
                f"{counted(row['n_documents'], 'test document')} the mean is known to {100 * row['sampling_low']:.1f}–"
                f"{100 * row['sampling_high']:.1f} %.",
                row["mean_micro_f1"],
                row["sampling_low"],
                row["sampling_high"],
            )


def _tiers(types: Record) -> Iterator[Finding]:
    for row in types["tier_differences"]:
        if row["average"] != "micro":
            continue
        first, second = row["first"], row["second"]
        yield from judge(
            f"{first} against {second} types",
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
    difference = Contrast(found["rho"], found["low"], found["high"])
    figure = f"Spearman's rho {found['rho']:+.2f} ({found['low']:+.2f} to {found['high']:+.2f}, {found['n']} types)"
    if not difference.shown:
        text, kind = f"A type's frequency and its F1: no correlation shown, {figure}.", NOT_SHOWN
    elif found["rho"] > 0:
        text, kind = f"The more frequent a type, the better it is found: {figure}.", KEY
    else:
        text = f"The more frequent a type, the worse it is found: {figure}. The opposite was expected."
        kind = SURPRISING
    yield Finding("frequency and F1", kind, text, found["rho"], found["low"], found["high"])


def _weakest(types: Record) -> Iterator[Finding]:
    below = [row for row in types["weakest"] if row["below_overall"]]
    for row in below[:1]:
        yield Finding(
            "weakest type",
            KEY,
            f"Found worse than all types together, even by the upper end of the interval: "
            f"{listed([one['type'] for one in below])}. The lowest: {row['type']}, F1 {interval_text(row, 'f1')} on "
            f"{counted(row['gold'], 'entity', 'entities')}.",
            row["f1"],
            row["f1_low"],
            row["f1_high"],
        )


def _error_classes(errors: Record) -> Iterator[Finding]:
    shares = {row["class"]: row for row in errors["classes"] if row["share_of_errors"] is not None}
    if not shares:
        return
    first = max(shares.values(), key=lambda row: (row["share_of_errors"], row["class"]))
    yield Finding(
        "most frequent class of errors",
        KEY,
        f"Of {counted(errors['errors'], 'error')} the largest class is “{first['class']}”: "
        f"{interval_text(first, 'share_of_errors')}.",
        *(first[f"share_of_errors{end}"] for end in ("", "_low", "_high")),
    )
    yield from judge("boundary against type errors", _boundary_less_type(errors), BOUNDARY_OR_TYPE)


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
            *(row[f"share_of_gold{end}"] for end in ("", "_low", "_high")),
        )


def _lengths(errors: Record) -> Iterator[Finding]:
    yield from judge(
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
    yield from judge(
        "boundary errors by length",
        _contrast(errors["multi_less_single_boundary_errors"]),
        Expected(
            "Boundary errors of several words against single ones",
            "Entities of several words have more boundary errors than single words",
            "Entities of several words have fewer boundary errors than single words",
            sign=1,
        ),
    )


def _confidence(confidence: Record, kind: str) -> Iterator[Finding]:
    yield from judge(
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
        yield from judge(
            f"{row['confidence']} confidence against accuracy",
            contrast(*means),
            Expected(
                f"Mean {row['confidence']} confidence of predicted entities against the share that is right",
                f"The {row['confidence']} confidence of predicted entities is too high on average",
                f"The {row['confidence']} confidence of predicted entities is too low on average",
                sign=1 if row["confidence"] == RAW else 0,
            ),
        )


def _precisions(speed: Record) -> Iterator[Finding]:
    for row in speed["precision"]:
        name = f"{row['precision']} on {row['device']}"
        difference = Contrast(*(row[f"f1_less_fp32{end}"] for end in ("", "_low", "_high")))
        fast = f", at {row['speed_ratio']:.2f} times the words per second of fp32"
        yield from judge(
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


def _more_examples(types: Record) -> Iterator[str]:
    """More annotation of a rarer tier, only where it is shown to be found worse."""
    for row in types["tier_differences"]:
        difference = Contrast(row["difference"], row["difference_low"], row["difference_high"])
        if row["average"] == "micro" and difference.value is not None and difference.low > 0:
            value, low, high = (100 * end for end in (difference.value, difference.low, difference.high))
            yield (
                f"Annotate more of the {row['second']} types: they are behind the {row['first']} ones by "
                f"{value:.1f} F1 points ({low:.1f} to {high:.1f})."
            )


def _boundaries_or_types(errors: Record) -> Iterator[str]:
    difference = _boundary_less_type(errors)
    if difference.shown:
        first, second = ("boundaries", "types") if difference.value > 0 else ("types", "boundaries")
        figure = points(difference.value, difference.low, difference.high)
        yield f"Work on {first} before {second}: their shares of the errors differ by {figure}, boundary less type."


def _run(key: Record) -> str:
    return f"{configuration_name((key['encoder'], key['lr']))}, seed {key['seed']}"


def _contrast(record: Record) -> Contrast:
    return Contrast(record["value"], record["low"], record["high"])


def _estimate(row: Record, name: str, n: int) -> Estimate:
    return Estimate(*(row[f"{name}{end}"] for end in ("", "_low", "_high")), n, "")


def of_kind(found: Sequence[Finding], kind: str) -> list[Finding]:
    """The findings of one kind, in order."""
    return [finding for finding in found if finding.kind == kind]
