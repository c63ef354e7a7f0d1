import json
from dataclasses import replace

import pytest

from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, write_json, write_jsonl
from medtune.reporting.tables import read_csv, write_csv
from medtune.studies.meerkat.comparisons import cells_of, compare
from medtune.studies.meerkat.evaluate import evaluate, figures
from medtune.studies.meerkat.runs import PRACTISED, RunFiles, check_same, read_run
from medtune.studies.meerkat.score import score
from tests.columns import faults
from tests.unit.meerkat_models import SIZES, examples, metric_scores, write_examples, write_model, write_study

NAMES = {
    **{
        name: f"{name}.csv"
        for name in ("base_model_results", "finetuned_model_results", "model_comparison", "specialty_performance")
    },
    "training_config": "training_config.json",
    **{f"{plot}_{s}": f"{plot}.{s}" for plot in ("specialty_analysis", "model_comparison") for s in ("png", "svg")},
}
METRICS = ["BLEU-1", "ROUGE-L", "METEOR (no synonyms)", "exact_match", "medical_term_f1", "answer_length"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    base, runs = write_study(folder)
    outputs = {name: folder / "evaluation" / file for name, file in NAMES.items()}
    evaluate(base, runs[2], write_examples(folder), outputs, seed=0)
    return folder, base, runs, outputs


def test_all_files_that_the_user_knows_are_written_and_nothing_else(study):
    *_, outputs = study
    assert {path.name for path in outputs["training_config"].parent.iterdir()} == set(NAMES.values())
    assert all(path.stat().st_size > 0 for path in outputs.values())


def test_results_have_question_both_answers_and_every_metric(study):
    *_, outputs = study
    base, tuned = (read_csv(outputs[f"{model}_model_results"]) for model in ("base", "finetuned"))
    assert list(base[0]) == [
        *("id", "split", "specialty", "question", "reference_answer", "generated_answer", "status"),
        *METRICS,
    ]
    assert [row["id"] for row in base] == [row["id"] for row in tuned]
    assert len(base) == 57
    assert base[0]["question"] == "What about cardiology, case 0?"
    assert base[0]["reference_answer"].startswith("take the red pill")
    assert base[0]["generated_answer"] == " Model 0, case 0:\n take <it>, daily"
    assert tuned[0]["generated_answer"].startswith(" Model 3")
    assert base[0]["medical_term_f1"] == ""  # not defined there
    scored = metric_scores({"cardiology": 0.62}, [{"specialty": "cardiology"}] * 2)["ROUGE-L"].items
    assert float(tuned[1]["ROUGE-L"]) == pytest.approx(scored[1], rel=1e-5)


def test_the_comparison_has_exactly_its_columns_and_a_row_for_each_split_and_metric(study):
    *_, outputs = study
    assert outputs["model_comparison"].read_text().splitlines()[0] == (
        "split,metric,n,base,base_low,base_high,finetuned,finetuned_low,finetuned_high,"
        "difference,difference_low,difference_high,p_value,p_value_holm,form"
    )
    table = read_csv(outputs["model_comparison"])
    assert [(row["split"], row["metric"]) for row in table] == [
        (split, metric) for split in ("evaluation", "holdout") for metric in METRICS
    ]
    for row in table:
        found = {name: float(row[name]) for name in row if name not in ("split", "metric", "form")}
        assert found["difference"] == pytest.approx(found["finetuned"] - found["base"], abs=1e-4)
        assert found["difference_low"] <= found["difference"] <= found["difference_high"]
        assert found["p_value"] <= found["p_value_holm"] <= 1


def test_figures_of_the_comparison_are_those_of_metrics_json(study):
    _, base, runs, outputs = study
    row = next(row for row in read_csv(outputs["model_comparison"]) if row["metric"] == "BLEU-1")
    for files, name in ((base, "base"), (runs[2], "finetuned")):
        estimate = read_json(files.metrics)["splits"]["evaluation"]["overall"]["BLEU-1"]
        assert [float(row[f"{name}{end}"]) for end in ("", "_low", "_high")] == pytest.approx(
            [estimate[end] for end in ("value", "low", "high")], rel=1e-5
        )


def test_holm_is_over_the_metrics_of_a_split(study):
    table = read_csv(study[-1]["model_comparison"])
    for split in ("evaluation", "holdout"):
        members = [row for row in table if row["split"] == split]
        least = min(members, key=lambda row: float(row["p_value"]))
        assert float(least["p_value_holm"]) == pytest.approx(len(METRICS) * float(least["p_value"]), rel=1e-4)


def test_n_counts_the_items_that_have_a_score(study):
    table = read_csv(study[-1]["model_comparison"])
    counts = {row["metric"]: row["n"] for row in table if row["split"] == "holdout"}
    assert (counts["ROUGE-L"], counts["medical_term_f1"]) == ("30", "20")


def test_specialties_have_their_training_size_and_the_difference_of_their_figures(study):
    *_, outputs = study
    assert outputs["specialty_performance"].read_text().splitlines()[0] == (
        "split,specialty,n,train_size,metric,base,base_low,base_high,finetuned,finetuned_low,finetuned_high,"
        "difference,difference_low,difference_high,form"
    )
    table = read_csv(outputs["specialty_performance"])
    assert len(table) == 2 * 3 * len(METRICS)
    row = next(row for row in table if (row["specialty"], row["metric"]) == ("neurology", "ROUGE-L"))
    assert (row["split"], row["n"], row["train_size"]) == ("evaluation", "10", "60")
    assert float(row["difference"]) == pytest.approx(float(row["finetuned"]) - float(row["base"]), abs=1e-4)
    for one in (one for one in table if one["difference"]):
        assert float(one["difference_low"]) < float(one["difference"]) < float(one["difference_high"])
    terms = next(row for row in table if (row["specialty"], row["metric"]) == ("cardiology", "medical_term_f1"))
    assert terms["n"] == "5"


def test_the_base_in_its_practised_form_has_rows_of_its_own_in_every_table_and_plot(study, tmp_path):
    folder, base, runs, alone = study
    practised = replace(write_model(tmp_path / "practised", 0, dict.fromkeys(SIZES, 0.3)), iteration=PRACTISED)
    outputs = {name: tmp_path / "evaluation" / file for name, file in NAMES.items()}
    evaluate(base, runs[2], write_examples(folder), outputs, seed=0, practised=practised)
    for name in ("model_comparison", "specialty_performance"):
        before, after = read_csv(alone[name]), read_csv(outputs[name])
        assert {row["form"] for row in before} == {"study"}
        assert len(after) == 2 * len(before)
        own = [row for row in after if row["form"] == "practised" and row["split"] == "holdout"]
        assert all(row["finetuned"] == old["finetuned"] for row, old in zip(own, before[-len(own) :], strict=True))
        assert any(row["base"] != old["base"] for row, old in zip(own, before[-len(own) :], strict=True))
    # Corrected together with the comparison with the base in the study's form.
    rows = [row for row in read_csv(outputs["model_comparison"]) if row["split"] == "holdout"]
    least = min(rows, key=lambda row: float(row["p_value"]))
    assert float(least["p_value_holm"]) == pytest.approx(2 * len(METRICS) * float(least["p_value"]), rel=1e-4)
    panels = drawn(figures([read_run(base), read_run(practised)], read_run(runs[2]))["specialty_analysis"])
    assert all(len(segments) == 3 * 3 for _, segments in panels.values())


def test_the_training_configuration_is_that_of_the_record(study):
    config = read_json(study[-1]["training_config"])
    assert config["iteration"] == 3
    assert config["settings"]["lora"] == {"rank": 8, "alpha": 16}
    assert (config["seed"], config["base_model"]["name"], config["effective_batch"]) == (42, "tiny", 16)
    assert "copied_from" not in config and "history" not in config


def test_what_the_score_stage_writes_is_what_is_read(tmp_path):
    metrics = {
        "steering": "ROUGE-L",
        "stemmer": False,
        "wordnet": None,
        "terms": None,
        "bertscore": None,
        "custom": {"words": f"{__name__}:words"},
    }
    data = examples()
    found = []
    for iteration, answer in enumerate(("a pill", "take the pill every morning for a week")):
        outcome = {"raw": answer, "value": answer, "status": "ok", "finish": "eos", "output_tokens": 2}
        predictions = [{"id": row["id"], "split": split, **outcome} for split, rows in data.items() for row in rows]
        scores = score(data, predictions, 0, metrics=metrics)
        folder = tmp_path / str(iteration)
        write_json(folder / "metrics.json", scores.metrics)
        write_csv(folder / "items.csv", scores.items, scores.columns)
        write_json(folder / "counts.json", scores.files["counts"])
        write_jsonl(folder / "predictions.jsonl", predictions)
        names = ("metrics.json", "items.csv", "counts.json", "predictions.jsonl")
        found.append(RunFiles(iteration, *(folder / name for name in names)))
    model = write_model(tmp_path / "other", 1, dict.fromkeys(SIZES, 0.5), dict.fromkeys(SIZES, (20, 5)))
    tuned = replace(found[1], record=model.record, stats=model.stats)
    outputs = {name: tmp_path / "out" / file for name, file in NAMES.items()}
    evaluate(found[0], tuned, write_examples(tmp_path), outputs, seed=0)
    table = read_csv(outputs["model_comparison"])
    assert len(table) == 2 * len(read_run(found[0]).metrics)
    assert [row["difference"] for row in table if row["metric"] == "words"] == ["6", "6"]
    assert all(float(row["difference"]) > 0 for row in table if row["metric"] == "ROUGE-L")


def words(predictions, references):
    return [len(prediction.split()) for prediction in predictions]


def drawn(figure):
    """By title of a panel, the names and the intervals that are drawn."""
    panels = {}
    for axes in figure.axes:
        if axes.get_visible():
            segments = [s for container in axes.containers for s in container.lines[2][0].get_segments()]
            panels[axes.get_title(loc="left")] = ([t.get_text() for t in axes.get_yticklabels()], segments)
    return panels


def test_every_metric_is_in_both_plots_with_intervals_the_users_own_too(study):
    _, base, runs, _ = study
    plots = figures([read_run(base)], read_run(runs[2]))
    comparison = plots["model_comparison"]
    names = [text.get_text() for axes in comparison.axes for text in axes.get_yticklabels() if text.get_text()]
    assert names == METRICS  # lengths have an axis of their own, at the end as in the table
    intervals = sum(
        len(segments)
        for axes in comparison.axes
        for container in axes.containers
        for segments in [container.lines[2][0].get_segments()]
    )
    assert intervals == 2 * 2 * len(METRICS)
    panels = drawn(plots["specialty_analysis"])
    assert list(panels) == [f"{metric}, {split}" for split in ("evaluation", "holdout") for metric in METRICS]
    assert all(len(segments) == 2 * 3 for _, segments in panels.values())
    assert panels["BLEU-1, evaluation"][0] == ["cardiology", "dermatology", "neurology"]


def test_intervals_are_drawn_as_given(study):
    _, base, runs, _ = study
    before, after = read_run(base), read_run(runs[2])
    _, segments = drawn(figures([before], after)["specialty_analysis"])["ROUGE-L, holdout"]
    names = after.specialties("holdout")
    expected = [run.estimate("holdout", "ROUGE-L", name) for run in (before, after) for name in names]
    for segment, estimate in zip(segments, expected, strict=True):
        assert segment[:, 0] == pytest.approx([estimate["low"], estimate["high"]])


def test_the_same_files_give_the_same_bytes(study, tmp_path):
    folder, base, runs, outputs = study
    again = {name: tmp_path / file for name, file in NAMES.items()}
    evaluate(base, runs[2], write_examples(folder), again, seed=0)
    for name, path in outputs.items():
        assert again[name].read_bytes() == path.read_bytes(), name


def test_right_or_wrong_is_compared_by_mcnemar_and_means_by_swaps(tmp_path):
    before = read_run(write_model(tmp_path / "a", 0, dict.fromkeys(SIZES, 0.5)))
    after = read_run(write_model(tmp_path / "b", 0, dict.fromkeys(SIZES, 0.6)))
    only = int(after.counts["holdout"]["exact_match"][:, 0].sum() - before.counts["holdout"]["exact_match"][:, 0].sum())
    assert only > 5  # no item is right before alone
    found = compare(before, after, "holdout", "exact_match", seed=0)
    assert found.p_value == pytest.approx(2 * 0.5**only)
    assert found.value == pytest.approx(only / 30)
    assert compare(before, after, "holdout", "ROUGE-L", seed=0).p_value == pytest.approx(1 / 10000)


def test_the_corpus_figure_is_compared_and_not_the_mean_over_items(tmp_path):
    before = read_run(write_model(tmp_path / "a", 0, dict.fromkeys(SIZES, 0.3)))
    after = read_run(write_model(tmp_path / "b", 0, dict.fromkeys(SIZES, 0.6)))
    found = compare(before, after, "holdout", "BLEU-1", seed=0)
    values = [run.estimate("holdout", "BLEU-1")["value"] for run in (before, after)]
    assert found.value == pytest.approx(values[1] - values[0])


def test_a_model_is_level_with_itself(tmp_path):
    run = read_run(write_model(tmp_path, 0, dict.fromkeys(SIZES, 0.5)))
    for metric in METRICS:
        found = compare(run, run, "evaluation", metric, seed=0)
        assert (found.value, found.p_value) == (0, 1)
        assert found.low < 0 < found.high
        assert cells_of([found])[0]["verdict"] == "tie"


def test_a_verdict_follows_the_corrected_p(tmp_path):
    before = read_run(write_model(tmp_path / "a", 0, dict.fromkeys(SIZES, 0.3)))
    after = read_run(write_model(tmp_path / "b", 0, dict.fromkeys(SIZES, 0.6)))
    up, down = (compare(*pair, "holdout", "ROUGE-L", seed=0) for pair in ((before, after), (after, before)))
    found = cells_of([replace(up, p_value=0.01), replace(down, p_value=0.02), replace(up, p_value=0.05)])
    assert [cells["verdict"] for cells in found] == ["higher", "lower", "tie"]
    assert [cells["p_value_holm"] for cells in found] == [0.03, 0.04, 0.05]


def test_without_any_score_there_is_no_test(tmp_path):
    files = write_model(tmp_path, 0, dict.fromkeys(SIZES, 0.5))
    items = read_csv(files.items)
    write_csv(files.items, [{**item, "medical_term_f1": ""} for item in items], list(items[0]))
    run = read_run(files)
    assert compare(run, run, "holdout", "medical_term_f1", seed=0) is None
    assert cells_of([None]) == [{"p_value": None, "p_value_holm": None, "verdict": "tie"}]


def refused(study, tmp_path, sentence, **changes):
    folder, base, runs, _ = study
    outputs = {name: tmp_path / "out" / file for name, file in NAMES.items()}
    with pytest.raises(InputError, match=sentence):
        evaluate(base, replace(runs[2], **changes), write_examples(folder), outputs, seed=0)
    assert not (tmp_path / "out").exists()


def test_models_scored_on_different_items_are_refused(study, tmp_path):
    files = write_model(
        tmp_path, 3, dict.fromkeys(SIZES, 0.5), dict.fromkeys(SIZES, (20, 5)), sizes={**SIZES, "cardiology": (7, 10)}
    )
    paths = {name: getattr(files, name) for name in ("metrics", "items", "counts", "predictions")}
    refused(study, tmp_path, "iteration 3 and the base model were scored on different items; score again", **paths)


def test_models_scored_by_different_metrics_are_refused(study, tmp_path):
    content = read_json(study[2][2].metrics)
    content["definitions"]["METEOR (no synonyms)"] = "another one"
    write_json(tmp_path / "metrics.json", content)
    refused(
        study, tmp_path, r"scored by different metrics \(METEOR \(no synonyms\)\)", metrics=tmp_path / "metrics.json"
    )


def test_counts_that_do_not_belong_to_the_items_are_refused(study, tmp_path):
    content = read_json(study[2][2].counts)
    content["holdout"]["ROUGE-L"].pop()
    write_json(tmp_path / "counts.json", content)
    sentence = r"counts\.json: not one row of counts for each item of ROUGE-L \(holdout\); score again"
    refused(study, tmp_path, sentence, counts=tmp_path / "counts.json")


def test_a_missing_answer_is_named(study, tmp_path):
    write_jsonl(tmp_path / "predictions.jsonl", read_jsonl(study[2][2].predictions)[1:])
    sentence = r'predictions\.jsonl: no answer to id "cardiology/evaluation0"'
    refused(study, tmp_path, sentence, predictions=tmp_path / "predictions.jsonl")


def test_a_record_that_lacks_something_is_named(study, tmp_path):
    (tmp_path / "training.json").write_text(json.dumps({"seed": 1}))
    refused(study, tmp_path, r"training\.json: has no base_model, rows", record=tmp_path / "training.json")


def test_statistics_without_a_specialty_of_the_items_are_refused(study, tmp_path):
    content = read_json(study[2][2].stats)
    del content["specialties"]["neurology"]
    write_json(tmp_path / "stats.json", content)
    refused(study, tmp_path, r'stats\.json: has no specialty "neurology"', stats=tmp_path / "stats.json")


def test_an_item_that_is_not_in_the_data_is_named(study, tmp_path):
    _, base, runs, _ = study
    paths = write_examples(tmp_path)
    write_jsonl(paths["holdout"], [])
    with pytest.raises(InputError, match='id "cardiology/holdout0" is not in the data of split holdout'):
        evaluate(base, runs[0], paths, {}, seed=0)


def test_a_metric_with_the_name_of_a_column_is_refused(study, tmp_path):
    folder, base, runs, _ = study
    changed = []
    for files in (base, runs[0]):
        metrics, counts, items = read_json(files.metrics), read_json(files.counts), read_csv(files.items)
        metrics["metrics"][-1] = "question"
        metrics["definitions"]["question"] = metrics["definitions"].pop("answer_length")
        for split in counts:
            counts[split]["question"] = counts[split].pop("answer_length")
        items = [{**item, "question": item["answer_length"]} for item in items]
        new = tmp_path / str(files.iteration)
        write_json(new / "metrics.json", metrics)
        write_json(new / "counts.json", counts)
        write_csv(new / "items.csv", items, list(items[0]))
        changed.append(
            replace(files, metrics=new / "metrics.json", items=new / "items.csv", counts=new / "counts.json")
        )
    with pytest.raises(InputError, match='custom metric "question": the results have a column of this name'):
        evaluate(*changed, write_examples(folder), {}, seed=0)


def test_iterations_are_checked_against_each_other(study):
    _, base, runs, _ = study
    first = read_run(runs[0])
    with pytest.raises(InputError, match="expected at least one iteration"):
        check_same(read_run(base), [])
    with pytest.raises(InputError, match=r"iterations \[1, 1\]; expected each once"):
        check_same(read_run(base), [first, first])
    with pytest.raises(InputError, match=r"lacks training\.json or dataset_stats\.json"):
        check_same(read_run(base), [replace(first, stats=None)])


def test_every_figure_of_every_table_has_an_interval_that_holds_it_and_has_a_width(study):
    assert list(faults(study[-1]["model_comparison"].parent)) == []
