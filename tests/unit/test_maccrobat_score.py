"""Scores of one tagger: figures, definitions, and what does not belong together."""

import random

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import IOB2

from medtune.data.bio import repair, tag_list
from medtune.errors import InputError
from medtune.files import write_json
from medtune.studies.maccrobat.score import ITEM_COLUMNS, score
from tests.estimates import estimates_in, wrong_units
from tests.unit.analysis_cases import dropped, prediction, row

TIERS = {"A": "frequent", "B": "rare"}
SEQUENCE = st.lists(st.sampled_from(tag_list(TIERS)), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def tags(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "tags.json"
    write_json(path, {"tags": tag_list(TIERS), "tiers": TIERS, "counts": {"A": 2000, "B": 3}})
    return path


def scored(tags, *documents):
    """Scores of (gold, predicted[, dropped gold]) tags, parted by blanks, as the test split."""
    rows, found = [], []
    for number, (gold, predicted, *lost) in enumerate(documents):
        words = " ".join(f"w{word}" for word in range(len(gold.split())))
        rows.append(row(words, gold, f"d{number}", *lost))
        found.append(prediction(predicted, identifier=f"d{number}"))
    return score({"test": rows}, found, 1, tags=tags)


def of_test(scores):
    return scores.metrics["splits"]["test"]


def value(figures, name="f1"):
    return figures[name]["value"]


@hypothesis_settings(max_examples=40)
@given(st.lists(st.tuples(SEQUENCE, st.randoms(use_true_random=False)), min_size=1, max_size=4))
def test_figures_are_those_of_seqeval_in_strict_iob2_after_repair(tags, sequences):
    gold, predicted = [], []
    for sequence, rng in sequences:
        gold.append(repair(sequence)[0])
        predicted.append([tag if rng.random() < 0.6 else rng.choice(tag_list(TIERS)) for tag in sequence])
    found = of_test(scored(tags, *((" ".join(g), " ".join(p)) for g, p in zip(gold, predicted, strict=True))))
    repaired = [repair(tags)[0] for tags in predicted]

    def seqeval(average):
        return precision_recall_fscore_support(gold, repaired, average=average, scheme=IOB2, zero_division=0)

    if not found["n_gold"] + found["n_predicted"]:
        assert value(found["micro"]["strict"]) is None
        return
    names = ("precision", "recall", "f1")
    assert [value(found["micro"]["strict"], name) for name in names] == pytest.approx(seqeval("micro")[:3])
    seen = sorted({tag[2:] for tags in (*gold, *repaired) for tag in tags} - {""})
    by_type = {entry["type"]: entry for entry in found["types"]}
    for name, expected in zip(names, seqeval(None)[:3], strict=True):
        assert [by_type[label][name] for label in seen] == pytest.approx(list(expected))


def test_schemes_forgive_what_they_say(tags):
    found = of_test(scored(tags, ("B-A I-A O B-A O B-B", "B-A O O B-B O B-B")))
    assert (found["n"], found["n_words"], found["n_gold"], found["n_predicted"]) == (1, 6, 3, 3)
    f1 = {scheme: value(figures) for scheme, figures in found["micro"].items()}
    assert f1 == pytest.approx({"strict": 1 / 3, "exact": 2 / 3, "partial": 2.5 / 3, "type": 2 / 3})
    assert found["macro_types"] == ["A", "B"]
    assert value(found["macro"]["strict"]) == pytest.approx((0 + 2 / 3) / 2)
    assert found["word_accuracy"]["value"] == pytest.approx(4 / 6)


def test_dropped_gold_is_in_the_denominator_of_the_second_recall(tags):
    found = of_test(scored(tags, ("B-A I-A O B-B", "B-A I-A O O", [dropped(1, 2, "B"), dropped(0, 4, "A")])))
    assert value(found["micro"]["strict"], "recall") == pytest.approx(1 / 2)
    assert found["all_gold_recall"]["value"] == pytest.approx(1 / 4)
    assert value(found["all_gold"]["micro"], "precision") == 1
    assert (found["n_gold"], found["n_all_gold"]) == (2, 4)


def test_nested_gold_with_an_exact_inner_prediction_scores_1_of_all_gold_and_0_of_the_flat_tags(tags):
    """The longest entity is tagged, the one in it dropped, and the prediction is exactly that one."""
    scores = scored(tags, ("B-A I-A I-A O", "O B-B I-B O", [dropped(1, 3, "B")]))
    found = of_test(scores)
    assert [value(found["micro"]["strict"], name) for name in ("precision", "recall")] == [0, 0]
    assert [value(found["all_gold"]["micro"], name) for name in ("precision", "recall")] == [1, 1 / 2]
    assert found["all_gold_recall"]["value"] == 1 / 2
    (item,) = scores.items
    assert (item["right"], item["right_of_all_gold"]) == (0, 1)
    by_type = {entry["type"]: entry for entry in found["types"]}
    assert (by_type["B"]["recall"], by_type["B"]["all_gold_recall"]) == (0, 1)


def test_predictions_are_repaired_by_the_rule_and_counted(tags):
    scores = scored(tags, ("B-A I-A O B-B", "I-A I-A O I-B"), ("O", "O"))
    assert value(of_test(scores)["micro"]["strict"]) == 1
    assert of_test(scores)["repaired"] == 2
    assert [item["repaired"] for item in scores.items] == [2, 0]
    assert "becomes" in scores.metrics["repair_rule"]


def test_types_tiers_and_lengths_have_figures_of_their_own(tags):
    found = of_test(scored(tags, ("B-A O B-A I-A O B-B", "B-A O B-A O O B-B")))
    assert {entry["type"]: (entry["tier"], entry["gold"], entry["f1"]) for entry in found["types"]} == {
        "A": ("frequent", 2, 0.5),
        "B": ("rare", 1, 1.0),
    }
    assert [(entry["tier"], entry["micro_f1"]) for entry in found["tiers"]] == [("frequent", 0.5), ("rare", 1.0)]
    by_length = {entry["length"]: entry for entry in found["lengths"]}
    assert [by_length[name]["gold"] for name in ("single word", "several words", "2", "5+")] == [2, 1, 1, 0]
    assert by_length["single word"]["recall"] == 1 and by_length["single word"]["precision"] == pytest.approx(2 / 3)
    assert by_length["several words"]["recall"] == 0


def test_each_document_is_an_item(tags):
    scores = scored(tags, ("B-A I-A O B-A", "B-A I-A O B-B", [dropped(0, 1, "B")]), ("O O", "B-A O"))
    first, second = scores.items
    assert tuple(first) == ITEM_COLUMNS
    expected = {"id": "d0", "split": "test", "words": 4, "gold": 2, "dropped_gold": 1, "predicted": 2, "right": 1}
    assert {name: first[name] for name in expected} == expected
    assert (first["right_of_all_gold"], first["right_boundaries"], first["right_tags"], first["least_confidence"]) == (
        1,
        2,
        3,
        0.8,
    )
    assert (second["gold"], second["predicted"], second["right"]) == (0, 1, 0)


def test_intervals_are_over_documents(tags):
    rng = random.Random(1)
    documents = [("B-A O B-B", "B-A O B-B" if rng.random() < 0.7 else "O B-A O") for _ in range(12)]
    figure = of_test(scored(tags, *documents))["micro"]["strict"]["f1"]
    assert figure["low"] < figure["value"] < figure["high"] and figure["n"] == 12


def test_figures_of_words_and_entities_have_intervals_over_documents(tags):
    found = scored(tags, ("B-A O B-B", "B-A O B-A"), ("B-A O O B-B", "B-A O O B-B"))
    assert len(list(estimates_in(found.metrics))) > 20
    assert not wrong_units(found.metrics, {"documents": 2})


def test_a_split_without_any_entity_has_no_figure(tags):
    found = of_test(scored(tags, ("O O", "O O")))
    assert value(found["micro"]["strict"]) is None and found["all_gold_recall"]["value"] is None
    assert found["word_accuracy"]["value"] == 1


def test_predictions_of_other_words_are_refused(tags):
    rows, found = [row("a b", "O O", "d0")], [prediction("O O O", identifier="d0")]
    with pytest.raises(
        InputError, match=r'predictions, id "d0" of split test: 3 predicted tags for 2 words; tag again'
    ):
        score({"test": rows}, found, 1, tags=tags)
    with pytest.raises(InputError, match='no answer to id "d0"'):
        score({"test": rows}, [], 1, tags=tags)
