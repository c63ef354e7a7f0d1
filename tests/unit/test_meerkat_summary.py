from dataclasses import replace
from types import SimpleNamespace

import pytest

from medtune.errors import InputError
from medtune.files import read_json, write_json
from medtune.metrics.estimate import Range
from medtune.reporting.pages import render_page
from medtune.reporting.plots import Line, save_figure
from medtune.reporting.prose import score_text
from medtune.reporting.tables import read_csv
from medtune.studies.meerkat.comparisons import compare_iterations
from medtune.studies.meerkat.copied_answers import read_near_twins
from medtune.studies.meerkat.page import PAGES, progress
from medtune.studies.meerkat.plots import figures
from medtune.studies.meerkat.prepare import PRETRAINING, RECORDS
from medtune.studies.meerkat.recommendations import TrainingRecommendations, write_recommendations
from medtune.studies.meerkat.runs import PRACTISED, read_run
from medtune.studies.meerkat.score_plots import plot_line_panels, plot_score_map
from medtune.studies.meerkat.specialty_changes import specialty_changes
from medtune.studies.meerkat.summarize import summarize
from medtune.studies.meerkat.synthetic import SHOWN, shared_words
from medtune.studies.meerkat.tables import PLAIN, PLOTS
from medtune.studies.meerkat.tables import SHOWN as TABLES
from tests.columns import faults
from tests.unit.meerkat_models import SIZES, write_model, write_study

NAMES = {
    **{name: f"{name}.csv" for name in (*TABLES, *PLAIN)},
    **{f"{name}_html": f"{name}.html" for name in TABLES},
    **{f"{plot}_{suffix}": f"{plot}.{suffix}" for plot in PLOTS for suffix in ("png", "svg")},
    "page": "summary.md",
    "page_html": "summary.html",
    "headline": "headline.txt",
}
METRICS = ["BLEU-1", "ROUGE-L", "METEOR (no synonyms)", "exact_match", "medical_term_f1", "answer_length"]
NEUROLOGY_IS_LOW = TrainingRecommendations(
    low_performance_specialties=["neurology"], recommended_sample_increases={"neurology": 0.95}
)

TWIN = "cardiology/holdout0"
NEAR_TWINS = {"evaluation": {"ids": {}}, "holdout": {"ids": {TWIN: {"of": "x", "share": 0.7}}}}


def summarized(folder, study, recommendations, steering="ROUGE-L", practised=None, about_data=None):
    outputs = {name: folder / "summary" / file for name, file in NAMES.items()}
    write_recommendations(folder / "training_recommendations.json", recommendations)
    base, runs = study
    write_json(folder / "manifest.json", {"leakage": {"near_twins": NEAR_TWINS}, **(about_data or {})})
    manifest = folder / "manifest.json"
    recommended = folder / "training_recommendations.json"
    summarize(base, runs, recommended, manifest, steering, outputs, seed=0, practised=practised)
    return outputs


def words(template, **content):
    """What a template of a paragraph says."""
    return " ".join(render_page(PAGES / template, content, ".").split())


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def study(tmp_path_factory, files):
    return summarized(tmp_path_factory.mktemp("study"), files, NEUROLOGY_IS_LOW)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stopped")
    return summarized(folder, write_study(folder, copied=True), TrainingRecommendations())


SYNTHETIC = {
    "sources": [{"format": "synthetic"}],
    "held_out": {
        "holdout": {
            RECORDS: {"answer_templates": {"held_out": 9, "shared": 7, "examples": []}},
            PRETRAINING: {"answer_templates": {"held_out": 9, "shared": 0, "examples": []}},
        }
    },
}


@pytest.fixture(scope="module")
def made(tmp_path_factory, files):
    """A study of synthetic questions, whose base model was asked in its practised form too."""
    folder = tmp_path_factory.mktemp("made")
    practised = write_model(folder / "practised", PRACTISED, dict.fromkeys(SIZES, 0.3))
    return summarized(folder, files, NEUROLOGY_IS_LOW, practised=practised, about_data=SYNTHETIC)


def test_the_practised_form_has_a_row_of_its_own_everywhere(made):
    for name in ("progress", "learning_curve", "near_twins", "comparisons"):
        assert "practised" in {row["iteration"] for row in read_csv(made[name])}, name
    (row,) = (
        row
        for row in read_csv(made["progress"])
        if (row["iteration"], row["split"], row["specialty"], row["metric"])
        == ("practised", "holdout", "ALL", "ROUGE-L")
    )
    assert row["train_size"] == "0"
    figure = f"base, practised form {float(row['value']):.3f} ({float(row['low']):.3f}–{float(row['high']):.3f}"
    assert figure in made["headline"].read_text()
    assert made["page"].read_text().count("| base, practised form |") == 4  # progress, near twins, answers by split
    rows = [row for row in read_csv(made["comparisons"]) if "practised" in (row["iteration"], row["reference"])]
    assert {(row["iteration"], row["reference"]) for row in rows} == {("practised", "0"), ("3", "practised")}
    assert {row["verdict"] for row in rows if row["metric"] == "ROUGE-L"} == {"higher"}


def test_figures_of_synthetic_questions_say_what_they_show(made, study):
    page = made["page"].read_text()
    assert SHOWN in page and SHOWN in made["headline"].read_text()
    assert all(SHOWN in made[f"{name}_html"].read_text() for name in TABLES)
    assert "none stand in the base model's pre-training text" in page
    assert "the holdout split shares 7 of 9 answer templates" in page
    shared = {"held_out": {"holdout": {RECORDS: {}, PRETRAINING: {"answer_templates": {"shared": 1}}}}}
    assert "1 stands in the base model's pre-training text" in shared_words(SYNTHETIC | shared)
    assert SHOWN not in study["page"].read_text() and SHOWN not in study["headline"].read_text()


def test_the_practised_form_is_a_column_of_the_heat_map(files, tmp_path):
    practised = read_run(write_model(tmp_path, PRACTISED, dict.fromkeys(SIZES, 0.3)))
    plots = figures([read_run(files[0]), practised], [read_run(run) for run in files[1]], "ROUGE-L")
    ticks = [label.get_text() for label in plots["heat_map"].axes[0].get_xticklabels()]
    assert ticks == ["base", "practised", "1", "2", "3"]
    for name, wanted in (
        ("overall", {"practised form, evaluation", "practised form, holdout"}),
        ("growth", {"practised form, evaluation", "practised form, holdout"}),
        ("specialties", {"in the study's form", "practised form"}),
    ):
        save_figure(plots[name], tmp_path / f"{name}.png")
        (legend,) = plots[name].legends
        assert wanted <= {text.get_text() for text in legend.get_texts()}
        extent = legend.get_window_extent()
        assert extent.x0 >= 0 and extent.x1 <= plots[name].bbox.x1, f"{name}: the legend is cut off"


def test_everything_declared_is_written_and_nothing_else(study):
    assert {path.name for path in study["page"].parent.iterdir()} == set(NAMES.values())
    assert all(path.stat().st_size > 0 for path in study.values())


def test_progress_has_exactly_its_columns_and_every_figure(study, files):
    assert study["progress"].read_text().splitlines()[0] == (
        "iteration,split,specialty,n,train_size,metric,value,low,high"
    )
    rows = read_csv(study["progress"])
    assert [(r["iteration"], r["split"], r["specialty"], r["metric"]) for r in rows] == [
        (str(iteration), split, specialty, metric)
        for iteration in range(4)
        for split in ("evaluation", "holdout")
        for specialty in ("ALL", *sorted(SIZES))
        for metric in METRICS
    ]
    found = next(r for r in rows if (r["iteration"], r["specialty"], r["metric"]) == ("2", "neurology", "BLEU-1"))
    of_specialty = read_json(files[1][1].metrics)["splits"]["evaluation"]["specialties"]["neurology"]
    estimate = of_specialty["metrics"]["BLEU-1"]
    assert [float(found[end]) for end in ("value", "low", "high")] == pytest.approx(
        [estimate[end] for end in ("value", "low", "high")], rel=1e-5
    )
    assert (found["n"], found["train_size"]) == ("10", "40")


def test_the_base_model_is_iteration_0_and_was_trained_on_nothing(study):
    rows = read_csv(study["progress"])
    assert {row["train_size"] for row in rows if row["iteration"] == "0"} == {"0"}
    sizes = {row["iteration"]: row["train_size"] for row in rows if row["specialty"] == "ALL"}
    assert sizes == {"0": "0", "1": "88", "2": "126", "3": "164"}


def test_each_iteration_is_compared_with_the_base_and_with_the_one_before_once(study):
    rows = read_csv(study["comparisons"])
    pairs = [(row["iteration"], row["reference"]) for row in rows]
    assert list(dict.fromkeys(pairs)) == [("1", "0"), ("2", "0"), ("2", "1"), ("3", "0"), ("3", "2")]
    assert len(rows) == 5 * 2 * len(METRICS)
    for row in rows:
        difference = float(row["difference"])
        assert difference == pytest.approx(float(row["value"]) - float(row["reference_value"]), abs=1e-4)
        assert float(row["difference_low"]) <= difference <= float(row["difference_high"])


def test_holm_is_over_all_comparisons_and_leaves_clear_differences(study):
    rows = read_csv(study["comparisons"])
    least = min(float(row["p_value"]) for row in rows)
    first = next(row for row in rows if float(row["p_value"]) == least)
    assert float(first["p_value_holm"]) == pytest.approx(60 * least, rel=1e-4)
    assert (first["verdict"], float(first["p_value_holm"]) < 0.05) == ("higher", True)


def test_the_learning_curve_is_that_of_the_steering_metric(study):
    rows = read_csv(study["learning_curve"])
    assert list(rows[0]) == ["iteration", "train_size", "split", "value", "low", "high"]
    steering = [r for r in read_csv(study["progress"]) if (r["specialty"], r["metric"]) == ("ALL", "ROUGE-L")]
    assert [{key: row[key] for key in rows[0]} for row in steering] == rows


def test_the_steering_metric_is_the_one_that_is_asked_for(files, tmp_path):
    outputs = summarized(tmp_path, files, NEUROLOGY_IS_LOW, "answer_length")
    assert outputs["headline"].read_text().startswith("answer_length on the holdout split: iteration 3 35.7 (")
    assert {row["metric"] for row in read_csv(outputs["outlook"])} == {"answer_length"}
    with pytest.raises(InputError, match='the metric "METEOR" was not scored; expected one of BLEU-1, ROUGE-L'):
        summarized(tmp_path / "other", files, NEUROLOGY_IS_LOW, "METEOR")
    assert not (tmp_path / "other" / "summary").exists()


def test_the_headline_is_one_line_with_both_figures_and_their_difference(study):
    text = study["headline"].read_text()
    assert text.count("\n") == 1
    assert text.startswith("ROUGE-L on the holdout split: iteration 3 0.594 (0.5")
    assert ", base model 0.202 (0.1" in text
    assert ", difference +0.392 (+0.3" in text
    assert "after Holm" in text


def test_the_page_tells_progress_specialties_and_outlook(study):
    text = study["page"].read_text()
    assert "3 iterations; none is a copy of another." in text
    assert "Iteration 2 against iteration 1: difference +0.0" in text
    assert "Low after iteration 3, with an interval that supports it: neurology." in text
    assert "for neurology (60 to 76)" in text
    assert "5 are higher than with the base model, 0 are lower, and for 1 no difference is shown" in text
    assert "From iteration 1 to iteration 3, over the questions of both splits and corrected for 3 specialties" in text
    assert "answer\\_length: mean of my\\_metrics.length" in text
    assert all(f"]({plot}.png)" in text for plot in PLOTS)
    assert study["page_html"].read_text().count("data:image/png;base64,") == len(PLOTS)


def test_a_study_that_stopped_early_says_at_which_iteration_and_why(stopped):
    text = stopped["page"].read_text()
    assert "The study stopped at iteration 2: no specialty counted as low after it, so no training set grew." in text
    assert "Iteration 3 of 3 is a copy of it." in text
    assert "## Iteration 2 against the base model" in text
    assert "Iteration 3 against" not in text
    assert "another iteration would have no more questions" in text
    assert stopped["headline"].read_text().startswith("ROUGE-L on the holdout split: iteration 2 ")
    rows = [r for r in read_csv(stopped["comparisons"]) if (r["iteration"], r["reference"]) == ("3", "2")]
    assert {(row["difference"], row["p_value"], row["verdict"]) for row in rows} == {("0", "1", "tie")}


def test_low_specialties_with_an_empty_pool_are_another_reason_to_stop(tmp_path):
    _, files = write_study(tmp_path, copied=True)
    low = TrainingRecommendations(low_performance_specialties=["neurology"])
    text = words("stop.md.j2", **progress([read_run(run) for run in files], low))
    assert "nothing more could be added to the training questions of the low specialties (neurology)" in text


def difference(low, high, p_holm):
    ends = {"difference": 0.1, "difference_low": low, "difference_high": high}
    row = {**ends, "p_value": p_holm / 9, "p_value_holm": p_holm, "verdict": "tie" if p_holm >= 0.05 else "higher"}
    return said_of(row)


def said_of(row):
    """How the headline spells the difference in a row of the comparisons."""
    (model,) = [SimpleNamespace(name="x", estimate=lambda *_: {"value": None})]
    content = {"metric": "m", "final": "s", "last": model, "base": model, "practised": [], "shown": None}
    return words("headline.txt.j2", **content, row=lambda *_: row).partition("base model none (n = 0), ")[2]


def test_a_difference_is_shown_where_the_corrected_test_shows_it():
    assert difference(0.01, 0.3, 0.2) == (
        "difference +0.100 (+0.010 to +0.300): no difference is shown (p = 0.200 after Holm)"
    )
    assert difference(0.01, 0.3, 0.0004) == "difference +0.100 (+0.010 to +0.300), p < 0.001 after Holm"
    assert said_of({"difference": None}) == "no question to compare on"


def test_a_first_iteration_alone_is_summarized(tmp_path, files):
    outputs = summarized(tmp_path, (files[0], files[1][:1]), NEUROLOGY_IS_LOW)
    text = outputs["page"].read_text()
    assert "There is no second training to compare the first one with." in text
    assert "cannot be told: there is only one training" in text


def test_the_order_of_the_files_does_not_matter_and_two_summaries_are_the_same(files, study, tmp_path):
    base, runs = files
    again = summarized(tmp_path, (base, runs[::-1]), NEUROLOGY_IS_LOW)
    for name, path in study.items():
        assert again[name].read_bytes() == path.read_bytes(), name


def test_a_specialty_without_evaluation_items_is_in_the_holdout_alone(tmp_path):
    sizes = {**SIZES, "oncology": (0, 10)}
    levels = dict.fromkeys(sizes, 0.5)
    base = write_model(tmp_path / "base", 0, levels, sizes=sizes)
    run = write_model(tmp_path / "1", 1, levels, dict.fromkeys(sizes, (20, 10)), sizes=sizes)
    outputs = summarized(tmp_path, (base, [run]), TrainingRecommendations())
    splits = {r["split"] for r in read_csv(outputs["progress"]) if r["specialty"] == "oncology"}
    assert splits == {"holdout"}
    assert "| oncology | 20 to 20 | none | none |" in outputs["page"].read_text()


def test_a_split_without_items_is_an_error(tmp_path):
    files = write_model(tmp_path, 0, dict.fromkeys(SIZES, 0.5), sizes=dict.fromkeys(SIZES, (0, 10)))
    with pytest.raises(InputError, match="no item of the split evaluation was scored"):
        read_run(files)


def test_metrics_without_definitions_are_refused(tmp_path, files):
    content = read_json(files[0].metrics)
    del content["definitions"]
    write_json(tmp_path / "metrics.json", content)
    with pytest.raises(InputError, match=r"metrics\.json: has no definitions; score again"):
        read_run(replace(files[0], metrics=tmp_path / "metrics.json"))


def test_plots_draw_the_intervals_of_every_model(files):
    base, runs = read_run(files[0]), [read_run(run) for run in files[1]]
    plots = figures([base], runs, "ROUGE-L")
    drawn = [axes for axes in plots["specialties"].axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in drawn] == [
        "cardiology, n = 8",
        "dermatology, n = 9",
        "neurology, n = 10",
    ]
    (container,) = drawn[2].containers
    ends = [segment[:, 1] for segment in container.lines[2][0].get_segments()]
    for found, run in zip(ends, [base, *runs], strict=True):
        estimate = run.estimate("evaluation", "ROUGE-L", "neurology")
        assert found == pytest.approx([estimate["low"], estimate["high"]])
    numbers = [text.get_text() for text in plots["heat_map"].axes[0].texts]
    assert numbers[-1] == f"{runs[2].estimate('evaluation', 'ROUGE-L', 'neurology')['value']:.3f}"
    assert len(numbers) == 3 * 4
    assert [len(container.lines[2][0].get_segments()) for container in plots["overall"].axes[0].containers] == [4, 4]


def test_copies_are_named_on_the_axis(tmp_path):
    base, files = write_study(tmp_path, copied=True)
    plots = figures([read_run(base)], [read_run(run) for run in files], "ROUGE-L")
    assert [t.get_text() for t in plots["overall"].axes[0].get_xticklabels()] == ["base", "1", "2", "3 (copy)"]


def test_scores_that_are_missing_are_not_drawn(tmp_path):
    lines = [Line("a", [0, 1], [Range(0.2, 0.1, 0.3), None])]
    panel = plot_line_panels([("", lines)], "t", "x", "y")
    assert len(panel.axes[0].containers[0].lines[2][0].get_segments()) == 1
    heat = plot_score_map(["a"], ["x", "y"], [[None, 0.5]], "t", "x", "v")
    assert [text.get_text() for text in heat.axes[0].texts] == ["–", "0.500"]
    save_figure(plot_score_map(["a"], ["x"], [[None]], "t", "x", "v"), tmp_path / "empty.png")
    save_figure(plot_line_panels([], "t", "x", "y"), tmp_path / "none.png")


def test_scores_have_three_decimals_and_lengths_one():
    assert [score_text(0.12345), score_text(57.25), score_text(0.2, "+"), score_text(-0.0001, "+")] == [
        "0.123",
        "57.2",
        "+0.200",
        "+0.000",
    ]


def test_iterations_without_difference_are_ties(tmp_path):
    levels = dict.fromkeys(SIZES, 0.5)
    base = read_run(write_model(tmp_path / "base", 0, levels))
    run = read_run(write_model(tmp_path / "1", 1, levels, dict.fromkeys(SIZES, (20, 10))))
    assert {row["verdict"] for row in compare_iterations(base, [run], seed=0)} == {"tie"}


def test_figures_without_near_twins_stand_beside(study, files):
    rows = read_csv(study["near_twins"])
    assert {row["split"] for row in rows} == {"holdout"}  # the evaluation split has none
    assert {(row["iteration"], row["near_twins"]) for row in rows} == {(str(n), "1") for n in range(4)}
    (row,) = (row for row in rows if (row["iteration"], row["metric"]) == ("3", "ROUGE-L"))
    run = read_run(files[1][2])
    kept = [float(item["ROUGE-L"]) for item in run.of_split("holdout") if item["id"] != TWIN]
    assert (int(row["n"]), int(row["n_without"])) == (len(kept) + 1, len(kept))
    assert float(row["value_without"]) == pytest.approx(sum(kept) / len(kept), rel=1e-5)
    assert float(row["value_without_low"]) < float(row["value_without"]) < float(row["value_without_high"])
    assert "could be copied" in study["page"].read_text()


def test_a_manifest_that_names_no_near_twins_is_of_an_earlier_version(tmp_path):
    write_json(tmp_path / "manifest.json", {"leakage": {}})
    with pytest.raises(InputError, match="prepare the data again"):
        read_near_twins(tmp_path / "manifest.json")


def test_a_specialty_that_lost_over_the_iterations_is_named(tmp_path):
    levels = {"cardiology": 0.7, "neurology": 0.4, "dermatology": 0.5}
    first = read_run(write_model(tmp_path / "1", 1, levels, training=dict.fromkeys(levels, (20, 20))))
    changed = {**levels, "cardiology": 0.43, "neurology": 0.65}
    last = read_run(write_model(tmp_path / "2", 2, changed, training=dict.fromkeys(levels, (30, 10))))
    rows = specialty_changes([first, last], "ROUGE-L", seed=0)
    said = words("changes.md.j2", rows={"specialty_changes": rows})
    both = {row["specialty"]: row for row in rows if row["split"] == "both"}
    assert [both[name]["verdict"] for name in ("cardiology", "neurology", "dermatology")] == ["lower", "higher", "tie"]
    assert both["cardiology"]["n"] == sum(SIZES["cardiology"])
    assert both["cardiology"]["difference_high"] < 0 < both["neurology"]["difference_low"]
    assert said.index("cardiology lost -0.") < said.index("neurology gained +0.")
    assert "dermatology" not in said


def test_without_a_second_training_no_specialty_can_have_changed(files):
    (first,) = (read_run(run) for run in files[1][:1])
    assert specialty_changes([first], "ROUGE-L", seed=0) == []
    assert "no specialty can have changed" in words("changes.md.j2", rows={"specialty_changes": []})


def test_what_the_correction_undoes_is_no_change(tmp_path):
    # Five questions that all fell have p = 2 / 2^5 = 0.06.
    sizes = {"cardiology": (5, 5), "neurology": (5, 5)}
    levels = {"cardiology": 0.7, "neurology": 0.5}
    training = dict.fromkeys(levels, (20, 20))
    first = read_run(write_model(tmp_path / "1", 1, levels, training, sizes=sizes))
    last = read_run(write_model(tmp_path / "2", 2, {**levels, "cardiology": 0.4}, training, sizes=sizes))
    rows = specialty_changes([first, last], "ROUGE-L", seed=0)
    (row,) = (r for r in rows if (r["specialty"], r["split"]) == ("cardiology", "holdout"))
    assert row["p_value"] == pytest.approx(2 / 2**5)
    assert row["verdict"] == "tie"


def test_every_figure_of_every_table_has_an_interval_that_holds_it_and_has_a_width(study):
    assert list(faults(study["progress"].parent)) == []
