"""Which configuration goes on to the next phase: ranking by stated criteria, and what the first one costs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from medtune.analysis.clustered import NO_DIFFERENCE, Contrast
from medtune.analysis.comparison import by_configuration, configuration_name
from medtune.analysis.selection import (
    CANDIDATE_COLUMNS,
    CRITERIA,
    TRADE_OFF_COLUMNS,
    TradeOff,
    candidate,
    rank,
    ranking_rows,
    trade_off,
    trade_off_rows,
    usable_weights,
)
from medtune.config import SelectionWeights
from medtune.files import read_json, write_json
from medtune.reporting.prose import Document, Heading, Items, Paragraph, Table, counted, points, write_document
from medtune.reporting.tables import percent, write_csv
from medtune.tasks.maccrobat.runs import RunFiles, rare_types, read_runs

NAMES = {
    "validation_f1": "micro-F1 on validation",
    "rare_f1": "micro-F1 of the rare types on validation",
    "speed": "words tagged per second",
    "size": "parameters",
}
COLUMNS = {"ranking": CANDIDATE_COLUMNS, "trade_offs": TRADE_OFF_COLUMNS}


def select(
    files: Sequence[RunFiles],
    choice: Path | str,
    data: Mapping[str, Path | str],
    tags: Path | str,
    weights: SelectionWeights,
    outputs: Mapping[str, Path | str],
    seed: int,
) -> None:
    """Rank the configurations and write the selection.

    choice: choice.json, whose run is compared with the first of the ranking. data, tags: as `read_runs` takes them.
    seed: of the bootstrap intervals. outputs: paths by name: the tables of `COLUMNS` (CSV), `record` (JSON), `page`
    (Markdown), `page_html`.
    Raises InputError when a file is missing or broken.
    """
    runs, rare = read_runs(files, data, tags, seed), rare_types(tags)
    candidates = [candidate(group, rare) for group in by_configuration(runs).values()]
    given = weights.model_dump()
    used = usable_weights(candidates, given)
    ranking = rank(candidates, given)
    first, *others = (one for one, _, _ in ranking)
    trade_offs = [trade_off(first, other, rare, seed) for other in others]
    rows = {"ranking": ranking_rows(ranking), "trade_offs": trade_off_rows(trade_offs)}
    for name, columns in COLUMNS.items():
        write_csv(outputs[name], rows[name], columns)
    chosen = read_json(choice)["chosen"]
    words = [trade_off_words(found) for found in trade_offs]
    verdict = agreement(first.configuration, (chosen["encoder"], chosen["lr"]), len(candidates))
    record = {
        "first": dict(zip(("encoder", "lr"), first.configuration, strict=True)),
        "chosen": chosen,
        "weights": used,
        "left_out": [name for name in CRITERIA if given[name] > 0 and name not in used],
        "agreement": verdict,
        "trade_off_words": words,
        **rows,
    }
    write_json(outputs["record"], record)
    write_document(selection_page(record), outputs["page"], outputs["page_html"])


def trade_off_words(found: TradeOff) -> str:
    """The first against another configuration: "+1.2 F1 points (-0.3 to +2.7), no difference shown, at …"."""
    first, other = (configuration_name(one.configuration) for one in (found.first, found.other))
    rare = "" if found.rare_f1.value is None else f"; rare types {_difference(found.rare_f1)}"
    return (
        f"{first} against {other}: {_difference(found.f1)}{rare}; at {found.time_ratio:.2f} times the time for "
        f"tagging, {found.training_time_ratio:.2f} times the time for training and "
        f"{found.size_ratio:.2f} times the parameters."
    )


def agreement(first: tuple[str, float], chosen: tuple[str, float], candidates: int) -> str:
    """Whether the criteria name the configuration that has the highest validation F1, which the study analyses."""
    if candidates == 1:
        return f"{configuration_name(first)} is the only configuration: it was analysed and exported."
    if first == chosen:
        return (
            f"The criteria put {configuration_name(first)} first, which also has the highest validation micro-F1: it "
            "is the configuration that was analysed and exported."
        )
    return (
        f"The criteria put {configuration_name(first)} first. The configuration with the highest validation micro-F1, "
        f"which was analysed and exported, is {configuration_name(chosen)}."
    )


def selection_page(record: Mapping) -> Document:
    """The selection as a readable document. record: content of selection.json."""
    used = record["weights"]
    stated = [f"{NAMES[name]}: {percent(weight)}" for name, weight in used.items()]
    left_out = [f"{NAMES[name]}: left out, since not every candidate has a figure" for name in record["left_out"]]
    headers = [
        "rank",
        "configuration",
        "seeds",
        *(NAMES[name] for name in CRITERIA),
        *(f"score: {NAMES[n]}" for n in used),
    ]
    table = [
        [
            row["rank"],
            configuration_name((row["encoder"], row["lr"])),
            row["seeds"],
            percent(row["validation_f1"]),
            percent(row["rare_f1"]),
            round(row["speed"]),
            round(row["size"]),
            *(f"{row[f'{name}_score']:.3f}" for name in used),
            f"{row['score']:.3f}",
        ]
        for row in record["ranking"]
    ]
    trade_offs = (
        [Items(record["trade_off_words"])] if record["trade_off_words"] else [Paragraph("There is nothing to compare.")]
    )
    blocks = [
        Paragraph(record["agreement"]),
        Heading("Criteria and weights"),
        Paragraph(
            "A criterion's score is the figure as a share of the best one (for parameters, the least as a share of the "
            "figure), and 1 for all where the best is 0. Configurations are named by encoder and learning rate; their "
            "figures are means over training seeds, and none of them is of the test split."
        ),
        Items([*stated, *left_out]),
        Heading("Ranking"),
        Table([*headers, "score"], table),
        Heading("Trade-offs"),
        Paragraph(
            "Differences in strict micro-F1 on the test documents (paired bootstrap over documents, 95 % intervals); "
            "where the interval includes zero, no difference is shown."
        ),
        *trade_offs,
    ]
    return Document(f"Selection for the next phase, from {counted(len(table), 'configuration')}", blocks)


def _difference(found: Contrast) -> str:
    text = points(found.value, found.low, found.high, of="F1 points")
    return text if found.shown else f"{text}, {NO_DIFFERENCE}"
