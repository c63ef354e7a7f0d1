"""The RadGraph study of `make demo`'s run: every file is there, and the figures are those that the README promises."""

import csv
import io

import pytest

from medtune.studies.radgraph.generator import make_corpus
from tests.annotations import check, json_lines, outputs_in
from tests.workspace import Workspace

pytestmark = pytest.mark.demo

STUDY = "results/tiny/radgraph"
ENTITIES = ("ANAT-DP", "OBS-DP", "OBS-DA", "OBS-U")
FIGURES = (
    *("strict_f1", "exact_f1", "partial_f1", "type_f1", "radgraph_f1"),
    *("parse_rate", "ungroundable_rate", "raw_offset_accuracy"),
)
COLUMNS = [
    *("entity", "model", "split"),
    *(f"{figure}{end}" for figure in FIGURES for end in ("", "_low", "_high")),
    *("n_reports", "n_gold"),
]


@pytest.fixture(scope="module")
def test_rows(tiny_run) -> dict[tuple[str, str], dict]:
    table = list(csv.DictReader(io.StringIO(tiny_run.read(f"{STUDY}/summary/entities.csv"))))
    assert list(table[0]) == COLUMNS
    return {(row["entity"], row["model"]): row for row in table if row["split"] == "test"}


@pytest.mark.parametrize("entity", ENTITIES)
def test_each_adapter_finds_what_the_base_finds_in_neither_form(test_rows, entity):
    base, practised, adapter = (test_rows[entity, model] for model in ("base", "practised", "adapter"))
    assert float(base["strict_f1"]) <= 0.05 and float(practised["strict_f1"]) <= 0.2
    assert float(practised["parse_rate"]) >= 0.95  # it answers as it knows how to
    assert float(adapter["strict_f1"]) > float(practised["strict_f1"]) + 0.3
    assert float(adapter["parse_rate"]) >= 0.98
    assert float(adapter["strict_f1_low"]) < float(adapter["strict_f1"]) <= float(adapter["strict_f1_high"])


def test_the_adapters_learn_much_of_a_task_that_is_new_to_the_base(test_rows):
    figures = [float(test_rows[entity, "adapter"]["strict_f1"]) for entity in ENTITIES]
    assert sum(figures) / len(figures) >= 0.6


def test_what_is_held_out_was_not_read(tiny_run):
    shared = tiny_run.json(f"{STUDY}/data/manifest.json")["held_out"]
    assert set(shared) == {"training split", "pre-training text of the base model"}
    for read in shared.values():
        assert all(found["held_out"] > 20 and found["shared"] == 0 for found in read.values()), read


def test_the_trained_adapters_annotate_new_reports(tiny_run, tmp_path):
    space = Workspace(tmp_path / "medtune", like=tiny_run)
    made = make_corpus({"train": 150, "dev": 12, "test": 24, "new": 40}, seed=42)["new"]
    texts = {name: report["text"] for name, report in made.items()}
    source = json_lines(space.folder, texts)
    section = {"format": "jsonl", "path": source.path, "id": "id"}
    space.succeed("--profile", "tiny", "annotate", config={"radgraph": {"annotate": section}})
    found = check(outputs_in(space.folder / STUDY / "annotations"), texts)
    assert {row["label"] for row in found} == set(ENTITIES)
    right = sum(
        any(
            (entity["label"], entity["tokens"]) == (row["label"], row["text"])
            for entity in made[row["report"]]["entities"].values()
        )
        for row in found
    )
    assert right / len(found) >= 0.3  # in sentences and pairs of terms that the adapters have not read
