import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from medtune.kinds.labels.label_scores import accuracy, confusion, macro_f1

LABELS = ("Yes", "No", "Uncertain")
PAIRS = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from([*LABELS, None])), min_size=1, max_size=40)


def test_an_output_without_a_label_is_wrong_not_skipped():
    estimate = accuracy(["Yes", "No", "No", "No"], ["Yes", None, None, None])
    assert (estimate.value, estimate.n) == (0.25, 4)


def test_macro_f1_counts_a_label_that_never_comes_right():
    estimate = macro_f1(["Yes", "Yes", "No"], ["Yes", "Yes", None], LABELS)
    assert estimate.value == pytest.approx((1 + 0 + 0) / 3)


@given(PAIRS)
def test_macro_f1_is_scikit_learns(pairs):
    gold, predicted = map(list, zip(*pairs, strict=True))
    expected = f1_score(gold, [p or "none" for p in predicted], labels=list(LABELS), average="macro", zero_division=0)
    assert macro_f1(gold, predicted, LABELS).value == pytest.approx(expected)


def test_the_confusion_matrix_has_a_column_for_no_label():
    table = confusion(["Yes", "Yes", "No"], ["Yes", None, "Uncertain"], LABELS)
    assert table["Yes"] == {"Yes": 1, "No": 0, "Uncertain": 0, "none": 1}
    assert table["No"] == {"Yes": 0, "No": 0, "Uncertain": 1, "none": 0}
    assert sum(table["Uncertain"].values()) == 0


@given(PAIRS)
def test_the_confusion_matrix_holds_every_item_once(pairs):
    gold, predicted = map(list, zip(*pairs, strict=True))
    table = confusion(gold, predicted, LABELS)
    assert {label: sum(row.values()) for label, row in table.items()} == {label: gold.count(label) for label in LABELS}
    assert sum(table[label][label] for label in LABELS) == round(accuracy(gold, predicted).value * len(pairs))


def test_unknown_labels_and_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="Perhaps"):
        confusion(["Yes"], ["Perhaps"], LABELS)
    with pytest.raises(ValueError, match="2 gold labels"):
        accuracy(["Yes", "No"], ["Yes"])


def test_no_items_give_no_value():
    assert accuracy([], []).value is None
    assert macro_f1([], [], LABELS).value is None
