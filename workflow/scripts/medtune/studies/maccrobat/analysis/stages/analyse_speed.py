"""Analysis `speed`: how fast one model tags, on what, in which precision, and what that does to its F1."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from medtune.errors import InputError
from medtune.files import read_jsonl, write_json
from medtune.reporting.plots import Bar, plot_bars, save_figure
from medtune.reporting.prose import estimate_in
from medtune.reporting.tables import write_csv
from medtune.studies.maccrobat.analysis.speed import (
    NOTES,
    PRECISION_COLUMNS,
    SPEED_COLUMNS,
    STREAMING_COLUMNS,
    TOGETHER,
    Variant,
    hours_in_words,
    precision_rows,
    speed_rows,
    streaming_rows,
    ways_with,
)
from medtune.studies.maccrobat.analysis.speed_measurement import Load, measure

COLUMNS = {"speed": SPEED_COLUMNS, "precision": PRECISION_COLUMNS, "streaming": STREAMING_COLUMNS}
PLOTS = ("throughput", "precision")


def analyse_speed(
    data: Path | str,
    load: Load,
    variants: Sequence[Variant],
    reported: Variant,
    batch_size: int,
    outputs: Mapping[str, Path | str],
    timed: int,
    rounds: int,
    threads: int,
) -> None:
    """Time the tagger on the test split.

    data: rows of the test split.  load, variants, timed, rounds: as `measure` takes them.  reported, batch_size: how
    documents are tagged in the study, all together in batches of so many windows.  threads: of the CPU, for the
    record.  outputs: paths by name: the tables of `COLUMNS` (CSV), `record` (JSON), and the plots `{name}_png`,
    `{name}_svg` of `PLOTS`. Raises InputError when the file is missing, broken or empty.
    """
    documents = read_jsonl(data)
    if not documents:
        raise InputError(f"{data}: no documents to time")
    found, timings = measure(load, variants, documents, timed, rounds, ways_with(batch_size))
    rows = {
        "speed": speed_rows(timings),
        "precision": precision_rows(found, [row["tags"] for row in documents], timings),
        "streaming": streaming_rows(timings),
    }
    for name, columns in COLUMNS.items():
        write_csv(outputs[name], rows[name], columns)
    as_reported = {
        "device": reported.device,
        "precision": reported.precision,
        "mode": TOGETHER,
        "batch_size": batch_size,
    }
    (speed,) = [row for row in rows["speed"] if as_reported.items() <= row.items()]
    record = {
        "split": "test",
        "documents": len(documents),
        "threads": threads,
        "batch_size_unit": "windows",
        "ranges": "slowest and fastest round",
        "notes": NOTES,
        "reported": speed,
        "hours": hours_in_words(speed),
        **rows,
    }
    write_json(outputs["record"], record)
    figures = {
        "throughput": plot_bars(
            [
                Bar(
                    f"{row['device']} {row['precision']}, {row['mode']}, {row['batch_size']}",
                    estimate_in(row, "documents_per_second"),
                    f"{row['device']} {row['precision']}",
                )
                for row in rows["speed"]
            ],
            "Throughput by device, precision, mode and windows in a batch",
            "documents per second, slowest and fastest round",
            share=False,
        ),
        "precision": plot_bars(
            [Bar(f"{row['device']} {row['precision']}", estimate_in(row, "f1")) for row in rows["precision"]],
            "Strict F1 by precision",
            "strict F1 on the test split, 95 % interval over documents",
        ),
    }
    for name in PLOTS:
        save_figure(figures[name], outputs[f"{name}_png"])
        save_figure(figures[name], outputs[f"{name}_svg"])
