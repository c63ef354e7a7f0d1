"""What the models of the four entity types take for one another's entities."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from medtune.metrics.span_matching import match_spans
from medtune.studies.radgraph.found import Found
from medtune.studies.radgraph.reports import LABELS
from medtune.studies.radgraph.runs import Run
from medtune.studies.radgraph.score import span_of

NONE = "none"
CONFUSION_COLUMNS = ("model", "view", "first", "second", "count")
VIEWS = ("gold and predicted", "claimed by both", "written as another type")


def confusion(runs: Sequence[Run], split: str) -> dict[str, dict[str, int]]:
    """Counts by gold label, then by the entity type whose model claims the span; "none" on either side.

    Each model's spans are paired with the gold spans of all types, one-to-one, equal boundaries first, then by
    overlap. A gold span that several models claim counts for each of them, and for "none" when no model does.
    """
    table = {gold: dict.fromkeys([*LABELS, NONE], 0) for gold in [*LABELS, NONE]}
    for outcomes in zip(*(run.outcomes[split] for run in runs), strict=True):
        gold = [span for outcome in outcomes for span in outcome.gold]
        claimed: set[int] = set()
        for run, outcome in zip(runs, outcomes, strict=True):
            matches = match_spans(gold, [span_of(found) for found in outcome.found])
            pairs = [*matches.exact, *matches.overlapping]
            for number, _ in pairs:
                table[gold[number].label][run.entity] += 1
            claimed.update(number for number, _ in pairs)
            table[NONE][run.entity] += len(outcome.found) - len(pairs) + len(outcome.unplaced)
        for number, span in enumerate(gold):
            if number not in claimed:
                table[span.label][NONE] += 1
    return table


def claimed_by_both(runs: Sequence[Run], split: str) -> dict[tuple[str, str], int]:
    """For each two entity types, the pairs of entities, one of each model, that share a token."""
    counts = dict.fromkeys(combinations([run.entity for run in runs], 2), 0)
    for outcomes in zip(*(run.outcomes[split] for run in runs), strict=True):
        for (first, left), (second, right) in combinations(zip(runs, outcomes, strict=True), 2):
            counts[first.entity, second.entity] += sum(_share(a, b) for a in left.found for b in right.found)
    return counts


def confusion_rows(model: str, runs: Sequence[Run], split: str) -> list[dict]:
    """Rows of confusion.csv for one model, in three views; "first" and "second" are, in turn, gold and predicted
    type, two types whose models claim a shared token, and a model's type and the other one that it wrote."""
    written = Counter(
        (run.entity, label)
        for run in runs
        for outcome in run.outcomes[split]
        for label in [*(found.label for found in outcome.found), *outcome.unplaced]
        if label != run.entity
    )
    cells = [
        *((VIEWS[0], gold, label, n) for gold, row in confusion(runs, split).items() for label, n in row.items()),
        *((VIEWS[1], *pair, n) for pair, n in claimed_by_both(runs, split).items()),
        *((VIEWS[2], *pair, n) for pair, n in sorted(written.items())),
    ]
    return [
        {"model": model, "view": view, "first": first, "second": second, "count": count}
        for view, first, second, count in cells
    ]


def _share(a: Found, b: Found) -> bool:
    return a.start_token <= b.end_token and b.start_token <= a.end_token
