from dataclasses import replace
from statistics import mean, stdev

import numpy as np
import pytest

from medtune.metrics.estimate import Range
from medtune.metrics.significance import holm
from medtune.studies.maccrobat.analysis.comparison import (
    MODEL_COLUMNS,
    SEED_COLUMNS,
    TYPE_COLUMNS,
    TaggerRun,
    best_by_type,
    comparison_rows,
    configuration_rows,
    mean_f1,
    model_rows,
    seed_rows,
    validation_rows,
)
from tests.unit.analysis_cases import document, dropped

GOLD = "B-A O B-B O"
PERFECT, HALF, NONE = GOLD, "B-A O O O", "O O O O"


def run(validation, test, encoder="e", lr=2e-5, seed=1, parameters=10, lost=None):
    """A run whose documents were tagged like this."""
    documents = {
        "validation": [document(GOLD, tags) for tags in validation],
        "test": [document(GOLD, tags, lost=lost) for tags in test],
    }
    return TaggerRun(encoder, lr, seed, documents, ("A", "B"), 60.0, Range(100.0, 90.0, 110.0), parameters)


def test_a_run_that_predicts_nothing_can_be_compared():
    silent = run([NONE], [NONE])
    (row,) = model_rows([silent], silent)
    assert (row["micro_f1"], row["precision"], row["chosen"]) == (0, 0, True)


def test_model_rows_have_the_agreed_columns_and_the_figures_of_the_test_split():
    best = run([HALF] * 2, [PERFECT, HALF], lost=[dropped(0, 1, "B", "same span")])
    (row,) = model_rows([best], best)
    assert (
        ",".join(row)
        == ",".join(MODEL_COLUMNS)
        == (
            "encoder,lr,seed,micro_f1,micro_f1_low,micro_f1_high,macro_f1,precision,recall,all_gold_recall,train_seconds,"
            "words_per_second,parameters,n_documents,chosen,words_per_second_low,words_per_second_high,"
            "macro_f1_low,macro_f1_high,precision_low,precision_high,recall_low,recall_high,all_gold_recall_low,all_gold_recall_high"
        )
    )
    assert row["micro_f1"] == pytest.approx(6 / 7)
    assert (row["precision"], row["recall"], row["all_gold_recall"]) == (1, 0.75, 0.5)
    assert row["macro_f1"] == pytest.approx((1 + 2 / 3) / 2)
    assert row["n_documents"] == 2
    assert validation_rows([best], best)[0]["micro_f1"] == pytest.approx(2 / 3)


def test_equal_runs_are_a_tie_and_worse_ones_are_worse_after_holm():
    chosen = run([PERFECT], [PERFECT] * 12, "chosen")
    same, worse = run([HALF], [PERFECT] * 12, "same"), run([HALF], [HALF] * 12, "worse")
    rows = comparison_rows([worse, chosen, same], chosen, seed=0)
    assert [(row["encoder"], row["verdict"]) for row in rows] == [("worse", "worse"), ("same", "tie")]
    assert rows[1]["difference"] == 0 and -0.2 < rows[1]["difference_low"] < -0.05 < 0.05 < rows[1]["difference_high"]
    assert [row["p_holm"] for row in rows] == holm([row["p_value"] for row in rows])


def test_a_single_run_has_nothing_to_be_compared_with():
    only = run([HALF], [HALF])
    assert comparison_rows([only], only, seed=0) == []


def test_spread_over_seeds_and_sampling_are_told_apart():
    seeds = [run([HALF], tests, seed=n) for n, tests in enumerate([[PERFECT, HALF], [HALF, HALF]])]
    (row,) = seed_rows(seeds)
    shares = [6 / 7, 2 / 3]
    assert tuple(row) == SEED_COLUMNS
    assert row["mean_micro_f1"] == pytest.approx(mean(shares))
    assert row["seed_sd"] == pytest.approx(stdev(shares))
    assert row["mean_micro_f1_low"] < row["mean_micro_f1"] < row["mean_micro_f1_high"]
    assert row["mean_validation_f1_low"] < row["mean_validation_f1"] < row["mean_validation_f1_high"]
    assert seed_rows(seeds[:1])[0]["seed_sd"] is None


def test_the_mean_of_several_runs_is_that_of_their_f1():
    counts = np.array([[1.0, 0, 0, 1, 0, 1]])
    assert mean_f1(counts) == pytest.approx((1 + 2 / 3) / 2)


def test_the_best_run_for_a_type_is_chosen_on_validation_and_judged_on_test():
    chosen = run([PERFECT, HALF, HALF], [HALF] * 12, "chosen")
    other = run(["O O B-B O"] * 3, ["O O B-B O"] * 12, "other")
    of_a, of_b = best_by_type([other, chosen], chosen, seed=0)
    assert tuple(of_a) == TYPE_COLUMNS
    assert (of_a["type"], of_a["encoder"], of_a["verdict"], of_a["p_value"]) == ("A", "chosen", "chosen", None)
    assert (of_b["type"], of_b["encoder"], of_b["verdict"]) == ("B", "other", "better")
    assert (of_b["validation_f1"], of_b["f1"], of_b["chosen_f1"], of_b["difference"]) == (1, 1, 0, 1)


def test_a_type_without_gold_on_validation_has_no_best_run():
    only = run([HALF], [HALF])
    wider = replace(only, labels=("A", "B", "C"))
    assert [row["type"] for row in best_by_type([wider], wider, seed=0)] == ["A", "B"]


def test_encoders_are_compared_over_three_seeds_or_not_at_all():
    good = [run([HALF], [PERFECT] * 11 + [HALF], "good", seed=seed) for seed in (1, 2, 3)]
    bad = [run([HALF], [HALF] * 11 + [NONE], "bad", seed=seed) for seed in (1, 2, 3)]
    (row,) = configuration_rows([*good, *bad], good[0])
    assert (row["encoder"], row["verdict"]) == ("bad", "worse")
    assert row["difference_low"] < row["difference"] < row["difference_high"] < 0
    assert configuration_rows([*good, *bad[:2]], good[0]) == []
    assert configuration_rows([*good[:2], *bad], good[0]) == []
