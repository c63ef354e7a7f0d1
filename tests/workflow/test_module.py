"""The workflow as a module of a user's own workflow (README, "Use it from your own workflow")."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.workflow.conftest import QUICK
from tests.workspace import ROOT, Workspace

SNIPPET = re.search(r"```python\n(# Snakefile\n.*?)```", (ROOT / "README.md").read_text(), re.DOTALL).group(1)
ONE_RUN = {
    "models": {"tiny-qwen3": {"steps": 5}},
    "yesno": {**QUICK["yesno"], "ranks": [4], "training": {"max_steps": 2, "evaluate_every": 1}},
}
HOSTED = """
module medtune:
    snakefile:
        github("medtune/medtune", path="workflow/Snakefile", tag="v1")
    config:
        config["medtune"]


use rule * from medtune
"""
SMOKING = {
    "kind": "labels",
    "labels": ["yes", "no"],
    "data": {"format": "csv", "path": "notes.csv", "columns": {"text": "note", "label": "smoker"}},
    "prompt": "Does the patient smoke?\n{text}",
}
SECOND = """
module second:
    snakefile:
        "/opt/medtune/Snakefile"
    config:
        {"scale": "trial", "yesno": {"ranks": [16]}}
    prefix:
        "other"


use rule * from second exclude all as second_*
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Workspace:
    """A clone of the workflow that nobody may write to."""
    return Workspace(tmp_path_factory.mktemp("opt") / "medtune")


def own_workflow(folder: Path, checkout: Workspace, config: dict, more: str = "") -> Workspace:
    """A folder with the Snakefile of the README, and a configuration."""
    folder.mkdir()
    (folder / "Snakefile").write_text((SNIPPET + more).replace("/opt/medtune", str(checkout.folder)))
    (folder / "study.yaml").write_text(json.dumps({"medtune": config}))
    return Workspace.of(folder)


def contents(folder: Path) -> dict[str, int]:
    """All files below a folder with their times, without Python's caches."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path): path.stat().st_mtime_ns for path in files}


def rule(output: str, name: str) -> str:
    """What a run says of the first job of a rule."""
    return re.search(rf"^(?:local)?rule {name}:\n(.*?)\n\n", output, re.MULTILINE | re.DOTALL).group(1)


def test_the_snippet_of_the_readme_runs_in_a_folder_of_its_own(tmp_path, checkout):
    before = contents(checkout.folder)
    space = own_workflow(tmp_path / "mine", checkout, ONE_RUN)
    targets = ("figures", "models/results/tiny/radgraph/data/manifest.json")
    output = space.succeed("--cores", "2", *targets)
    assert "mem_mb=4000" in rule(output, "medtune_yesno_train")
    assert space.json("figures.json") == space.json("models/results/tiny/yesno/rank4/metrics.json")
    assert space.json("models/results/tiny/yesno/rank4/training.json")["history"]
    assert set(space.files(".")) - {"figures.json", "Snakefile", "study.yaml"} == {
        file for file in space.files(".") if file.startswith(("models/results/tiny/", ".snakemake/"))
    }
    assert contents(checkout.folder) == before
    again = space.succeed("--cores", "2", *targets)
    assert "Nothing to be done" in again


def test_all_studies_go_below_the_prefix_and_what_the_user_names_does_not(tmp_path, checkout):
    source = {"format": "bioasq", "path": "data/ours.json"}
    config = {"yesno": {"data": {"sources": {"ours": source, "synthetic": None}}}, "studies": {"smoking": SMOKING}}
    space = own_workflow(tmp_path / "mine", checkout, config)
    (space.folder / "notes.csv").touch()
    (space.folder / "data").mkdir()
    (space.folder / "data" / "ours.json").write_text("{}")
    output = space.succeed("-n", "--cores", "2", "medtune_studies", "medtune_smoking")
    assert "localrules directive" not in output
    assert rule(output, "medtune_yesno_prepare").splitlines()[0] == "    input: data/ours.json"
    assert rule(output, "medtune_smoking_prepare").splitlines()[0] == "    input: notes.csv"
    written = {
        path
        for line in re.findall(r"^    (?:output|log|benchmark): (.*)$", output, re.MULTILINE)
        for path in line.split(", ")
    }
    assert len(written) > 100
    assert all(path.startswith("models/results/tiny/") for path in written)


def test_what_the_workflow_brings_is_found_and_a_file_of_the_user_in_its_place_comes_first(tmp_path, checkout):
    space = own_workflow(tmp_path / "mine", checkout, {})
    target = ("-n", "--cores", "2", "models/results/tiny/radgraph/data/manifest.json")
    prompts = "config/prompts/radgraph_tiny"
    assert f"input: {checkout.folder}/{prompts}/" in rule(space.succeed(*target), "medtune_radgraph_prepare")
    for entity in (checkout.folder / prompts).iterdir():
        (space.folder / prompts / entity.name).mkdir(parents=True)
        (space.folder / prompts / entity.name / "prompt.txt").write_text("List them.\n{text}\n")
    assert f"input: {prompts}/" in rule(space.succeed(*target), "medtune_radgraph_prepare")


def test_two_copies_have_their_own_configuration_and_folder(tmp_path, checkout):
    space = own_workflow(tmp_path / "mine", checkout, {"yesno": {"ranks": [2]}}, SECOND)
    output = space.succeed("-n", "--cores", "2", "medtune_yesno", "second_yesno")
    assert "models/results/tiny/yesno/rank2/final_adapter/README.md" in output
    assert "other/results/trial/yesno/rank16/final_adapter/README.md" in output
    assert not re.search("rank(4|8|64)/", output)


def test_a_fault_in_the_modules_configuration_is_one_sentence(tmp_path, checkout):
    space = own_workflow(tmp_path / "mine", checkout, {"yesno": {"rank": [2]}})
    output = space.refuse("-n", "--cores", "2")
    assert 'yesno.rank: unknown key; did you mean "ranks"? [config of module medtune]' in output


def test_a_job_that_was_refused_its_input_is_tried_again_in_the_next_run(tmp_path, checkout):
    target = ("--cores", "2", "models/results/tiny/yesno/data/manifest.json")
    source = {"format": "bioasq", "path": "data/ours.json"}
    space = own_workflow(
        tmp_path / "mine", checkout, {"yesno": {"data": {"sources": {"ours": source, "synthetic": None}}}}
    )
    (space.folder / "data").mkdir()
    (space.folder / "data" / "ours.json").write_text("no JSON")
    assert "data/ours.json" in space.refuse(*target)
    (space.folder / "study.yaml").write_text(json.dumps({"medtune": ONE_RUN}))
    space.succeed(*target)


@pytest.mark.parametrize("entry", ["workflow/Snakefile", "Snakefile"])
def test_the_entries_work_from_another_folder(tmp_path, checkout, entry):
    output = Workspace.of(tmp_path).succeed("-n", "--snakefile", str(checkout.folder / entry), "yesno")
    assert "results/paper/yesno/rank128/final_adapter/README.md" in output


@pytest.fixture
def hosted(monkeypatch, tmp_path, checkout) -> Path:
    """A repository that stands for the one on GitHub."""
    folder = tmp_path / "hosted"
    shutil.copytree(checkout.folder, folder)
    author = ("-c", "user.name=medtune", "-c", "user.email=medtune@example.org")
    for command in (("init", "--quiet"), ("add", "."), (*author, "commit", "--quiet", "-m", "First"), ("tag", "v1")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{folder}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/medtune/medtune")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def test_a_module_out_of_a_repository_runs_with_its_library(tmp_path, hosted):
    space = Workspace.of(tmp_path / "mine")
    space.folder.mkdir()
    (space.folder / "Snakefile").write_text('configfile: "study.yaml"\n' + HOSTED)
    sources = dict.fromkeys(("pubmedqa_labeled", "pubmedqa_artificial"))
    sources["synthetic"] = {"format": "synthetic", "per_class": 40}
    tiny = {"scale": "trial", "yesno": {"data": {"sources": sources, "per_class": 30}}}
    (space.folder / "study.yaml").write_text(json.dumps({"medtune": tiny}))
    space.succeed("--cores", "1", "results/trial/yesno/data/manifest.json")
    assert space.json("results/trial/yesno/data/manifest.json")["seed"] == 42
    (space.folder / "Snakefile").write_text(
        ('configfile: "study.yaml"\n' + HOSTED).replace("workflow/Snakefile", "Snakefile")
    )
    assert "of a repository take the entry workflow/Snakefile" in space.refuse("-n")
