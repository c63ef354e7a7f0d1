import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.span import Span
from medtune.files import write_jsonl
from medtune.metrics.counts import class_counts
from medtune.studies.maccrobat.analysis.confusion import (
    confused_pairs,
    confusion_matrix,
    confusion_rows,
    frequent_labels,
)
from medtune.studies.maccrobat.analysis.errors import (
    BOTH,
    BOUNDARY,
    CLASSES,
    CORRECT,
    GOLD_CLASSES,
    MISSED,
    PREDICTED_CLASSES,
    SHIFTED,
    SPURIOUS,
    TOO_LONG,
    TOO_SHORT,
    TYPE,
    classify,
    direction,
    direction_rows,
    error_shares,
    gold_shares,
)
from medtune.studies.maccrobat.analysis.examples import example_rows, sample_errors
from medtune.studies.maccrobat.analysis.lengths import SINGLE, length_rows
from medtune.studies.maccrobat.analysis.patterns import is_abbreviation, pattern_rows, patterns
from medtune.studies.maccrobat.analysis.stages.analyse_errors import COLUMNS, PLOTS, analyse_errors, length_differences
from tests.unit.analysis_cases import document, dropped, prediction, row

TAGS = st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"])
PAIRS = st.lists(st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=12), min_size=1, max_size=4)


def kinds(gold, predicted, **given):
    return [case.kind for case in classify([document(gold, predicted, **given)])]


@pytest.mark.parametrize(
    ("gold", "predicted", "kind"),
    [
        ("B-A I-A", "B-A I-A", CORRECT),
        ("B-A I-A", "B-B I-B", TYPE),
        ("B-A I-A", "B-A O", BOUNDARY),
        ("B-A I-A", "B-B O", BOTH),
        ("B-A I-A", "O O", MISSED),
        ("O O", "B-A O", SPURIOUS),
    ],
)
def test_each_class_has_its_case(gold, predicted, kind):
    assert kinds(gold, predicted) == [kind]


@given(PAIRS)
def test_the_classes_add_up_to_gold_and_to_predicted(pairs):
    documents = [document(" ".join(g for g, _ in d), " ".join(p for _, p in d)) for d in pairs]
    counts = class_counts(classify(documents), len(documents), CLASSES)
    for number, found in enumerate(documents):
        assert sum(counts[kind][number] for kind in GOLD_CLASSES) == len(found.gold)
        assert sum(counts[kind][number] for kind in PREDICTED_CLASSES) == len(found.predicted)


@given(PAIRS)
def test_each_span_is_in_one_case(pairs):
    documents = [document(" ".join(g for g, _ in d), " ".join(p for _, p in d)) for d in pairs]
    cases = classify(documents)
    for number, found in enumerate(documents):
        here = [case for case in cases if case.document == number]
        assert sorted(case.gold for case in here if case.gold) == list(found.gold)
        assert sorted(case.predicted.span for case in here if case.predicted) == list(found.predicted_spans)


@given(PAIRS)
def test_the_confusion_matrix_holds_all_entities(pairs):
    documents = [document(" ".join(g for g, _ in d), " ".join(p for _, p in d)) for d in pairs]
    cases = classify(documents)
    rows = confusion_rows(confusion_matrix(cases, frequent_labels(cases, most=1)))
    assert sum(row["count"] for row in rows if row["gold"] != "none") == sum(len(d.gold) for d in documents)
    assert sum(row["count"] for row in rows if row["predicted"] != "none") == sum(len(d.predicted) for d in documents)


@pytest.mark.parametrize(
    ("predicted", "way"),
    [((2, 4), TOO_SHORT), ((3, 5), TOO_SHORT), ((1, 5), TOO_LONG), ((0, 9), TOO_LONG), ((1, 4), SHIFTED)],
)
def test_direction_of_a_partial_match(predicted, way):
    assert direction(Span(2, 5, "A"), Span(*predicted, "A")) == way


def test_directions_count_partial_matches_with_right_and_wrong_type():
    cases = classify([document("B-A I-A O B-A O", "B-A O O B-B I-B")])
    rows = {row["direction"]: row for row in direction_rows(cases, 1)}
    assert (rows[TOO_SHORT]["count"], rows[TOO_SHORT]["same_type"]) == (1, 1)
    assert (rows[TOO_LONG]["count"], rows[TOO_LONG]["other_type"]) == (1, 1)
    assert rows[SHIFTED]["count"] == 0


def test_shares_of_errors_leave_out_what_is_correct():
    cases = classify([document("B-A B-A O", "B-A O B-A")])
    shares = error_shares(cases, 1)
    assert (shares[MISSED].value, shares[SPURIOUS].value, shares[TYPE].value) == (0.5, 0.5, 0)
    assert gold_shares(cases, 1)[CORRECT].value == 0.5


def test_a_prediction_of_dropped_gold_is_an_error_and_said_to_be_one_of_these():
    cases = classify([document("B-A I-A", "B-B O", lost=[dropped(0, 1, "B")])])
    assert [(case.kind, case.found_dropped) for case in cases] == [(BOTH, True)]


def test_types_beyond_the_most_frequent_are_other():
    cases = classify([document("B-A B-A B-B O", "B-A B-B O B-C")])
    assert confusion_matrix(cases, frequent_labels(cases, most=1)) == {
        "A": {"A": 1, "other": 1, "none": 0},
        "other": {"A": 0, "other": 0, "none": 1},
        "none": {"A": 0, "other": 1, "none": 0},
    }


def test_confused_pairs_say_how_much_of_the_gold_type_they_take():
    documents = [document("B-A B-A B-A B-A I-A", "B-B B-A B-A B-B O"), document("B-B", "B-A")]
    first, second = confused_pairs(classify(documents), 2)
    assert (first["gold"], first["predicted"], first["count"], first["same_boundaries"]) == ("A", "B", 2, 1)
    assert (first["gold_entities"], first["share_of_gold"]) == (4, 0.5)
    assert first["share_of_gold_low"] < 0.5 < first["share_of_gold_high"]
    assert first["share_of_confusions_low"] < first["share_of_confusions"] < first["share_of_confusions_high"]
    assert first["share_of_confusions"] + second["share_of_confusions"] == pytest.approx(1)


def test_length_figures_take_gold_and_predicted_of_that_length():
    cases = classify([document("B-A B-A I-A O", "B-A B-A O B-A")])
    rows = {row["length"]: row for row in length_rows(cases, 1)}
    single = rows[SINGLE]
    assert (single["gold"], single["predicted"], single["correct"]) == (1, 3, 1)
    assert (single["precision"], single["recall"], single["f1"]) == (pytest.approx(1 / 3), 1, 0.5)
    assert (rows["2"]["gold"], rows["2"]["recall"], rows["2"]["boundary_errors"]) == (1, 0, 1)
    assert rows["5+"]["f1"] is None


def test_long_entities_that_fail_everywhere_are_a_shown_difference():
    documents = [document("B-A O B-A I-A I-A", "B-A O B-A I-A O")] * 12
    cases = classify(documents)
    found = length_differences(cases, 12)
    assert found["single_less_multi_f1"]["finding"] == "single words are found better"
    assert found["multi_less_single_boundary_errors"]["finding"] == "several words have more boundary errors"


def test_abbreviations_have_two_capitals_and_at_most_six_signs():
    assert [word for word in ("CT", "mRNA", "CD4T", "Fever", "A", "T2", "ABCDEFG", "ct") if is_abbreviation(word)] == [
        "CT",
        "mRNA",
        "CD4T",
    ]


def test_patterns_count_errors_on_both_sides():
    documents = [document("B-A B-A O O", "O B-A O B-A", words="MRI pain no 7")]
    cases = classify(documents)
    rows = {(r["pattern"], r["side"]): r for r in pattern_rows(cases, documents, patterns(frozenset({"pain", "mri"})))}
    missed = rows["abbreviation", "gold not found"]
    assert (missed["n_with"], missed["rate_with"], missed["n_without"], missed["rate_without"]) == (1, 1, 1, 0)
    assert rows["digit", "predicted wrongly"]["errors_with"] == 1
    assert rows["word not seen in training", "gold not found"]["n_with"] == 0
    assert rows["word not seen in training", "gold not found"]["finding"] == "nothing to compare"


def test_one_case_each_is_no_finding_and_many_are_one():
    few = [document("B-A B-A", "O B-A", words="MRI pain")]
    many = few * 20
    found = patterns(frozenset({"pain", "mri"}))
    assert pattern_rows(classify(few), few, found)[0]["finding"] == "no difference shown"
    assert pattern_rows(classify(many), many, found)[0]["finding"] == "more errors with it"


def test_a_pattern_s_finding_is_corrected_for_all_rows_of_the_table():
    """An abbreviation is missed in five documents of 21, another word never: its interval excludes 0, and the
    table has another difference."""
    documents = [document("B-A B-A", tags, words="MRI pain") for tags in ["O B-A"] * 5 + ["B-A B-A"] * 16]
    rows = pattern_rows(classify(documents), documents, patterns(frozenset({"pain", "mri"})))
    (row,) = [row for row in rows if (row["pattern"], row["side"]) == ("abbreviation", "gold not found")]
    assert row["difference_low"] > 0
    compared = sum(row["difference"] is not None for row in rows)
    assert (row["finding"], row["p_holm"] >= 0.05, compared) == ("no difference shown", True, 2)


def test_samples_are_spread_over_the_classes_and_depend_on_the_seed_alone():
    documents = [document("B-A O " * 10, "O B-A " * 9 + "B-B O")]
    cases = classify(documents)
    sample = sample_errors(cases, seed=3, amount=7)
    assert [case.kind for case in sample] == [TYPE, MISSED, MISSED, MISSED, SPURIOUS, SPURIOUS, SPURIOUS]
    assert sample == sample_errors(cases, seed=3, amount=7)
    assert sample != sample_errors(cases, seed=4, amount=7)
    assert len(sample_errors(cases, seed=3, amount=99)) == sum(case.kind != CORRECT for case in cases)


def test_an_example_shows_gold_and_prediction_in_the_text():
    documents = [document("O B-A I-A O", "O B-A O O", words="had acute pain today")]
    (found,) = example_rows(classify(documents), documents)
    assert found["context"] == "had [{acute} pain] today"
    assert (found["gold_text"], found["predicted_text"], found["direction"]) == ("acute pain", "acute", TOO_SHORT)


def test_the_whole_analysis_writes_every_file(tmp_path):
    rows = [row("MRI of 3 knees hurts", "B-A O B-B I-B O", name) for name in "abc"]
    write_jsonl(tmp_path / "test.jsonl", rows)
    write_jsonl(tmp_path / "train.jsonl", rows)
    write_jsonl(tmp_path / "predictions.jsonl", [prediction("B-B O B-B O B-A", None, name) for name in "abc"])
    outputs = {name: tmp_path / f"{name}.csv" for name in COLUMNS} | {"record": tmp_path / "errors.json"}
    outputs |= {f"{name}_{end}": tmp_path / f"{name}.{end}" for name in PLOTS for end in ("png", "svg")}
    files = tmp_path / "test.jsonl", tmp_path / "train.jsonl", tmp_path / "predictions.jsonl"
    analyse_errors(*files, outputs, samples=20, seed=1)
    assert all(path.stat().st_size for path in outputs.values())
    record = json.loads((tmp_path / "errors.json").read_text())
    assert {row["class"]: row["count"] for row in record["classes"]} == dict(
        zip(CLASSES, (0, 3, 3, 0, 0, 3), strict=True)
    )
    assert "MRI" not in (tmp_path / "errors.json").read_text()
