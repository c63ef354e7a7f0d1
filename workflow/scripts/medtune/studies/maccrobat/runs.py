"""The tagged runs that a summary compares: one for each encoder, learning rate and seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medtune.errors import InputError
from medtune.files import read_json
from medtune.metrics.estimate import ENDS, Range
from medtune.studies.maccrobat.analysis.comparison import TaggerRun
from medtune.studies.maccrobat.analysis.documents import load_splits
from medtune.studies.maccrobat.analysis.types import read_type_table

SPLITS = ("validation", "test")
SYNTHETIC = (
    "The case reports are made by rules. The figures show that every stage works, and how well a tagger goes beyond "
    "what it read: no sentence template of validation and test stands in the training split or in the pre-training "
    "text of a made encoder, and a part of their terms does not either (manifest.json has the counts). They say "
    "nothing about real case reports."
)


@dataclass(frozen=True)
class RunFiles:
    """What one run left behind: training.json, tagging.json, predictions.jsonl and speed.json."""

    encoder: str
    lr: float
    seed: int
    record: Path | str
    tagging: Path | str
    predictions: Path | str
    speed: Path | str


def run_files(
    keys: Sequence[Mapping],
    records: Sequence[Path | str],
    taggings: Sequence[Path | str],
    predictions: Sequence[Path | str],
    speeds: Sequence[Path | str],
) -> list[RunFiles]:
    """The files of each run, in the order of `keys` (encoder, lr, seed)."""
    files = zip(keys, records, taggings, predictions, speeds, strict=True)
    return [RunFiles(**key, record=r, tagging=t, predictions=p, speed=s) for key, r, t, p, s in files]


def read_runs(files: Sequence[RunFiles], data: Mapping[str, Path | str], tags: Path | str) -> list[TaggerRun]:
    """The runs, in the order given. data: rows by split. tags: tags.json.

    Raises InputError when there is no run or no document, a file is missing or broken, or a record lacks a figure.
    """
    if not files:
        raise InputError("summary: no trained run; expected at least one encoder")
    labels = tuple(sorted(read_type_table(tags).tiers))
    return [_read(run, data, labels) for run in files]


def synthetic_note(manifest: Path | str) -> str:
    """What figures of made case reports show, for every page that has some; empty where the reports are real."""
    sources = read_json(manifest)["sources"]
    return SYNTHETIC if all(source["format"] == "synthetic" for source in sources) else ""


def rare_types(tags: Path | str) -> list[str]:
    """The types of the rare tier."""
    return sorted(label for label, tier in read_type_table(tags).tiers.items() if tier == "rare")


def chosen_run(runs: Sequence[RunFiles], choice: Path | str) -> RunFiles:
    """The run that a record (selection.json, choice.json) names as chosen. Raises InputError when there is no such."""
    key = read_json(choice)["chosen"]
    for run in runs:
        if (run.encoder, run.lr, run.seed) == (key["encoder"], key["lr"], key["seed"]):
            return run
    raise InputError(f"{choice}: names a run that is not in the configuration; summarise again")


def _read(files: RunFiles, data: Mapping[str, Path | str], labels: tuple[str, ...]) -> TaggerRun:
    documents = load_splits({split: data[split] for split in SPLITS}, files.predictions)
    for split in SPLITS:
        if not documents[split]:
            raise InputError(f"{data[split]}: no documents; expected at least one")
    record, tagging = read_json(files.record), read_json(files.tagging)
    speed = read_json(files.speed).get("reported", {})
    return TaggerRun(
        encoder=files.encoder,
        lr=files.lr,
        seed=files.seed,
        documents=documents,
        labels=labels,
        train_seconds=_figure(record, "train_seconds", files.record),
        speed=Range(*(_figure(speed, f"words_per_second{end}", files.speed) for end in ENDS)),
        parameters=round(_figure(tagging, "parameters", files.tagging)),
    )


def _figure(record: Mapping, name: str, path: Path | str) -> float:
    value = record.get(name)
    if not isinstance(value, int | float) or value <= 0:
        raise InputError(f'{path}: "{name}" is {value}; expected a number above 0')
    return value
