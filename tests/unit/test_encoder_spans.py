"""The method `encoder` of span studies: examples become tagged words, tags become entities again."""

import logging
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.config import Training
from medtune.data.words import words_of
from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, write_jsonl
from medtune.kinds.spans.score import score
from medtune.methods.adapter.training import check_base
from medtune.methods.encoder.entity_rows import KEPT, WIDENED, entities_in, entity_rows
from medtune.methods.encoder.tagger import TaggedWords
from medtune.models.loading import load_base
from tests.unit.encoder_study import answer_all, encoder_job, examples_of, run_encoder, save_base
from tests.unit.tiny_model import tiny_model
from tests.unit.tiny_tagger import DRUGS, FIRST_PARTS, OTHERS, SIGNS, tiny_encoder

TYPES = ["Drug", "Sign"]
SETTINGS = {"epochs": 6, "max_steps": 48, "batch_size": 4, "learning_rate": 5e-3}
OPTIONS = {"study": "drugs", "prompt": "{text}", "entities": TYPES}


def example_of(text, *entities, identifier="1"):
    """entities: (text, type), each the first such stretch."""
    places = [(text.index(part), part, label) for part, label in entities]
    return {
        "id": identifier,
        "text": text,
        "entities": [{"start": at, "end": at + len(part), "type": label, "text": part} for at, part, label in places],
    }


def read_back(example, row):
    ones = [1.0] * len(row["tags"])
    found = entities_in(example["text"], TaggedWords(row["tags"], ones, ones))
    return [(entity.start, entity.end, entity.label) for entity in found]


def given_spans(example):
    return sorted((entity["start"], entity["end"], entity["type"]) for entity in example["entities"])


@st.composite
def whole_word_examples(draw):
    """A text with entities of whole words that do not overlap."""
    text = "".join(
        draw(st.lists(st.sampled_from(["aspirin", "mg", " ", "  ", "\n", ".", "5", "é", "\t-"]), max_size=20))
    )
    words = words_of(text)
    entities, at = [], 0
    while at < len(words):
        length = draw(st.integers(0, 3))
        last = min(at + length, len(words))
        if last > at:
            start, end = words[at].start, words[last - 1].end
            label = draw(st.sampled_from(TYPES))
            entities.append({"start": start, "end": end, "type": label, "text": text[start:end]})
        at = last + (0 if length else 1)
    return {"id": "1", "text": text, "entities": entities}


@given(whole_word_examples())
def test_entities_of_whole_words_are_the_same_as_tags(example):
    found = entity_rows([example])
    kept = len(example["entities"])
    assert (found.counts[KEPT], found.counts[WIDENED], found.left_out) == (kept, 0, 0)
    if found.rows:
        assert read_back(example, found.rows[0]) == given_spans(example)


@given(whole_word_examples(), st.data())
def test_of_entities_in_any_place_what_is_not_the_same_is_counted(example, data):
    text = example["text"]
    if not text.strip():
        return
    places = st.integers(0, len(text) - 1)
    for _ in range(data.draw(st.integers(0, 4))):
        start = data.draw(places)
        end = data.draw(st.integers(start + 1, len(text)))
        example["entities"].append({"start": start, "end": end, "type": "Sign", "text": text[start:end]})
    found = entity_rows([example])
    back, wanted = read_back(example, found.rows[0]), given_spans(example)
    assert len(back) == found.counts[KEPT]
    assert sum(span not in wanted for span in back) == found.counts[WIDENED]
    assert found.counts[KEPT] + found.left_out == len(example["entities"])


def test_the_longest_of_overlapping_entities_is_kept_and_the_others_are_counted():
    example = example_of("severe chest pain today", ("chest pain", "Sign"), ("pain", "Sign"), ("pain today", "Sign"))
    example["entities"].append({"start": 0, "end": 17, "type": "Sign", "text": "severe chest pain"})
    found = entity_rows([example])
    assert read_back(example, found.rows[0]) == [(0, 17, "Sign")]
    assert found.counts == {KEPT: 1, WIDENED: 0, "nested": 2, "overlapping": 1}


def test_an_entity_within_a_word_is_taken_for_the_word():
    example = example_of("postoperatively", ("operative", "Sign"))
    found = entity_rows([example])
    assert read_back(example, found.rows[0]) == [(0, 15, "Sign")]
    assert found.counts == {KEPT: 1, WIDENED: 1}


def toy_example(rng, identifier):
    """A text with a drug or a sign in each sentence."""
    text, entities = "", []
    for _ in range(6):
        text += " ".join(rng.choices(OTHERS, k=rng.randint(1, 4))) + " "
        words, label = (
            ([rng.choice(DRUGS)], "Drug")
            if rng.random() < 0.5
            else ([rng.choice(FIRST_PARTS), rng.choice(SIGNS)], "Sign")
        )
        entities.append({"start": len(text), "end": len(text) + len(" ".join(words)), "type": label})
        text += " ".join(words) + ".\n"
    entities = [{**entity, "text": text[entity["start"] : entity["end"]]} for entity in entities]
    return {"id": identifier, "text": text, "entities": entities}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    save_base(folder / "base", *tiny_encoder())
    rng = random.Random(3)
    for split, count in (("train", 24), ("validation", 4), ("test", 4)):
        write_jsonl(folder / f"{split}.jsonl", [toy_example(rng, f"{split}-{number}") for number in range(count)])
    return folder


def job_of(study, settings=(), **changes):
    return encoder_job(study, {**SETTINGS, **dict(settings)}, **{"kind": "spans", "entities": TYPES, **changes})


def answer(study, folder, options=OPTIONS, **changes):
    return answer_all(study, folder, "own_spans", options, **changes)


@pytest.fixture(scope="module")
def trained(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    run_encoder(job_of(study), folder)
    return folder


@pytest.fixture(scope="module")
def answered(study, trained):
    return answer(study, trained)


def test_the_tagger_learns_and_its_answers_are_scored_like_those_of_other_methods(study, answered):
    predictions, _ = answered
    examples = examples_of(study)
    assert [(row["split"], row["id"]) for row in predictions] == [
        (split, example["id"]) for split, rows in examples.items() for example in rows
    ]
    scores = score(examples, predictions, 42, **{key: OPTIONS[key] for key in ("entities", "prompt", "study")})
    assert scores.metrics["splits"]["test"]["strict_f1"]["value"] >= 0.95
    assert all(row["status"] == "ok" and 0 < row["confidence"] <= 1 for row in predictions)
    for row in predictions:
        assert len(row["part_confidences"]) == len(row["value"]) + 1
        assert row["confidence"] <= min(row["part_confidences"])


def test_records_say_what_was_trained_and_what_answering_cost(study, trained, answered):
    record, (predictions, answering) = read_json(trained / "training.json"), answered
    assert (record["method"], record["device"], record["examples"]) == ("encoder", "cpu", 24)
    assert record["trainable_parameters"] > 1000 and record["train_seconds"] > 0 and record["peak_memory_mb"] > 0
    assert record["entities"]["train"] == {KEPT: 24 * 6, WIDENED: 0}
    assert set(answering) == {"seconds", "documents", "peak_memory_mb", "device"}
    assert answering["documents"] == len(predictions) == 8 and answering["seconds"] > 0
    assert sorted(path.name for path in trained.iterdir()) == [
        *("answering.json", "model", "predictions.jsonl", "training.json")
    ]


def test_answers_are_the_same_each_time(study, trained, answered):
    assert answer(study, trained)[0] == answered[0]


def test_a_text_without_words_is_answered_with_nothing(study, trained, tmp_path):
    write_jsonl(tmp_path / "test.jsonl", [{"id": "1", "text": " ", "entities": []}, toy_example(random.Random(1), "2")])
    splits = {"validation": study / "validation.jsonl", "test": tmp_path / "test.jsonl"}
    (tmp_path / "model").symlink_to(trained / "model")
    predictions, _ = answer(study, tmp_path, splits=splits)
    assert [len(row["value"]) for row in predictions if row["split"] == "test"] == [0, 6]


def test_left_out_entities_are_told(study, tmp_path, caplog):
    rows = read_jsonl(study / "train.jsonl")
    rows[0]["entities"].append({**rows[0]["entities"][0], "start": rows[0]["entities"][0]["start"] - 2})
    write_jsonl(tmp_path / "train.jsonl", rows)
    with caplog.at_level(logging.WARNING):
        record = run_encoder(job_of(study, {"max_steps": 1}, train=tmp_path / "train.jsonl"), tmp_path)
    assert "train.jsonl: 1 of 145 entities overlap a longer one" in caplog.text
    assert sum(record["entities"]["train"].values()) - record["entities"]["train"][WIDENED] == 145


def test_a_model_for_other_types_is_refused(study, trained):
    with pytest.raises(InputError, match="trained for 5 tags that are not those of the data"):
        answer(study, trained, {**OPTIONS, "entities": ["Drug", "Dose"]})


def test_a_language_model_that_writes_is_refused(study, tmp_path):
    save_base(tmp_path / "base", *tiny_model())
    with pytest.raises(InputError, match=r"base: \w+ForCausalLM is a language model that writes; the method encoder"):
        run_encoder(job_of(study, base=tmp_path / "base"), tmp_path)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("use", [load_base, lambda base: check_base(base, Training(quantization="none"))])
def test_an_encoder_is_refused_where_text_is_to_be_written(study, use):
    with pytest.raises(InputError, match=r"base: Bert\w+ is an encoder, which writes no text"):
        use(study / "base")


def test_a_file_without_examples_is_refused(study, tmp_path):
    (tmp_path / "train.jsonl").write_text("")
    with pytest.raises(InputError, match=r"train\.jsonl: no examples; expected at least one"):
        run_encoder(job_of(study, train=tmp_path / "train.jsonl"), tmp_path)
