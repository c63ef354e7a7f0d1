"""The summary in words and pictures. Everything shown here was computed before."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from medtune.metrics.significance import p_text
from medtune.reporting.plots import plot_confusions, plot_groups
from medtune.reporting.prose import difference_text, interval_text, short_text
from medtune.reporting.tables import estimate_text, markdown_table, percent
from medtune.studies.radgraph.runs import MODELS, Run, by_entity

NAMES = {"base": "base model", "practised": "base model, practised form", "adapter": "adapter"}
SYNTHETIC = (
    "The reports are synthetic. The figures show that the workflow works, and how much of a task that is new to the "
    "base model an adapter learns: sentences, templates and pairs of terms of the validation and test reports are not "
    "in its pre-training text, nor in the training reports. They say nothing about real reports."
)
PRACTISED = (
    "Practised form: the base model is asked as its pre-training text asks, or in its chat template, and its answers "
    "are read leniently."
)
HTML_PAGES = {
    "entities": (
        "RadGraph study: entity types, before and after training",
        "Strict: boundaries and type; exact: boundaries; partial: half a point for an overlap; type: type and an "
        "overlap; RadGraph: sets of tokens and type. Values that are not in the sentence are false positives. "
        "Intervals are 95 %, over reports.",
    ),
    "comparisons": (
        "RadGraph study: base model and adapters on the test reports",
        "Strict F1 of the adapter and of the base model, asked in the study's form (base) and in its practised form; "
        "paired permutation over reports, Holm-corrected over all rows. A tie is an adjusted p of 0.05 or more.",
    ),
    "thresholds": (
        "RadGraph study: reports accepted without review",
        "The threshold is the least at which the target share of accepted validation reports is right with the lower "
        "end of its 95 % interval; there is none where the confidence does not tell right reports from wrong ones "
        "(interval of the area under the ROC curve down to 0.5). A report's "
        "confidence is the least of all its items and of the ends of its lists. Right means that nothing is missed "
        "and nothing spurious. Reports with an output that does not parse, or a value that is not in the text, are "
        "never accepted; those without any prediction count like the others. Ready: the lower end of the accuracy's "
        "95 % interval on the test reports reaches the target.",
    ),
}


def with_caution(text: str, synthetic: bool) -> str:
    """A text, and what figures of synthetic reports show."""
    return f"{text} {SYNTHETIC}" if synthetic else text


def headline(runs: Mapping[str, Sequence[Run]], synthetic: bool = False) -> str:
    """The study's result in one line of plain text."""
    parts = [
        f"{adapter.entity} {estimate_text(_test(adapter)['strict_f1'])} against "
        f"{short_text(_test(base)['strict_f1'])} and {short_text(_test(practised)['strict_f1'])}"
        for base, practised, adapter in by_entity(runs)
    ]
    kind = "synthetic test reports" if synthetic else "test reports"
    return f"strict F1 on the {kind}, adapter against base model in the study's and its own form: {'; '.join(parts)}\n"


def figures(
    runs: Mapping[str, Sequence[Run]], confusions: Mapping[str, Mapping], synthetic: bool = False
) -> dict[str, Figure]:
    """The plots by name: strict_f1, confusion. confusions: tables by model."""
    reports = f"{_test(runs['base'][0])['n_reports']} {'synthetic ' if synthetic else ''}test reports"
    return {
        "strict_f1": plot_groups(
            [run.entity for run in runs["base"]],
            [(NAMES[model], [_test(run)["strict_f1"] for run in runs[model]]) for model in MODELS],
            title=f"Strict F1 on {reports}, 95 % intervals over reports",
            y_label="strict F1",
        ),
        "confusion": plot_confusions(
            [(NAMES[model], confusions[model]) for model in MODELS],
            title=f"Entities by gold type and by the model that claims them, {reports}",
        ),
    }


def summary_page(
    runs: Mapping[str, Sequence[Run]],
    rows: Mapping[str, Sequence[dict]],
    merged: Mapping[tuple[str, str], Mapping],
    pictures: Mapping[str, str],
    synthetic: bool = False,
) -> str:
    """The one-page summary in Markdown.

    rows: of the tables, by name.  merged: figures by model and split.  pictures: path of each plot, by name.
    """
    sections = [
        "# RadGraph study: summary",
        "One adapter for each entity type, on the same base model. Figures are of the test reports, with 95 % "
        "intervals over reports, unless said otherwise; a value that is not in its sentence is a false positive, and "
        f"an output without a list finds nothing. {with_caution(PRACTISED, synthetic)}",
        f"## Entity types\n\n{_entity_table(runs)}\n\n![Strict F1 by entity type]({pictures['strict_f1']})",
        f"## Base model and adapters\n\n{_comparison_table(rows['comparisons'])}",
        f"## Sentences with and without the entity\n\n{_parts_table(runs)}",
        *_readers_section(runs),
        f"## Confusion\n\n{_confusion_words(rows['confusion'])}\n\n![Confusion]({pictures['confusion']})",
        f"## The four outputs as one annotation\n\n{_merged_section(merged, rows['merged'])}",
        f"## Reports without review\n\n{_threshold_section(rows['thresholds'])}",
    ]
    return "\n\n".join(sections) + "\n"


def _entity_table(runs: Mapping[str, Sequence[Run]]) -> str:
    shares = {
        "strict_f1": "strict F1",
        "exact_f1": "exact F1",
        "partial_f1": "partial F1",
        "type_f1": "type F1",
        "radgraph_f1": "RadGraph F1",
        "report_match": "reports without error",
        "parse_rate": "outputs that parse",
        "ungroundable_rate": "values not in the sentence",
        "raw_offset_accuracy": "right offsets as written",
    }
    rows = [
        [name, members[0].entity, *(estimate_text(_test(run)[key]) for run in members)]
        for key, name in shares.items()
        for members in by_entity(runs)
    ]
    return markdown_table(rows, ["figure", "entity", *(NAMES[model] for model in MODELS)])


def _comparison_table(comparisons: Sequence[dict]) -> str:
    rows = [
        [
            row["entity"],
            NAMES[row["against"]],
            f"{interval_text(row, 'against_strict_f1')} / {interval_text(row, 'adapter_strict_f1')}",
            difference_text(row),
            p_text(row["p_holm"], row["p_value"]),
            row["verdict"],
        ]
        for row in comparisons
    ]
    note = "Strict F1 on the same reports: paired permutation over reports, Holm-corrected over all rows."
    headers = ["entity", "against", "base / adapter", "difference", "p after Holm", "verdict"]
    return f"{note}\n\n{markdown_table(rows, headers)}"


def _parts_table(runs: Mapping[str, Sequence[Run]]) -> str:
    rows = []
    for run in runs["adapter"]:
        test = _test(run)
        rows.append(
            [
                run.entity,
                f"{test['with_gold']['n']} / {test['without_gold']['n']}",
                estimate_text(test["with_gold"]["strict_f1"]),
                estimate_text(test["false_alarms_per_sentence"], as_percent=False),
                estimate_text(test["seen"]["strict_f1"]),
                estimate_text(test["unseen"]["strict_f1"]),
            ]
        )
    headers = [
        "entity",
        "sentences with / without",
        "strict F1 where there are some",
        "false alarms per sentence without",
        "strict F1, sentence also in training",
        "strict F1, new sentence",
    ]
    note = (
        "Of the adapters. Radiologists write the same sentences again and again; those that also stand in a training "
        "report are easier."
    )
    return f"{note}\n\n{markdown_table(rows, headers)}"


def _readers_section(runs: Mapping[str, Sequence[Run]]) -> list[str]:
    """The adapters against each reader, where there are reports read twice."""
    rows = [
        [run.entity, *(estimate_text(found["strict_f1"]) for found in _test(run)["readers"].values())]
        for run in runs["adapter"]
        if _test(run)["readers"]
    ]
    if not rows:
        return []
    note = "Strict F1 of the adapters on the reports that two radiologists read, against each of them."
    names = list(_test(runs["adapter"][0])["readers"])
    return [f"## The two readers\n\n{note}\n\n{markdown_table(rows, ['entity', *names])}"]


def _confusion_words(rows: Sequence[dict]) -> str:
    of_adapters = [row for row in rows if row["model"] == "adapter" and row["count"]]
    twice = [row for row in of_adapters if row["view"] == "claimed by both"]
    other = [row for row in of_adapters if row["view"] == "written as another type"]
    claims = "; ".join(f"{row['first']} and {row['second']} {row['count']}" for row in twice) or "none"
    types = "; ".join(f"{row['first']} as {row['second']} {row['count']}" for row in other) or "none"
    return f"Words that two adapters claim: {claims}. Items that an adapter wrote under another type: {types}."


def _merged_section(merged: Mapping[tuple[str, str], Mapping], rows: Sequence[dict]) -> str:
    conflicts = {(row["model"], row["split"]): row["conflicts"] for row in rows}
    lines = [
        [
            NAMES[model],
            estimate_text(merged[model, "test"]["strict_f1"]),
            estimate_text(merged[model, "test"]["radgraph_f1"]),
            estimate_text(merged[model, "test"]["report_match"]),
            conflicts[model, "test"],
        ]
        for model in MODELS
    ]
    note = (
        "A token belongs to one entity; where two models claim it, the surer one has it. Figures are micro over the "
        "four types. What had to give way is in the table of conflicts."
    )
    headers = ["model", "strict F1", "RadGraph F1", "reports without error", "conflicts"]
    return f"{note}\n\n{markdown_table(lines, headers)}"


def _threshold_section(rows: Sequence[dict]) -> str:
    lines = [
        [
            row["entity"],
            interval_text(row, "validation_auroc", as_percent=False),
            "none" if row["threshold"] is None else row["threshold"],
            f"{row['test_accepted']} of {row['test_n']}",
            interval_text(row, "automation_rate"),
            interval_text(row, "accuracy"),
            f"{row['missed_in_accepted']} of {row['gold_in_accepted']}",
            "yes" if row["ready"] else "no",
        ]
        for row in rows
    ]
    note = (
        "A report's confidence is the least of all its items and list ends: of the braces, values and brackets, not of "
        "the keys. The threshold was chosen on validation: the least one at which "
        f"{percent(rows[0]['target'])} of the accepted reports are right in full, with the lower end of the interval, "
        "and none where confidence does not tell right reports from wrong ones (interval of the area under the ROC "
        "curve, AUROC, down to 0.5). Ready means that the lower end on the test reports reaches the target too; unless "
        "it does for all types together, `annotate` accepts no report without review."
    )
    headers = [
        "entity",
        "AUROC on validation",
        "threshold",
        "accepted",
        "automation rate",
        "right among accepted",
        "entities missed",
        "ready",
    ]
    return f"{note}\n\n{markdown_table(lines, headers)}"


def _test(run: Run) -> Mapping:
    return run.splits["test"]
