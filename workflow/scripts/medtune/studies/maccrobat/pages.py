"""The comparison of encoders in words and pictures. Everything shown here was computed before."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from medtune.metrics.over_seeds import LEAST_SEEDS
from medtune.metrics.significance import p_text
from medtune.reporting.plots import Bar, plot_bars
from medtune.reporting.prose import (
    Document,
    Heading,
    Items,
    Paragraph,
    Picture,
    Table,
    counted,
    difference_text,
    figure_text,
    interval_text,
    listed,
)
from medtune.studies.maccrobat.analysis.comparison import TaggerRun, configuration_name, tagger_name

HTML_PAGES = {
    "models": (
        "MACCROBAT study: all runs",
        "Strict micro- and macro-F1, precision and recall on the test documents; 95 % intervals over documents. "
        " all_gold_recall is of all gold entities, also of those that flat tags do not hold: nested ones are "
        "found where a prediction is exactly the dropped one, discontinuous ones never. words_per_second is the median "
        "of repeated rounds. The choice was made without the test documents; the chosen run stands out.",
    ),
    "comparisons": (
        "MACCROBAT study: other runs against the chosen one",
        "Strict micro-F1 on the same test documents: paired permutation over documents, Holm-corrected over all "
        "comparisons. A tie is an adjusted p of 0.05 or more.",
    ),
    "best_by_type": (
        "MACCROBAT study: the best run for each entity type",
        "The run with the highest F1 of the type on validation, its F1 on test, and the difference from the chosen run "
        "there (paired permutation over documents, Holm-corrected over types). A tie: an adjusted p of 0.05 or more.",
    ),
}


"""Training seeds of each encoder that a claim about encoders needs."""
NO_CLAIM = f"With fewer than {LEAST_SEEDS} training seeds of each nothing is claimed about the encoders."


def headline(chosen: TaggerRun, note: str) -> str:
    """The study's result in one line of plain text. note: what it shows, where the reports are made."""
    test = chosen.scores["test"]
    return (
        f"{chosen.name}, chosen without the test documents: strict micro-F1 {figure_text(test.micro['strict'].f1)}, "
        f"macro-F1 {figure_text(test.macro['strict'].f1)}, recall of all gold {figure_text(chosen.all_gold_recall)} on "
        f"the test documents{'; made by rules, so that it says nothing about real ones' if note else ''}\n"
    )


def against_others(comparisons: Sequence[Mapping], seeds: Sequence[int]) -> str:
    """What the test documents say of the other runs: most often, that they are ties. seeds: of each configuration."""
    if not comparisons:
        return "There is no other run to compare with."
    parts = []
    for word in ("better", "worse"):
        names = [tagger_name(row) for row in comparisons if row["verdict"] == word]
        if names:
            parts.append(f"On the test documents {word} than the chosen run: {listed(names)}.")
    ties = [row for row in comparisons if row["verdict"] == "tie"]
    if ties:
        smallest = min(row["p_holm"] for row in ties)
        parts.append(
            "No difference from the chosen run is shown on the test documents for "
            f"{listed([tagger_name(row) for row in ties])} (smallest p after Holm {smallest:.3f})."
        )
    if min(seeds) < LEAST_SEEDS:
        parts.append(NO_CLAIM)
    return " ".join(parts)


def figures(runs: Sequence[TaggerRun], chosen: TaggerRun, rows: Mapping[str, Sequence[dict]]) -> dict[str, Figure]:
    """The plots by name: micro_f1, type_f1."""
    n = rows["models"][0]["n_documents"]
    bars = [
        Bar(
            f"{run.name}{', chosen' if run is chosen else ''}",
            row["micro_f1"] or 0,
            row["micro_f1_low"] or 0,
            row["micro_f1_high"] or 0,
            run.encoder,
        )
        for run, row in zip(runs, rows["models"], strict=True)
    ]
    by_type = [
        Bar(row["type"], row["f1"], row["f1_low"], row["f1_high"], row["encoder"])
        for row in sorted(rows["best_by_type"], key=lambda row: -(row["f1"] or 0))
        if row["f1"] is not None
    ]
    return {
        "micro_f1": plot_bars(bars, f"Strict micro-F1 on {n} test documents", "strict micro-F1, 95 % interval"),
        "type_f1": plot_bars(
            by_type, "Best run for each type (chosen on validation)", "strict F1 on the test split, 95 % interval"
        ),
    }


def summary_page(
    runs: Sequence[TaggerRun],
    chosen: TaggerRun,
    selected: Mapping,
    rows: Mapping[str, Sequence[dict]],
    pictures: Mapping[str, Path | str],
) -> Document:
    """The one-page summary. selected: content of selection.json. rows: of the tables. pictures: paths of the plots."""
    blocks = [
        *([Paragraph(selected["note"])] if selected["note"] else []),
        Paragraph(
            "Figures are of the test documents, with 95 % intervals over documents, unless said otherwise. Strict: "
            "same boundaries and type. Recall of all gold is of all annotated entities, also of those that flat tags "
            "do not hold: nested ones are found where a prediction is exactly the dropped one, discontinuous ones "
            "never. Runs are named by encoder, learning rate and seed."
        ),
        Heading("The chosen run"),
        Paragraph(selected["reason"]),
        Paragraph(against_others(rows["comparisons"], [row["seeds"] for row in rows["seeds"]])),
        Heading("All runs"),
        _model_table(runs, chosen),
        Picture(pictures["micro_f1"], "Micro-F1 of each run"),
        *_comparison_blocks(rows["comparisons"]),
        *_seed_blocks(rows["seeds"]),
        *_configuration_blocks(rows["configurations"], chosen),
        Heading("Best run for each type"),
        *_type_blocks(rows["best_by_type"]),
        Picture(pictures["type_f1"], "F1 of the best run for each type"),
    ]
    return Document("MACCROBAT study: encoders compared", blocks)


def _model_table(runs: Sequence[TaggerRun], chosen: TaggerRun) -> Table:
    rows = []
    for run in runs:
        test = run.scores["test"]
        micro = test.micro["strict"]
        rows.append(
            [
                run.name,
                figure_text(run.scores["validation"].micro["strict"].f1),
                figure_text(micro.f1),
                figure_text(test.macro["strict"].f1),
                figure_text(micro.precision),
                figure_text(micro.recall),
                figure_text(run.all_gold_recall),
                round(run.train_seconds),
                f"{run.speed.median:.0f} ({run.speed.low:.0f}–{run.speed.high:.0f})",
                run.parameters,
                "chosen" if run is chosen else "",
            ]
        )
    headers = [
        "run",
        "validation micro-F1",
        "micro-F1",
        "macro-F1",
        "precision",
        "recall",
        "recall of all gold",
        "training, s",
        "words per second",
        "parameters",
        "",
    ]
    return Table(headers, rows)


def _comparison_blocks(comparisons: Sequence[Mapping]) -> list:
    if not comparisons:
        return []
    rows = [
        [
            tagger_name(row),
            f"{interval_text(row, 'micro_f1')} / {interval_text(row, 'chosen_micro_f1')}",
            difference_text(row),
            p_text(row["p_holm"], row["p_value"]),
            row["verdict"],
        ]
        for row in comparisons
    ]
    note = (
        "Strict micro-F1 on the same documents: paired permutation over documents, Holm-corrected over all comparisons."
    )
    headers = ["run", "micro-F1 / chosen", "difference", "p after Holm", "verdict"]
    return [Heading("Paired comparisons with the chosen run"), Paragraph(note), Table(headers, rows)]


def _seed_blocks(seeds: Sequence[Mapping]) -> list:
    """Mean and spread over seeds, where there are several."""
    if all(row["seeds"] == 1 for row in seeds):
        return []
    rows = [
        [
            configuration_name((row["encoder"], row["lr"])),
            row["seeds"],
            interval_text(row, "mean_micro_f1"),
            "" if row["seed_sd"] is None else f"{100 * row['seed_sd']:.1f} points",
        ]
        for row in seeds
    ]
    note = (
        "The spread over training seeds (same test documents) and the interval from having only "
        f"{counted(seeds[0]['n_documents'], 'test document')} (same seeds) are different things, and are not added up."
    )
    headers = ["configuration", "seeds", "mean micro-F1", "SD over seeds"]
    return [Heading("Seeds"), Paragraph(note), Table(headers, rows)]


def _configuration_blocks(configurations: Sequence[Mapping], chosen: TaggerRun) -> list:
    """What can be said of encoders, where there are seeds enough."""
    own = configuration_name(chosen.configuration)
    sentences = [
        f"{configuration_name((row['encoder'], row['lr']))} against {own}: {difference_text(row)}, {row['verdict']}."
        for row in configurations
    ]
    note = "Over training seeds and test documents together, with 95 % intervals; verdicts after Holm's correction."
    return [Heading("Encoders"), Paragraph(note), Items(sentences)] if sentences else []


def _type_blocks(by_type: Sequence[Mapping]) -> list:
    others = [row for row in by_type if row["verdict"] != "chosen"]
    shown = [row for row in others if row["verdict"] != "tie"]
    if others:
        words = (
            f"On validation the chosen run is best for {len(by_type) - len(others)} of "
            f"{counted(len(by_type), 'type')}, another one for {len(others)}. "
        )
        words += (
            f"On test that other run differs from the chosen one for {listed([row['type'] for row in shown])}."
            if shown
            else "On test no difference from the chosen run is shown for any of these."
        )
    else:
        words = "On validation no other run is better than the chosen one for any type."
    rows = [
        [
            row["type"],
            tagger_name(row),
            row["test_gold"],
            interval_text(row, "f1"),
            interval_text(row, "chosen_f1"),
            "" if row["verdict"] == "chosen" else difference_text(row),
            row["verdict"],
        ]
        for row in by_type
    ]
    headers = ["type", "best on validation", "test entities", "F1", "F1 of the chosen run", "difference", "verdict"]
    return [Paragraph(words), Table(headers, rows)]
