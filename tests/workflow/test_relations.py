"""The relations study of `make demo`: every file is there, the figures are as promised and agree with each other."""

import csv

import pytest

from medtune.files import read_jsonl, sha256_of
from medtune.studies.relations.generator import make_splits
from tests.predictions import check, outputs_in
from tests.workspace import Workspace

pytestmark = pytest.mark.demo

STUDY = "results/tiny/relations"
SWITCHES = ("weighted", "deduplicated", "schema", "negatives", "two_steps", "constrained")
RUNS = ("base", "practised", "default", *SWITCHES)
PRACTISED = "base, practised form"
SHOWN = ("base", PRACTISED, "default", *SWITCHES)
"""The runs by folder, and as tables call them."""
TRAINED = ("default", "weighted", "negatives", "two_steps")
"""Runs with an adapter of their own; the others read answers, or have them generated, in another way."""
EASY = {"passages": 1, "terms": 8}
"""The documents of the tiny study."""
COLUMNS = [
    *("run", "split", "entity_f1", "entity_f1_low", "entity_f1_high", "relation_f1", "relation_f1_low"),
    *("relation_f1_high", "relation_f1_gold_entities", "parse_rate", "repair_rate", "duplicates"),
    *("p_value_against_default", "n_documents", "relation_f1_gold_entities_low", "relation_f1_gold_entities_high"),
    *("parse_rate_low", "parse_rate_high", "repair_rate_low", "repair_rate_high", "p_holm_against_default"),
]
TABLES = ("comparison", "switches", "entity_types", "relation_types", "familiarity")
OF_STUDY = {
    "data": ["validation.jsonl", "test.jsonl", "given.jsonl", "manifest.json", "schema.json", "diversity.json"],
    "summary": [
        *(f"{name}.{end}" for name in TABLES for end in ("csv", "html")),
        *(f"{name}.csv" for name in ("errors", "entity_confusion", "relation_confusion", "answers")),
        *(
            f"{name}.{end}"
            for name in ("comparison", "relation_types", "entity_confusion", "relation_confusion", "errors")
            for end in ("png", "svg")
        ),
        *("summary.md", "summary.html", "headline.txt", "choice.json", "examples.html"),
    ],
}


@pytest.fixture(scope="module")
def study(tiny_run) -> Workspace:
    """The tiny run, whose part this study is."""
    return tiny_run


def table(study: Workspace, name: str) -> list[dict]:
    with (study.folder / STUDY / "summary" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def test_rows(study) -> dict[str, dict]:
    rows = table(study, "comparison")
    assert list(rows[0]) == COLUMNS
    assert [(row["run"], row["split"]) for row in rows] == [(r, s) for r in SHOWN for s in ("validation", "test")]
    return {row["run"]: row for row in rows if row["split"] == "test"}


def test_every_file_is_written(study):
    wanted = [f"{STUDY}/{folder}/{name}" for folder, names in OF_STUDY.items() for name in names]
    wanted += [f"{STUDY}/{run}/{name}" for run in RUNS for name in ("metrics.json", "items.csv")]
    wanted += [f"{STUDY}/{run}/evaluation_results.json" for run in RUNS]
    for run in TRAINED:
        wanted += [f"{STUDY}/{run}/training.json", f"{STUDY}/{run}/predictions.jsonl"]
        for name in ("adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "README.md"):
            wanted.append(f"{STUDY}/{run}/final_model/{name}")
    assert [path for path in wanted if not (study.folder / path).is_file()] == []
    assert [path for path in wanted if not (study.folder / path).stat().st_size] == []
    assert "Nothing to be done" in study.succeed("-n", "relations", "--profile", "tiny")


def test_the_study_learns_what_the_base_cannot_do_in_any_form(test_rows):
    """The margins are wide, since figures differ between processors."""
    base, practised, default = test_rows["base"], test_rows[PRACTISED], test_rows["default"]
    assert float(base["entity_f1"]) <= 0.10 and float(base["relation_f1"]) <= 0.10
    assert float(practised["entity_f1"]) <= 0.10 and float(practised["relation_f1"]) <= 0.10
    assert float(default["entity_f1"]) >= 0.45
    assert float(default["relation_f1"]) > float(practised["relation_f1"])
    assert max(float(row["relation_f1"]) for row in test_rows.values()) >= 0.15
    assert float(default["parse_rate"]) >= 0.85
    for row in test_rows.values():
        assert float(row["entity_f1_low"]) <= float(row["entity_f1"]) <= float(row["entity_f1_high"])
        assert float(row["relation_f1_low"]) <= float(row["relation_f1"]) <= float(row["relation_f1_high"])
        assert row["n_documents"] == "80"


def test_nothing_is_said_twice_after_deduplication(test_rows):
    assert test_rows["deduplicated"]["duplicates"] == test_rows["schema"]["duplicates"] == "0"
    assert float(test_rows["deduplicated"]["relation_f1"]) >= float(test_rows["default"]["relation_f1"])


def test_terms_that_stand_in_the_training_text_and_terms_held_out_are_shown_apart(study):
    rows = {
        row["terms"]: row for row in table(study, "familiarity") if (row["run"], row["split"]) == ("default", "test")
    }
    seen, unseen = rows["in the training text"], rows["held out"]
    assert int(unseen["entities"]) >= 25 and int(seen["entities"]) > int(unseen["entities"])
    assert float(seen["entity_f1"]) >= 0.55
    assert float(seen["entity_f1"]) > float(unseen["entity_f1"])


def test_nothing_of_validation_and_test_has_been_read(study):
    manifest = study.json(f"{STUDY}/data/manifest.json")
    for read in ("training", "pre-training"):
        for found in manifest["leakage"]["held_out"][read].values():
            assert found["held_out"] > 10 and found["shared"] == 0
    page = study.read(f"{STUDY}/summary/summary.md")
    assert "The documents are synthetic" in page and "training and pre-training text" in page
    card = study.read(f"{STUDY}/default/final_model/README.md")
    assert "| figure | adapter | base model | base model, practised form |" in card


def test_with_one_training_seed_each_switch_has_its_interval_and_nothing_is_claimed(study):
    rows = [row for row in table(study, "switches") if row["split"] == "test"]
    assert [row["switch"] for row in rows] == list(SWITCHES)
    for row in rows:
        low, high = (float(row[f"relation_f1_difference_{end}"]) for end in ("low", "high"))
        assert low <= float(row["relation_f1_difference"]) <= high
        assert float(row["p_value"]) <= float(row["p_holm"]) <= 1
        assert row["verdict"].startswith("nothing claimed") and row["n_seeds"] == "1"


def test_documents_without_relations_teach_that_there_may_be_none(study):
    """The default run never saw such a document, and finds a relation in nearly each of them."""
    bare = {row["id"] for row in read_jsonl(study.folder / STUDY / "data" / "test.jsonl") if not row["relations"]}
    assert len(bare) == 16

    def found(run: str) -> int:
        predictions = read_jsonl(study.folder / STUDY / run / "predictions.jsonl")
        answers = [row["value"] for row in predictions if row["split"] == "test" and row["id"] in bare]
        return sum(bool(answer and answer["relations"]) for answer in answers)

    assert found("negatives") < found("default")


def test_the_choice_is_made_on_validation(study):
    rows = [
        row
        for row in table(study, "comparison")
        if row["split"] == "validation" and row["run"] not in ("base", PRACTISED)
    ]
    chosen = study.json(f"{STUDY}/summary/choice.json")["chosen"]
    best = max(float(row["relation_f1"]) for row in rows)
    assert float(next(row for row in rows if row["run"] == chosen)["relation_f1"]) == best
    assert chosen in study.read(f"{STUDY}/summary/headline.txt")


def test_no_template_sentence_stands_in_two_splits(study):
    report = study.json(f"{STUDY}/data/diversity.json")
    assert report["shared_templates"] == 0
    counts = report["splits"]["train"]["relations"]
    assert max(counts.values()) - min(counts.values()) <= 4


def test_the_trained_run_reads_new_notes(tiny_run, tmp_path):
    space = Workspace(tmp_path / "medtune", like=tiny_run)
    made = [item.document for item in make_splits({"test": 30}, seed=7, **EASY)["test"]]
    (space.folder / "my notes").mkdir()
    texts = {}
    for document in made:
        texts[f"{document.id}.txt"] = document.text
        (space.folder / "my notes" / f"{document.id}.txt").write_text(document.text)
    section = {"format": "folder", "path": "my notes", "run": "negatives", "page_notes": 5}
    command = ("--profile", "tiny", "predict")
    space.succeed(*command, config={"relations": {"predict": section}})
    found = check(outputs_in(space.folder / STUDY / "predictions"), texts)
    gold = {(f"{d.id}.txt", e.start, e.end, e.label) for d in made for e in d.entities}
    predicted = {(d.id, e.start, e.end, e.label) for d in found for e in d.entities}
    assert len(gold & predicted) / len(predicted) >= 0.40
    assert len(gold & predicted) / len(gold) >= 0.40
    weights = space.folder / STUDY / "negatives" / "final_model" / "adapter_model.safetensors"
    assert space.json(f"{STUDY}/predictions/record.json")["adapter"][weights.name] == sha256_of(weights)
    again = space.succeed(*command, "-n", config={"relations": {"predict": section}})
    assert "Nothing to be done" in again
