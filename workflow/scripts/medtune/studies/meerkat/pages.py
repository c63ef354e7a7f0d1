"""The summary in words and pictures. Everything shown here was computed before."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from medtune.metrics.significance import ALPHA, p_text, p_words
from medtune.reporting.plots import Line
from medtune.reporting.prose import Document, Heading, Items, Paragraph, Picture, Table, counted, estimate_in, listed
from medtune.reporting.tables import estimate_text
from medtune.studies.meerkat.medical_qa import ALL
from medtune.studies.meerkat.outlook import Outlook
from medtune.studies.meerkat.recommendations import TrainingRecommendations
from medtune.studies.meerkat.runs import FINAL_SPLIT, PRACTISED, SPLITS, STEERING_SPLIT, Run, last_trained
from medtune.studies.meerkat.score_plots import plot_line_panels, plot_score_map, score_text
from medtune.studies.meerkat.specialty_changes import change_words

TITLE = "Medical question answering"
HTML_PAGES = {
    "comparisons": (
        f"{TITLE}: each iteration against the base model and the iteration before",
        "Paired permutation over the same questions; for metrics that find an answer right or wrong, p is that of the "
        "exact McNemar test. Holm-corrected over all rows. Reference 0 is the base model. A tie: the adjusted p is "
        "0.05 or more. Practised: the base model, asked in the form that it knows.",
    ),
    "learning_curve": (
        f"{TITLE}: the steering metric by the number of training questions",
        "Iteration 0 is the base model; practised: the same, asked in the form that it knows. 95 % intervals over "
        "questions.",
    ),
    "outlook": (
        f"{TITLE}: what another iteration would likely bring",
        "Least squares on the evaluation split over the iterations from 1: a level for each specialty, and one slope "
        "on the logarithm of its training questions. Expected: the fit at the recommended size; of all specialties, "
        "the figure now and the gain. Gain: what the slope says of the recommended growth. 95 % intervals over "
        "questions, resampled within each specialty. Nothing is predicted where it cannot be told.",
    ),
    "specialty_changes": (
        f"{TITLE}: what the iterations changed in each specialty",
        "The steering metric after the last training less that after the first, on the same questions. 95 % intervals; "
        "p by a paired permutation over questions, Holm-corrected over the specialties of a split. With n questions p "
        "is at least 2 to the power 1 − n, so that few questions can show no change after the correction.",
    ),
}


def headline(
    bases: Sequence[Run], runs: Sequence[Run], metric: str, comparisons: Sequence[Mapping], shown: str | None = None
) -> str:
    """The study's result in one line of plain text. bases: the base model, also in its practised form where it was
    asked in it. shown: what figures of synthetic questions show."""
    last, (base, *practised) = last_trained(runs), bases
    row = _row(comparisons, last, 0, FINAL_SPLIT, metric)
    return (
        f"{metric} on the {FINAL_SPLIT} split: {last.name} {_figure(last, FINAL_SPLIT, metric)}, base model "
        f"{_figure(base, FINAL_SPLIT, metric)}, {difference_words(row)}"
        f"{''.join(f'; {run.name} {_figure(run, FINAL_SPLIT, metric)}' for run in practised)}"
        f"{f'. {shown}' if shown else ''}\n"
    )


def difference_words(row: Mapping[str, Any]) -> str:
    """A row of the comparisons in words. Whether one is shown follows from the corrected test."""
    if row["difference"] is None:
        return "no question to compare on"
    text = f"difference {_difference(row)}"
    corrected = f"{p_words(row['p_value_holm'], row['p_value'])} after Holm"
    if row["p_value_holm"] >= ALPHA:
        return f"{text}: no difference is shown ({corrected})"
    return f"{text}, {corrected}"


def stop_words(runs: Sequence[Run], recommendations: TrainingRecommendations) -> str:
    """At which iteration the study stopped, and why. recommendations: after the last iteration."""
    copies = [run for run in runs if run.copied]
    if not copies:
        return f"{counted(len(runs), 'iteration')}; none is a copy of another."
    last = last_trained(runs)
    low = sorted(recommendations.low_performance_specialties)
    why = (
        f"nothing more could be added to the training questions of the low specialties ({listed(low)})"
        if low
        else "no specialty counted as low after it"
    )
    return (
        f"The study stopped at {last.name}: {why}, so no training set grew. "
        f"{_iterations(copies)} of {len(runs)} {'is a copy' if len(copies) == 1 else 'are copies'} of it."
    )


def figures(bases: Sequence[Run], runs: Sequence[Run], metric: str) -> dict[str, Figure]:
    """The plots by name: heat_map, specialties, overall, growth.

    bases: as in `headline`; the practised form is a column of the heat map, and a mark at the base model's place in the
    others.
    """
    base, *practised = bases
    models = [base, *runs]
    ticks = {run.iteration: _tick(run) for run in models}
    names = base.specialties(STEERING_SPLIT)
    sizes = {split: len(base.of_split(split)) for split in SPLITS}
    found = {name: [run.estimate(STEERING_SPLIT, metric, name) for run in models] for name in names}
    by_split = {split: [run.estimate(split, metric) for run in models] for split in SPLITS}
    iterations = [run.iteration for run in models]
    return {
        "heat_map": plot_score_map(
            [f"{name}, n = {found[name][0]['n']}" for name in names],
            [_tick(run) for run in (*bases, *runs)],
            [[run.estimate(STEERING_SPLIT, metric, name)["value"] for run in (*bases, *runs)] for name in names],
            title=f"{metric}, {STEERING_SPLIT} split, n = {sizes[STEERING_SPLIT]}",
            x_label="iteration",
            value_label=metric,
        ),
        "specialties": plot_line_panels(
            [
                (
                    f"{name}, n = {found[name][0]['n']}",
                    [
                        _line("in the study's form", iterations, found[name]),
                        *_marks(practised, STEERING_SPLIT, metric, name),
                    ],
                )
                for name in names
            ],
            title=f"{metric} by specialty, {STEERING_SPLIT} split, 95 % intervals",
            x_label="iteration",
            y_label=metric,
            columns=6 if len(names) > 9 else 3,
            ticks=ticks,
        ),
        "overall": plot_line_panels(
            [
                (
                    "",
                    [
                        *(_line(f"{split}, n = {sizes[split]}", iterations, by_split[split]) for split in SPLITS),
                        *(mark for split in SPLITS for mark in _marks(practised, split, metric)),
                    ],
                )
            ],
            title=f"{metric} over the iterations, 95 % intervals",
            x_label="iteration",
            y_label=metric,
            ticks=ticks,
        ),
        "growth": plot_line_panels(
            [
                (
                    "",
                    [
                        *(
                            _line(f"{split}, n = {sizes[split]}", [run.train_size() for run in models], by_split[split])
                            for split in SPLITS
                        ),
                        *(mark for split in SPLITS for mark in _marks(practised, split, metric)),
                    ],
                )
            ],
            title=f"{metric} by the number of training questions (0: base model), 95 % intervals",
            x_label="training questions",
            y_label=metric,
        ),
    }


def summary_page(
    bases: Sequence[Run],
    runs: Sequence[Run],
    metric: str,
    tables: Mapping[str, Sequence[Mapping]],
    outlook: Outlook,
    recommendations: TrainingRecommendations,
    pictures: Mapping[str, Path | str],
    shown: Sequence[str] = (),
    elsewhere: Sequence[Run] = (),
) -> Document:
    """The readable summary.

    bases: as in `headline`. tables: rows of the summary's tables by name. recommendations: after the last iteration.
    pictures: path of each plot, by name and suffix; they must be there. shown: paragraphs on what figures of synthetic
    questions show. elsewhere: adapters made elsewhere.
    """
    last, comparisons, (base, *practised) = last_trained(runs), tables["comparisons"], bases
    blocks = [
        Paragraph(
            f"The steering metric is {metric}. The {STEERING_SPLIT} split tells which specialties are low and get more "
            f"training questions; the {FINAL_SPLIT} split never does, and is for the final comparison. Both are the "
            "same in all iterations. Figures have 95 % intervals over questions."
        ),
        *map(Paragraph, shown),
        Paragraph(stop_words(runs, recommendations)),
        Heading("Progress"),
        _progress_table([*bases, *runs, *elsewhere], metric),
        *(Paragraph(_practised_words(run, last, metric, comparisons)) for run in practised),
        Paragraph(_previous_words(runs, metric, comparisons)),
        Picture(pictures["overall_png"], f"{metric} over the iterations"),
        Picture(pictures["growth_png"], f"{metric} by the number of training questions"),
        Heading(f"{_capital(last.name)} against the base model"),
        *(Paragraph(_against_base(base, last, split, metric, comparisons)) for split in SPLITS),
        _comparison_table(last, comparisons),
        *_without_twins(metric, tables["near_twins"], [*bases, last]),
        *(block for run in elsewhere for block in _elsewhere(base, run, metric, comparisons)),
        Heading("Specialties"),
        Paragraph(_specialty_words(base, last, metric, recommendations)),
        Paragraph(change_words(tables["specialty_changes"])),
        Picture(pictures["heat_map_png"], f"{metric} by specialty and iteration"),
        Picture(pictures["specialties_png"], f"{metric} of each specialty over the iterations"),
        _specialty_table(bases, runs, metric),
        Heading("Another iteration"),
        Paragraph(outlook.words),
        *_outlook_table(outlook.rows),
        Heading("Answers"),
        _answer_table([*bases, *runs]),
        Heading("Metrics"),
        Items([f"{name}: {base.definitions[name]}" for name in base.metrics]),
    ]
    return Document(f"{TITLE}: summary", blocks)


def _previous_words(runs: Sequence[Run], metric: str, comparisons: Sequence[Mapping]) -> str:
    """What each further training brought on the evaluation split."""
    pairs = [(run, before) for before, run in pairwise(runs) if not run.copied]
    if not pairs:
        return "There is no second training to compare the first one with."
    sentences = [
        f"{_capital(run.name)} against {before.name}: "
        f"{difference_words(_row(comparisons, run, before.iteration, STEERING_SPLIT, metric))}."
        for run, before in pairs
    ]
    return f"On the {STEERING_SPLIT} split. {' '.join(sentences)}"


def _practised_words(practised: Run, last: Run, metric: str, comparisons: Sequence[Mapping]) -> str:
    """The base model in its practised form: against the study's form, and the last training against it."""
    sentences = [
        f"on the {split} split {metric} is {_figure(practised, split, metric)}; against the base model in the study's "
        f"form: {difference_words(_row(comparisons, practised, 0, split, metric))}; {last.name} against it: "
        f"{difference_words(_row(comparisons, last, PRACTISED, split, metric))}."
        for split in SPLITS
    ]
    return (
        "The base model is synthetic and has read declarative prose alone. In its practised form each question is the "
        "beginning of the sentence that answers it, and what it writes up to the end of that sentence is scored, "
        "without the beginning: "
        f"{' And '.join(sentences)}"
    )


def _against_base(base: Run, last: Run, split: str, metric: str, comparisons: Sequence[Mapping]) -> str:
    """The steering metric, then how many of all metrics differ."""
    rows = [row for row in comparisons if _is(row, last, 0, split)]
    row = _row(comparisons, last, 0, split, metric)
    counts = [sum(row["verdict"] == word for row in rows) for word in ("higher", "lower", "tie")]
    return (
        f"On the {split} split {metric} is {_figure(last, split, metric)}; the base model has "
        f"{_figure(base, split, metric)}: {difference_words(row)}. Of {counted(len(rows), 'metric')}, {counts[0]} "
        f"{_is_are(counts[0])} higher than with the base model, {counts[1]} {_is_are(counts[1])} lower, and for "
        f"{counts[2]} no difference is shown."
    )


def _without_twins(metric: str, rows: Sequence[Mapping], models: Sequence[Run]) -> list:
    """The steering metric without the answers that could be copied from a training record, for some of the models."""
    names = {run.iteration: run.name for run in models}
    shown = [row for row in rows if row["metric"] == metric and row["iteration"] in names]
    if not shown:
        return []
    counts = {row["split"]: row["near_twins"] for row in shown}
    words = listed([f"{number} in the {split} split" for split, number in counts.items()])
    lines = [
        [
            names[row["iteration"]],
            row["split"],
            _estimate(row),
            _estimate({"n": row["n_without"], **estimate_in(row, "value_without")}),
        ]
        for row in shown
    ]
    return [
        Heading("Answers that could be copied"),
        Paragraph(
            "Some held-out answers share at least half of their 5-grams of words with one record for training: "
            f"{words} (the manifest names them). Copying that record would score high; the figures without them stand "
            "beside."
        ),
        Table(["model", "split", f"{metric}, all", f"{metric}, without near twins"], lines),
    ]


def _elsewhere(base: Run, run: Run, metric: str, comparisons: Sequence[Mapping]) -> list:
    """An adapter made elsewhere against the base model."""
    words = "It was not trained here: whether it has seen questions of these splits is not known."
    return [
        Heading(f"{_capital(run.name)} against the base model"),
        Paragraph(words),
        *(Paragraph(_against_base(base, run, split, metric, comparisons)) for split in SPLITS),
        _comparison_table(run, comparisons),
    ]


def _specialty_words(base: Run, last: Run, metric: str, recommendations: TrainingRecommendations) -> str:
    low = sorted(recommendations.low_performance_specialties)
    found = {name: last.estimate(STEERING_SPLIT, metric, name) for name in base.specialties(STEERING_SPLIT)}
    ranked = sorted((name for name in found if found[name]["value"] is not None), key=lambda name: found[name]["value"])
    text = (
        f"Low after {last.name}, with an interval that supports it: {listed(low)}."
        if low
        else f"After {last.name} no specialty counts as low: no interval supports it."
    )
    if len(ranked) > 1:
        first, final = ranked[0], ranked[-1]
        text += (
            f" The least {metric} on the {STEERING_SPLIT} split: {first}, {_estimate(found[first])}; the greatest: "
            f"{final}, {_estimate(found[final])}."
        )
    return text


def _progress_table(runs: Sequence[Run], metric: str) -> Table:
    rows = [
        [
            run.name + (", a copy" if run.copied else ""),
            "not known" if run.train_size() is None else run.train_size(),
            *(_figure(run, split, metric) for split in SPLITS),
        ]
        for run in runs
    ]
    return Table(["model", "training questions", *(f"{metric}, {split}" for split in SPLITS)], rows)


def _comparison_table(last: Run, comparisons: Sequence[Mapping]) -> Table:
    rows = [
        [
            row["metric"],
            row["split"],
            row["n"],
            *(_ends(row, name) for name in ("reference_value", "value")),
            "none" if row["difference"] is None else _difference(row),
            "" if row["p_value_holm"] is None else p_text(row["p_value_holm"], row["p_value"]),
            row["verdict"],
        ]
        for row in comparisons
        if row["iteration"] == last.iteration and row["reference"] == 0
    ]
    headers = ["metric", "split", "n", "base model", last.name, "difference", "p after Holm", "verdict"]
    return Table(headers, rows)


def _specialty_table(bases: Sequence[Run], runs: Sequence[Run], metric: str) -> Table:
    models = [*bases, last_trained(runs)]
    rows = []
    for name in bases[0].specialties(FINAL_SPLIT):
        cells = [
            _figure(run, split, metric, name) if name in run.splits[split]["specialties"] else "none"
            for split in SPLITS
            for run in models
        ]
        rows.append([name, f"{runs[0].train_size(name)} to {models[-1].train_size(name)}", *cells])
    headers = [f"{model.name}, {split}" for split in SPLITS for model in models]
    return Table(["specialty", "training questions", *headers], rows)


def _outlook_table(rows: Sequence[Mapping]) -> list[Table]:
    if not any(row["told"] for row in rows):
        return []
    lines = [
        [
            "all" if row["specialty"] == ALL else row["specialty"],
            f"{row['train_size']} to {row['next_train_size']}",
            "none (n = 0)" if row["value"] is None else _estimate(row),
            _ends(row, "expected"),
            _ends(row, "gain", signed=True),
        ]
        for row in rows
    ]
    return [Table(["specialty", "training questions", "now", "expected", "gain by growth"], lines)]


def _answer_table(runs: Sequence[Run]) -> Table:
    rows = [
        [
            run.name,
            split,
            estimate_text(run.splits[split]["answer_rate"]),
            estimate_text(run.splits[split]["cut_rate"]),
            estimate_text(run.splits[split]["mean_answer_tokens"], as_percent=False),
        ]
        for run in runs
        if not run.copied
        for split in SPLITS
    ]
    return Table(["model", "split", "not empty", "cut at the limit", "mean length, tokens"], rows)


def _line(name: str, places: Sequence[int], estimates: Sequence[Mapping]) -> Line:
    return Line(name, places, *([estimate[end] for estimate in estimates] for end in ("value", "low", "high")))


def _marks(practised: Sequence[Run], split: str, metric: str, specialty: str = ALL) -> list[Line]:
    """The base model in its practised form, where the base model stands."""
    name = "practised form" if specialty != ALL else f"practised form, {split}"
    return [_line(name, [0], [run.estimate(split, metric, specialty)]) for run in practised]


def _tick(run: Run) -> str:
    if run.iteration == PRACTISED:
        return PRACTISED
    if not run.iteration:
        return "base"
    return f"{run.iteration} (copy)" if run.copied else str(run.iteration)


def _row(comparisons: Sequence[Mapping], run: Run, reference: int, split: str, metric: str) -> Mapping:
    return next(row for row in comparisons if _is(row, run, reference, split) and row["metric"] == metric)


def _is(row: Mapping, run: Run, reference: int, split: str) -> bool:
    return (row["iteration"], row["reference"], row["split"]) == (run.iteration, reference, split)


def _figure(run: Run, split: str, metric: str, specialty: str = ALL) -> str:
    return _estimate(run.estimate(split, metric, specialty))


def _estimate(estimate: Mapping) -> str:
    return estimate_text(estimate, as_percent=False)


def _difference(row: Mapping) -> str:
    return _ends(row, "difference", signed=True)


def _ends(row: Mapping, name: str, signed: bool = False) -> str:
    """A figure with its interval from a table's row."""
    if row[name] is None:
        return "none"
    value, low, high = (score_text(row[f"{name}{end}"], "+" if signed else "") for end in ("", "_low", "_high"))
    return f"{value} ({low} to {high})"


def _iterations(runs: Sequence[Run]) -> str:
    numbers = listed([str(run.iteration) for run in runs])
    return f"Iteration {numbers}" if len(runs) == 1 else f"Iterations {numbers}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _is_are(number: int) -> str:
    return "is" if number == 1 else "are"
