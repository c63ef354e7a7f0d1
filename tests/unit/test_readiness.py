import pytest

from medtune.studies.maccrobat.analysis.readiness import (
    AUTO,
    DOCUMENTS,
    REVIEW,
    SUGGESTIONS,
    TYPES,
    assess,
    choose_threshold,
    document_confidence,
    document_right,
    document_row,
    entity_row,
    high_value_rows,
    pool_of,
    type_row,
)
from tests.unit.analysis_cases import document, dropped

LABELS = ["A", "B"]


def pool(*documents):
    return pool_of(documents, "raw")


def assess_made(validation, test, target=0.9, thresholds=(0.5, 0.85)):
    return assess(validation, test, LABELS, list(thresholds), target, ["A"], 0.85, "raw")


def right(n=1, tags="B-A O B-B", sure=0.95):
    return [document(tags, tags, [sure] * len(tags.split())) for _ in range(n)]


def test_a_documents_confidence_is_that_of_its_least_sure_entity():
    found = document("B-A O B-B", "B-A O B-B", [0.9, 0.1, 0.7])
    assert document_confidence(found, "raw") == 0.7
    assert document_confidence(found, "calibrated") == pytest.approx(0.6)


def test_without_predictions_it_is_the_least_confidence_of_all_words():
    assert document_confidence(document("B-A O", "O O", [0.6, 0.9]), "raw") == 0.6


@pytest.mark.parametrize(
    ("gold", "predicted", "lost", "expected"),
    [
        ("B-A O", "B-A O", [], True),
        ("O O", "O O", [], True),
        ("B-A O", "O O", [], False),
        ("B-A O", "B-A B-B", [], False),
        ("B-A O", "B-A O", [dropped(0, 1, "B", "same span")], False),
        ("O O", "O O", [dropped(0, 2, "B", "discontinuous")], False),
    ],
)
def test_a_document_is_right_when_all_gold_kept_or_dropped_is_found_and_nothing_else(gold, predicted, lost, expected):
    assert document_right(document(gold, predicted, lost=lost)) is expected


def test_documents_without_predictions_are_not_skipped():
    missed = document("B-A O", "O O", [0.95, 0.95])
    row = document_row("test", pool(*right(3), missed), 0.9)
    assert (row["documents"], row["automated"], row["right"]) == (4, 4, 3)
    assert (row["accuracy"], row["missed_in_automated"], row["spurious_in_automated"]) == (0.75, 1, 0)
    assert row["gold_in_automated"] == 7


def test_misses_of_entities_count_in_recall_and_as_never_shown():
    unsure = document("B-A O B-B", "B-A O O", [0.6, 0.9, 0.9], lost=[dropped(0, 1, "B")])
    row = entity_row("test", pool(unsure, *right(1)), 0.85)
    assert (row["predicted"], row["automated"], row["right"], row["all_gold"]) == (3, 2, 2, 5)
    assert row["recall"] == pytest.approx(2 / 5)
    # One gold entity is found but left to review; of the other two no one is told.
    assert row["never_shown"] == 2


def test_a_prediction_that_is_exactly_a_dropped_entity_is_found_but_not_accurate():
    inner = document("B-A I-A O", "O B-B O", [0.9, 0.9, 0.9], lost=[dropped(1, 2, "B"), dropped(0, 3, "A")])
    row = entity_row("test", pool(inner), 0.85)
    assert (row["right"], row["accuracy"], row["recall"], row["never_shown"]) == (0, 0, pytest.approx(1 / 3), 2)
    whole = document_row("test", pool(inner), 0.85)
    assert (whole["gold_in_automated"], whole["missed_in_automated"], whole["spurious_in_automated"]) == (3, 2, 0)
    assert whole["right"] == 0


def test_nothing_auto_coded_gives_no_accuracy_instead_of_a_perfect_one():
    row = entity_row("test", pool(*right(2, sure=0.6)), 0.85)
    assert (row["automated"], row["accuracy"], row["automation_rate"]) == (0, None, 0)


def test_the_threshold_is_the_least_whose_lower_end_reaches_the_target():
    rows = [
        {"threshold": 0.5, "accuracy": 0.95, "accuracy_low": 0.85},
        {"threshold": 0.7, "accuracy": 0.97, "accuracy_low": 0.91},
        {"threshold": 0.9, "accuracy": 0.99, "accuracy_low": 0.96},
        {"threshold": 0.95, "accuracy": None, "accuracy_low": None},
    ]
    assert choose_threshold(rows, 0.9) == 0.7
    assert choose_threshold(rows, 0.99) is None


def test_a_type_with_few_predictions_needs_a_human_even_when_all_are_right():
    few = type_row("A", pool(*right(3)), pool(*right(3)), 0.85, 0.9)
    assert (few["precision"], few["needs_human"], few["picked"]) == (1, True, False)
    many = type_row("A", pool(*right(60)), pool(*right(60)), 0.85, 0.9)
    assert (many["precision"], many["needs_human"], many["picked"]) == (1, False, True)


def test_a_type_without_predictions_needs_a_human():
    row = type_row("C", pool(*right(2)), pool(*right(2)), 0.85, 0.9)
    assert (row["predicted"], row["precision"], row["needs_human"]) == (0, None, True)


def test_false_positives_are_counted_per_predicted_and_per_1000_words():
    wrong = document("O O B-B", "B-A O B-B")
    row = type_row("A", pool(*right(1)), pool(wrong, *right(1)), 0.5, 0.9)
    assert (row["predicted"], row["false_positives"], row["false_positive_rate"]) == (2, 1, 0.5)
    assert row["per_1000_words"] == pytest.approx(1000 / 6)


def test_no_false_positive_does_not_mean_a_rate_of_exactly_zero():
    row = type_row("A", pool(*right(1)), pool(*right(10)), 0.5, 0.9)
    assert row["per_1000_words"] == 0
    assert row["per_1000_words_high"] == pytest.approx(1000 * 2.2622**2 / 30, rel=1e-3)  # t with 9 degrees of freedom


def test_high_value_recall_of_all_gold_counts_dropped_entities():
    found = document("B-A O B-B", "B-A O B-B", lost=[dropped(0, 1, "A", "twice")])
    of_a, of_missing, together = high_value_rows(pool(found), LABELS, ["A", "Missing"], 0.85)
    assert (of_a["precision"], of_a["recall"], of_a["f1"], of_a["all_gold_recall"]) == (1, 1, 1, 0.5)
    assert (of_a["passed"], of_a["precision_at_threshold"]) == (1, 1)
    assert (of_missing["gold"], of_missing["f1"]) == (0, None)
    assert (together["type"], together["gold"]) == ("all", 1)


def test_precision_of_high_value_types_at_the_threshold_leaves_unsure_ones_out():
    unsure = document("O O O", "B-A O O", [0.6, 0.9, 0.9])
    of_a, _ = high_value_rows(pool(unsure, *right(1)), LABELS, ["A"], 0.85)
    assert (of_a["precision"], of_a["precision_at_threshold"]) == (0.5, 1)


def test_where_enough_documents_are_right_whole_documents_go_without_review():
    found = assess_made(right(60), right(60))
    assert found.recommendation.mode == DOCUMENTS
    assert found.recommendation.document_threshold == 0.5
    assert found.recommendation.automation_rate.value == 1
    assert {row["decision"] for row in found.document_decisions} == {AUTO}
    assert {row["decision"] for row in found.entity_decisions} == {AUTO}


def test_where_only_a_type_is_right_its_entities_go_without_review():
    half = [document("B-A O B-B", "B-A O B-A"), document("B-A O B-B", "B-A O O"), *right(1)]
    mixed = [document("B-A O B-B B-B", tags) for tags in ["B-A B-B B-B O", "B-A O O B-B"] for _ in range(40)]
    found = assess_made(mixed, mixed)
    advice = found.recommendation
    assert advice.mode == TYPES
    assert (advice.automatic_types, advice.human_types) == (("A",), ("B",))
    assert advice.entity_threshold is None
    assert advice.judged_at == 0.85
    assert {row["type"]: row["decision"] for row in found.entity_decisions} == {"A": AUTO, "B": REVIEW}
    assert advice.automation_rate.value == pytest.approx(80 / 200)
    assert advice.accuracy.value == 1
    assert assess_made(half * 20, half * 20).recommendation.mode == SUGGESTIONS


def test_a_type_that_fails_on_test_is_not_let_through():
    good, bad = right(60, "B-A O O"), [document("O O B-B", "B-A O O") for _ in range(60)]
    found = assess_made(good, bad)
    assert found.recommendation.mode == SUGGESTIONS
    assert found.recommendation.automatic_types == ()
    assert found.recommendation.automation_rate.value == 0
    assert found.recommendation.accuracy.value is None
    assert {row["decision"] for row in found.entity_decisions} == {REVIEW}


def test_a_threshold_for_documents_that_fails_on_test_lets_none_through():
    found = assess_made(right(60), [document("O O B-B", "B-A O O", [0.95] * 3) for _ in range(60)])
    assert found.recommendation.document_threshold == 0.5
    assert found.recommendation.mode == SUGGESTIONS
    assert {row["decision"] for row in found.document_decisions + found.entity_decisions} == {REVIEW}


def test_types_that_hold_alone_are_reviewed_where_all_picked_ones_together_do_not_hold():
    good = [document("B-A O B-B", "B-A O B-B") for _ in range(60)]
    found = assess_made(good, [document("B-A O O", "B-A O B-B") for _ in range(60)])
    assert found.recommendation.automatic_types == ("A",)
    assert found.recommendation.mode == SUGGESTIONS
    assert {row["decision"] for row in found.entity_decisions} == {REVIEW}


def test_too_few_documents_show_nothing_however_right_they_are():
    found = assess_made(right(3), right(3))
    assert found.recommendation.mode == SUGGESTIONS
    assert found.recommendation.document_threshold is None


def test_decisions_say_where_an_entity_stands_in_the_text():
    (row,) = assess_made(right(1), [document("O B-A I-A", "O B-A I-A", words="an old man")]).entity_decisions
    assert (row["first"], row["last"], row["start"], row["end"], row["right"]) == (1, 3, 3, 10, True)


def test_documents_without_any_prediction_at_all_can_be_assessed():
    silent = [document("B-A O", "O O", [0.9, 0.9]) for _ in range(3)]
    found = assess_made(silent, silent)
    assert found.recommendation.mode == SUGGESTIONS
    assert found.recommendation.automation_rate.value is None
