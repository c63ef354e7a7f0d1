"""`snakemake -n` from a fresh clone: no data, network or GPU, and the right jobs."""

import json
import re
import subprocess
import sys

import pytest

RANKS = 8
PER_RUN = ("yesno_train", "yesno_generate", "yesno_score", "yesno_card")
SWITCHES = ("weighted", "deduplicated", "schema", "negatives", "two_steps", "constrained")
"""Of study relations, at any scale."""


def jobs(output: str) -> dict[str, int]:
    """Job counts of a dry run."""
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", output, re.MULTILINE)}


@pytest.mark.parametrize(
    ("arguments", "model_rule", "ranks"),
    [
        ([], "fetch_model", RANKS),
        (["--profile", "slurm"], "fetch_model", RANKS),
        (["--profile", "gpu"], "fetch_model", RANKS),
        (["--profile", "tiny"], "make_model", RANKS),
        (["--profile", "small"], "fetch_model", 2),
    ],
)
def test_a_fresh_clone_shows_what_would_run(workspace, arguments, model_rule, ranks):
    counted = jobs(workspace.succeed("yesno", "-n", "--quiet", "rules", *arguments))
    assert counted[model_rule] == 1
    assert {name: counted[name] for name in PER_RUN} == dict.fromkeys(PER_RUN, ranks)
    assert counted["yesno_generate_base"] == counted["yesno_prepare"] == counted["yesno_summarize"] == 1


def test_radgraph_has_one_adapter_per_entity_type(workspace):
    counted = jobs(workspace.succeed("radgraph", "-n", "--quiet", "rules"))
    per_entity = (
        *("radgraph_train", "radgraph_generate", "radgraph_generate_base", "radgraph_generate_practised"),
        *("radgraph_score", "radgraph_score_practised", "radgraph_card"),
    )
    assert {name: counted[name] for name in per_entity} == dict.fromkeys(per_entity, 4)
    assert "yesno_train" not in counted


def test_adapters_are_merged_where_that_is_switched_on(workspace):
    arguments = ("radgraph", "-n", "--profile", "tiny")
    assert "radgraph_merge" not in jobs(workspace.succeed(*arguments))
    output = workspace.succeed(*arguments, config={"radgraph": {"merge": True, "output_stem": "NER_tiny"}})
    assert jobs(output)["radgraph_merge"] == 4
    assert "results/tiny/radgraph/OBS-DA/NER_tiny_final" in output
    assert "results/tiny/radgraph/OBS-DA/NER_tiny_adapter/adapter_config.json" in output


@pytest.mark.parametrize(
    ("arguments", "model_rule", "models", "runs"),
    [
        ([], "fetch_model", 4, 8),
        (["--profile", "small"], "fetch_model", 1, 1),
        (["--profile", "tiny"], "make_model", 2, 2),
    ],
)
def test_maccrobat_trains_each_encoder_at_each_learning_rate(workspace, arguments, model_rule, models, runs):
    output = workspace.succeed("maccrobat", "-n", *arguments)
    counted = jobs(output)
    assert counted[model_rule] == models
    per_run = ("maccrobat_train", "maccrobat_tag", "maccrobat_score", "maccrobat_card")
    assert {name: counted[name] for name in per_run} == dict.fromkeys(per_run, runs)
    assert counted["maccrobat_prepare"] == 1
    if not arguments:
        assert "results/paper/maccrobat/bioformer/lr2e-05/predictions.jsonl" in output
        assert "results/paper/maccrobat/bioformer/lr5e-05/predictions.jsonl" in output


@pytest.mark.parametrize(
    ("arguments", "models", "iterations"),
    [
        ([], {"fetch_model": 2}, 3),
        (["--profile", "small"], {"fetch_model": 2}, 2),
        (["--profile", "tiny"], {"fetch_model": 1, "make_model": 1}, 3),
    ],
)
def test_meerkat_shows_all_iterations(workspace, arguments, models, iterations):
    """Also those that may turn out to be copies: their number is known before the first has run."""
    output = workspace.succeed("meerkat", "-n", *arguments)
    counted = jobs(output)
    assert {name: counted.get(name) for name in models} == models
    steps = ("grow", "train", "generate", "score", "recommend", "evaluate", "card")
    assert {step: counted[f"meerkat_{step}"] for step in steps} == dict.fromkeys(steps, iterations)
    once = ("prepare", "generate_base", "score_base", "summarize")
    assert {step: counted[f"meerkat_{step}"] for step in once} == dict.fromkeys(once, 1)
    practised = ("generate_practised", "score_practised")
    synthetic = int("make_model" in models)  # another model's practised form is the study's own
    assert {step: counted.get(f"meerkat_{step}", 0) for step in practised} == dict.fromkeys(practised, synthetic)
    if not arguments:
        assert "results/paper/meerkat/iteration3/adapter/adapter_model.safetensors" in output


@pytest.mark.parametrize(
    ("arguments", "model_rule", "trained", "runs"),
    [
        ([], "fetch_model", 8, 13),
        (["--profile", "slurm"], "fetch_model", 8, 13),
        (["--profile", "small"], "fetch_model", 4, 9),
        (["--profile", "tiny"], "make_model", 4, 9),
    ],
)
def test_relations_has_a_run_for_each_switch_and_trains_only_where_one_changes_the_training(
    workspace, arguments, model_rule, trained, runs
):
    output = workspace.succeed("relations", "-n", *arguments)
    counted = jobs(output)
    assert counted[model_rule] == counted["relations_generate_base"] == counted["relations_prepare"] == 1
    assert counted["relations_train"] == counted["relations_card"] == trained
    assert counted["relations_score"] == runs
    # two_steps answers in two passes, constrained with the adapter of default
    assert counted["relations_generate"] == trained
    assert counted["relations_generate_first"] == counted["relations_generate_second"] == 1
    assert counted["relations_summarize"] == counted["relations_examples"] == 1
    scale = {"small": "small", "tiny": "tiny"}.get(arguments[-1] if arguments else "", "paper")
    for name in SWITCHES:
        assert f"results/{scale}/relations/{name}/evaluation_results.json" in output
    assert f"results/{scale}/relations/deduplicated/final_model" not in output
    assert f"results/{scale}/relations/constrained/predictions.jsonl" in output


def test_answers_of_all_runs_are_held_to_their_form_where_that_is_the_default(workspace):
    """So that the switch changes nothing, and reads the answers of the default run."""
    config = {"relations": {"generation": {"constrained": True}}}
    output = workspace.succeed("relations", "-n", "--profile", "tiny", config=config)
    assert jobs(output)["relations_generate"] == 3
    parts = re.split(r"^\[", output, flags=re.MULTILINE)
    # In its practised form the base model answers as it did in pre-training.
    generating = [part for part in parts if re.search(r"^rule relations_generate(?!_practised)", part, re.MULTILINE)]
    assert len(generating) == 6
    assert all("relations/data/schema.json" in part for part in generating)


def test_real_data_are_mixed_into_a_training_set_of_their_own(workspace):
    config = {
        "relations": {
            "data": {"mix": {"format": "biored", "train": "data/Train.PubTator", "labels": "biored_proxy"}},
            "switches": {"mixed": {"mix": True}},
        }
    }
    output = workspace.succeed("relations", "-n", "--profile", "tiny", config=config)
    assert jobs(output)["relations_train"] == 5
    assert "results/tiny/relations/data/without0+mixed/train.jsonl" in output


def test_predict_asks_for_the_training_of_its_run_alone(workspace):
    (workspace.folder / "notes").mkdir()
    section = {"format": "folder", "path": "notes", "run": "deduplicated"}
    arguments = ("predict", "-n", "--profile", "tiny", "--config", f"relations={json.dumps({'predict': section})}")
    counted = jobs(workspace.succeed(*arguments))
    assert counted["relations_train"] == counted["relations_predict"] == 1
    assert "relations_score" not in counted


def test_several_seeds_of_an_encoder_are_runs_of_their_own(workspace):
    config = {"maccrobat": {"encoders": ["tiny-bert"], "seeds": [1, 2]}}
    output = workspace.succeed("maccrobat", "-n", "--profile", "tiny", config=config)
    assert "results/tiny/maccrobat/tiny-bert/lr0.003/model/model.safetensors" in output
    assert "results/tiny/maccrobat/tiny-bert/lr0.003-seed2/model/model.safetensors" in output
    assert jobs(output)["maccrobat_train"] == 2


def test_several_seeds_are_runs_of_their_own(workspace):
    config = {"yesno": {"ranks": [4, 8], "seeds": [1, 2, 3]}}
    output = workspace.succeed("-n", "--profile", "tiny", "yesno", config=config)
    assert "results/tiny/yesno/rank4/final_adapter/adapter_model.safetensors" in output
    assert "results/tiny/yesno/rank8-seed3/final_adapter/adapter_model.safetensors" in output
    assert jobs(output)["yesno_train"] == 6


def test_the_login_node_needs_no_torch(workspace):
    """Whatever rules import of the library is imported where Snakemake runs, often without the packages of a study."""
    imports = [line for path in workspace.folder.glob("rules/**/*.smk") for line in path.read_text().splitlines()]
    modules = {line.split()[1] for line in imports if line.startswith(("from medtune", "import medtune"))}
    assert {"medtune.config_check", "medtune.studies.meerkat.jobs"} <= modules
    code = (
        "import sys\nsys.path.insert(0, 'workflow/scripts')\n"
        f"import {', '.join(sorted(modules))}\n"
        "assert not {'torch', 'transformers', 'pandas', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=workspace.folder, check=True)


def test_with_more_seeds_default_and_switches_are_trained_with_each(workspace):
    seeds = {"relations": {"seeds": [42, 43, 44]}}
    output = workspace.succeed("relations", "-n", "--profile", "tiny", config=seeds)
    counted = jobs(output)
    assert counted["relations_train"] == 3 * 4 and counted["relations_score"] == 2 + 3 * (1 + len(SWITCHES))
    assert counted["relations_generate_base"] == counted["relations_generate_practised"] == 1
    assert "results/tiny/relations/default-seed43/final_model/adapter_config.json" in output
    assert "results/tiny/relations/weighted-seed44/training.json" in output
    assert "default-seed42" not in output


def test_speed_is_measured_with_no_other_job_beside_it(workspace):
    """On one machine by taking all its cores, whatever their number; on SLURM by an exclusive node."""
    for cores in ("2", "5"):
        output = workspace.succeed("maccrobat", "-n", "--profile", "tiny", "--cores", cores)
        timed = [part for part in output.split("\nrule ") if part.startswith("maccrobat_speed:")]
        assert len(timed) == 2
        assert all(f"threads: {cores}\n" in part for part in timed)
    output = workspace.succeed("maccrobat", "-n", "--profile", "slurm")
    timed = [part for part in output.split("\nrule ") if part.startswith("maccrobat_speed:")]
    assert len(timed) == 8 and all("slurm_extra='--exclusive'" in part for part in timed)
