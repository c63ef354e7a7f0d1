"""The comparison of runs in pictures. Everything shown here was computed before."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from medtune.kinds.relations.matching import CLASSES
from medtune.reporting.plots import Bar, or_zero, plot_bars, plot_heatmap
from medtune.studies.relations.runs import Labels, Run, Runs

ENTITIES, RELATIONS, WITH_GOLD = "entities", "relations", "relations, gold entities given"


def figures(runs: Runs, chosen: Run, labels: Labels) -> dict[str, Figure]:
    """The plots by name, see `captions.PLOTS`. All are of the test documents."""
    n = chosen.splits["test"]["n"]
    shown = _before_and_after(runs, chosen)
    names = [run.name for run in shown]
    return {
        "comparison": plot_bars(
            [bar for run in runs for bar in _run_bars(run, run is chosen)],
            labels.titled(f"Strict F1 on {n} test documents"),
            "strict F1, 95 % interval over documents",
            groups=(ENTITIES, RELATIONS, WITH_GOLD),
        ),
        "relation_types": plot_bars(
            _type_bars(shown),
            labels.titled(f"Relation types on {n} test documents"),
            "strict F1, 95 % interval over documents",
            groups=names,
        ),
        "errors": plot_bars(
            _error_bars(shown),
            labels.titled(f"Relations by class of error on {n} test documents"),
            "share of gold and predicted relations (pairs count once), 95 % interval",
            groups=names,
        ),
        **{
            f"{kind}_confusion": plot_heatmap(
                chosen.splits["test"][f"{kind}_confusion"],
                labels.titled(f"{kind.capitalize()} types, {chosen.name}"),
                "predicted",
                "gold",
            )
            for kind in ("entity", "relation")
        },
    }


def _before_and_after(runs: Runs, chosen: Run) -> list[Run]:
    """The base model in both forms, default and the chosen run, each once."""
    return list({run.name: run for run in (runs.base, runs.practised, runs.default, chosen)}.values())


def _run_bars(run: Run, chosen: bool) -> list[Bar]:
    test = run.splits["test"]
    name = f"{run.name}{', chosen' if chosen else ''}"
    figures_by_group = {
        ENTITIES: test["entity_f1"],
        RELATIONS: test["relation_f1"],
        WITH_GOLD: test["relation_f1_gold_entities"],
    }
    # As in the other plots, the bar in the middle bears the name.
    return [
        Bar(name if group == RELATIONS else "", or_zero(estimate), group)
        for group, estimate in figures_by_group.items()
    ]


def _type_bars(shown: Sequence[Run]) -> list[Bar]:
    """Types with gold relations, each for all runs shown."""
    by_label = shown[0].splits["test"]["relations"]["by_label"]
    types = {label: found["gold"] for label, found in by_label.items() if found["gold"]}
    return [
        Bar(
            f"{label} ({gold})" if run is _middle(shown) else "",
            or_zero(run.splits["test"]["relations"]["by_label"][label]["schemes"]["strict"]["f1"]),
            run.name,
        )
        for label, gold in types.items()
        for run in shown
    ]


def _error_bars(shown: Sequence[Run]) -> list[Bar]:
    return [
        Bar(kind if run is _middle(shown) else "", or_zero(run.splits["test"]["errors"][kind]["share"]), run.name)
        for kind in CLASSES
        for run in shown
    ]


def _middle(shown: Sequence[Run]) -> Run:
    """The run whose bar bears the name of its group of bars."""
    return shown[(len(shown) - 1) // 2]
