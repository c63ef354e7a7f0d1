"""The RadGraph study of `make demo`'s run: every file is there, and the figures are those that the README promises."""

import csv
import io

import pytest

from medtune.data.synthetic.radgraph import make_corpus
from tests.annotations import check, json_lines, outputs_in
from tests.workspace import Workspace

pytestmark = pytest.mark.demo

STUDY = "results/tiny/radgraph"
ENTITIES = ("ANAT-DP", "OBS-DP", "OBS-DA", "OBS-U")
COLUMNS = [
    *("entity", "model", "split", "strict_f1", "strict_f1_low", "strict_f1_high", "exact_f1", "partial_f1", "type_f1"),
    *("radgraph_f1", "parse_rate", "ungroundable_rate", "raw_offset_accuracy", "n_reports", "n_gold"),
]


@pytest.fixture(scope="module")
def test_rows(tiny_run) -> dict[tuple[str, str], dict]:
    table = list(csv.DictReader(io.StringIO(tiny_run.read(f"{STUDY}/summary/entities.csv"))))
    assert list(table[0]) == COLUMNS
    return {(row["entity"], row["model"]): row for row in table if row["split"] == "test"}


@pytest.mark.parametrize("entity", ENTITIES)
def test_each_adapter_finds_what_the_base_does_not(test_rows, entity):
    base, adapter = test_rows[entity, "base"], test_rows[entity, "adapter"]
    assert float(base["strict_f1"]) <= 0.10
    assert float(adapter["strict_f1"]) >= 0.85
    assert float(adapter["parse_rate"]) >= 0.98
    assert float(adapter["strict_f1_low"]) < float(adapter["strict_f1"]) <= float(adapter["strict_f1_high"])


def test_negated_and_uncertain_observations_are_not_far_behind(test_rows):
    figures = {entity: float(test_rows[entity, "adapter"]["strict_f1"]) for entity in ENTITIES}
    assert min(figures["OBS-DA"], figures["OBS-U"]) >= max(figures.values()) - 0.10


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
    assert right / len(found) >= 0.8
