import math

import pytest

from medtune.errors import InputError
from medtune.studies.yesno.ensemble import combine
from medtune.studies.yesno.score import ITEM_COLUMNS, score


def example(identifier, label):
    return {
        "id": identifier,
        "question": f"Is {identifier} helpful?",
        "label": label,
        "rationale": "It is.",
        "source": "a",
    }


def answer(identifier, label, split="test", status="ok", raw=None, likelihoods=(0.6, 0.3, 0.1), tokens=10):
    return {
        "id": identifier,
        "split": split,
        "raw": raw if raw is not None else f" {label}. Rationale: It is.",
        "value": None if status == "unparsable" else {"label": label, "rationale": "It is."},
        "status": status,
        "prompt_tokens": 8,
        "output_tokens": tokens,
        "finish": "eos",
        "confidence": None,
        "label_log_likelihoods": dict(zip(("Yes", "No", "Uncertain"), map(math.log, likelihoods), strict=True)),
    }


EXAMPLES = {"test": [example("a", "Yes"), example("b", "No"), example("c", "Uncertain"), example("d", "No")]}
ANSWERS = [
    answer("a", "Yes", tokens=6),
    answer("b", "No", status="label_only", raw=" No, as PMID: 12345678 says", tokens=10),
    answer("c", "Uncertain", status="unparsable", raw="who knows", tokens=64),
    answer("d", "Yes", likelihoods=(0.2, 0.7, 0.1), tokens=20),
]


def test_a_readable_label_counts_outside_the_format_and_an_unreadable_answer_is_wrong():
    test = score(EXAMPLES, ANSWERS, seed=0).metrics["splits"]["test"]
    assert (test["n"], test["accuracy"]["value"], test["accuracy"]["n"]) == (4, 0.5, 4)
    assert test["confusion"]["Uncertain"]["none"] == 1


def test_strict_accuracy_asks_for_the_exact_format_too():
    test = score(EXAMPLES, ANSWERS, seed=0).metrics["splits"]["test"]
    assert test["strict_accuracy"]["value"] == 0.25
    assert test["format_rate"]["value"] == 0.5


def test_invented_citations_and_length_are_counted():
    test = score(EXAMPLES, ANSWERS, seed=0).metrics["splits"]["test"]
    assert test["citation_rate"]["value"] == 0.25
    assert test["mean_answer_tokens"]["value"] == 25


def test_the_likelihood_label_is_scored_apart_from_the_text():
    scores = score(EXAMPLES, ANSWERS, seed=0)
    test = scores.metrics["splits"]["test"]
    assert test["likelihood_accuracy"]["value"] == 0.5  # a: Yes right, d: No right
    assert [item["likelihood_label"] for item in scores.items] == ["Yes", "Yes", "Yes", "No"]
    assert scores.items[3]["likelihood_confidence"] == pytest.approx(0.7)
    # Confidence 0.6 three times with one right, 0.7 once and right.
    assert test["ece"]["value"] == pytest.approx((abs(1.8 - 1) + abs(0.7 - 1)) / 4)
    assert sum(row["n"] for row in test["reliability"]) == 4


def test_items_have_one_row_per_example_in_the_order_of_the_data():
    items = score(EXAMPLES, ANSWERS[::-1], seed=0).items
    assert [item["id"] for item in items] == ["a", "b", "c", "d"]
    assert all(tuple(item) == ITEM_COLUMNS for item in items)
    assert [item["predicted"] for item in items] == ["Yes", "No", None, "Yes"]


def test_the_order_of_predictions_and_repetition_change_nothing():
    assert score(EXAMPLES, ANSWERS[::-1], seed=3).metrics == score(EXAMPLES, ANSWERS, seed=3).metrics


def test_each_split_is_scored_on_its_own():
    examples = {"validation": [example("v", "Yes")], **EXAMPLES, "challenge": []}
    splits = score(examples, [*ANSWERS, answer("v", "Yes", split="validation")], seed=0).metrics["splits"]
    assert splits["validation"]["accuracy"]["value"] == 1
    assert splits["test"]["accuracy"]["value"] == 0.5
    assert splits["challenge"]["accuracy"]["value"] is None
    assert splits["challenge"]["ece"]["n"] == 0


def test_every_figure_has_n_and_an_interval():
    test = score(EXAMPLES, ANSWERS, seed=0).metrics["splits"]["test"]
    tables = ("n", "confusion", "reliability", "by_label", "by_source")
    figures = {name: value for name, value in test.items() if name not in tables}
    assert len(figures) == 15
    assert figures.pop("names_terms")["n"] == 0  # no synthetic terms in these questions
    for name, figure in figures.items():
        assert figure["n"] == 4, name
        assert figure["low"] <= figure["high"], name


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        (ANSWERS[:3], 'predictions: no answer to id "d" of split test'),
        ([*ANSWERS, answer("x", "Yes")], 'predictions: id "x" is not in the data of split test'),
        ([*ANSWERS, answer("a", "No")], 'predictions: two answers to id "a" of split test'),
        (
            [*ANSWERS[:3], answer("d", "Maybe")],
            'predictions, id "d": label "Maybe"; expected one of Yes, No',
        ),
        ([*ANSWERS[:3], {**ANSWERS[3], "label_log_likelihoods": None}], 'predictions, id "d": needs a log-likelihood'),
    ],
)
def test_predictions_that_do_not_fit_the_data_are_refused(predictions, message):
    with pytest.raises(InputError, match=message):
        score(EXAMPLES, predictions, seed=0)


def test_the_majority_wins_and_answers_without_a_label_abstain():
    runs = [
        [answer("a", "No")],
        [answer("a", "No")],
        [answer("a", "Yes")],
        [answer("a", None, status="unparsable")],
        [answer("a", None, status="unparsable")],
        [answer("a", None, status="unparsable")],
    ]
    assert combine(runs).votes == ["No"]


def test_a_tied_vote_goes_to_the_likelier_label():
    runs = [[answer("a", "Yes", likelihoods=(0.5, 0.4, 0.1))], [answer("a", "No", likelihoods=(0.1, 0.8, 0.1))]]
    combined = combine(runs)
    assert combined.votes == ["No"]
    assert combined.probabilities[0] == pytest.approx([0.3, 0.6, 0.1])


def test_no_vote_at_all_is_no_answer():
    assert combine([[answer("a", None, status="unparsable")]]).votes == [None]


def test_an_ensemble_needs_the_same_items():
    with pytest.raises(ValueError, match="same items"):
        combine([[answer("a", "Yes")], [answer("b", "Yes")]])


def test_labels_have_precision_recall_and_f1():
    figures = score(EXAMPLES, ANSWERS, seed=0).metrics["splits"]["test"]["by_label"]
    assert (figures["No"]["precision"]["value"], figures["No"]["recall"]["value"]) == (1, 0.5)
    assert (figures["Yes"]["precision"]["value"], figures["Yes"]["recall"]["value"]) == (0.5, 1)
    assert figures["No"]["f1"]["value"] == pytest.approx(2 / 3)
    assert figures["No"]["f1"]["low"] < 2 / 3 < figures["No"]["f1"]["high"]
    assert figures["Uncertain"]["precision"]["value"] is None
    assert figures["Uncertain"]["f1"]["value"] == 0


def test_accuracy_is_given_by_source():
    examples = {"test": [{**row, "source": "b" if row["id"] == "d" else "a"} for row in EXAMPLES["test"]]}
    figures = score(examples, ANSWERS, seed=0).metrics["splits"]["test"]["by_source"]
    assert {source: (figure["value"], figure["n"]) for source, figure in figures.items()} == {
        "a": (pytest.approx(2 / 3), 3),
        "b": (0, 1),
    }
