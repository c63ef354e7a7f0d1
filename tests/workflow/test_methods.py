"""A user's study of entities by every method, at two sizes and with two seeds, in one command."""

import json
import random

import pytest
import yaml

from tests.recompute_methods import disagreements
from tests.workspace import Workspace, table

DRUGS = ("aspirin", "metformin", "heparin", "warfarin", "ibuprofen", "lisinopril", "morphine", "amoxicillin")
PROBLEMS = ("pain", "diabetes", "fever", "bleeding", "nausea", "asthma", "rash", "cough")
SIZES, SEEDS = (None, 12), (1, 2)
METHODS = {
    "dictionary": {"method": "rules"},
    "few": {"method": "prompt", "shots": 2, "shot_tokens": 200, "constrained": True},
    "tagger": {"method": "encoder", "max_steps": 12},
    "lora": {"method": "adapter", "rank": 4},
}

STUDY = {
    "kind": "spans",
    "data": {"path": "notes.jsonl", "splits": {"train": 0.6, "validation": 0.2, "test": 0.2}},
    "entities": ["Drug", "Problem"],
    "prompt": "List drugs and problems.\nText: {text}\nJSON:",
    "generation": {"max_new_tokens": 72},
    "seeds": list(SEEDS),
    "sizes": [size for size in SIZES if size],
    "methods": METHODS,
    "guard": {"items": 4},
    "audit": {"items": 8},
}
CONFIG = {"studies": {"drugs": STUDY}}


def notes():
    """Sentences with a drug, a problem or both."""
    rng = random.Random(1)
    for number in range(40):
        drug, problem = rng.choice(DRUGS), rng.choice(PROBLEMS)
        text = rng.choice(["Took {d} for {p}.", "No {p} today.", "{d} was stopped.", "After {d} the {p} is better."])
        text = f"Day {number}. {text.format(d=drug, p=problem)}"
        spans = [(text.find(word), word, kind) for word, kind in ((drug, "Drug"), (problem, "Problem")) if word in text]
        yield {
            "text": text,
            "entities": [{"start": at, "end": at + len(word), "type": kind} for at, word, kind in spans],
        }


@pytest.fixture(scope="module")
def space(tmp_path_factory) -> Workspace:
    """The finished study; its base models are made in few steps."""
    space = Workspace(tmp_path_factory.mktemp("methods") / "medtune")
    (space.folder / "notes.jsonl").write_text("".join(f"{json.dumps(note)}\n" for note in notes()))
    overlay = space.folder / "config" / "tiny.yaml"
    settings = yaml.safe_load(overlay.read_text())
    settings["models"]["tiny-qwen3"]["steps"] = 10
    settings["models"]["tiny-bert"]["steps"] = 10
    settings["study_defaults"]["training"] |= {"max_steps": 4, "evaluate_every": 4}
    overlay.write_text(yaml.safe_dump(settings))
    space.succeed("--profile", "profiles/tiny", "drugs", config=CONFIG)
    return space


def test_every_method_is_in_the_table_at_each_size(space):
    rows = table(space, "results/tiny/drugs/summary/methods.csv")
    sizes = [str(size or "all") for size in SIZES]
    assert sorted((row["method"], row["size"]) for row in rows) == sorted(
        [("base", "all"), *((method, size) for method in METHODS for size in sizes)]
    )
    seeds = {(row["method"], row["size"]): int(row["seeds"]) for row in rows}
    assert seeds["dictionary", "all"] == seeds["base", "all"] == 1
    assert {seeds[method, size] for method in ("few", "tagger", "lora") for size in sizes} == {2}


def test_the_dictionary_finds_what_it_has_seen(space):
    rows = {(row["method"], row["size"]): row for row in table(space, "results/tiny/drugs/summary/methods.csv")}
    assert float(rows["dictionary", "all"]["strict_f1"]) > 0.8


def test_the_figures_are_those_of_the_predictions(space):
    assert list(disagreements("spans", space.folder / "results/tiny/drugs")) == []


def test_the_subsets_are_nested_and_what_the_units_were_trained_on(space):
    folder = "results/tiny/drugs"
    whole = {json.loads(line)["id"] for line in space.read(f"{folder}/data/train.jsonl").splitlines()}
    for seed in SEEDS:
        lines = space.read(f"{folder}/data/train-n12-seed{seed}.jsonl").splitlines()
        assert {json.loads(line)["id"] for line in lines} < whole
        assert len(lines) == 12
    rows = table(space, f"{folder}/summary/methods.csv")
    assert {row["documents"] for row in rows if row["size"] == "12"} == {"12"}


def test_what_adapters_forgot_and_what_the_base_model_knows_is_told(space):
    folder = "results/tiny/drugs"
    for unit in ("lora", "lora-seed2"):
        assert "## What the adapter forgets" in space.read(f"{folder}/{unit}/adapter/README.md")
        assert (space.folder / folder / unit / "guard.json").is_file()
    audit = space.json(f"{folder}/base/audit/tiny-qwen3.json")
    assert audit["splits"]["test"]["answers"] == 8
    page = space.read(f"{folder}/summary/method_summary.md")
    assert "## Contamination" in page
    assert "tiny-qwen3" in page.split("## Contamination")[1]
    # Eight validation documents are too few to certify anything.
    rows = table(space, f"{folder}/summary/automation.csv")
    assert {row["threshold"] for row in rows if row["rule"] == "certified"} == {""}


def test_nothing_is_made_twice(space):
    assert "Nothing to be done" in space.succeed("--profile", "profiles/tiny", "drugs", "--dry-run", config=CONFIG)


@pytest.mark.parametrize(
    ("unit", "change", "said"),
    [
        ("dictionary-n99", {"sizes": [99]}, "sizes: 99 is above the 24 documents"),
        ("few", {"methods": {"few": {"method": "prompt", "shots": 99}}}, "24 training examples, fewer than shots = 99"),
    ],
)
def test_what_the_data_cannot_give_ends_with_one_sentence(space, tmp_path, unit, change, said):
    copy = Workspace(tmp_path / "medtune", like=space)
    target = f"results/tiny/drugs/{unit}/predictions.jsonl"
    assert said in copy.refuse("--profile", "profiles/tiny", target, config={"studies": {"drugs": {**STUDY, **change}}})
