"""Rules for labels: majority, and logistic regression on TF-IDF."""

import numpy as np
import pytest

from medtune.kinds.labels.task import LabelTask
from medtune.methods.rules import labels as rules
from medtune.methods.rules.fitting import fit

LABELS = ("never", "former", "current")
TASK = LabelTask("smoking", "Note: {text}\nStatus:", LABELS)
WORDS = {"never": "has never smoked", "former": "stopped smoking years ago", "current": "smokes a pack a day"}


def example(number, label, **more):
    return {"id": str(number), "text": f"Patient {number} {WORDS[label]}.", "label": label, **more}


def examples(*counts, **more):
    gold = [label for label, count in zip(LABELS, counts, strict=True) for _ in range(count)]
    return [example(number, label, **more) for number, label in enumerate(gold)]


def fitted(rows, rule="tfidf"):
    return fit("labels", TASK, rows, {"rule": rule})


def test_the_majority_is_the_answer_to_all_with_the_shares_of_training():
    rules = fitted(examples(1, 3, 0), "majority")
    answers = rules.answer([{"id": "x", "text": "anything"}, {"id": "y", "text": "else"}])
    assert [found.fields for found in answers] == [{"label": "former"}] * 2
    # Laplace: one more of each of three labels.
    assert answers[0].confidence == pytest.approx(4 / 7)
    shares = {label: np.exp(value) for label, value in answers[0].label_log_likelihoods.items()}
    assert shares == pytest.approx({"never": 2 / 7, "former": 4 / 7, "current": 1 / 7})
    assert rules.record == {"rule": "majority", "label": "former", "counts": {"never": 1, "former": 3, "current": 0}}


def test_of_a_tie_the_first_label_of_the_study_is_the_majority():
    assert fitted(examples(0, 2, 2)[::-1], "majority").label == "former"


def test_words_tell_labels_apart_in_texts_that_were_not_trained_on():
    held = [example(90 + number, label) for number, label in enumerate(LABELS)]
    answers = fitted(examples(5, 5, 5)).answer([{"id": row["id"], "text": row["text"]} for row in held])
    assert [found.fields["label"] for found in answers] == list(LABELS)
    for found in answers:
        assert found.confidence == max(np.exp(value) for value in found.label_log_likelihoods.values()) > 0.5
        assert sum(np.exp(value) for value in found.label_log_likelihoods.values()) == pytest.approx(1)


def test_regularisation_is_strong_where_words_say_nothing_and_weak_where_they_say_all():
    telling = fitted(examples(10, 10, 0)).record["c"]
    generator = np.random.default_rng(1)
    noise = [
        {"id": str(n), "text": " ".join(generator.choice(list("abcdefgh"), 3)), "label": LABELS[n % 2]}
        for n in range(100)
    ]
    record = fitted(noise).record
    assert record["c"] == rules.STRENGTHS[0] < telling
    assert record["held_out_log_loss"]["0.1"] == min(record["held_out_log_loss"].values())


def test_what_was_drawn_together_is_held_out_together():
    rows = [example(number, LABELS[number % 2], group=f"patient {number // 4}") for number in range(24)]
    gold = [row["label"] for row in rows]
    folds = list(rules._folds(rows, gold))
    assert len(folds) == 5
    for train, held in folds:
        assert not {rows[n]["group"] for n in train} & {rows[n]["group"] for n in held}
    assert sorted(n for _, held in folds for n in held) == list(range(24))


@pytest.mark.parametrize(
    "rows",
    [
        examples(1, 1, 0),
        examples(1, 1, 1),
        examples(2, 1, 0),
        [example(n, LABELS[n % 2], group="one patient") for n in range(6)],
        [example(n, LABELS[n // 3], group=f"patient {n // 3}") for n in range(6)],
    ],
)
def test_few_examples_leave_the_strength_unchosen_or_are_enough(rows):
    found = fitted(rows)
    assert found.record["c"] == rules.UNCHOSEN or found.record["held_out_log_loss"]
    assert found.answer([{"id": "x", "text": WORDS["never"]}])[0].fields["label"] == "never"


def test_a_single_label_in_training_is_the_answer(caplog):
    found = fitted(examples(0, 4, 0)).answer([{"id": "x", "text": WORDS["never"]}])[0]
    assert found.fields == {"label": "former"}
    assert 'all 4 training texts have the label "former"' in caplog.text


def test_a_label_that_no_training_text_has_is_unlikely_but_not_impossible():
    found = fitted(examples(4, 4, 0)).answer([{"id": "x", "text": WORDS["current"]}])[0]
    assert found.label_log_likelihoods["current"] == pytest.approx(np.log(1e-6), abs=0.01)


def test_the_same_training_texts_give_the_same_answers():
    rows, asked = examples(6, 6, 6), [{"id": "x", "text": "Patient smoked years ago."}]
    assert fitted(rows).answer(asked) == fitted(rows).answer(asked)
    assert fitted(rows).answer([]) == []
