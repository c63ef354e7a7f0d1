"""Which configuration is taken to the next phase: ranking by stated criteria, and the cost of the first one."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from medtune.files import write_json
from medtune.metrics.contrasts import NO_DIFFERENCE
from medtune.metrics.estimate import ENDS
from medtune.metrics.over_seeds import LEAST_SEEDS
from medtune.reporting.pages import write_page
from medtune.reporting.prose import interval_text, points
from medtune.reporting.tables import write_csv
from medtune.studies.maccrobat.analysis.comparison import TaggerRun, by_configuration, configuration_name
from medtune.studies.maccrobat.analysis.selection import (
    CANDIDATE_COLUMNS,
    CRITERIA,
    TRADE_OFF_COLUMNS,
    Candidate,
    candidate,
    choose,
    rank,
    ranking_rows,
    trade_off,
    trade_off_rows,
    usable_weights,
)
from medtune.studies.maccrobat.page import NO_CLAIM, PAGES, row_name
from medtune.studies.maccrobat.runs import RunFiles, rare_types, read_runs, synthetic_note
from medtune.studies.maccrobat.section import SelectionWeights

NAMES = {
    "validation_f1": "micro-F1 on validation",
    "rare_f1": "micro-F1 of the rare types on validation",
    "speed": "words tagged per second",
    "size": "parameters",
}
"""Of `CRITERIA`, in their order."""
CHOSEN_ON = (
    "weighted score of validation micro-F1, that of the rare types, speed and size, as means over the seeds of an "
    "encoder at a learning rate; then the seed with the best validation micro-F1"
)
COLUMNS = {"ranking": CANDIDATE_COLUMNS, "trade_offs": TRADE_OFF_COLUMNS}


def select(
    files: Sequence[RunFiles],
    data: Mapping[str, Path | str],
    tags: Path | str,
    manifest: Path | str,
    weights: SelectionWeights,
    outputs: Mapping[str, Path | str],
) -> None:
    """Rank the configurations, choose the run that all that follows is about, and write the selection.

    manifest: of the data. data, tags: as `read_runs` takes them; the test split is for the trade-offs alone, which
    come after the choice. outputs: paths by name: the tables of `COLUMNS` (CSV),
    `record` (JSON), `page` (Markdown), `page_html`.
    Raises InputError when a file is missing or broken.
    """
    runs, rare = read_runs(files, data, tags), rare_types(tags)
    candidates = [candidate(group, rare) for group in by_configuration(runs).values()]
    given = weights.model_dump()
    used = usable_weights(candidates, given)
    ranking = rank(candidates, given)
    first, *others = (one for one, _, _ in ranking)
    chosen = choose(ranking)
    trade_offs = [trade_off(first, other, rare) for other in others]
    rows = {
        "ranking": ranking_rows(ranking),
        "trade_offs": trade_off_rows(trade_offs, runs[0].scores["test"].documents),
    }
    for name, columns in COLUMNS.items():
        write_csv(outputs[name], rows[name], columns)
    record = {
        "chosen": chosen.key,
        "chosen_on": CHOSEN_ON,
        "note": synthetic_note(manifest),
        "weights": used,
        "left_out": [name for name in CRITERIA if given[name] > 0 and name not in used],
        "reason": reason(chosen, rows["ranking"]),
        "trade_off_words": [trade_off_words(first, row) for row in rows["trade_offs"]],
        **rows,
    }
    write_json(outputs["record"], record)
    content = {**record, "names": NAMES, "configuration": row_name}
    write_page(PAGES / "selection.md.j2", content, outputs["page"], outputs["page_html"])


def trade_off_words(first: Candidate, row: Mapping) -> str:
    """The first against another configuration, of a row of the table: "+1.2 F1 points (-0.3 to +2.7), no difference
    shown, at …"."""
    rare = "" if row["rare_f1_difference"] is None else f"; rare types {_difference(row, 'rare_f1')}"
    return (
        f"{configuration_name(first.configuration)} against {row_name(row)}: "
        f"{_difference(row, 'f1')}{rare}; at {interval_text(row, 'time_ratio', as_percent=False)} times the time for "
        f"tagging, {row['training_time_ratio']:.2f} times the time for training and {row['size_ratio']:.2f} times the "
        "parameters."
    )


def reason(chosen: TaggerRun, ranking: Sequence[Mapping]) -> str:
    """Why this run, with the figures that the choice was made on. ranking: rows of that table."""
    first, *others = ranking
    name = configuration_name(chosen.configuration)
    over = "" if first["seeds"] == 1 else f" as a mean over {first['seeds']} seeds"
    figure = f"validation micro-F1 {interval_text(first, 'validation_f1')}{over}"
    text = f"Chosen: {chosen.name}, without the test documents. "
    if not others:
        text += f"{name} is the only configuration; {figure}"
    else:
        best = max(ranking, key=lambda row: row["validation_f1"])
        text += (
            f"{name} has the highest score of {len(ranking)} configurations, {first['score']:.3f} (next: "
            f"{row_name(others[0])}, {others[0]['score']:.3f}); {figure}"
        )
        if best["validation_f1"] > first["validation_f1"]:
            other = row_name(best)
            text += f", where {other} has {interval_text(best, 'validation_f1')} but less in the other criteria"
    text += f"; of its seeds, {chosen.seed} has the highest." if first["seeds"] > 1 else "."
    if others and min(row["seeds"] for row in ranking) < LEAST_SEEDS:
        text += f" This chooses a run. {NO_CLAIM}"
    return text


def _difference(row: Mapping, name: str) -> str:
    text = points(*(row[f"{name}_difference{end}"] for end in ENDS), of="F1 points")
    return text if row[f"{name}_shown"] else f"{text}, {NO_DIFFERENCE}"
