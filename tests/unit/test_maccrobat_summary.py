"""The whole way from tagged documents to summary, readiness, selection, insights and notebook."""

import base64
import json
import re

import nbformat
import pytest

from medtune.errors import InputError
from medtune.files import read_json, write_json, write_jsonl
from medtune.reporting.tables import read_csv
from medtune.studies.maccrobat import assess_readiness as readiness
from medtune.studies.maccrobat import select_configuration as selection
from medtune.studies.maccrobat import summarize
from medtune.studies.maccrobat.analysis.stages import analyse_confidence as confidence_stage
from medtune.studies.maccrobat.analysis.stages import analyse_errors as errors_stage
from medtune.studies.maccrobat.analysis.stages import analyse_types as types_stage
from medtune.studies.maccrobat.notebook import write_summary_notebook
from medtune.studies.maccrobat.runs import chosen_run, rare_types, read_runs, synthetic_note
from medtune.studies.maccrobat.section import MaccrobatAnalysis, SelectionWeights
from medtune.studies.maccrobat.write_insights import OF_RUNS, write_insights
from tests.columns import faults
from tests.unit.tagged_study import RUNS, made_study

SETTINGS = MaccrobatAnalysis(high_value=["Medication"], target=0.8)
PAGE = {"page": "page.md", "page_html": "page.html"}


def outputs_of(module, folder, **others):
    """Paths for everything that a module of the study writes."""
    plots = {f"{name}_{suffix}": f"{name}.{suffix}" for name in module.PLOTS for suffix in ("png", "svg")}
    names = {**{name: f"{name}.csv" for name in module.COLUMNS}, **plots, **others}
    return {name: folder / file for name, file in names.items()}


def summarize_into(folder, files, selected, data, tags):
    pages = {f"{name}_html": f"{name}.html" for name in ("models", "comparisons", "best_by_type")}
    others = {"choice": "choice.json", "page": "summary.md", "headline": "headline.txt", **pages}
    outputs = outputs_of(summarize, folder, **others)
    summarize.summarize(files, selected["record"], data, tags, outputs, seed=0)
    return outputs


def assess_into(folder, files, choice, data, tags, settings=SETTINGS):
    outputs = outputs_of(readiness, folder, record="readiness.json", **PAGE)
    readiness.assess_chosen(files, choice, data, tags, settings, outputs)
    return outputs


def select_into(folder, files, data, tags):
    names = {**{name: f"{name}.csv" for name in selection.COLUMNS}, "record": "selection.json", **PAGE}
    outputs = {name: folder / file for name, file in names.items()}
    manifest = folder.parent / "manifest.json"
    write_json(manifest, {"sources": [{"format": "synthetic"}]})
    selection.select(files, data, tags, manifest, SelectionWeights(), outputs)
    return outputs


def analyse(run, data, tags):
    """The analyses of one run, beside its predictions; the speed is made."""
    home = run.predictions.parent / "analysis"

    def outputs(module, name):
        return outputs_of(module, home / name, record=f"{name}.json")

    types_stage.analyse_types(data["test"], tags, run.predictions, outputs(types_stage, "types"))
    errors_stage.analyse_errors(
        data["test"], data["train"], run.predictions, outputs(errors_stage, "errors"), samples=5, seed=0
    )
    confidence_stage.analyse_confidence(
        data, run.predictions, outputs(confidence_stage, "confidence"), [0.5, 0.85], target=0.8
    )
    speed = home / "speed"
    for name in ("speed", "precision"):
        (speed / f"{name}.csv").write_text("device,documents\ncpu,2\n")
    (speed / "throughput.png").write_bytes((home / "types" / "tiers.png").read_bytes())


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maccrobat")
    files, data, tags = made_study(folder)
    selected = select_into(folder / "selection", files, data, tags)
    summary = summarize_into(folder / "summary", files, selected, data, tags)
    ready = assess_into(folder / "readiness", files, summary["choice"], data, tags)
    return folder, files, data, tags, summary, ready, selected


@pytest.fixture(scope="module")
def insights(study):
    folder, files, data, tags, summary, ready, _ = study
    analyse(chosen_run(files, summary["choice"]), data, tags)
    of_runs = {name: [run.predictions.parent / "analysis" / name / f"{name}.json" for run in files] for name in OF_RUNS}
    outputs = {
        name: folder / "summary" / f"insights.{end}"
        for name, end in (("record", "json"), ("page", "md"), ("page_html", "html"))
    }
    write_insights(files, summary["choice"], of_runs, ready["record"], outputs)
    return outputs


def test_every_file_of_the_summary_is_there_and_models_csv_has_its_columns(study):
    *_, summary, ready, selected = study
    for outputs in (summary, ready, selected):
        assert all(path.stat().st_size > 0 for path in outputs.values())
    rows = read_csv(summary["models"])
    assert [(row["encoder"], float(row["lr"]), int(row["seed"])) for row in rows] == list(RUNS)
    assert [row["chosen"] for row in rows].count("True") == 1
    assert {row["n_documents"] for row in rows} == {"12"}


def test_the_chosen_run_is_of_the_less_noisy_encoder_and_the_page_says_why(study):
    *_, summary, _, _ = study
    record = read_json(summary["choice"])
    assert record["chosen"]["encoder"] == "large"
    page = summary["page"].read_text()
    assert re.search(r"Chosen: large at 2e-05, seed \d, without the test documents", page)
    assert "has the highest score of 2 configurations" in page and "as a mean over 2 seeds" in page
    assert page.count("nothing is claimed about the encoders") == 2, "of two seeds each"
    assert "## Seeds" in page
    assert "(micro_f1.png)" in page
    assert record["reason"].split(".")[0] in page.replace("\\", "")
    assert summary["headline"].read_text().count("\n") == 1
    assert "worse than the chosen run: small at 5e-05, seed 1 and small at 5e-05, seed 2" in page


def test_tables_are_the_same_when_made_again(study, tmp_path):
    _, files, data, tags, summary, ready, selected = study
    again = summarize_into(tmp_path / "summary", files, selected, data, tags)
    for name, path in again.items():
        assert path.read_bytes() == summary[name].read_bytes(), name
    choice = again["choice"]
    for made, before in (
        (assess_into(tmp_path / "readiness", files, choice, data, tags), ready),
        (select_into(tmp_path / "selection", files, data, tags), selected),
    ):
        for name, path in made.items():
            assert path.read_bytes() == before[name].read_bytes(), name


def test_a_single_run_has_a_summary_and_a_selection_too(tmp_path):
    files, data, tags = made_study(tmp_path, runs=RUNS[:1])
    selected = select_into(tmp_path / "selection", files, data, tags)
    summary = summarize_into(tmp_path / "summary", files, selected, data, tags)
    assert "There is no other run to compare with." in summary["page"].read_text()
    assert "## Seeds" not in summary["page"].read_text()
    assert "There is nothing to compare." in selected["page"].read_text()


def test_the_readiness_document_holds_the_figures_of_its_tables(study):
    *_, ready, _ = study
    record = read_json(ready["record"])
    page = ready["page"].read_text().replace("\\", "")
    for sentence in record["sentences"]:
        assert sentence in page
    human = [row["type"] for row in record["types"] if row["needs_human"]]
    assert set(human) <= set(record["recommendation"]["human_types"])
    assert len(read_csv(ready["document_decisions"])) == record["test_documents"] == 12
    decided = read_csv(ready["entity_decisions"])
    assert len(decided) == next(row["predicted"] for row in record["entities"] if row["split"] == "test")
    assert "data:image/svg+xml;base64," in ready["page_html"].read_text()


def test_the_readiness_sentences_change_with_the_predictions(study, tmp_path):
    """Perfect predictions give another recommendation, with other figures."""
    _, before_files, *_, before, _ = study
    files, data, tags = made_study(tmp_path, noise={"large": 0.0, "small": 0.0})
    assert len(files) == len(before_files)
    summary = summarize_into(
        tmp_path / "summary", files, select_into(tmp_path / "selected", files, data, tags), data, tags
    )
    # 8 of 8 validation documents right have a lower end of 0.68.
    lower = SETTINGS.model_copy(update={"target": 0.65})
    after = assess_into(tmp_path / "readiness", files, summary["choice"], data, tags, lower)
    sentences = [set(read_json(outputs["record"])["sentences"]) for outputs in (before, after)]
    assert sentences[0].isdisjoint(sentences[1])
    assert read_json(after["record"])["recommendation"]["mode"] == "types"


def test_the_selection_states_weights_ranking_and_trade_offs(study):
    *_, selected = study
    record = read_json(selected["record"])
    assert sum(record["weights"].values()) == pytest.approx(1)
    assert [row["rank"] for row in record["ranking"]] == [1, 2]
    assert len(record["trade_off_words"]) == 1
    page = selected["page"].read_text().replace("\\", "")
    assert record["trade_off_words"][0] in page
    assert record["reason"] in page


def test_every_page_of_made_reports_says_what_its_figures_show(study, insights, tmp_path):
    *_, summary, ready, selected = study
    pages = [summary["page"], summary["models_html"], ready["page"], selected["page"], insights["page"]]
    for page in pages:
        assert "They say nothing about real case reports." in " ".join(page.read_text().split()), page
    assert "says nothing about real ones" in summary["headline"].read_text()
    write_json(tmp_path / "real.json", {"sources": [{"format": "brat"}]})
    assert synthetic_note(tmp_path / "real.json") == ""


def test_insights_are_written_with_their_figures(insights):
    record = read_json(insights["record"])
    page = insights["page"].read_text().replace("\\", "")
    assert {finding["kind"] for finding in record["findings"]} <= {
        "key finding",
        "surprising result",
        "no difference shown",
    }
    for finding in record["findings"]:
        assert finding["text"] in page
        if finding["low"] is not None and finding["low"] <= 0 <= finding["high"]:
            assert finding["kind"] == "no difference shown", finding
    for text in record["recommendations"]:
        assert text in page


def test_the_notebook_is_executed_and_reads_tables_plots_and_sentences(study, insights):
    folder, files, _, _, summary, ready, selected = study
    given = (files, summary["choice"], ready["record"], selected["record"], insights["record"])
    ipynb, html = folder / "summary" / "summary.ipynb", folder / "summary" / "summary.html"
    write_summary_notebook(*given, ipynb, html)
    notebook = nbformat.read(ipynb, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not any(output.output_type == "error" for cell in code for output in cell.outputs)
    pictures = [o.data["image/png"] for cell in code for o in cell.outputs if "image/png" in o.get("data", {})]
    assert base64.b64decode(pictures[0]) == (summary["micro_f1_png"]).read_bytes()
    page = html.read_text()
    for text in read_json(insights["record"])["recommendations"][:1]:
        assert text in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="https?:', page)
    assert str(folder) not in ipynb.read_text()
    first = ipynb.read_bytes(), html.read_bytes()
    write_summary_notebook(*given, ipynb, html)
    assert (ipynb.read_bytes(), html.read_bytes()) == first


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (
            "analysis/speed/speed.json",
            {"reported": {"words_per_second": 0}},
            '"words_per_second" is 0; expected a number above 0',
        ),
        ("training.json", {}, '"train_seconds" is None; expected a number above 0'),
    ],
)
def test_a_record_without_a_figure_is_told(tmp_path, file, content, message):
    files, data, tags = made_study(tmp_path, runs=RUNS[:1])
    write_json(files[0].predictions.parent / file, content)
    with pytest.raises(InputError, match=message):
        read_runs(files, data, tags)


def test_a_split_without_documents_and_a_choice_of_another_configuration_are_told(tmp_path):
    files, data, tags = made_study(tmp_path, runs=RUNS[:1])
    write_json(tmp_path / "choice.json", {"chosen": {"encoder": "gone", "lr": 1.0, "seed": 1}})
    with pytest.raises(InputError, match="names a run that is not in the configuration"):
        chosen_run(files, tmp_path / "choice.json")
    write_jsonl(data["test"], [])
    predictions = [json.loads(line) for line in files[0].predictions.read_text().splitlines()]
    write_jsonl(files[0].predictions, [row for row in predictions if row["split"] != "test"])
    with pytest.raises(InputError, match="no documents; expected at least one"):
        read_runs(files, data, tags)
    with pytest.raises(InputError, match="no trained run"):
        read_runs([], data, tags)


def test_the_rare_types_are_those_of_the_rare_tier(tmp_path):
    *_, tags = made_study(tmp_path, runs=RUNS[:1])
    assert rare_types(tags) == ["Mass"]


def test_with_three_seeds_each_the_page_says_what_is_known_of_the_encoders(tmp_path):
    runs = [(encoder, lr, seed) for encoder, lr in (("large", 2e-5), ("small", 5e-5)) for seed in (1, 2, 3)]
    files, data, tags = made_study(tmp_path, runs=runs)
    selected = select_into(tmp_path / "selection", files, data, tags)
    page = summarize_into(tmp_path / "summary", files, selected, data, tags)["page"].read_text()
    assert re.search(r"## Encoders\n.*small at 5e-05 against large at 2e-05: -\d.* points .*, worse\.", page, re.DOTALL)
    assert "nothing is claimed" not in page


def test_every_figure_of_every_table_has_an_interval_that_holds_it_and_has_a_width(study, insights):
    """Those of the analyses, too, which the insights are made of."""
    folder, *_ = study
    assert list(folder.rglob("patterns.csv"))
    assert list(faults(folder)) == []
