import json

import numpy as np
import pytest

from medtune.errors import InputError
from medtune.files import write_json, write_jsonl
from medtune.metrics.span_scores import SpanCounts, score_spans
from medtune.studies.maccrobat.analysis.stages.analyse_types import COLUMNS, PLOTS, analyse_types
from medtune.studies.maccrobat.analysis.types import (
    LEFT_OUT,
    TypeScores,
    TypeTable,
    frequency_correlation,
    frequency_findings,
    read_type_table,
    score_types,
    tier_rows,
    type_rows,
    weakest,
)
from tests.unit.analysis_cases import document, dropped, prediction, row

TABLE = TypeTable({"A": "frequent", "B": "rare", "Z": "medium"}, {"A": 2000, "B": 20, "Z": 300})


def rows_for(documents):
    return type_rows(score_types(documents, TABLE), TABLE)


def test_types_are_sorted_by_f1_and_those_without_spans_come_last():
    rows = rows_for([document("B-A B-A B-B B-B", "B-A B-A B-B B-A")])
    assert [row["type"] for row in rows] == ["A", "B", "Z"]
    assert (rows[0]["f1"], rows[1]["f1"], rows[2]["f1"]) == (0.8, pytest.approx(2 / 3), None)
    assert (rows[1]["tier"], rows[1]["corpus_count"], rows[2]["gold"]) == ("rare", 20, 0)


def test_dropped_gold_lowers_the_recall_over_all_gold_only():
    (found, *_) = rows_for([document("B-A", "B-A", lost=[dropped(0, 1, "A", "twice")])])
    assert (found["recall"], found["all_gold_recall"], found["dropped_gold"]) == (1, 0.5, 1)


def test_a_type_that_was_left_out_is_listed_with_its_dropped_gold():
    found = {row["type"]: row for row in rows_for([document("B-A", "B-A", lost=[dropped(0, 1, "Q", "rare type")])])}
    assert (found["Q"]["tier"], found["Q"]["gold"], found["Q"]["dropped_gold"]) == (LEFT_OUT, 0, 1)
    assert (found["Q"]["f1"], found["Q"]["all_gold_recall"]) == (None, 0)


def test_below_overall_is_corrected_over_types_and_needs_two_documents():
    bad = [document("B-A B-A B-B", "B-A B-A O")] * 10
    rows = {row["type"]: row for row in rows_for(bad)}
    assert (rows["B"]["below_overall"], rows["A"]["below_overall"]) == (True, False)
    unsure = [document("B-A B-B", "B-A B-B"), document("B-B B-A", "O B-A"), document("B-A", "B-A")]
    assert not any(row["below_overall"] for row in rows_for(unsure))


def test_the_weakest_types_have_enough_gold():
    rows = rows_for([document("B-A B-B B-B B-B B-B B-B", "O B-B B-B O O O")])
    assert [row["type"] for row in weakest(rows, least_gold=5)] == ["B"]


def test_tiers_sum_their_types_and_average_them():
    table = TypeTable({"A": "rare", "B": "rare"}, {"A": 5, "B": 5})
    found = score_types([document("B-A B-A B-A B-B", "B-A B-A B-A O")], table)
    (rare,) = tier_rows(found, table)
    assert (rare["types"], rare["gold"], rare["micro_recall"], rare["macro_recall"]) == (2, 4, 0.75, 0.5)


def findings(documents, table=TABLE):
    found = score_types(documents, table)
    return frequency_findings(tier_rows(found, table), type_rows(found, table), len(documents))


def test_a_tier_difference_is_a_finding_only_where_the_corrected_test_shows_it():
    clear = [document("B-A B-B", "B-A O")] * 10
    mixed = [document("B-A B-B", "B-A O"), document("B-A B-B", "O B-B")] * 5
    for documents, finding in ((clear, "frequent types are found better"), (mixed, "no difference shown")):
        rows, _ = findings(documents)
        assert [(row["average"], row["first"], row["second"]) for row in rows] == [
            ("micro", "frequent", "rare"),
            ("macro", "frequent", "rare"),
        ]
        assert {row["finding"] for row in rows} == {finding}


def test_what_the_interval_of_one_difference_shows_the_correction_for_all_may_undo():
    """Three tiers have six differences; one of them alone is above 0."""
    table = TypeTable({"A": "frequent", "B": "medium", "C": "rare"}, {"A": 900, "B": 90, "C": 9})
    documents = [document("B-A B-B B-C", tags) for tags in ["B-A B-B B-C"] * 9 + ["B-A O O"] * 5]
    rows, _ = findings(documents, table)
    row = next(row for row in rows if (row["average"], row["first"], row["second"]) == ("micro", "frequent", "rare"))
    assert row["difference_low"] > 0
    assert row["p_holm"] >= 0.05
    assert row["finding"] == "no difference shown"


def test_frequency_and_f1_are_compared_over_enough_types():
    rows = [{"gold": 9, "corpus_count": 10 * n, "f1": n / 10} for n in range(1, 9)]
    found, types = frequency_correlation(rows)
    assert (found.value, types) == (pytest.approx(1), 8)
    assert frequency_findings([], rows, documents=10)[1]["finding"] == "frequent types are found better"
    assert frequency_correlation(rows[:4])[0].value is None
    assert frequency_findings([], rows[:4], documents=10)[1]["finding"] == "nothing to compare"


def test_tags_json_must_hold_known_tiers(tmp_path):
    write_json(tmp_path / "tags.json", {"tags": ["O"], "tiers": {"A": "often"}, "counts": {}})
    with pytest.raises(InputError, match='tier "often"'):
        read_type_table(tmp_path / "tags.json")


def test_the_whole_analysis_writes_every_file(tmp_path):
    write_jsonl(tmp_path / "test.jsonl", [row("a b c", "B-A O B-B", name) for name in "xyz"])
    write_jsonl(tmp_path / "predictions.jsonl", [prediction("B-A O B-A", None, name) for name in "xyz"])
    write_json(tmp_path / "tags.json", {"tags": ["O"], "tiers": dict(TABLE.tiers), "counts": dict(TABLE.counts)})
    outputs = {name: tmp_path / f"{name}.csv" for name in COLUMNS} | {"record": tmp_path / "types.json"}
    outputs |= {f"{name}_{end}": tmp_path / f"{name}.{end}" for name in PLOTS for end in ("png", "svg")}
    files = tmp_path / "test.jsonl", tmp_path / "tags.json", tmp_path / "predictions.jsonl"
    analyse_types(*files, outputs)
    assert all(path.stat().st_size for path in outputs.values())
    record = json.loads((tmp_path / "types.json").read_text())
    assert record["pairs"][0]["count"] == 3
    assert record["micro"]["f1"]["value"] == 0.5


def test_of_equally_good_types_none_is_published_as_worse():
    """41 types with the same chance of being found, in 20 documents that differ: a finding in one of 20 runs."""
    rng, published = np.random.default_rng(2), 0
    labels = [f"type{number}" for number in range(41)]
    table = TypeTable(dict.fromkeys(labels, "rare"), dict.fromkeys(labels, 9))
    for _ in range(200):
        quality = rng.beta(0.6 * 19, 0.4 * 19, size=(20, 1))
        gold = rng.poisson(rng.uniform(0.1, 3, size=41), size=(20, 41))
        hits = rng.binomial(gold, quality)
        counts = np.zeros((20, 41, 10))
        counts[:, :, 0], counts[:, :, 1] = gold, hits + rng.binomial(gold, 1 - quality)
        counts[:, :, 2:] = hits[:, :, None]
        scores = score_spans(SpanCounts(tuple(labels), counts))
        rows = type_rows(TypeScores(SpanCounts(tuple(labels), counts), scores, scores), table)
        published += any(found["below_overall"] for found in rows)
    assert published / 200 <= 0.07
