import json

import pytest

from medtune.errors import InputError
from medtune.reporting.tables import write_csv
from medtune.studies.radgraph.generator import make_corpus
from medtune.studies.radgraph.prepare import make_rows
from medtune.studies.radgraph.reports import LABELS, corpus_of, cut, write_radgraph
from medtune.studies.radgraph.score import ITEM_COLUMNS, score
from medtune.studies.radgraph.template import RadGraphTask
from tests.estimates import estimates_in, wrong_units

SEED = 0


def entity(first, last, tokens, label="OBS-DP"):
    return {"tokens": tokens, "label": label, "start_ix": first, "end_ix": last, "relations": []}


FIRST = {
    "text": "FINDINGS : Left effusion and opacity . No edema .",
    "entities": {
        "1": entity(2, 2, "Left", "ANAT-DP"),
        "2": entity(3, 3, "effusion"),
        "3": entity(5, 5, "opacity"),
        "4": entity(8, 8, "edema", "OBS-DA"),
    },
}
SECOND = {
    "text": "Small effusion . Heart normal .",
    "labeler_1": {"entities": {"1": entity(1, 1, "effusion"), "2": entity(4, 4, "normal")}},
    "labeler_2": {"entities": {"1": entity(0, 1, "Small effusion")}},
}
NOTHING = {"text": "FINDINGS :", "entities": {}}
RECORDS = {"r1": FIRST, "r2": SECOND, "r3": NOTHING}


def rows_of(corpus, label="OBS-DP"):
    """The rows of a split that holds these reports."""
    sentences = [sentence for report in corpus.reports for sentence in cut(report).sentences]
    return make_rows({"train": sentences, "validation": [], "test": sentences}, label, "List.", 0, SEED).rows["test"]


def prediction(row, output=None, confidences=None, split="test", label="OBS-DP"):
    """A prediction as the generate stage writes it; by default the gold answer."""
    output = row["output"] if output is None else output
    parsed = RadGraphTask(label, "List.").parse(output)
    return {
        "id": row["id"],
        "split": split,
        "raw": output,
        "value": parsed.value,
        "status": parsed.status,
        "output_tokens": len(output.split()),
        "part_confidences": confidences or [0.9] * len(RadGraphTask(label, "List.").parts(output)),
    }


def listed(*values, kind="OBS-DP", start=None, end=None):
    return json.dumps(
        [{"entity_type": kind, "entity_value": v, "start_position": start, "end_position": end} for v in values]
    )


@pytest.fixture
def material(tmp_path):
    """Rows, and the reports' file."""
    corpus = corpus_of(RECORDS, "made")
    write_radgraph(tmp_path / "test.json", corpus)
    return rows_of(corpus), [tmp_path / "test.json"]


def scored(material, outputs=None, confidences=None, label="OBS-DP"):
    """Scores when the outputs by row number are written, and the gold answer elsewhere."""
    rows, reports = material
    outputs, confidences = outputs or {}, confidences or {}
    predictions = [prediction(row, outputs.get(n), confidences.get(n), label=label) for n, row in enumerate(rows)]
    return score({"test": rows}, predictions, SEED, entity=label, reports=reports)


def test_gold_answers_are_right_in_every_figure(material):
    test = scored(material).metrics["splits"]["test"]
    for name in ("strict_f1", "exact_f1", "partial_f1", "type_f1", "radgraph_f1", "parse_rate", "report_match"):
        assert test[name]["value"] == 1, name
    assert (test["n"], test["n_reports"], test["n_gold"], test["n_predicted"]) == (4, 3, 4, 4)
    assert test["ungroundable_rate"]["value"] == 0
    assert test["raw_offset_accuracy"]["value"] == 1
    assert test["strict_f1"]["n"] == 3
    assert test["false_alarms_per_sentence"]["value"] == 0


def test_figures_of_sentences_and_items_have_intervals_over_reports(material):
    scores = scored(material, {0: listed("effusion", "kidney"), 3: listed("Heart", "normal")})
    assert len(list(estimates_in(scores.metrics))) > 60
    assert not wrong_units(scores.metrics, {"reports": 3, "entities": 5})
    anatomy = rows_of(corpus_of(RECORDS, "made"), "ANAT-DP"), material[1]
    alarms = scored(anatomy, label="ANAT-DP").metrics["splits"]["test"]["false_alarms_per_sentence"]
    assert (alarms["n"], alarms["unit"]) == (2, "reports")  # of three sentences


def test_nothing_listed_finds_nothing(material):
    test = scored(material, dict.fromkeys(range(4), "[]")).metrics["splits"]["test"]
    assert test["strict_f1"]["value"] == 0
    assert test["parse_rate"]["value"] == 1
    assert test["ungroundable_rate"]["value"] is None
    assert test["report_match"]["value"] == pytest.approx(1 / 3)  # the report without sentences


def test_boundaries_and_type_count_as_the_schemes_say(material):
    outputs = {0: listed("effusion and opacity"), 2: listed("effusion", kind="OBS-DA")}
    test = scored(material, outputs).metrics["splits"]["test"]
    # "normal" is right; one overlap with the same type; one with the boundaries but another type; gold 4, predicted 3.
    assert test["strict_f1"]["value"] == pytest.approx(2 * 1 / 7)
    assert test["exact_f1"]["value"] == pytest.approx(2 * 2 / 7)
    assert test["partial_f1"]["value"] == pytest.approx(2 * 2.5 / 7)
    assert test["type_f1"]["value"] == pytest.approx(2 * 2 / 7)
    assert test["radgraph_f1"]["value"] == pytest.approx(2 * 1 / 7)


def test_a_value_that_is_not_in_the_sentence_is_a_false_positive_and_never_skipped(material):
    scores = scored(material, {0: listed("effusion", "opacity", "kidney")})
    test = scores.metrics["splits"]["test"]
    assert test["strict_precision"]["value"] == pytest.approx(4 / 5)
    assert test["strict_recall"]["value"] == 1
    assert test["radgraph_f1"]["value"] == pytest.approx(8 / 9)
    assert test["ungroundable_rate"] | {"low": 0, "high": 0} == {
        "value": 0.2,
        "low": 0,
        "high": 0,
        "n": 2,
        "method": "Wilson, design effect of reports, t quantile",
        "unit": "reports",
    }
    result = scores.files["results"][0]
    assert result["ungroundable"] == [{"entity_type": "OBS-DP", "written": "kidney", "confidence": 0.9}]
    assert [found["entity_value"] for found in result["model_output"]] == ["effusion", "opacity"]


def test_an_output_that_does_not_parse_misses_its_entities_and_spoils_its_report(material):
    scores = scored(material, {0: "There is effusion.", 1: "None."})
    test = scores.metrics["splits"]["test"]
    rate = test["parse_rate"]
    assert (rate["value"], rate["n"], rate["unit"]) == (0.5, 2, "reports")  # of 4 sentences
    assert test["strict_recall"]["value"] == 0.5
    assert test["sentence_match"]["value"] == 0.5  # the second sentence has no gold, and is wrong all the same
    assert [entry["parsed"] for entry in scores.files["results"]] == [False, True, True]


def test_the_same_item_twice_is_right_once(material):
    scores = scored(material, {0: listed("effusion", "opacity", "effusion")})
    assert scores.items[0]["right"] == 2
    assert scores.metrics["splits"]["test"]["strict_precision"]["value"] == pytest.approx(4 / 5)


def test_sentences_without_the_entity_are_shown_apart(material):
    scores = scored(material, {1: listed("edema", "No"), 0: "[]"})
    test = scores.metrics["splits"]["test"]
    assert [row["gold"] for row in scores.items] == [2, 0, 1, 1]
    assert (test["with_gold"]["n"], test["without_gold"]["n"]) == (3, 1)
    assert test["false_alarms_per_sentence"]["value"] == 2
    assert test["without_gold"]["alarm_rate"]["value"] == 1
    assert test["with_gold"]["strict_precision"]["value"] == 1
    assert test["with_gold"]["strict_recall"]["value"] == 0.5


def test_sentences_that_also_stand_in_training_are_shown_apart(material):
    rows, reports = material
    rows = [{**row, "seen": number == 0} for number, row in enumerate(rows)]
    test = scored((rows, reports), {0: "[]"}).metrics["splits"]["test"]
    assert (test["seen"]["n"], test["unseen"]["n"]) == (1, 3)
    assert (test["seen"]["strict_f1"]["value"], test["unseen"]["strict_f1"]["value"]) == (0, 1)


def test_reports_read_twice_are_scored_against_both_readers(material):
    readers = scored(material, {2: listed("Small effusion")}).metrics["splits"]["test"]["readers"]
    assert list(readers) == ["labeler_1", "labeler_2"]
    assert {name: found["n_reports"] for name, found in readers.items()} == {"labeler_1": 1, "labeler_2": 1}
    assert readers["labeler_1"]["strict_f1"]["value"] == pytest.approx(0.5)  # "normal" of two found, two marked
    assert readers["labeler_2"]["strict_f1"]["value"] == pytest.approx(2 / 3)
    assert readers["labeler_2"]["n_gold"] == 1


def test_results_hold_report_true_labels_and_model_output_in_report_coordinates(material):
    outputs = {0: listed("OPACITY", start=0, end=7)}
    results = scored(material, outputs, {0: [0.4, 0.8]}).files["results"]
    assert [entry["id"] for entry in results] == ["r1", "r2", "r3"]
    assert results[0]["report"] == FIRST["text"]
    assert [label["entity_value"] for label in results[0]["true_labels"]] == ["effusion", "opacity"]
    assert results[0]["model_output"] == [
        {
            "entity_type": "OBS-DP",
            "entity_value": "opacity",
            "start_position": 29,
            "end_position": 36,
            "start_token": 5,
            "end_token": 5,
            "confidence": 0.4,
            "written": "OPACITY",
        }
    ]
    for entry in results:
        for label in [*entry["true_labels"], *entry["model_output"]]:
            assert entry["report"][label["start_position"] : label["end_position"]] == label["entity_value"]
            tokens = entry["report"].split()[label["start_token"] : label["end_token"] + 1]
            assert " ".join(tokens) == label["entity_value"]


def test_the_confidence_of_a_report_is_the_least_of_its_items_and_list_ends(material):
    results = scored(material, confidences={0: [0.8, 0.6, 0.95], 1: [0.7]}).files["results"]
    assert [entry["confidence"] for entry in results] == [0.6, 0.9, 1.0]
    assert scored(material, confidences={1: [0.3]}).files["results"][0]["confidence"] == 0.3


@pytest.mark.parametrize("output", ["None.", listed("kidney"), '[{"entity_type":"OBS-DP","entity_value":"effusion"}'])
def test_a_report_with_a_bad_output_has_no_confidence(material, output):
    assert scored(material, {0: output}).files["results"][0]["confidence"] == 0


def test_items_have_exactly_their_columns_and_add_up_to_the_figures(material, tmp_path):
    scores = scored(material, {0: listed("effusion", "kidney", start=5, end=13)})
    write_csv(tmp_path / "items.csv", scores.items, ITEM_COLUMNS)
    test = scores.metrics["splits"]["test"]
    assert sum(row["gold"] for row in scores.items) == test["n_gold"]
    assert sum(row["predicted"] for row in scores.items) == test["n_predicted"]
    assert sum(row["ungroundable"] for row in scores.items) == 1
    right = sum(row["right"] for row in scores.items)
    assert right / test["n_gold"] == test["strict_recall"]["value"]
    assert scores.items[0]["offsets_right"] == 1  # of "effusion"; those of "kidney" slice to something else


def test_made_reports_scored_with_their_gold_answers_are_right_for_every_type(tmp_path):
    corpus = corpus_of(make_corpus({"train": 0, "dev": 0, "test": 12}, seed=3)["test"], "made")
    write_radgraph(tmp_path / "test.json", corpus)
    for label in LABELS:
        scores = scored((rows_of(corpus, label), [tmp_path / "test.json"]), label=label)
        test = scores.metrics["splits"]["test"]
        assert (test["strict_f1"]["value"], test["report_match"]["value"], test["n_reports"]) == (1, 1, 12), label
        assert test["n_gold"] == sum(e.label == label for report in corpus.reports for e in report.entities)
        assert json.dumps(scores.metrics) == json.dumps(
            scored((rows_of(corpus, label), [tmp_path / "test.json"]), label=label).metrics
        )


def test_what_does_not_belong_together_is_refused(material, tmp_path):
    rows, reports = material
    good = [prediction(row) for row in rows]
    arguments = {"seed": SEED, "entity": "OBS-DP", "reports": reports}
    with pytest.raises(InputError, match='no answer to id "r1#001" of split test'):
        score({"test": rows}, good[1:], **arguments)
    with pytest.raises(InputError, match='two answers to id "r1#001"'):
        score({"test": rows}, [*good, good[0]], **arguments)
    with pytest.raises(InputError, match='id "r1#001" is not in the data'):
        score({"test": rows[1:]}, good, **arguments)
    with pytest.raises(InputError, match='id "r1#001": needs a confidence for each item'):
        score({"test": rows}, [{**good[0], "part_confidences": [0.5]}, *good[1:]], **arguments)
    other = corpus_of({**RECORDS, "r1": {"text": "Heart normal .", "entities": {}}}, "made")
    write_radgraph(tmp_path / "other.json", other)
    with pytest.raises(InputError, match='does not hold the sentence "r1#001" of the data'):
        score({"test": rows}, good, **{**arguments, "reports": [tmp_path / "other.json"]})
