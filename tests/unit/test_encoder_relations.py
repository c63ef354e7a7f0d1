"""The method `encoder` of relation studies: a tagger, then a classifier of pairs of its entities."""

import os
import random
import signal

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from medtune.data.alignment import make_layout
from medtune.data.words import words_of
from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, write_jsonl
from medtune.kinds.relations.examples import schema_of
from medtune.kinds.relations.score import score
from medtune.methods.encoder.checkpoint_figure import pair_figures
from medtune.methods.encoder.pairs import (
    Pair,
    PairReader,
    chosen_classes,
    classes_of,
    distance_limit,
    gold_relations,
    markers_of,
    placed_in,
)
from medtune.stages import train_parts
from tests.unit.encoder_study import answer_all, encoder_job, examples_of, run_encoder, save_base
from tests.unit.tiny_tagger import DRUGS, SIGNS, tiny_encoder

TYPES = ["Drug", "Sign"]
RELATIONS = {
    "treats": {"heads": ["Drug"], "tails": ["Sign"], "symmetric": False},
    "with": {"heads": ["Drug"], "tails": ["Drug"], "symmetric": True},
}
SCHEMA = schema_of(TYPES, RELATIONS)
OPTIONS = {"study": "drugs", "prompt": "{text}", "entities": TYPES, "relations": RELATIONS}
SETTINGS = {"epochs": 8, "batch_size": 8, "learning_rate": 5e-3}
TREATS = {"given": "treats", "no": None}
"""By the word between a drug and a sign how they are related."""


def example_of(text, entities, relations=(), identifier="1"):
    """entities: (text, type), each the first such stretch. relations: (head, type, tail)."""
    places = [(text.index(part), part, label) for part, label in entities]
    return {
        "id": identifier,
        "text": text,
        "entities": [{"start": at, "end": at + len(part), "type": label, "text": part} for at, part, label in places],
        "relations": [{"head": head, "tail": tail, "type": name} for head, name, tail in relations],
    }


def toy_example(rng, identifier):
    """Sentences of a drug and a sign, between which a word tells whether the one treats the other."""
    text, entities, relations = "", [], []
    # Each word once: an answer names arguments by their text.
    for drug, sign in zip(rng.sample(DRUGS, 3), rng.sample(SIGNS, 3), strict=True):
        between = rng.choice(list(TREATS))
        for word, label in ((drug, "Drug"), (between, None), (sign, "Sign")):
            if label:
                entities.append({"start": len(text), "end": len(text) + len(word), "type": label, "text": word})
            text += f"{word} "
        if TREATS[between]:
            relations.append({"head": len(entities) - 2, "tail": len(entities) - 1, "type": TREATS[between]})
        text += "then she had the . \n"
    return {"id": identifier, "text": text, "entities": entities, "relations": relations}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    save_base(folder / "base", *tiny_encoder())
    rng = random.Random(3)
    for split, count in (("train", 24), ("validation", 6), ("test", 6)):
        write_jsonl(folder / f"{split}.jsonl", [toy_example(rng, f"{split}-{number}") for number in range(count)])
    return folder


def job_of(study, settings=(), **changes):
    fields = {"kind": "relations", "entities": TYPES, "relations": RELATIONS, **changes}
    return encoder_job(study, {**SETTINGS, **dict(settings)}, **fields)


@pytest.fixture(scope="module")
def trained(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    run_encoder(job_of(study), folder)
    return folder


def test_entities_and_relations_are_learned_and_scored_like_those_of_other_methods(study, trained):
    predictions, answering = answer_all(study, trained, "own_relations", OPTIONS)
    figures = score(examples_of(study), predictions, 42, **OPTIONS).metrics["splits"]["test"]
    assert figures["relation_f1"]["value"] >= 0.9
    assert all(row["status"] == "ok" and 0 < row["confidence"] <= 1 for row in predictions)
    assert answering["documents"] == len(predictions) == 12 and answering["seconds"] > 0


def test_the_record_has_both_encoders(study, trained):
    record = read_json(trained / "training.json")
    tagger, pairs = record["parts"]["tagger"], record["parts"]["pairs"]
    assert (record["method"], record["examples"], record["device"]) == ("encoder", 24, "cpu")
    for name in ("trainable_parameters", "train_seconds"):
        assert record[name] == pytest.approx(tagger[name] + pairs[name], abs=2e-3)
    relations = sum(len(row["relations"]) for row in read_jsonl(study / "train.jsonl"))
    assert pairs["distance_limit"] == 1
    assert pairs["pairs"]["train"] == {"relations": relations, "reached": relations, "pairs_too_long": 0}
    assert pairs["validation_f1"] >= 0.9
    assert sorted(path.name for path in (trained / "model").iterdir()) == ["pairs", "tagger"]


def test_a_training_that_is_killed_in_its_second_part_keeps_the_first(study, tmp_path, monkeypatch):
    settings = {"max_steps": 6, "evaluate_every": 3}
    run_encoder(job_of(study, settings), tmp_path / "whole")

    def terminate(self, metrics, step):
        if step == 9 and "loss" in metrics:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(train_parts.Tracker, "log", terminate)
        with pytest.raises(SystemExit) as ended:
            run_encoder(job_of(study, settings), tmp_path / "killed")
    assert ended.value.code == 143
    steps = []
    monkeypatch.setattr(train_parts.Tracker, "log", lambda self, metrics, step: steps.append(step))
    record = run_encoder(job_of(study, settings), tmp_path / "killed")
    assert min(steps) > 9, "neither the tagger nor the steps before the kill are trained again"
    assert [record["parts"][name]["resumed"] for name in ("tagger", "pairs")] == [0, 1]
    for name in ("tagger", "pairs"):
        one, other = (
            load_file(tmp_path / folder / "model" / name / "model.safetensors") for folder in ("whole", "killed")
        )
        assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.fixture(scope="module")
def tokenizer():
    _, found = tiny_encoder()
    found.add_tokens(markers_of(SCHEMA), special_tokens=True)
    return found


def read_pairs(tokenizer, example, limit=100, window=40):
    reader = PairReader(tokenizer, make_layout(tokenizer, window, 8), SCHEMA, limit)
    return reader.pairs([(example["text"], example["entities"])])


def test_pairs_are_marked_with_role_and_type_in_their_sentences(tokenizer):
    example = example_of("she had pain.\nno iron given, fever.\nthen rash", [("iron", "Drug"), ("fever", "Sign")])
    (pair,) = read_pairs(tokenizer, example).found
    assert (pair.head, pair.tail, pair.classes) == (0, 1, (0, 1))
    expected = "[CLS] no [head:Drug] iron [/head:Drug] given , [tail:Sign] fever [/tail:Sign] . [SEP]"
    assert tokenizer.convert_ids_to_tokens(pair.window) == expected.split()


def test_candidates_are_those_of_the_schema_within_the_limit(tokenizer):
    example = example_of(
        "iron given no fever then she had aspirin", [("iron", "Drug"), ("fever", "Sign"), ("aspirin", "Drug")]
    )
    found = {(pair.head, pair.tail): pair.classes for pair in read_pairs(tokenizer, example).found}
    assert found == {(0, 1): (0, 1), (2, 1): (0, 1), (0, 2): (0, 2)}, "of a symmetric relation the first is the head"
    near = read_pairs(tokenizer, example, limit=3).found
    assert [(pair.head, pair.tail) for pair in near] == [(0, 1), (2, 1)]


def test_a_pair_that_no_window_holds_is_counted(tokenizer):
    example = example_of(f"iron {'she ' * 40} fever", [("iron", "Drug"), ("fever", "Sign")])
    found = read_pairs(tokenizer, example)
    assert (found.found, found.too_long) == ([], 1)


def test_context_fills_the_window_and_no_more(tokenizer):
    example = example_of(f"{'she ' * 40} iron fever {'had ' * 40}", [("iron", "Drug"), ("fever", "Sign")])
    (pair,) = read_pairs(tokenizer, example).found
    tokens = tokenizer.convert_ids_to_tokens(pair.window)
    assert len(tokens) == 40 and abs(tokens.count("she") - tokens.count("had")) <= 1


def test_symmetric_relations_have_one_direction_and_repeated_ones_count_once():
    example = example_of(
        "iron and aspirin fever",
        [("iron", "Drug"), ("aspirin", "Drug"), ("fever", "Sign")],
        [(1, "with", 0), (0, "with", 1), (1, "treats", 2)],
    )
    placed = placed_in(words_of(example["text"]), example["entities"])
    assert gold_relations(placed, example["relations"], SCHEMA) == {(0, 1): [2], (1, 2): [1]}


def test_the_limit_leaves_one_relation_in_a_hundred_out():
    assert distance_limit([3]) == 3
    assert distance_limit([*range(99), 1000]) == 98
    assert distance_limit([*range(98), 1000]) == 1000


def test_only_classes_that_the_schema_allows_are_chosen():
    logits = np.array([[0.0, 1.0, 9.0], [0.0, 1.0, 9.0]])
    pairs = [Pair(0, 0, 1, (0, 1), []), Pair(0, 0, 2, (0, 2), [])]
    numbers, probabilities = chosen_classes(logits, pairs)
    assert numbers.tolist() == [1, 2]
    assert probabilities[0] == pytest.approx(np.e / (1 + np.e))
    assert classes_of(SCHEMA) == ["no relation", "treats", "with"]


def test_relations_that_no_pair_reaches_are_missed():
    pairs = [Pair(0, 0, number, (0, 1), []) for number in range(3)]
    logits = np.array([[0.0, 1], [0, 1], [1, 0]])
    figures = pair_figures([1, 0, 1], pairs, 4, lambda model: logits)(None)
    assert figures == pytest.approx(
        {"validation_f1": 2 / (2 + 1 + 3), "validation_precision": 1 / 2, "validation_recall": 1 / 4}
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"relations": []}, r"train\.jsonl: no relation in 24 documents; expected at least one"),
        ({"entities": [], "relations": []}, r"validation\.jsonl: no pair of entities that the schema relates"),
    ],
)
def test_splits_without_relations_are_refused(study, tmp_path, change, sentence):
    split = "validation" if "entities" in change else "train"
    write_jsonl(tmp_path / f"{split}.jsonl", [{**row, **change} for row in read_jsonl(study / f"{split}.jsonl")])
    with pytest.raises(InputError, match=sentence):
        run_encoder(job_of(study, **{split: tmp_path / f"{split}.jsonl"}), tmp_path)
    assert not (tmp_path / "state").exists()


def test_a_model_for_other_relations_is_refused(study, trained):
    others = {"causes": RELATIONS["treats"], "with": RELATIONS["with"]}
    with pytest.raises(InputError, match="pairs: trained for 3 relation types that are not those of the data"):
        answer_all(study, trained, "own_relations", {**OPTIONS, "relations": others})
