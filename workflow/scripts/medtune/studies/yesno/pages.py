"""The summary in words and pictures. Everything shown here was computed before."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from medtune.metrics.labels import FIGURES as LABEL_FIGURES
from medtune.metrics.over_seeds import LEAST_SEEDS
from medtune.metrics.significance import p_text, p_words
from medtune.reporting.plots import (
    Band,
    Curve,
    Point,
    plot_against_rank,
    plot_confusions,
    plot_curves,
    plot_reliability,
)
from medtune.reporting.prose import difference_text, interval_text, short_text
from medtune.reporting.tables import estimate_text, markdown_table
from medtune.studies.yesno.ensemble import Ensemble
from medtune.studies.yesno.runs import Run, run_name

RATIONALES = {
    "question_overlap": "rationale: content words of the question that it holds",
    "names_terms": "rationale: names the question's treatment and outcome",
    "agrees_with_label": "rationale: its cue words agree with the answer's label",
    "rationale_rouge_l": "rationale: ROUGE-L with the gold rationale",
}
RATIONALE_NOTE = (
    "An answer without a rationale in the exact format counts 0 in the figures of rationales. Agreement with the label "
    "is judged by cue words of doubt and negation, which know neither scope nor synonyms (for gold rationales of "
    "PubMedQA they agree with 76 % of Yes, 59 % of No and 18 % of Uncertain); the terms are those of the synthetic "
    "questions."
)
PUBLISHED = (
    "Published for this study, with Qwen3-1.7B-Base: 75.76 % test accuracy (25 of 33; ranks 16, 24 and 40), on other "
    "questions and another split. It is a point of reference for the paper scale, not for these test items."
)
SYNTHETIC = (
    "All questions are synthetic, made by rules. The figures show whether an adapter learns the format, "
    "which words for an effect mean Yes, No or Uncertain, and to copy the finding. They say nothing about medicine."
)
HTML_PAGES = {
    "ranks": (
        "Yes/no study: all ranks",
        "Figures of the test split, but for validation_accuracy, which the choice was made on. Intervals are 95 % and "
        "over questions. The chosen run stands out.",
    ),
    "comparisons": (
        "Yes/no study: paired comparisons on the test items",
        "Exact McNemar on the items that only one of the two has right, Holm-corrected within each family: every "
        "run against the base, against the base in its practised form, and every other run against the chosen one. A "
        "tie is an adjusted p of 0.05 or more.",
    ),
    "challenge": (
        "Yes/no study: challenge questions",
        "The same questions put to the base model, in the study's form and in its practised form, and to the chosen "
        "run, with greedy decoding.",
    ),
}


def choice_record(runs: Sequence[Run], chosen: Run, comparisons: Sequence[dict]) -> dict:
    """Content of choice.json: the chosen run, its figures, and which runs it cannot be told apart from."""
    return {
        **_key(chosen),
        "chosen_on": "validation accuracy",
        "validation_accuracy": chosen.splits["validation"]["accuracy"],
        "test_accuracy": chosen.splits["test"]["accuracy"],
        "tied_on_validation": [_key(run) for run in _equals(runs, chosen)],
        "tied_on_test": [_key(row) for row in comparisons if row["family"] == "chosen" and row["verdict"] == "tie"],
        "against_base": next(row for row in comparisons if row["family"] == "base" and _key(row) == _key(chosen)),
    }


def choice_words(bases: Sequence[Run], runs: Sequence[Run], chosen: Run, comparisons: Sequence[dict]) -> str:
    """Why this run, in a few paragraphs of Markdown."""
    return "\n\n".join(
        [
            _reason(runs, chosen),
            *(_against_base(base, chosen, comparisons) for base in bases),
            *_against_others(comparisons),
        ]
    )


def what_figures_show(manifest: Mapping) -> str | None:
    """What figures of synthetic questions show; None where some are real. manifest: of the data."""
    return SYNTHETIC if all(source["format"] == "synthetic" for source in manifest["sources"]) else None


def headline(bases: Sequence[Run], chosen: Run, shown: str | None) -> str:
    """The study's result in one line of plain text. shown: of `what_figures_show`."""
    test = chosen.splits["test"]
    of_bases = "; ".join(
        f"{run_name(base)}: {estimate_text(base.splits['test']['accuracy'])}, exact format "
        f"{short_text(base.splits['test']['format_rate'])}"
        for base in bases
    )
    return (
        f"{run_name(chosen)}, chosen on validation: test accuracy {estimate_text(test['accuracy'])}, exact format "
        f"{short_text(test['format_rate'])}; {of_bases}{f'. {shown}' if shown else ''}\n"
    )


def summary_page(
    bases: Sequence[Run],
    runs: Sequence[Run],
    chosen: Run,
    ensembles: Sequence[Ensemble],
    rows: Mapping[str, Sequence[dict]],
    words: str,
    pictures: Mapping[str, str],
    manifest: Mapping,
) -> str:
    """The one-page summary in Markdown.

    rows: of the tables, by name.  words: of `choice_words`.  pictures: path of each plot, by name.
    """
    shown = what_figures_show(manifest)
    sections = [
        "# Yes/no study: summary",
        "Accuracy counts an answer whose label can be read, also outside the exact format; an answer without a "
        "label is wrong. Figures are of the test split, with 95 % intervals, unless said otherwise.",
        *([shown] if shown else []),
        PUBLISHED,
        "The base model is also asked in its practised form: a synthetic one as its pre-training text does, any other "
        "with a plain instruction, in its chat template where it has one.",
        f"## The chosen run\n\n{words}",
        f"## All ranks\n\n{_rank_table(bases, runs, chosen)}\n\n![Accuracy by rank]({pictures['accuracy']})",
        f"## Paired comparisons\n\n{_comparison_table(rows['comparisons'])}",
        *_seed_section(rows["seeds"]),
        f"## Base and chosen run\n\n{_side_by_side([*bases, chosen])}\n\n"
        f"![Confusion]({pictures['confusion']})\n\n![Reliability]({pictures['reliability']})",
        f"## Labels and sources\n\n{_labels_section(rows, [*bases, chosen, *ensembles])}",
        f"## What is held out\n\n{_held_out_section(manifest)}",
        f"## Ensembles of all runs\n\n{_ensemble_table(rows['ensemble'])}",
        f"## Challenge questions\n\n{_challenge_section([*bases, chosen], rows['challenge'])}",
        f"## Training\n\n![Validation accuracy over steps]({pictures['curves']})",
    ]
    return "\n\n".join(sections) + "\n"


def figures(bases: Sequence[Run], runs: Sequence[Run], chosen: Run) -> dict[str, Figure]:
    """The plots by name: accuracy, confusion, reliability, curves."""
    with_seed = _several_seeds(runs)
    name = run_name(chosen, with_seed)
    test = chosen.splits["test"]
    n = test["n"]
    return {
        "accuracy": plot_against_rank(
            [Point(run.rank, **_interval(run.splits["test"]["accuracy"]), marked=run is chosen) for run in runs],
            [
                Band(**_interval(base.splits["test"]["accuracy"]), name=f"{run_name(base)}, 95 % interval")
                for base in bases
            ],
            title=f"Test accuracy by LoRA rank, 95 % Wilson intervals, n = {n}",
            y_label="test accuracy",
            point_name="trained run",
            marked_name=f"chosen on validation: {name}",
        ),
        "confusion": plot_confusions(
            [*((run_name(base), base.splits["test"]["confusion"]) for base in bases), (name, test["confusion"])],
            title=f"Answers to the test questions, n = {n}",
        ),
        "reliability": plot_reliability(
            test["reliability"],
            title=f"Likelihood of the label, {name}\nECE {estimate_text(test['ece'], as_percent=False)}\n"
            f"by chance alone {estimate_text(test['ece_of_chance'], as_percent=False)}",
        ),
        "curves": plot_curves(
            [curve for run in runs for curve in _curve(run, runs, chosen)],
            title="Validation accuracy during training",
            y_label="validation accuracy",
        ),
    }


def _curve(run: Run, runs: Sequence[Run], chosen: Run) -> list[Curve]:
    """The run's evaluations on validation; none where there was no evaluation."""
    history = [entry for entry in run.record["history"] if entry.get("validation_accuracy") is not None]
    if not history:
        return []
    ranks = sorted({other.rank for other in runs})
    return [
        Curve(
            run_name(run, with_seed=False) + (", chosen" if run is chosen else ""),
            [entry["step"] for entry in history],
            [entry["validation_accuracy"] for entry in history],
            order=ranks.index(run.rank) / max(len(ranks) - 1, 1),
            marked=run is chosen,
        )
    ]


def _reason(runs: Sequence[Run], chosen: Run) -> str:
    estimate = chosen.splits["validation"]["accuracy"]
    text = (
        f"Chosen: **{run_name(chosen)}**, on the validation split alone: {_right(estimate)} right, "
        f"{estimate_text(estimate)}, the highest validation accuracy of {_count(len(runs), 'run')}."
    )
    equals = _equals(runs, chosen)
    if equals:
        names = ", ".join(run_name(run) for run in equals)
        text += f" The same validation accuracy: {names}; ties go to the smaller rank, then to the smaller seed."
    return text


def _against_base(base: Run, chosen: Run, comparisons: Sequence[dict]) -> str:
    family = "practised" if base.practised else "base"
    row = next(row for row in comparisons if row["family"] == family and _key(row) == _key(chosen))
    name = "the base model, asked in the form that it knows," if base.practised else "the base model"
    estimate, of_base = chosen.splits["test"]["accuracy"], base.splits["test"]["accuracy"]
    outcome = {
        "tie": "a tie: the test items do not tell the two apart",
        "better": "better than the base model",
        "worse": "worse than the base model",
    }[row["verdict"]]
    return (
        f"On the test split it has {_right(estimate)} right, {estimate_text(estimate)}; {name} has "
        f"{_right(of_base)}, {estimate_text(of_base)}. That is {outcome} (exact McNemar, {row['only_run']} against "
        f"{row['only_reference']} items that only one has right, {p_words(row['p_holm'])} after Holm)."
    )


def _against_others(comparisons: Sequence[dict]) -> list[str]:
    """What the test split says about the other runs: most often, that they are ties."""
    rows = [row for row in comparisons if row["family"] == "chosen"]
    if not rows:
        return []
    sentences = []
    ties = [row for row in rows if row["verdict"] == "tie"]
    if len(ties) == len(rows):
        sentences.append(
            f"Against the other {_count(len(rows), 'run')}, all differences on the test split are ties "
            f"(the smallest: {p_words(min(row['p_holm'] for row in rows))} after Holm): they do not show that a rank "
            "is better than another."
        )
    for word in ("better", "worse"):
        names = [_row_name(row) for row in rows if row["verdict"] == word]
        if names:
            sentences.append(f"On the test split {word} than the chosen run: {', '.join(names)}.")
    if ties and len(ties) < len(rows):
        sentences.append(f"Ties with the chosen run on the test split: {', '.join(_row_name(row) for row in ties)}.")
    nearest = [row for row in ties if row["correct"] != row["reference_correct"]]
    if nearest:
        row = min(nearest, key=lambda row: abs(row["correct"] - row["reference_correct"]))
        sentences.append(
            f"For instance, {row['reference_correct']} (chosen) against {row['correct']} ({_row_name(row)}) of "
            f"{row['n']} right is a tie."
        )
    return [" ".join(sentences)]


def _rank_table(bases: Sequence[Run], runs: Sequence[Run], chosen: Run) -> str:
    headers = [
        "model",
        "trainable parameters",
        "validation accuracy",
        "test accuracy",
        "exact format",
        "with citations",
        "seconds",
        "peak memory, MB",
        "",
    ]
    rows = []
    for run in [*bases, *runs]:
        test = run.splits["test"]
        seconds, memory = run.record.get("train_seconds"), run.record.get("peak_memory_mb")
        rows.append(
            [
                run_name(run),
                run.record.get("trainable_parameters"),
                estimate_text(run.splits["validation"]["accuracy"]),
                estimate_text(test["accuracy"]),
                short_text(test["format_rate"]),
                short_text(test["citation_rate"]),
                None if seconds is None else round(seconds),
                None if memory is None else round(memory),
                "chosen" if run is chosen else "",
            ]
        )
    return markdown_table(rows, headers)


def _comparison_table(comparisons: Sequence[dict]) -> str:
    note = (
        "Exact McNemar on the same test items, Holm-corrected within each of the three families "
        "(every run against the base, against the base in its practised form, every other run against the chosen one)."
    )
    rows = [
        [
            _row_name(row),
            row["family"],
            f"{row['correct']} / {row['reference_correct']} of {row['n']}",
            difference_text(row),
            f"{row['only_run']} / {row['only_reference']}",
            p_text(row["p_holm"]),
            row["verdict"],
        ]
        for row in comparisons
    ]
    headers = ["run", "against", "right", "difference", "only one right", "p after Holm", "verdict"]
    return f"{note}\n\n{markdown_table(rows, headers)}"


def _seed_section(seeds: Sequence[dict]) -> list[str]:
    """What may be claimed about ranks; mean and spread over seeds, where there are several."""
    least = min(row["seeds"] for row in seeds)
    claim = (
        f"With {least} training seed{'s' if least > 1 else ''} of each rank nothing is claimed about ranks: the "
        f"comparisons are between these models alone. A claim needs {LEAST_SEEDS} seeds or more (`yesno.seeds`)."
    )
    claims = [] if least >= LEAST_SEEDS else [claim]
    if all(row["seeds"] == 1 for row in seeds):
        return claims
    rows = [
        [
            row["rank"],
            row["seeds"],
            interval_text(row, "mean_test_accuracy"),
            "" if row["seed_sd"] is None else f"{100 * row['seed_sd']:.1f} points",
            "" if row["difference"] is None else difference_text(row),
            "" if row["p_holm"] is None else p_text(row["p_holm"]),
            row["verdict"],
        ]
        for row in seeds
    ]
    note = (
        "The spread over training seeds (same test items) and the interval, which comes from having only "
        f"{seeds[0]['test_n']} test items, are different things. The difference from rank {seeds[0]['reference_rank']} "
        "has an interval and a test over training seeds and items together, Holm-corrected over the ranks."
    )
    headers = ["rank", "seeds", "mean test accuracy", "SD over seeds"]
    headers += ["difference", "p after Holm", "verdict"]
    return [*claims, f"## Seeds\n\n{note}\n\n{markdown_table(rows, headers)}"]


def _side_by_side(runs: Sequence[Run]) -> str:
    shares = {
        "accuracy": "accuracy",
        "strict_accuracy": "accuracy in the exact format",
        "macro_f1": "macro-F1",
        "format_rate": "exact format",
        "citation_rate": "answers with a citation",
        "likelihood_accuracy": "accuracy by likelihood",
        "likelihood_macro_f1": "macro-F1 by likelihood",
        **RATIONALES,
    }
    numbers = {
        "mean_answer_tokens": "answer length, tokens",
        "ece": "ECE of likelihood",
        "ece_of_chance": "ECE that a perfectly calibrated model has by chance",
        "brier": "Brier score, 0 to 2",
    }
    rows = [
        [name, *(estimate_text(run.splits["test"][key], key in shares) for run in runs)]
        for key, name in {**shares, **numbers}.items()
    ]
    return f"{RATIONALE_NOTE}\n\n{markdown_table(rows, ['figure', *map(run_name, runs)])}"


def _ensemble_table(ensemble: Sequence[dict]) -> str:
    rows = [
        [
            row["ensemble"],
            row["split"],
            _cell(row, "accuracy", row["n"]),
            f"{row['only_ensemble']} / {row['only_chosen']}",
            p_text(row["p_holm"]),
            row["verdict"],
        ]
        for row in ensemble
        if row["n"]
    ]
    headers = ["ensemble", "split", "accuracy", "only ensemble / only chosen right", "p after Holm", "against chosen"]
    return markdown_table(rows, headers)


def _labels_section(rows: Mapping[str, Sequence[dict]], shown: Sequence[Run | Ensemble]) -> str:
    """Figures by label, and accuracy by source, of some models on the test split."""
    names = {model.key: model.key[0] if isinstance(model, Ensemble) else run_name(model) for model in shown}
    labels = [
        [names[row["rank"], row["seed"]], row["label"], *(_cell(row, name, row[f"{name}_n"]) for name in LABEL_FIGURES)]
        for row in rows["labels"]
        if (row["rank"], row["seed"]) in names
    ]
    sources = [
        [names[row["rank"], row["seed"]], row["source"], _cell(row, "accuracy", row["accuracy_n"])]
        for row in rows["sources"]
        if row["split"] == "test" and (row["rank"], row["seed"]) in names
    ]
    return (
        f"{markdown_table(labels, ['model', 'label', 'precision', 'recall', 'F1'])}\n\nWhere labels follow the source, "
        f"a model can tell them by its style.\n\n{markdown_table(sources, ['model', 'source', 'accuracy'])}"
    )


def _cell(row: Mapping, name: str, n: int) -> str:
    """A figure of a table's row. n: what it is of."""
    return f"none (n = {n})" if row[name] is None else f"{interval_text(row, name)[:-1]}, n = {n})"


def _held_out_section(manifest: Mapping) -> str:
    """What validation, test and challenge set share with what was read, as counted in the data's manifest."""
    rows = [
        [split, read, kind.replace("_", " "), counted["held_out"], counted["shared"]]
        for split, by_reading in manifest["held_out"].items()
        for read, material in by_reading.items()
        for kind, counted in (material or {}).items()
    ]
    unknown = any(material is None for found in manifest["held_out"].values() for material in found.values())
    note = " What the base model read in pre-training is not known." if unknown else ""
    table = markdown_table(rows, ["split", "compared with", "what", "distinct", "shared"])
    return f"Counted in the texts; templates are sentences without their terms and numbers.{note}\n\n{table}"


def _challenge_section(runs: Sequence[Run], challenge: Sequence[dict]) -> str:
    right = ", ".join(f"{run_name(run)} {estimate_text(run.splits['challenge']['accuracy'])}" for run in runs)
    rows = [
        [row["question"], row["expected"], *(row[f"{key}_label"] or "none" for key in ("base", "practised", "chosen"))]
        for row in challenge
    ]
    table = markdown_table(rows, ["question", "expected", *map(run_name, runs)])
    return f"Right: {right}. The full answers are in the table of the challenge.\n\n{table}"


def _key(run: Run | Mapping) -> dict:
    """Rank and seed of a run, or of a row of the comparisons."""
    if isinstance(run, Run):
        return {"rank": run.rank, "seed": run.seed}
    return {"rank": run["rank"], "seed": run["seed"]}


def _equals(runs: Sequence[Run], chosen: Run) -> list[Run]:
    """Other runs with the chosen run's validation accuracy."""
    return [run for run in runs if run is not chosen and run.validation_accuracy == chosen.validation_accuracy]


def _several_seeds(runs: Sequence[Run]) -> bool:
    return len({run.rank for run in runs}) < len(runs)


def _interval(estimate: Mapping) -> dict:
    return {key: estimate[key] for key in ("value", "low", "high")}


def _row_name(row: Mapping) -> str:
    return f"rank {row['rank']} (seed {row['seed']})"


def _right(estimate: Mapping) -> str:
    return f"{round(estimate['value'] * estimate['n'])} of {estimate['n']}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
