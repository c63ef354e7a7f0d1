"""What checkpoints are chosen by is what the score stage says of the same answers."""

import pytest

from medtune.data.related import from_row
from medtune.metrics.text.registry import score_texts
from medtune.studies import get_task
from medtune.studies.radgraph.reports import corpus_of, write_radgraph
from medtune.studies.radgraph.score import score as score_radgraph
from medtune.studies.radgraph.template import RadGraphTask
from medtune.studies.relations.rows import training_rows
from medtune.studies.relations.score import score as score_relations
from medtune.studies.relations.template import RelationsTask
from tests.conftest import ROOT
from tests.unit import test_radgraph_score as radgraph
from tests.unit.relations_study import answers, made_rows, prompts, schema_file


def test_yes_no_is_judged_by_the_share_of_right_labels():
    task = get_task("yesno")
    examples = [{"label": label} for label in ("Yes", "No", "Uncertain", "No")]
    outputs = ["Yes. Rationale: It is.", "No way", "hmm", "Uncertain."]
    assert task.validation_figure(examples, lambda rows: [task.parse(text) for text in outputs]) == 0.5


def test_radgraph_is_judged_by_its_strict_f1(tmp_path):
    corpus = corpus_of(radgraph.RECORDS, "made")
    write_radgraph(tmp_path / "test.json", corpus)
    rows = radgraph.rows_of(corpus)
    outputs = [row["output"] for row in rows]
    outputs[0] = radgraph.listed("effusion", "effusion", "zebra")
    outputs[1] = "no list"
    predictions = [radgraph.prediction(row, output) for row, output in zip(rows, outputs, strict=True)]
    scored = score_radgraph({"test": rows}, predictions, 0, entity="OBS-DP", reports=[tmp_path / "test.json"])
    task = RadGraphTask("OBS-DP", "List.")
    found = task.validation_figure(rows, lambda asked: [task.parse(output) for output in outputs])
    assert 0 < found < 1
    assert found == pytest.approx(scored.metrics["splits"]["test"]["strict_f1"]["value"])


@pytest.mark.parametrize("reading", [{}, {"deduplicate": True, "drop_violations": True}])
def test_relations_are_judged_by_their_strict_f1(tmp_path, reading):
    rows = {"validation": made_rows(12)["validation"]}
    task = RelationsTask(prompts(tmp_path), schema=schema_file(tmp_path), **reading)
    predictions = answers(rows, task, 0.4, repeats=0.3, broken=0.2)
    settings = {"deduplicate": False, "drop_violations": False, **reading}
    scored = score_relations(rows, predictions, 0, schema=tmp_path / "schema.json", **settings)
    given = [task.parse(prediction["raw"]) for prediction in predictions]
    found = task.validation_figure(rows["validation"], lambda asked: given)
    assert 0 < found < 1
    assert found == pytest.approx(scored.metrics["splits"]["validation"]["relation_f1"]["value"])


def test_in_two_steps_relations_are_asked_for_between_the_entities_that_were_found(tmp_path):
    folder = ROOT / "config" / "prompts" / "relations"
    task = RelationsTask(folder, two_steps=True, schema=schema_file(tmp_path))
    rows = training_rows([from_row(row) for row in made_rows(4)["validation"]], two_steps=True)
    missed = next(row["id"] for row in rows if row["relations"])
    asked = []

    def answer(chosen):
        asked.append(chosen)
        empty = '{"entities":[]}'
        return [
            task.parse(empty if (row["id"], row["step"]) == (missed, "entities") else task.completion(row))
            for row in chosen
        ]

    figure = task.validation_figure(rows, answer)
    assert [row["step"] for row in asked[0]] == ["entities"] * 4
    assert [row["step"] for row in asked[1]] == ["relations"] * 4
    given = {row["id"]: row["given"] for row in rows if row["step"] == "relations"}
    assert {row["id"]: row["given"] for row in asked[1]} == {**given, missed: []}
    assert 0 < figure < 1


def test_a_task_without_a_schema_cannot_judge_relations(tmp_path):
    with pytest.raises(ValueError, match="needs the schema"):
        RelationsTask(prompts(tmp_path)).validation_figure([], lambda rows: [])


def test_meerkat_is_judged_by_mean_rouge_l():
    task = get_task("meerkat")
    examples = [{"answer": "Gout is arthritis by crystals."}, {"answer": "Rest and fluids."}, {"answer": "Aspirin."}]
    outputs = ["Gout is a kind of arthritis.", "", "Aspirin."]
    expected = score_texts(outputs, [example["answer"] for example in examples]).metrics["ROUGE-L"].items.mean()
    assert 0 < expected < 1
    found = task.validation_figure(examples, lambda rows: [task.parse(text) for text in outputs])
    assert found == pytest.approx(expected)
