import csv
import json
import math
from dataclasses import replace

import pytest

from medtune.errors import InputError
from medtune.files import write_json
from medtune.metrics.over_seeds import UNCLAIMED
from medtune.reporting.pages import render_page
from medtune.reporting.tables import write_csv
from medtune.studies.yesno.ensemble import ensembles_of
from medtune.studies.yesno.page import PAGES, content
from medtune.studies.yesno.rows import comparison_rows, ensemble_rows, seed_rows
from medtune.studies.yesno.runs import PRACTISED, choose, read_run
from medtune.studies.yesno.score import ITEM_COLUMNS
from medtune.studies.yesno.tables import PLAIN, PLOTS, SHOWN, SYNTHETIC, what_figures_show
from tests.columns import faults
from tests.unit.yesno_study import (
    LABELS,
    MANIFEST,
    NAMES,
    RANK_COLUMNS,
    SIZES,
    make_run,
    right,
    summarized,
    write_inputs,
)
from tests.workspace import ROOT


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Base and four ranks; 8 and 16 are level on validation, and 4 would be the best on test."""
    folder = tmp_path_factory.mktemp("study")
    base = make_run(folder / "base", right(11, 11, 3))
    runs = [
        make_run(folder / "16", right(28, 26), 16, 42),
        make_run(folder / "8", right(28, 25, 7), 8, 42, wrong_first=1),
        make_run(folder / "4", right(27, 31), 4, 42),
        make_run(folder / "128", right(20, 8), 128, 42),
    ]
    write_inputs(folder)
    outputs = {name: folder / "summary" / file for name, file in NAMES.items()}
    summarized(folder, base, runs, outputs)
    return folder, base, runs, outputs


def choice_text(bases, runs, chosen, folder="."):
    """What is said of the choice."""
    rows = {"comparisons": comparison_rows(bases, runs, chosen, seed=0)}
    return render_page(PAGES / "choice.md.j2", content(bases, runs, chosen, [], rows, {}, MANIFEST), folder)


def table(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def read(files):
    base, runs = files
    return read_run(base), [read_run(run) for run in runs]


def test_the_rank_table_has_exactly_its_columns_and_a_row_for_the_base(study):
    *_, outputs = study
    assert tuple(outputs["ranks"].read_text().splitlines()[0].split(",")) == RANK_COLUMNS
    rows = table(outputs["ranks"])
    assert [row["rank"] for row in rows] == ["base", PRACTISED, "4", "8", "16", "128"]
    base, practised, *trained = rows
    assert practised["test_accuracy"] == "0.363636"
    assert [base[name] for name in ("seed", "trainable_parameters", "train_seconds", "peak_memory_mb")] == [""] * 4
    assert base["chosen"] == "False"
    assert (base["format_rate"], base["mean_answer_tokens"]) == ("0", "60")
    assert trained[0]["trainable_parameters"] == "4000"
    assert (trained[0]["test_accuracy"], trained[0]["test_n"]) == ("0.939394", "33")


def test_the_choice_is_made_on_validation_and_ties_go_to_the_smaller_rank(study):
    *_, outputs = study
    assert [row["rank"] for row in table(outputs["ranks"]) if row["chosen"] == "True"] == ["8"]
    choice = json.loads(outputs["choice"].read_text())
    assert (choice["rank"], choice["seed"]) == (8, 42)
    assert choice["tied_on_validation"] == [{"rank": 16, "seed": 42}]
    assert choice["validation_accuracy"]["n"] == 33


def test_level_ranks_go_to_the_smaller_seed(tmp_path):
    runs = [read_run(make_run(tmp_path / str(seed), right(28, 25), 8, seed)) for seed in (44, 43, 45)]
    assert choose(runs).seed == 43


def test_the_test_split_has_no_say_in_the_choice(study):
    _, base, runs, _ = study
    _, trained = read((base, runs))
    blind = [replace(run, splits={"validation": run.splits["validation"]}) for run in trained]
    assert choose(blind).rank == 8


def test_25_against_26_of_33_right_is_a_tie_and_the_text_says_so(study):
    *_, outputs = study
    row = next(r for r in table(outputs["comparisons"]) if (r["family"], r["rank"]) == ("chosen", "16"))
    assert (row["correct"], row["reference_correct"], row["verdict"]) == ("26", "25", "tie")
    text = outputs["choice_text"].read_text()
    assert "25 (chosen) against 26 (rank 16 (seed 42)) of 33 right is a tie" in text
    assert text.split("\n\n", 1)[1].strip() in outputs["page"].read_text()


def test_the_reason_names_the_figures_and_the_ties(study):
    text = study[-1]["choice_text"].read_text()
    assert "**rank 8 (seed 42)**" in text
    assert "28 of 33 right, 84.8 % (69.1–93.3, n = 33 questions)" in text
    assert "The same validation accuracy: rank 16 (seed 42)" in text
    assert "better than the base model" in text
    assert "worse than the chosen run: rank 128 (seed 42)" in text


def test_the_headline_is_one_line_with_base_and_chosen(study):
    assert study[-1]["headline"].read_text() == (
        "rank 8 (seed 42), chosen on validation: test accuracy 75.8 % (59.0–87.2, n = 33 questions), exact format "
        "100.0 % (89.6–100.0); base: 33.3 % (19.8–50.4, n = 33 questions), exact format 0.0 % (0.0–10.4); base, "
        f"practised form: 36.4 % (22.2–53.4, n = 33 questions), exact format 0.0 % (0.0–10.4). {SYNTHETIC}\n"
    )


def test_everything_that_shows_figures_of_synthetic_questions_says_what_they_show(study):
    *_, outputs = study
    shown = ["page", "page_html", "headline", *(f"{name}_html" for name in SHOWN)]
    assert all(SYNTHETIC in outputs[name].read_text() for name in shown)
    assert what_figures_show({"sources": [{"format": "synthetic"}, {"format": "bioasq"}]}) is None


def test_one_training_seed_claims_nothing_about_ranks(study):
    assert "With 1 training seed of each rank nothing is claimed about ranks" in study[-1]["page"].read_text()


def test_when_all_differences_are_ties_the_text_says_that_no_rank_is_shown_to_be_better(tmp_path):
    base = read_run(make_run(tmp_path / "base", right(25, 24)))
    runs = [read_run(make_run(tmp_path / str(rank), right(25, 20 + rank), rank, 42)) for rank in (4, 5)]
    text = choice_text([base], runs, runs[0])
    assert "a tie: the test items do not tell the two apart" in text
    assert "they do not show that a rank is better than another" in text


def test_runs_apart_are_named_beside_the_ties(tmp_path):
    base = read_run(make_run(tmp_path / "base", right(9, 9)))
    runs = [
        read_run(make_run(tmp_path / str(rank), right(25, correct), rank, 1))
        for rank, correct in ((4, 16), (5, 16), (6, 2), (7, 33))
    ]
    text = choice_text([base], runs, runs[0])
    assert text.split("\n\n")[-1] == (
        "On the test split better than the chosen run: rank 7 (seed 1). On the test split worse than the chosen run: "
        "rank 6 (seed 1). Ties with the chosen run on the test split: rank 5 (seed 1).\n"
    )
    assert "The same validation accuracy: rank 5 (seed 1), rank 6 (seed 1), rank 7 (seed 1); ties go" in text


def test_a_single_run_has_no_others(tmp_path):
    base, run = (read_run(make_run(tmp_path / name, right(9, 9), *key)) for name, key in (("b", ()), ("4", (4, 1))))
    text = choice_text([base], [run], run)
    assert "the highest validation accuracy of 1 run.\n" in text and len(text.strip().split("\n\n")) == 3


def test_the_page_in_the_report_says_what_the_markdown_says(study):
    *_, outputs = study
    html = outputs["page_html"].read_text()
    assert "<title>Yes/no study: summary</title>" in html
    for heading in ("The chosen run", "All ranks", "Paired comparisons", "Labels and sources", "What is held out"):
        assert f"<h2>{heading}</h2>" in html and f"## {heading}\n" in outputs["page"].read_text()
    assert html.count('src="data:image/png;base64,') == len(PLOTS)
    assert "What the base model read in pre-training is not known." in html


def test_every_table_and_plot_has_a_caption_in_the_report(study):
    captions = ROOT / "workflow/report"
    for name in (*SHOWN, *PLOTS, "summary"):
        assert (captions / f"yesno_{name}.rst").read_text().strip(), name
    assert {*SHOWN, *PLAIN} == {name for name, file in NAMES.items() if file.endswith(".csv")}


def test_comparisons_are_holm_corrected_within_their_family(study):
    rows = table(study[-1]["comparisons"])
    families = {name: [row for row in rows if row["family"] == name] for name in ("base", "practised", "chosen")}
    assert [row["rank"] for row in families["base"]] == ["4", "8", "16", "128"]
    assert [row["rank"] for row in families["chosen"]] == ["4", "16", "128"]
    for members in families.values():
        smallest = min(members, key=lambda row: float(row["p_value"]))
        assert float(smallest["p_holm"]) == pytest.approx(float(smallest["p_value"]) * len(members), rel=1e-4)
    verdicts = {row["rank"]: row["verdict"] for row in families["base"]}
    assert verdicts == {"4": "better", "8": "better", "16": "better", "128": "tie"}


def test_the_difference_has_an_interval_around_it(study):
    for row in table(study[-1]["comparisons"]):
        assert float(row["difference_low"]) <= float(row["difference"]) <= float(row["difference_high"])
        assert int(row["correct"]) - int(row["reference_correct"]) == int(row["only_run"]) - int(row["only_reference"])


def test_seed_spread_is_kept_apart_from_sampling_error(tmp_path):
    counts = {42: 24, 43: 26, 44: 28}
    runs = [read_run(make_run(tmp_path / str(seed), right(28, n), 8, seed)) for seed, n in counts.items()]
    (row,) = seed_rows(runs, 8)
    assert (row["rank"], row["seeds"], row["test_n"]) == (8, 3, 33)
    assert row["mean_test_accuracy"] == pytest.approx(26 / 33)
    assert row["seed_sd"] == pytest.approx(2 / 33)
    # Questions that all seeds have alike are one piece of evidence, not three.
    half = (row["mean_test_accuracy_high"] - row["mean_test_accuracy_low"]) / 2
    assert half == pytest.approx(1.96 * math.sqrt(26 / 33 * 7 / 33 / 33), rel=0.15)


def seeded(folder, correct_by_rank):
    """Runs of several seeds. correct_by_rank: test items right in each seed."""
    return [
        read_run(make_run(folder / f"{rank}-{seed}", right(28, correct), rank, seed))
        for rank, group in correct_by_rank.items()
        for seed, correct in enumerate(group)
    ]


def test_a_rank_is_claimed_to_be_worse_over_three_seeds(tmp_path):
    rows = {row["rank"]: row for row in seed_rows(seeded(tmp_path, {4: (10, 11, 12), 8: (29, 30, 31)}), 8)}
    assert rows[4]["verdict"] == "worse"
    assert rows[4]["difference"] == pytest.approx(-19 / 33)
    assert rows[4]["difference_low"] < rows[4]["difference"] < rows[4]["difference_high"] < 0
    assert (rows[8]["verdict"], rows[8]["difference"]) == ("reference", None)


def test_what_differs_as_much_between_seeds_is_no_claim_about_the_rank(tmp_path):
    # The best of one is far above the worst of the other, but so are the seeds of each.
    runs = seeded(tmp_path, {4: (10, 20, 30), 8: (14, 24, 33)})
    assert comparison_rows([], runs, runs[-1], seed=0)[0]["verdict"] == "worse"
    assert seed_rows(runs, 8)[0]["verdict"] == "tie"


def test_with_two_seeds_nothing_is_claimed_about_a_rank(tmp_path):
    rows = seed_rows(seeded(tmp_path, {4: (10, 11), 8: (29, 30, 31), 16: (30, 30, 30)}), 8)
    assert [row["verdict"] for row in rows] == [UNCLAIMED, "reference", "tie"]


def test_one_seed_has_no_spread(study):
    assert {row["seed_sd"] for row in table(study[-1]["seeds"])} == {""}
    assert "## Seeds" not in study[-1]["page"].read_text()


def test_the_published_accuracy_stands_beside_the_measured_ones(study):
    page = study[-1]["page"].read_text()
    assert "75.76 %" in page and "another split" in page


def test_several_seeds_show_in_the_summary(tmp_path):
    base = make_run(tmp_path / "base", right(11, 11))
    runs = [make_run(tmp_path / str(seed), right(28, 20 + seed), 8, seed) for seed in (1, 2)]
    write_inputs(tmp_path)
    outputs = {name: tmp_path / "summary" / file for name, file in NAMES.items()}
    summarized(tmp_path, base, runs, outputs)
    assert "## Seeds" in outputs["page"].read_text()
    assert [(row["rank"], row["seed"]) for row in table(outputs["ranks"])] == [
        ("base", ""),
        (PRACTISED, ""),
        ("8", "1"),
        ("8", "2"),
    ]


def test_the_ensemble_votes_over_all_runs(study):
    rows = table(study[-1]["ensemble"])
    assert [(row["ensemble"], row["split"]) for row in rows] == [
        (name, split) for split in SIZES for name in ("vote", "averaged likelihood")
    ]
    assert {row["members"] for row in rows} == {"4"}
    assert all(float(row["accuracy_low"]) <= float(row["accuracy"]) <= float(row["accuracy_high"]) for row in rows)


def test_an_ensemble_of_equal_runs_is_the_run(tmp_path):
    runs = [read_run(make_run(tmp_path / str(rank), right(28, 25), rank, 1)) for rank in (4, 8)]
    ensembles = ensembles_of(runs)
    for row in ensemble_rows(ensembles, runs[0]):
        assert row["accuracy"] == runs[0].splits[row["split"]]["accuracy"]["value"]
        assert (row["only_ensemble"], row["only_chosen"], row["verdict"]) == (0, 0, "tie")
    for ensemble in ensembles:
        for split, figures in runs[0].splits.items():
            for name in ("by_label", "by_source", "confusion"):
                assert ensemble.splits[split][name] == figures[name]


def test_ensembles_have_figures_by_label_and_by_source(study):
    labels, sources = (table(study[-1][name]) for name in ("labels", "sources"))
    for name in ("vote of all runs", "averaged likelihood of all runs"):
        own = [row for row in labels if row["rank"] == name]
        assert [row["label"] for row in own] == list(LABELS)
        # 11 questions of each label; most runs have most right.
        assert all(row["recall_n"] == "11" and float(row["recall_low"]) < float(row["recall"]) for row in own)
        assert [row["split"] for row in sources if row["rank"] == name] == list(SIZES)
        assert f"| {name} | Yes |" in study[-1]["page"].read_text()


def test_challenge_answers_stand_side_by_side(study):
    rows = table(study[-1]["challenge"])
    assert len(rows) == 10
    answers = [
        f"{model}_{part}" for model in ("base", "practised", "chosen") for part in ("answer", "label", "correct")
    ]
    assert list(rows[0]) == ["question", "expected", *answers]
    assert rows[0]["question"] == "Question 0, of challenge?"
    assert rows[0]["base_answer"] == "Yes. Rationale: So | it\n<is>."
    assert sum(row["base_correct"] == "True" for row in rows) == 3
    assert sum(row["practised_correct"] == "True" for row in rows) == 2
    assert sum(row["chosen_correct"] == "True" for row in rows) == 7
    assert "<is>" not in study[-1]["challenge_html"].read_text()


def test_the_confusion_table_holds_every_test_item_of_every_model(study):
    rows = table(study[-1]["confusion"])
    for rank in ("base", PRACTISED, "4", "8", "16", "128"):
        assert sum(int(row["count"]) for row in rows if row["rank"] == rank) == 33


def test_everything_declared_is_written_and_the_page_shows_the_plots(study):
    *_, outputs = study
    assert all(path.stat().st_size > 0 for path in outputs.values())
    assert {path.name for path in outputs["page"].parent.iterdir()} == {path.name for path in outputs.values()}
    assert "](accuracy.png)" in outputs["page"].read_text()


def test_two_summaries_of_the_same_runs_are_the_same(study, tmp_path):
    folder, base, runs, outputs = study
    again = {name: tmp_path / file for name, file in NAMES.items()}
    summarized(folder, base, runs[::-1], again)
    for name, path in outputs.items():
        assert again[name].read_bytes() == path.read_bytes(), name


def test_models_scored_on_different_items_cannot_be_compared(study, tmp_path):
    folder, base, runs, _ = study
    rows = table(runs[0].items)
    write_csv(tmp_path / "items.csv", rows[:-1], ITEM_COLUMNS)
    outputs = {name: tmp_path / "summary" / file for name, file in NAMES.items()}
    with pytest.raises(InputError, match=r"rank 16 \(seed 42\) and the base model were scored on different items"):
        summarized(folder, base, [replace(runs[0], items=tmp_path / "items.csv")], outputs)
    assert not (tmp_path / "summary").exists()


def test_no_run_at_all_is_an_error(study):
    folder, base, *_ = study
    with pytest.raises(InputError, match="expected at least one rank"):
        summarized(folder, base, [], {})


def test_a_training_record_that_lacks_a_figure_is_named(study, tmp_path):
    *_, runs, _ = study
    write_json(tmp_path / "training.json", {"history": []})
    with pytest.raises(InputError, match=r"training\.json: has no trainable_parameters, train_seconds, peak_memory_mb"):
        read_run(replace(runs[0], record=tmp_path / "training.json"))


def test_every_figure_of_every_table_has_an_interval_that_holds_it_and_has_a_width(study):
    assert list(faults(study[-1]["ranks"].parent)) == []


def test_the_page_says_where_a_given_test_split_is_from(study):
    _, _, _, outputs = study
    assert "The test split is given: the 33 ids in `ids.json`." in outputs["page"].read_text()
