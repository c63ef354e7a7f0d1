"""Runs against `default` on the same documents, and which of them is chosen."""

from collections.abc import Sequence

from medtune.metrics.bootstrap import f1_of_counts
from medtune.metrics.significance import Difference, holm, paired_bootstrap
from medtune.tasks.relations.runs import DEFAULT, SPLITS, Run, Runs

COMPARISON_COLUMNS = (
    "run",
    "split",
    "entity_f1",
    "entity_f1_low",
    "entity_f1_high",
    "relation_f1",
    "relation_f1_low",
    "relation_f1_high",
    "relation_f1_gold_entities",
    "parse_rate",
    "repair_rate",
    "duplicates",
    "p_value_against_default",
    "n_documents",
)
SWITCH_COLUMNS = (
    "switch",
    "changes",
    "split",
    "n_documents",
    "entity_f1_difference",
    "entity_f1_difference_low",
    "entity_f1_difference_high",
    "relation_f1_difference",
    "relation_f1_difference_low",
    "relation_f1_difference_high",
    "p_value",
    "p_holm",
    "verdict",
    "labels",
)
HELPED, HARMED, UNTOLD = "helped", "harmed", "did no good or harm that could be told"


def against_default(runs: Runs, run: Run, split: str, kind: str, seed: int) -> Difference:
    """Difference of micro F1 between a run and `default`: paired bootstrap over documents. kind: as in `COUNTED`."""
    return paired_bootstrap(run.counts[split][kind], runs.default.counts[split][kind], f1_of_counts, seed)


def given_against_own(run: Run, seed: int) -> Difference:
    """What gold entities in place of a run's own change in its strict relation F1 on the test documents."""
    return paired_bootstrap(run.relations_given, run.counts["test"]["relation"], f1_of_counts, seed)


def comparison_rows(runs: Runs, seed: int) -> list[dict]:
    """Rows of comparison.csv: each run on validation and test.

    F1 is strict and micro. relation_f1_gold_entities: of the test documents, with their entities given. duplicates:
    repeated relations in what is scored. p_value_against_default: of the relation F1, without correction.
    """
    return [_comparison_row(runs, run, split, seed) for run in runs for split in SPLITS]


def switch_rows(runs: Runs, seed: int) -> list[dict]:
    """Rows of switches.csv but for `labels`: each switch on validation and test, with p-values corrected over the
    switches of a split."""
    by_split = {}
    for split in SPLITS:
        tests = [against_default(runs, run, split, "relation", seed) for run in runs.switches]
        by_split[split] = list(zip(tests, holm([test.p_value for test in tests]), strict=True))
    rows = []
    for number, run in enumerate(runs.switches):
        for split in SPLITS:
            test, p_holm = by_split[split][number]
            entities = against_default(runs, run, split, "entity", seed)
            values = (
                run.name,
                run.what,
                split,
                test.n,
                *(entities.value, entities.low, entities.high),
                *(test.value, test.low, test.high),
                test.p_value,
                p_holm,
                verdict(test),
            )
            rows.append(dict(zip(SWITCH_COLUMNS[:-1], values, strict=True)))
    return rows


def verdict(test: Difference) -> str:
    """What the 95 % interval of a difference says."""
    if test.low > 0:
        return HELPED
    return HARMED if test.high < 0 else UNTOLD


def choose(runs: Runs) -> Run:
    """The trained run with the highest strict relation F1 on validation; of equals `default`, then the one that changes
    fewer settings, then the first."""
    return max(runs.trained, key=lambda run: (validation_f1(run), run is runs.default, -len(run.changes)))


def equals(runs: Runs, chosen: Run) -> Sequence[Run]:
    """Other trained runs with the chosen one's relation F1 on validation."""
    return [run for run in runs.trained if run is not chosen and validation_f1(run) == validation_f1(chosen)]


def validation_f1(run: Run) -> float:
    """Strict relation F1 on validation; 0 where there is nothing gold or predicted."""
    return run.splits["validation"]["relation_f1"]["value"] or 0.0


def _comparison_row(runs: Runs, run: Run, split: str, seed: int) -> dict:
    found = run.splits[split]
    entity, relation = found["entity_f1"], found["relation_f1"]
    values = (
        run.name,
        split,
        *(entity["value"], entity["low"], entity["high"]),
        *(relation["value"], relation["low"], relation["high"]),
        found["relation_f1_gold_entities"]["value"] if split == "test" else None,
        found["parse_rate"]["value"],
        found["repair_rate"]["value"],
        found["duplicates"],
        None if run.name == DEFAULT else against_default(runs, run, split, "relation", seed).p_value,
        found["n"],
    )
    return dict(zip(COMPARISON_COLUMNS, values, strict=True))
