"""The summary's plots. Everything shown here was computed before."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from medtune.reporting.plots import Line
from medtune.studies.meerkat.medical_qa import ALL
from medtune.studies.meerkat.runs import PRACTISED, SPLITS, STEERING_SPLIT, Run
from medtune.studies.meerkat.score_plots import plot_line_panels, plot_score_map


def figures(bases: Sequence[Run], runs: Sequence[Run], metric: str) -> dict[str, Figure]:
    """The plots by the names of `tables.PLOTS`.

    bases: the base model, also in its practised form where it was asked in it; that form is a column of the heat map,
    and a mark at the base model's place in the others.
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
                        Line("in the study's form", iterations, found[name]),
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
                        *(Line(f"{split}, n = {sizes[split]}", iterations, by_split[split]) for split in SPLITS),
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
                            Line(f"{split}, n = {sizes[split]}", [run.train_size() for run in models], by_split[split])
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


def _marks(practised: Sequence[Run], split: str, metric: str, specialty: str = ALL) -> list[Line]:
    """The base model in its practised form, where the base model stands."""
    name = "practised form" if specialty != ALL else f"practised form, {split}"
    return [Line(name, [0], [run.estimate(split, metric, specialty)]) for run in practised]


def _tick(run: Run) -> str:
    if run.iteration == PRACTISED:
        return PRACTISED
    if not run.iteration:
        return "base"
    return f"{run.iteration} (copy)" if run.copied else str(run.iteration)
