import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.files import write_jsonl
from medtune.metrics.calibration import calibration_estimate, chance_error
from medtune.studies.maccrobat.analysis.confidence import (
    CALIBRATED,
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    NOT_TOUCHED,
    RAW,
    SPANS,
    TRUE_POSITIVE,
    WORDS,
    Items,
    calibration,
    histogram_rows,
    items_of,
    outcome_means,
    span_items,
)
from medtune.studies.maccrobat.analysis.stages.analyse_confidence import COLUMNS, PLOTS, analyse_confidence, in_words
from medtune.studies.maccrobat.analysis.thresholds import TEST, VALIDATION, recommend, threshold_rows
from tests.unit.analysis_cases import document, dropped, prediction, row

# One correct entity, one with a boundary error, one missed, one spurious.
MIXED = document("B-A B-A I-A B-A O", "B-A B-A O O B-A", [0.9, 0.8, 0.7, 0.6, 0.5])


def test_entities_are_correct_by_boundaries_and_type():
    items = span_items([MIXED], RAW)
    assert items.confidence.tolist() == [0.9, 0.8, 0.5]
    assert items.correct.tolist() == [True, False, False]


def test_words_are_all_words():
    items = items_of([MIXED], WORDS, CALIBRATED)
    assert len(items.confidence) == 5
    assert items.correct.tolist() == [True, True, False, False, False]


def test_means_by_outcome_take_the_tags_of_missed_words():
    means = outcome_means([MIXED], RAW)
    assert means[TRUE_POSITIVE].value == 0.9
    assert means[FALSE_POSITIVE].value == pytest.approx(0.65)
    assert means[FALSE_NEGATIVE].value == pytest.approx((0.7 + 0.6) / 2)
    assert (means[NOT_TOUCHED].value, means[NOT_TOUCHED].n) == (0.6, 1)


def test_a_histogram_holds_every_item_once_and_one_in_the_last_bin():
    rows = histogram_rows(Items(1, np.zeros(3, int), np.array([0.0, 0.5, 1.0]), np.array([True, False, True])), bins=2)
    assert [(row["correct"], row["wrong"]) for row in rows] == [(1, 0), (1, 1)]


def test_calibration_is_that_of_the_items():
    documents = [MIXED, document("B-A O", "B-A B-B", [0.95, 0.3])]
    items = span_items(documents, RAW)
    found = calibration(items)
    assert found["ece"].value == pytest.approx(calibration_estimate(items.confidence, items.correct).value)
    assert found["ece"].low <= found["ece"].high
    assert found["ece_of_chance"] == chance_error(items.confidence)
    assert found["brier"].value == pytest.approx(float(((items.confidence - items.correct) ** 2).mean()))
    assert (found["accuracy"].value, found["brier"].n) == (0.4, 2)


def test_equal_documents_leave_what_is_chance_in_calibration():
    found = calibration(span_items([MIXED] * 4, RAW))["ece"]
    assert found.low < found.value - 0.1
    assert found.high > found.value + 0.1


def test_without_predictions_there_is_no_calibration():
    found = calibration(span_items([document("B-A", "O")], RAW))
    assert all(estimate.value is None for estimate in found.values())


def test_an_unknown_kind_of_confidence_is_refused():
    with pytest.raises(ValueError, match="expected one of raw, calibrated"):
        span_items([MIXED], "softmax")


def rows_of(documents, thresholds=(0.0, 0.6), target=0.5):
    return threshold_rows({VALIDATION: documents, TEST: documents}, thresholds, target)


def pick(rows, threshold, kind=RAW, split=TEST):
    (found,) = [r for r in rows if (r["confidence"], r["split"], r["threshold"]) == (kind, split, threshold)]
    return found


def test_recall_has_all_gold_in_the_denominator():
    found = document("B-A B-A", "B-A O", lost=[dropped(0, 1, "B"), dropped(1, 1, "C", "no word")])
    assert pick(rows_of([found]), 0.0)["recall"] == 0.25


def test_a_prediction_that_is_exactly_a_dropped_entity_counts_for_recall_and_is_not_precise():
    found = document("B-A I-A I-A", "O B-B O", [0.9, 0.7, 0.9], lost=[dropped(1, 2, "B")])
    row = pick(rows_of([found]), 0.6)
    assert (row["passed"], row["correct"], row["precision"], row["recall"]) == (1, 0, 0, 0.5)
    assert pick(rows_of([found], thresholds=(0.8,)), 0.8)["recall"] == 0


def test_a_threshold_counts_those_from_it_on():
    found = pick(rows_of([MIXED], thresholds=(0.8,)), 0.8)
    assert (found["predicted"], found["passed"], found["correct"]) == (3, 2, 1)
    assert (found["precision"], found["coverage"], found["recall"]) == (0.5, pytest.approx(2 / 3), pytest.approx(1 / 3))


def test_a_threshold_that_nothing_passes_has_no_precision():
    found = pick(rows_of([MIXED], thresholds=(0.99,)), 0.99)
    assert (found["precision"], found["precision_low"], found["coverage"]) == (None, None, 0)


@given(st.lists(st.tuples(st.floats(0.1, 1), st.booleans()), min_size=1, max_size=20))
def test_coverage_and_recall_never_rise_with_the_threshold(pairs):
    gold = " ".join("B-A" if right else "O" for _, right in pairs)
    predicted = " ".join("B-A" for _ in pairs)
    documents = [document(gold, predicted, [value for value, _ in pairs])]
    rows = [pick(rows_of(documents, (0.0, 0.3, 0.6, 0.9)), threshold) for threshold in (0.0, 0.3, 0.6, 0.9)]
    assert [row["coverage"] for row in rows] == sorted((row["coverage"] for row in rows), reverse=True)
    recalls = [row["recall"] or 0 for row in rows]
    assert recalls == sorted(recalls, reverse=True)


def row_at(split, threshold, low):
    figures = dict.fromkeys(("precision", "precision_high", "coverage", "recall"), 0.9)
    ends = {f"{name}_{end}": 0.5 for name in ("coverage", "recall") for end in ("low", "high")}
    counts = {"predicted": 9, "passed": 9, "correct": 8, "all_gold": 9}
    precision = {"precision": None, "precision_low": None} if low is None else {"precision_low": low}
    return {"confidence": RAW, "split": split, "threshold": threshold, **figures, **ends, **counts, **precision}


@pytest.mark.parametrize(
    ("validation", "test", "threshold", "confirmed", "words"),
    [
        ((0.7, 0.85, 0.9), (0.7, 0.85, 0.9), 0.6, True, "this confirms the target of 80.0 %"),
        ((0.7, 0.85, 0.9), (0.7, 0.79, 0.9), 0.6, False, "is not confirmed"),
        ((0.7, 0.75, 0.72), (0.9, 0.9, 0.9), None, None, "none reaches a precision of 80.0 %"),
        ((0.7, 0.85, 0.9), (0.7, None, None), 0.6, False, "lets no prediction of the test split pass"),
    ],
)
def test_the_recommended_point_is_chosen_on_validation_and_judged_by_the_lower_end_on_test(
    validation, test, threshold, confirmed, words
):
    tried = (0.5, 0.6, 0.7)
    rows = [row_at(VALIDATION, *pair) for pair in zip(tried, validation, strict=True)]
    rows += [row_at(TEST, *pair) for pair in zip(tried, test, strict=True)]
    found = recommend(rows, RAW, target=0.8)
    assert (found["threshold"], found["confirmed"]) == (threshold, confirmed)
    assert words in in_words(found)


def test_no_threshold_is_recommended_where_all_predictions_together_reach_the_target():
    rows = [row_at(split, threshold, 0.85) for split in (VALIDATION, TEST) for threshold in (0.0, 0.5)]
    found = recommend(rows, RAW, target=0.8)
    assert (found["threshold"], found["confirmed"]) == (0.0, True)
    assert in_words(found).startswith("By validation, no threshold on the raw confidence is needed.")


def test_without_a_threshold_the_nearest_is_named():
    rows = [row_at(split, t, low) for split in (VALIDATION, TEST) for t, low in ((0.5, 0.3), (0.6, 0.4), (0.7, 0.4))]
    assert recommend(rows, RAW, target=0.8)["nearest"] == 0.6


def test_few_right_predictions_are_not_enough_for_a_recommendation():
    few = recommend(rows_of([document("B-A B-A", "B-A B-A")], (0.5,), 0.9), RAW, 0.9)
    many = recommend(rows_of([document("B-A B-A", "B-A B-A")] * 40, (0.5,), 0.9), RAW, 0.9)
    assert (few["threshold"], many["threshold"]) == (None, 0.5)


@pytest.mark.parametrize("predicted", ["B-A O B-B", "O O O"])
def test_the_whole_analysis_writes_every_file(tmp_path, predicted):
    for split in (VALIDATION, TEST):
        write_jsonl(tmp_path / f"{split}.jsonl", [row("a b c", "B-A O B-A", name) for name in "xyz"])
    predictions = [
        prediction(predicted, [0.9, 0.8, 0.4], name, split) for split in (VALIDATION, TEST) for name in "xyz"
    ]
    write_jsonl(tmp_path / "predictions.jsonl", predictions)
    outputs = {name: tmp_path / f"{name}.csv" for name in COLUMNS} | {"record": tmp_path / "confidence.json"}
    outputs |= {f"{name}_{end}": tmp_path / f"{name}.{end}" for name in PLOTS for end in ("png", "svg")}
    data = {split: tmp_path / f"{split}.jsonl" for split in (VALIDATION, TEST)}
    analyse_confidence(data, tmp_path / "predictions.jsonl", outputs, [0.5, 0.85], target=0.9)
    assert all(path.stat().st_size for path in outputs.values())
    record = json.loads((tmp_path / "confidence.json").read_text())
    assert set(record["recommendation"]) == {RAW, CALIBRATED}
    assert {row["level"] for row in record["calibration"]} == {SPANS, WORDS}
