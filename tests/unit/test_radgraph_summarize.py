import csv
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.span import Span
from medtune.errors import InputError
from medtune.files import read_json, write_json
from medtune.metrics.estimate import end_columns
from medtune.metrics.significance import holm
from medtune.reporting.cards import render_card
from medtune.reporting.tables import estimate_text, write_csv
from medtune.studies.radgraph.card import study_card
from medtune.studies.radgraph.combined import combine_outcomes
from medtune.studies.radgraph.confusion import claimed_by_both, confusion
from medtune.studies.radgraph.generator import make_corpus
from medtune.studies.radgraph.prepare import make_rows, output_of
from medtune.studies.radgraph.reports import LABELS, corpus_of, cut, read_radgraph, write_radgraph
from medtune.studies.radgraph.runs import MODELS, RunFiles, read_runs
from medtune.studies.radgraph.score import score
from medtune.studies.radgraph.summarize import summarize
from medtune.studies.radgraph.template import RadGraphTask
from medtune.studies.radgraph.thresholds import (
    THRESHOLD_COLUMNS,
    Case,
    accuracy_of,
    choose_threshold,
    meaningless,
    read_threshold,
    threshold_row,
)
from tests.columns import faults

TABLES = ("entities", "comparisons", "confusion", "thresholds", "merged", "conflicts")
PAGES = ("entities", "comparisons", "thresholds")
PLOTS = [f"{plot}_{suffix}" for plot in ("strict_f1", "confusion") for suffix in ("png", "svg")]
NAMES = {
    **{name: f"{name}.csv" for name in TABLES},
    **{f"{name}_html": f"{name}.html" for name in PAGES},
    **{name: ".".join(name.rsplit("_", 1)) for name in PLOTS},
    "annotated": "annotated.json",
    "page": "summary.md",
    "page_html": "summary.html",
    "headline": "headline.txt",
}
SPLIT_OF = {"validation": "dev", "test": "test"}


def answer_of(row, label, model, rng):
    """What a made model writes: the base rambles, lists nothing in its practised form, and the adapter is right most of
    the time and knows when."""
    if model == "base":
        return "The sentence is fine.", []
    if model == "practised":
        return "[]", [0.9]
    spans, sure = [tuple(span) for span in row["entities"]], 0.95
    if rng.random() < 0.03:
        spans, sure = ([(0, 1, row["input"].split()[0])] if not spans else spans[1:]), 0.5
    output = output_of(spans, label)
    return output, [sure] * (len(spans) + 1)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Scored files of four types, and their summary."""
    folder = tmp_path_factory.mktemp("radgraph")
    made = make_corpus({"train": 0, "dev": 60, "test": 60}, seed=5)
    corpora = {split: corpus_of(made[name], name) for split, name in SPLIT_OF.items()}
    reports = []
    for split, corpus in corpora.items():
        write_radgraph(folder / f"{split}.json", corpus)
        reports.append(folder / f"{split}.json")
    sentences = {split: [s for r in corpus.reports for s in cut(r).sentences] for split, corpus in corpora.items()}
    files = []
    for label in LABELS:
        rows = make_rows({"train": sentences["test"], **sentences}, label, "List.", 0, seed=0).rows
        task = RadGraphTask(label, "List.")
        for model in MODELS:
            rng = random.Random(f"{label}/{model}")
            predictions = []
            for split in SPLIT_OF:
                for row in rows[split]:
                    output, confidences = answer_of(row, label, model, rng)
                    parsed = task.parse(output)
                    predictions.append(
                        {
                            "id": row["id"],
                            "split": split,
                            "value": parsed.value,
                            "status": parsed.status,
                            "output_tokens": 9,
                            "part_confidences": confidences,
                        }
                    )
            scores = score({split: rows[split] for split in SPLIT_OF}, predictions, 0, entity=label, reports=reports)
            home = folder / label / model
            write_json(home / "metrics.json", scores.metrics)
            write_json(home / "results.json", scores.files["results"])
            files.append(RunFiles(label, model, home / "metrics.json", home / "results.json"))
    outputs = {name: folder / "summary" / file for name, file in NAMES.items()}
    summarize(files, outputs, seed=0, target=0.8, synthetic=True)
    return folder, files, outputs


def table(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_entity_table_has_exactly_its_columns_and_a_row_for_each_model_and_split(study):
    *_, outputs = study
    assert outputs["entities"].read_text().splitlines()[0].split(",") == [
        *("entity", "model", "split", *end_columns("strict_f1", "exact_f1", "partial_f1", "type_f1", "radgraph_f1")),
        *(*end_columns("parse_rate", "ungroundable_rate", "raw_offset_accuracy"), "n_reports", "n_gold"),
    ]
    rows = table(outputs["entities"])
    assert [(row["entity"], row["model"], row["split"]) for row in rows] == [
        (label, model, split) for label in LABELS for model in MODELS for split in SPLIT_OF
    ]
    base, practised, adapter = rows[1], rows[3], rows[5]
    assert (base["strict_f1"], base["parse_rate"], base["ungroundable_rate"]) == ("0", "0", "")
    assert (practised["strict_f1"], practised["parse_rate"]) == ("0", "1")
    assert 0.8 < float(adapter["strict_f1"]) < 1
    assert float(adapter["strict_f1_low"]) <= float(adapter["strict_f1"]) <= float(adapter["strict_f1_high"])
    assert (adapter["parse_rate"], adapter["n_reports"]) == ("1", "60")


def test_every_output_is_there_and_the_page_names_its_plots(study):
    *_, outputs = study
    assert all(path.stat().st_size > 0 for path in outputs.values())
    page = outputs["page"].read_text()
    assert "![Strict F1 by entity type](strict_f1.png)" in page
    assert "![Confusion](confusion.png)" in page
    assert outputs["page_html"].read_text().count("<img ") == 2  # held in the page
    assert "## The two readers" in page  # made test reports are read twice
    start = "strict F1 on the synthetic test reports, adapter against base model in the study's and its own form: "
    assert outputs["headline"].read_text().startswith(f"{start}ANAT-DP ")
    assert outputs["headline"].read_text().count("\n") == 1


def test_adapters_are_compared_with_the_base_on_the_same_reports(study):
    *_, outputs = study
    rows = table(outputs["comparisons"])
    assert [(row["against"], row["entity"]) for row in rows] == [
        (against, label) for against in ("base", "practised") for label in LABELS
    ]
    for row in rows:
        assert (row["n_reports"], row["verdict"]) == ("60", "better")
    p_values, adjusted = ([float(row[name]) for row in rows] for name in ("p_value", "p_holm"))
    assert adjusted == pytest.approx(holm(p_values), rel=1e-3) and adjusted != p_values


def test_the_summary_is_the_same_when_made_again(study, tmp_path):
    _, files, outputs = study
    again = {name: tmp_path / file for name, file in NAMES.items()}
    summarize(files, again, seed=0, target=0.8, synthetic=True)
    for name in NAMES:
        assert again[name].read_bytes() == outputs[name].read_bytes(), name


def test_the_combined_annotation_loads_in_the_layout_and_no_token_has_two_entities(study):
    _, files, outputs = study
    reports = read_radgraph(outputs["annotated"]).reports
    assert len(reports) == 60
    for report in reports:
        tokens = [token for e in report.entities for token in range(e.start_token, e.end_token + 1)]
        assert len(tokens) == len(set(tokens))
    combined = combine_outcomes(read_runs(files)["adapter"], "test")
    assert [[entity.span for entity in report.entities] for report in reports] == [
        [(e.start_token, e.end_token, e.label) for e in report.entities] for report in combined
    ]
    assert len(table(outputs["conflicts"])) == sum(len(report.conflicts) for report in combined) > 0
    row = next(r for r in table(outputs["merged"]) if (r["model"], r["split"]) == ("adapter", "test"))
    assert int(row["conflicts"]) == len(table(outputs["conflicts"]))
    assert 0.8 < float(row["strict_f1"]) < 1


def edited(study, tmp_path, label, change):
    """Files of the study in which the first test report of one adapter is another."""
    _, files, _ = study
    changed = []
    for run in files:
        path = run.results
        if (run.entity, run.model) == (label, "adapter"):
            results = read_json(path)
            change(next(entry for entry in results if entry["split"] == "test"))
            path = tmp_path / "results.json"
            write_json(path, results)
        changed.append(RunFiles(run.entity, run.model, run.metrics, path))
    return changed


def test_a_span_claimed_under_another_type_is_seen_in_the_confusion(study, tmp_path):
    _, files, _ = study
    results = {f.entity: read_json(f.results) for f in files if f.model == "adapter"}
    anatomy = next(e for e in results["ANAT-DP"] if e["split"] == "test")["true_labels"][0]

    def claim(entry):
        entry["model_output"].append({**anatomy, "entity_type": "OBS-U", "confidence": 0.99, "written": "x"})

    before, after = read_runs(files)["adapter"], read_runs(edited(study, tmp_path, "OBS-U", claim))["adapter"]
    assert confusion(after, "test")["ANAT-DP"]["OBS-U"] == confusion(before, "test")["ANAT-DP"]["OBS-U"] + 1
    both = [claimed_by_both(runs, "test")["ANAT-DP", "OBS-U"] for runs in (before, after)]
    assert both[1] == both[0] + 1
    assert len(combine_outcomes(after, "test")[0].conflicts) == len(combine_outcomes(before, "test")[0].conflicts) + 1


def test_an_item_written_under_another_type_is_counted_and_not_annotated(study, tmp_path):
    def rename(entry):
        entry["model_output"] = [{**item, "entity_type": "OBS-DA"} for item in entry["model_output"]]
        entry["renamed"] = len(entry["model_output"])

    files = edited(study, tmp_path, "OBS-DP", rename)
    (number,) = [entry["renamed"] for entry in read_json(tmp_path / "results.json") if "renamed" in entry]
    assert number
    outputs = {name: tmp_path / "out" / file for name, file in NAMES.items()}
    summarize(files, outputs, seed=0)
    (row,) = [row for row in table(outputs["confusion"]) if row["view"] == "written as another type"]
    assert (row["first"], row["second"], row["count"]) == ("OBS-DP", "OBS-DA", str(number))
    first = read_radgraph(outputs["annotated"]).reports[0]
    assert "OBS-DP" not in {entity.label for entity in first.entities}


def test_every_gold_entity_and_every_claim_is_in_the_confusion(study):
    _, files, _ = study
    for runs in read_runs(files).values():
        counts = confusion(runs, "test")
        for run in runs:
            claims = sum(len(o.found) + len(o.unplaced) for o in run.outcomes["test"])
            assert sum(row[run.entity] for row in counts.values()) == claims
            gold = sum(len(outcome.gold) for outcome in run.outcomes["test"])
            assert sum(counts[run.entity].values()) >= gold


def case(confidence, right, gold=1):
    spans = tuple(Span(number, number + 1, "OBS-DP") for number in range(gold))
    return Case(confidence, right, spans, spans if right else ())


def test_the_threshold_is_the_least_that_reaches_the_target_on_validation():
    cases = [case(0.9, True)] * 40 + [case(0.7, True)] * 40 + [case(0.6, False)] * 10 + [case(0.5, True)] * 10
    assert choose_threshold(cases, 0.95) == 0.7  # 80 of 80: 0.954 and above
    assert choose_threshold(cases, 0.8) == 0.5  # 90 of 100: 0.826 and above
    assert choose_threshold(cases, 0.99) is None
    assert choose_threshold([case(0.9, False), case(0.8, True)], 0.9) is None
    assert choose_threshold([], 0.9) is None
    with pytest.raises(ValueError, match="target 0"):
        choose_threshold(cases, 0)


def test_one_right_report_shows_nothing():
    assert choose_threshold([case(0.9, True), case(0.3, False)], 0.5) is None


def test_a_confidence_that_does_not_tell_right_from_wrong_offers_no_threshold():
    right, wrong = [case(0.9, True), case(0.6, True)] * 50, [case(0.9, False), case(0.6, False)] * 2
    assert accuracy_of([*right, *wrong]).low > 0.9
    assert choose_threshold([*right, *wrong], 0.9) is None  # as sure when wrong
    assert choose_threshold([case(0.0127, True)] * 100, 0.9) is None  # always the same
    assert choose_threshold([*right, *[case(0.3, False)] * 4], 0.9) == 0.3
    assert choose_threshold(right, 0.9) == 0.6  # nothing wrong to tell apart


def test_reports_of_confidence_0_are_never_accepted():
    assert choose_threshold([case(0.0, True)] * 5, 0.9) is None


@given(
    st.lists(st.builds(case, st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]), st.booleans())), st.sampled_from([0.5, 0.9])
)
def test_the_chosen_threshold_reaches_the_target_and_no_lower_one_does(cases, target):
    cases *= 10
    threshold = choose_threshold(cases, target)
    levels = {c.confidence for c in cases} - {0.0}
    reached = [level for level in levels if accuracy_of([c for c in cases if c.confidence >= level]).low >= target]
    assert threshold == (None if meaningless(cases) else min(reached, default=None))


def test_misses_count_in_accepted_reports_and_reports_without_a_prediction_are_not_skipped():
    validation = [case(0.9, True)] * 60 + [case(0.3, False)] * 8
    empty = case(0.95, True, gold=0)
    test = [empty, case(0.9, True), case(0.9, False, gold=2), case(0.5, True)]
    row = threshold_row("OBS-DP", validation, test, target=0.9)
    assert (row["threshold"], row["test_n"], row["test_accepted"], row["automation_rate"]) == (0.9, 4, 3, 0.75)
    assert row["accuracy"] == pytest.approx(2 / 3)
    assert (row["gold_in_accepted"], row["missed_in_accepted"], row["spurious_in_accepted"]) == (3, 2, 0)
    assert row["ready"] is False  # three reports cannot show 90 %


def test_no_threshold_automates_nothing():
    row = threshold_row("OBS-U", [case(0.9, False)], [case(0.9, True)], target=0.9)
    assert (row["threshold"], row["automation_rate"], row["accuracy"], row["ready"]) == (None, 0, None, False)


def test_readiness_is_judged_by_the_lower_end_of_the_interval():
    many = [case(0.9, True), case(0.8, True)] * 200
    assert threshold_row("all", many, many, target=0.99)["ready"] is True
    assert threshold_row("all", many, many[:20], target=0.99)["ready"] is False


def test_thresholds_are_those_of_the_four_types_and_of_all_together(study):
    *_, outputs = study
    rows = table(outputs["thresholds"])
    assert [row["entity"] for row in rows] == [*LABELS, "all"]
    assert all(row["test_n"] == "60" for row in rows)
    assert all(row["threshold"] == "0.95" for row in rows)  # the made adapter is sure when it is right
    assert float(rows[-1]["automation_rate"]) <= min(float(row["automation_rate"]) for row in rows[:-1])


def test_a_threshold_is_read_as_it_was_chosen(study, tmp_path):
    *_, outputs = study
    assert read_threshold(outputs["thresholds"]) == read_threshold(outputs["thresholds"], "OBS-U") == 0.95
    sure = [case(float(f"{0.123456789:.6g}"), True), case(0.5, True)] * 60
    rows = [threshold_row("all", sure, sure, 0.95), threshold_row("OBS-U", [case(0.9, False)], [], 0.95)]
    write_csv(tmp_path / "thresholds.csv", rows, THRESHOLD_COLUMNS)
    assert read_threshold(tmp_path / "thresholds.csv") == sure[0].confidence
    assert read_threshold(tmp_path / "thresholds.csv", "OBS-U") is None
    unready = threshold_row("all", sure, [case(0.5, False)], 0.95)
    assert unready["threshold"] == sure[0].confidence and unready["ready"] is False
    write_csv(tmp_path / "unready.csv", [unready], THRESHOLD_COLUMNS)
    assert read_threshold(tmp_path / "unready.csv") is None  # chosen, and not borne out by the test reports
    with pytest.raises(InputError, match='has no row for "OBS-DA"'):
        read_threshold(tmp_path / "thresholds.csv", "OBS-DA")


def test_runs_that_do_not_belong_together_are_refused(study, tmp_path):
    _, files, _ = study
    with pytest.raises(InputError, match="expected base, practised, adapter of each of ANAT-DP, OBS-DP, OBS-DA, OBS-U"):
        read_runs(files[1:])
    swapped = RunFiles("OBS-U", "base", files[0].metrics, files[0].results)
    with pytest.raises(InputError, match="of entity type ANAT-DP; expected OBS-U"):
        read_runs([f for f in files if (f.entity, f.model) != ("OBS-U", "base")] + [swapped])
    with pytest.raises(InputError, match=r"adapter and base were scored on different reports \(OBS-DA\)"):
        read_runs(edited(study, tmp_path, "OBS-DA", lambda entry: entry.update(report="other")))
    with pytest.raises(InputError, match="base and adapter of OBS-DA were scored on different data"):
        read_runs(edited(study, tmp_path, "OBS-DA", lambda entry: entry.update(true_labels=[])))


def test_the_card_shows_the_figures_and_says_that_the_data_were_made(study):
    folder, *_ = study
    manifest = {
        "seed": 1,
        "sources": [{"name": "radgraph/train", "format": "synthetic", "licence": None, "records": 9}],
        "records": {"train": 9},
        "dropped": [],
        "files": {},
    }
    record = {
        "rows": 24,
        "trainable_parameters": 1,
        "steps": 2,
        "best_step": 2,
        "train_seconds": 1.0,
        "peak_memory_mb": 1.0,
        "useful_token_share": 0.99,
        "tokens_per_second": 5.0,
        "settings": {},
        "versions": {},
        "hardware": {},
        "chosen_by": "validation_strict_f1",
        "judged_examples": 9,
        "history": [{"step": 2, "validation_strict_f1": 0.5}],
    }
    metrics = read_json(folder / "OBS-DA" / "adapter" / "metrics.json")
    card = render_card(
        study_card(manifest, entity="OBS-DA", prompt="List what is absent."),
        "base",
        "adapter",
        {"name": "tiny"},
        manifest,
        record,
        metrics,
    )
    assert "# OBS-DA entities in radiology reports" in card
    assert json.dumps("List what is absent.\nSentence: ")[1:-1] in card
    assert "Trained and tested on reports made by rules" in card
    assert f"| strict F1 (boundaries and type) | {estimate_text(metrics['splits']['test']['strict_f1'])} |" in card


def test_every_figure_of_every_table_has_an_interval_that_holds_it_and_has_a_width(study):
    assert list(faults(study[-1]["entities"].parent)) == []
