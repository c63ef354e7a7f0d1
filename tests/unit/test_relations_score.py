"""Scores of a run of the relations study: what counts as right, what is counted beside, and what changes nothing."""

import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medtune.data.related import RelatedDocument, RelatedEntity, Relation
from medtune.errors import InputError
from medtune.kinds.relations.counted import COUNTED
from medtune.kinds.relations.matching import CLASSES
from medtune.kinds.relations.output import read_output
from medtune.metrics.counts import f1_of_counts
from medtune.studies.relations.rows import gold_given, row_of
from medtune.studies.relations.score import ITEM_COLUMNS, score
from tests.estimates import estimates_in, wrong_units
from tests.unit.relations_study import answers, made_rows, prediction, schema_file, task

TEXT = "Metformin and aspirin for gout, which causes fever; aspirin and warfarin."
PLACES = {name: TEXT.index(name) for name in ("Metformin", "gout", "fever", "warfarin")}
LABELS = {"Metformin": "Drug", "gout": "Disease", "fever": "Symptom", "warfarin": "Drug"}
NAMES = list(LABELS)
GOLD = [("Metformin", "treats", "gout"), ("gout", "causes", "fever"), ("Metformin", "interacts_with", "warfarin")]
ANSWER = [*GOLD[:2], ("gout", "treats", "fever"), ("fever", "causes", "gout")]
FIGURES = ("relation_f1", "relation_relaxed_f1", "entity_f1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("relations")


@pytest.fixture(scope="module")
def schema(folder):
    return schema_file(folder)


def document(relations=GOLD, names=NAMES, identifier="d1", concepts=False):
    entities = tuple(
        RelatedEntity(PLACES[name], PLACES[name] + len(name), LABELS[name], name, (f"C:{name}",) if concepts else ())
        for name in names
    )
    end = (lambda name: f"C:{name}") if concepts else names.index
    return RelatedDocument(
        identifier, TEXT, entities, tuple(Relation(label, end(head), end(tail)) for head, label, tail in relations)
    )


def output(relations=GOLD, entities=NAMES):
    return json.dumps(
        {
            "entities": [{"text": name, "type": LABELS.get(name, "Drug")} for name in entities],
            "relations": [{"head": head, "type": label, "tail": tail} for head, label, tail in relations],
        }
    )


def answered(text, split="test", identifier="d1", finish="eos"):
    """A line of predictions.jsonl."""
    parsed = read_output(text)
    return {
        "id": identifier,
        "split": split,
        "value": parsed.items if any(parsed.items.values()) else None,
        "status": parsed.status,
        "finish": finish,
        "output_tokens": 10,
    }


def scores_of(schema, text, given_document=None, deduplicate=True, drop_violations=False):
    rows = {"test": [row_of(given_document or document())]}
    return score(rows, [answered(text)], 0, schema=schema, deduplicate=deduplicate, drop_violations=drop_violations)


def figures_of(*arguments, **options):
    return scores_of(*arguments, **options).metrics["splits"]["test"]


def values(found, names=FIGURES):
    return tuple(found[name]["value"] for name in names)


def classes(found):
    return {kind: error["count"] for kind, error in found["errors"].items() if error["count"]}


def test_the_gold_annotation_as_answer_is_all_right(schema):
    found = figures_of(schema, output())
    assert values(found) == (1, 1, 1)
    assert classes(found) == {"correct": 3}
    assert found["relations"]["macro"]["strict"]["f1"]["value"] == 1
    assert set(found["relations"]["macro_labels"]) == {"treats", "causes", "interacts_with"}


def test_figures_of_entities_and_relations_have_intervals_over_documents(schema, folder):
    (folder / "known.json").write_text(json.dumps(["metformin", "gout"]))
    rows = {"test": [row_of(document())]}
    scores = score(
        rows,
        [answered(output())],
        0,
        schema=schema,
        deduplicate=True,
        drop_violations=False,
        known=folder / "known.json",
    )
    assert len(list(estimates_in(scores.metrics["splits"]["test"]["familiarity"]))) == 8
    assert len(list(estimates_in(scores.metrics))) > 30
    assert not wrong_units(scores.metrics, {"documents": 1})


def test_swapped_arguments_are_an_error_of_a_directed_relation_and_none_of_a_symmetric_one(schema):
    turned = [("gout", "treats", "Metformin"), GOLD[1], ("warfarin", "interacts_with", "Metformin")]
    found = figures_of(schema, output(turned))
    assert classes(found) == {"correct": 2, "wrong direction": 1}
    assert values(found)[:2] == (pytest.approx(2 / 3), pytest.approx(2 / 3))


@given(
    st.permutations(GOLD), st.permutations(NAMES), st.permutations(ANSWER), st.permutations(NAMES), st.integers(0, 3)
)
@settings(max_examples=25, deadline=None)
def test_neither_order_nor_repeats_in_gold_change_a_figure(schema, gold, names, listed, found, repeats):
    reference = scores_of(schema, output(ANSWER, NAMES[:3]))
    shuffled = output(listed, [name for name in found if name in NAMES[:3]])
    # An entity that is annotated twice may be the argument of any relation.
    again = scores_of(schema, shuffled, document([*gold, *gold[:repeats]], [*names, *names[:repeats]]))
    assert again.metrics == reference.metrics
    assert again.items == reference.items


def test_repeated_relations_are_counted_and_gone_after_deduplication(schema):
    repeated = output([GOLD[0]] * 4 + [GOLD[2], ("warfarin", "interacts_with", "Metformin")])
    before, after = (figures_of(schema, repeated, deduplicate=flag) for flag in (False, True))
    assert (before["duplicates"], after["duplicates"]) == (4, 0)
    assert before["removals"]["duplicate_relations"] == after["removals"]["duplicate_relations"] == 4
    assert classes(before) == {"correct": 2, "missed": 1, "duplicate": 4}
    assert values(before)[0] == pytest.approx(4 / 9) and values(after)[0] == pytest.approx(4 / 5)


def test_violations_are_counted_and_dropped_only_where_asked(schema):
    text = output([*GOLD, ("fever", "treats", "Metformin")])
    kept, dropped = (figures_of(schema, text, drop_violations=flag) for flag in (False, True))
    assert kept["removals"]["violations"] == dropped["removals"]["violations"] == 1
    assert values(kept)[0] < 1 and values(dropped)[0] == 1


def test_unknown_arguments_and_values_that_are_not_in_the_text_are_counted(schema):
    found = figures_of(schema, output([*GOLD, ("zebra", "treats", "unicorn")], [*NAMES, "zebra"]))
    assert found["removals"]["unknown_arguments"] == 1
    assert found["removals"]["unplaced_entities"] == 1
    assert found["entity_precision"]["value"] == pytest.approx(4 / 5)


def test_output_that_is_no_json_finds_nothing_and_one_that_breaks_off_is_repaired(schema):
    rows = {"test": [row_of(document(identifier=name)) for name in ("a", "b", "c", "d")]}
    texts = [output(), "Sorry.", output()[:-40], '{"entities":[']
    predictions = [
        answered(text, identifier=row["id"], finish="length" if text == texts[2] else "eos")
        for text, row in zip(texts, rows["test"], strict=True)
    ]
    scores = score(rows, predictions, 0, schema=schema, deduplicate=True, drop_violations=True)
    found = scores.metrics["splits"]["test"]
    assert [found[name]["value"] for name in ("parse_rate", "repair_rate", "cut_rate")] == [0.25, 0.25, 0.25]
    assert [item["status"] for item in scores.items] == ["ok", "not_json", "truncated", "truncated"]
    assert [item["repaired"] for item in scores.items] == [False, False, True, False]
    assert [item["entity_fn"] for item in scores.items] == [0, 4, 0, 4]
    assert [item["relation_fn"] for item in scores.items] == [0, 3, 1, 3]


def test_with_given_entities_only_relations_are_scored_and_the_test_split_names_their_f1(schema, folder):
    whole = document()
    rows = {"test": [row_of(whole)], "given": [row_of(whole, "joint", gold_given(whole, "joint"))]}
    rest = json.dumps([{"head": "Metformin", "type": "treats", "tail": "gout"}]) + "}"
    predictions = [answered(output([], [])), prediction(task(folder), "given", rows["given"][0], rest)]
    scores = score(rows, predictions, 0, schema=schema, deduplicate=True, drop_violations=True)
    test, with_gold = scores.metrics["splits"]["test"], scores.metrics["splits"]["given"]
    assert "entity_f1" not in with_gold and with_gold["relation_f1"]["value"] == pytest.approx(0.5)
    assert test["relation_f1_gold_entities"] == with_gold["relation_f1"] and test["relation_f1"]["value"] == 0
    assert [item["entity_tp"] for item in scores.items] == [0, None]


def test_relations_between_concepts_are_right_by_any_of_their_mentions(schema):
    found = scores_of(schema, output(), document(concepts=True))
    assert found.metrics["relations_between"] == "concepts"
    assert values(found.metrics["splits"]["test"]) == (1, 1, 1)
    assert classes(figures_of(schema, output([("gout", "treats", "Metformin")]), document(concepts=True))) == {
        "wrong direction": 1,
        "missed": 2,
    }


def test_relations_among_found_entities_leave_out_what_the_entities_spoil(schema):
    found = figures_of(schema, output(GOLD[:1], ["Metformin", "gout"]))
    assert found["relation_f1"]["value"] == pytest.approx(0.5)
    assert found["relation_f1_found_entities"]["value"] == 1


def test_item_counts_add_up_to_the_figures(schema, folder):
    rows = made_rows(12)
    scores = score(
        rows,
        answers(rows, task(folder), 0.4, 0.7, broken=0.2),
        0,
        schema=schema,
        deduplicate=False,
        drop_violations=False,
    )
    for split, found in scores.metrics["splits"].items():
        items = [item for item in scores.items if item["split"] == split]
        kinds = {"relation": "relation_f1", "relaxed": "relation_relaxed_f1"}
        for kind, figure in (kinds if split == "given" else {"entity": "entity_f1", **kinds}).items():
            sums = [[sum(item[name] for item in items) for name in COUNTED[kind]]]
            assert f1_of_counts(np.array(sums, dtype=float))[0] == pytest.approx(found[figure]["value"])
        assert sum(item["duplicates"] for item in items) == found["duplicates"] > 0
        assert sum(item["duplicates"] for item in items) == sum(item["duplicate_relations"] for item in items)
        assert set(found["errors"]) == set(CLASSES)
        assert sum(error["share"]["value"] for error in found["errors"].values()) == pytest.approx(1)
        assert sum(sum(row.values()) for row in found["relation_confusion"].values()) == sum(
            error["count"] for error in found["errors"].values()
        )
    assert all(tuple(item) == ITEM_COLUMNS for item in scores.items)
    json.dumps([scores.metrics, scores.files], allow_nan=False)


def test_the_results_have_counts_by_type_and_the_errors_name_what_was_said(schema):
    scores = scores_of(schema, output([("gout", "treats", "Metformin"), GOLD[1]]))
    results = scores.files["results"]["test"]
    assert results["relation_extraction"]["true_positives"] == 1
    assert results["relation_extraction"]["by_type"]["treats"]["gold"] == 1
    assert results["entity_extraction"]["by_type"]["Drug"]["f1"]["value"] == 1
    first = scores.files["errors"][0]
    assert (first["class"], first["predicted"]["head"]["text"]) == ("wrong direction", "gout")
    assert [error["class"] for error in scores.files["errors"]] == ["wrong direction", "missed"]


@pytest.mark.parametrize("what", ["relations", "entities", "different relations"])
def test_ten_thousand_items_take_bounded_time_and_room(schema, what):
    count = 10_000
    if what == "relations":
        text = output([GOLD[0]] * count)
    elif what == "entities":
        text = output(GOLD, NAMES * (count // 4))
    else:
        text = output([(f"a{number}", "treats", "gout") for number in range(count)])
    start = time.perf_counter()
    for deduplicate in (True, False):
        scores = scores_of(schema, text, deduplicate=deduplicate)
        assert len(json.dumps([scores.metrics, scores.files])) < 60_000
    assert time.perf_counter() - start < 10
    if what == "relations":
        assert scores.metrics["splits"]["test"]["duplicates"] == count - 1


def test_latency_is_read_from_the_benchmark(schema, tmp_path):
    path = tmp_path / "generate.benchmark.tsv"
    path.write_text("s\th:m:s\tmax_rss\n12.5\t0:00:12\t1.0\n")
    options = {"schema": schema, "deduplicate": True, "drop_violations": True}
    rows, given_answers = {"test": [row_of(document())]}, [answered(output())]
    assert score(rows, given_answers, 0, **options, benchmark=path).metrics["seconds_per_document"] == 12.5
    assert score(rows, given_answers, 0, **options, benchmark=[path, path]).metrics["seconds_per_document"] == 25
    assert score(rows, given_answers, 0, **options).metrics["seconds_per_document"] is None
    path.write_text("minutes\n1\n")
    with pytest.raises(InputError, match="seconds in the column s"):
        score(rows, given_answers, 0, **options, benchmark=path)


def test_a_missing_answer_and_a_faulty_row_are_named(schema):
    options = {"schema": schema, "deduplicate": True, "drop_violations": True}
    with pytest.raises(InputError, match='no answer to id "d1" of split test'):
        score({"test": [row_of(document())]}, [], 0, **options)
    row = row_of(document())
    row["entities"][0]["end"] += 1
    with pytest.raises(InputError, match='split test, document "d1"'):
        score({"test": [row]}, [answered(output())], 0, **options)


def test_a_split_without_documents_has_no_figures(schema):
    found = score({"test": []}, [], 0, schema=schema, deduplicate=True, drop_violations=True).metrics["splits"]["test"]
    assert values(found) == (None, None, None) and found["parse_rate"]["value"] is None
