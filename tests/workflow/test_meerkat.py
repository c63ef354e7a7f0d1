"""The Meerkat study of `make demo`: every file is there, the figures are as promised and agree with each other."""

import re
import subprocess
import sys
from itertools import pairwise

import pytest

from medtune.data.deduplication import normalise
from medtune.studies.meerkat.synthetic import SHOWN
from tests.workspace import Workspace, environment, rows, table

pytestmark = pytest.mark.demo

STUDY = "results/tiny/meerkat"
STEPS = [f"{STUDY}/iteration{k}" for k in (1, 2, 3)]
HELD = ("evaluation", "holdout")
PROGRESS = ["iteration", "split", "specialty", "n", "train_size", "metric", "value", "low", "high"]
PICTURES = ("heat_map", "specialties", "overall", "growth")
OF_DATASET = ["dataset_info.json", "state.json", "data-00000-of-00001.arrow"]
OF_ADAPTER = ["adapter_model.safetensors", "adapter_config.json", "tokenizer.json", "template.json", "README.md"]
OF_STUDY = {
    "data": ["holdout.jsonl", "evaluation.jsonl", "growth.jsonl", "manifest.json"],
    "data/holdout_dataset": OF_DATASET,
    "data/eval_dataset": OF_DATASET,
    "base": ["predictions.jsonl", "metrics.json", "items.csv", "counts.json"],
    "practised": ["predictions.jsonl", "metrics.json", "items.csv", "counts.json"],
    "summary": [
        *(f"{name}.csv" for name in ("progress", "comparisons", "learning_curve", "outlook")),
        *(f"{name}.html" for name in ("comparisons", "learning_curve", "outlook", "summary")),
        *(f"{name}.{end}" for name in PICTURES for end in ("png", "svg")),
        *("summary.md", "headline.txt"),
    ],
}
OF_ITERATION = {
    "": ["training.json", "training_recommendations.json", *OF_STUDY["base"]],
    "data": ["train.jsonl", "dataset_stats.json"],
    "data/train_dataset": OF_DATASET,
    "data/eval_pool_dataset": OF_DATASET,
    "adapter": OF_ADAPTER,
    "evaluation": [
        *("base_model_results.csv", "finetuned_model_results.csv", "model_comparison.csv"),
        *("specialty_performance.csv", "training_config.json"),
        *(f"{name}.{end}" for name in ("specialty_analysis", "model_comparison") for end in ("png", "svg")),
    ],
}


@pytest.fixture(scope="module")
def study(tiny_run) -> Workspace:
    """The tiny run, whose part this study is."""
    return tiny_run


def only(found: list[dict], **values: object) -> dict:
    """The one row with these values."""
    (row,) = [row for row in found if all(row[name] == str(value) for name, value in values.items())]
    return row


def test_every_file_is_written(study):
    wanted = [f"{STUDY}/{folder}/{name}" for folder, names in OF_STUDY.items() for name in names]
    wanted += [f"{step}/{folder}/{name}" for step in STEPS for folder, names in OF_ITERATION.items() for name in names]
    missing = [path for path in wanted if not (study.folder / path).is_file()]
    assert missing == []
    assert [path for path in wanted if not (study.folder / path).stat().st_size] == []
    assert "Nothing to be done" in study.succeed("-n", "meerkat", "--profile", "tiny")


def test_progress_holds_every_model_split_specialty_and_metric_once(study):
    found = table(study, f"{STUDY}/summary/progress.csv")
    assert list(found[0]) == PROGRESS
    specialties = ["ALL", *study.json(f"{STUDY}/data/manifest.json")["specialties"]]
    metrics = study.json(f"{STUDY}/base/metrics.json")["metrics"]
    assert len(specialties) == 7 and len(metrics) == 16
    cells = [(row["iteration"], row["split"], row["specialty"], row["metric"]) for row in found]
    assert len(set(cells)) == len(cells) == 5 * len(HELD) * len(specialties) * len(metrics)
    for row in found:
        if row["value"]:
            assert float(row["low"]) <= float(row["value"]) <= float(row["high"]), row
        assert (int(row["train_size"]) == 0) == (row["iteration"] in ("0", "practised"))


@pytest.mark.parametrize("split", HELD)
def test_the_last_model_is_better_than_the_base_beyond_chance(study, split):
    progress = table(study, f"{STUDY}/summary/progress.csv")
    base, last = (
        float(only(progress, iteration=k, split=split, specialty="ALL", metric="ROUGE-L")["value"]) for k in (0, 3)
    )
    assert base <= 0.10
    assert last >= 0.40
    summary = only(
        table(study, f"{STUDY}/summary/comparisons.csv"), iteration=3, reference=0, split=split, metric="ROUGE-L"
    )
    own = only(
        table(study, f"{STEPS[-1]}/evaluation/model_comparison.csv"), form="study", split=split, metric="ROUGE-L"
    )
    for row in (summary, own):
        assert float(row["difference"]) == pytest.approx(last - base, abs=1e-5)
        assert 0 < float(row["difference_low"]) < float(row["difference"]) < float(row["difference_high"])
        assert float(row["p_value_holm"]) < 0.05
    assert summary["verdict"] == "higher"


@pytest.mark.parametrize("split", HELD)
def test_the_base_model_cannot_answer_in_the_form_that_it_knows_either(study, split):
    """Its pre-training text has no sentence and no template of the held-out questions and answers."""
    counts = study.json(f"{STUDY}/data/manifest.json")["held_out"][split]["pre-training text"]
    assert {kind: found["shared"] for kind, found in counts.items()} == dict.fromkeys(counts, 0)
    practised, last = (
        only(table(study, f"{STUDY}/summary/progress.csv"), iteration=k, split=split, specialty="ALL", metric="ROUGE-L")
        for k in ("practised", 3)
    )
    assert float(practised["value"]) <= 0.10
    assert float(practised["high"]) < float(last["low"])
    assert study.json(f"{STUDY}/practised/metrics.json")["splits"][split]["answer_rate"]["value"] > 0.9
    compared = only(
        table(study, f"{STUDY}/summary/comparisons.csv"),
        iteration=3,
        reference="practised",
        split=split,
        metric="ROUGE-L",
    )
    assert compared["verdict"] == "higher"


def test_the_specialties_that_were_made_hard_are_recommended(study):
    manifest = study.json(f"{STUDY}/data/manifest.json")
    found = study.json(f"{STEPS[0]}/training_recommendations.json")
    hard = set(manifest["made_hard"])
    assert hard == {"endocrinology", "neurology"}
    assert set(found["low_performance_specialties"]) == set(found["recommended_sample_increases"]) == hard
    assert set(found["recommended_sample_increases"].values()) == {0.8}
    assert found["overall_improvement"]["ROUGE-L"] > 0.3
    assert set(found["specialties"]) == set(manifest["specialties"])
    for name, judged in found["specialties"].items():
        assert (judged["high"] < found["basis"]["overall_mean"]) == (name in hard)
        assert judged["reason"].startswith("low: " if name in hard else "not low: ")


def test_what_is_recommended_is_what_grows(study):
    for before, after in pairwise(STEPS):
        recommended = study.json(f"{before}/training_recommendations.json")["recommended_sample_increases"]
        old, new = (study.json(f"{step}/data/dataset_stats.json")["specialties"] for step in (before, after))
        grown = {name for name in new if new[name]["train"] > old[name]["train"]}
        assert grown == set(recommended)
        assert all(new[name]["train_percentage"] == share for name, share in recommended.items())
        kept = {row["id"] for row in rows(study, f"{before}/data/train.jsonl")}
        assert kept < {row["id"] for row in rows(study, f"{after}/data/train.jsonl")} or not grown


def test_no_question_that_scores_is_ever_trained_on(study):
    held = [row for split in HELD for row in rows(study, f"{STUDY}/data/{split}.jsonl")]
    for step in STEPS:
        trained = rows(study, f"{step}/data/train.jsonl")
        for field in ("question", "answer"):
            assert not {normalise(row[field]) for row in held} & {normalise(row[field]) for row in trained}
        answered = [(row["split"], row["id"]) for row in rows(study, f"{step}/predictions.jsonl")]
        assert sorted(answered) == sorted(
            (split, row["id"]) for split in HELD for row in rows(study, f"{STUDY}/data/{split}.jsonl")
        )


def test_the_sets_on_disk_load_as_datasets_and_hold_the_same(study):
    from datasets import load_from_disk

    sets = {
        f"{STUDY}/data/holdout_dataset": f"{STUDY}/data/holdout.jsonl",
        f"{STUDY}/data/eval_dataset": f"{STUDY}/data/evaluation.jsonl",
        **{f"{step}/data/train_dataset": f"{step}/data/train.jsonl" for step in STEPS},
    }
    for folder, file in sets.items():
        assert list(load_from_disk(str(study.folder / folder))) == rows(study, file)
    for step in STEPS:
        pool = load_from_disk(str(study.folder / step / "data/eval_pool_dataset"))
        parts = {*pool["id"]}, {row["id"] for row in rows(study, f"{step}/data/train.jsonl")}
        assert not parts[0] & parts[1]
        assert parts[0] | parts[1] == {row["id"] for row in rows(study, f"{STUDY}/data/growth.jsonl")}


@pytest.mark.parametrize("step", STEPS)
def test_adapters_load_and_answer_as_the_study_did(study, step):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from medtune.models.loading import load_tokenizer
    from medtune.studies.meerkat.template import MeerkatTask

    folder = study.folder / step / "adapter"
    base = AutoModelForCausalLM.from_pretrained(study.folder / "results/tiny/models/tiny-qwen3")
    model = PeftModel.from_pretrained(base, folder).eval()
    tokenizer = load_tokenizer(folder)
    example = rows(study, f"{STUDY}/data/holdout.jsonl")[0]
    prompt = tokenizer(MeerkatTask("Answer the question.").prompt(example), return_tensors="pt")
    output = model.generate(**prompt, max_new_tokens=64, do_sample=False)[0, prompt["input_ids"].shape[1] :]
    (answered,) = [row for row in rows(study, f"{step}/predictions.jsonl") if row["id"] == example["id"]]
    assert tokenizer.decode(output, skip_special_tokens=True) == answered["raw"]


def test_the_results_hold_questions_answers_and_every_metric(study):
    metrics = study.json(f"{STUDY}/base/metrics.json")["metrics"]
    for name, folder in (("base_model_results", f"{STUDY}/base"), ("finetuned_model_results", STEPS[-1])):
        found = table(study, f"{STEPS[-1]}/evaluation/{name}.csv")
        answers = {row["id"]: row["raw"] for row in rows(study, f"{folder}/predictions.jsonl")}
        assert {row["id"]: row["generated_answer"] for row in found} == answers
        assert list(found[0])[-len(metrics) :] == metrics
        rouge = [float(row["ROUGE-L"]) for row in found if row["split"] == "holdout"]
        overall = study.json(f"{folder}/metrics.json")["splits"]["holdout"]["overall"]["ROUGE-L"]
        assert overall["n"] == len(rouge) == 60
        assert sum(rouge) / len(rouge) == pytest.approx(overall["value"], abs=1e-5)


def test_the_model_cards_snippet_runs_as_printed(study):
    card = study.read(f"{STEPS[-1]}/adapter/README.md")
    (snippet,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    command = [sys.executable, "-c", snippet]
    done = subprocess.run(command, cwd=study.folder, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) >= 5
    overall = study.json(f"{STEPS[-1]}/metrics.json")["splits"]["holdout"]["overall"]["ROUGE-L"]
    practised = study.json(f"{STUDY}/practised/metrics.json")["splits"]["holdout"]["overall"]["ROUGE-L"]
    assert "| figure | adapter | base model | base model, practised form |" in card
    (line,) = (line for line in card.splitlines() if line.startswith("| ROUGE-L |"))
    assert f"| {100 * overall['value']:.1f} %" in line and f"| {100 * practised['value']:.1f} %" in line
    assert SHOWN in card


def test_the_summary_says_what_was_found(study):
    page = study.read(f"{STUDY}/summary/summary.md").replace("\\", "")
    progress = table(study, f"{STUDY}/summary/progress.csv")
    last = only(progress, iteration=3, split="holdout", specialty="ALL", metric="ROUGE-L")
    figure = f"{float(last['value']):.3f} ({float(last['low']):.3f}–{float(last['high']):.3f}, n = 60 questions)"
    assert figure in page and figure in study.read(f"{STUDY}/summary/headline.txt")
    assert SHOWN in page and SHOWN in study.read(f"{STUDY}/summary/headline.txt")
    assert "none stand in the base model's pre-training text" in page
    for definition in study.json(f"{STUDY}/base/metrics.json")["definitions"].values():
        assert definition.replace("\\", "") in page
    shown = study.read(f"{STUDY}/summary/summary.html")
    assert "Traceback" not in shown
    assert shown.count("data:image/") >= len(PICTURES)
