"""`snakemake -n` from a fresh clone: no data, network or GPU, and the right jobs."""

import re
import subprocess
import sys

import pytest

RANKS = 8
PER_RUN = ("yesno_train", "yesno_generate", "yesno_score", "yesno_card")


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
    per_entity = ("radgraph_train", "radgraph_generate", "radgraph_generate_base", "radgraph_score", "radgraph_card")
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
    per_run = ("maccrobat_train", "maccrobat_tag", "maccrobat_score")
    assert {name: counted[name] for name in per_run} == dict.fromkeys(per_run, runs)
    assert counted["maccrobat_prepare"] == 1
    if not arguments:
        assert "results/paper/maccrobat/bioformer/lr2e-05/predictions.jsonl" in output
        assert "results/paper/maccrobat/bioformer/lr5e-05/predictions.jsonl" in output


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
    code = (
        "import sys\nsys.path.insert(0, 'workflow/scripts')\n"
        "import medtune.config_check, medtune.data.radgraph, medtune.data.report_sources, medtune.locks\n"
        "assert not {'torch', 'transformers', 'pandas', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=workspace.folder, check=True)
    imports = [line for path in workspace.folder.glob("rules/*.smk") for line in path.read_text().splitlines()]
    modules = {line.split()[1] for line in imports if line.startswith(("from medtune", "import medtune"))}
    assert modules == {
        "medtune.config_check",
        "medtune.data.radgraph",
        "medtune.data.report_sources",
        "medtune.errors",
        "medtune.files",
        "medtune.locks",
    }
