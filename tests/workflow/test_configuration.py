"""Files and values of the user's over those of a profile."""

import pytest

from tests.workflow.test_dry_run import jobs

STUDIES = ("yesno", "radgraph", "maccrobat", "meerkat", "relations")
MINE = """
yesno:
  ranks: [4, 8]
"""
COUNT = 2
"""Ranks in MINE."""


@pytest.mark.parametrize("arguments", [(), ("--profile", "tiny"), ("--profile", "small")])
def test_without_a_target_all_studies_are_run(workspace, arguments):
    output = workspace.succeed("-n", "--quiet", "rules", *arguments)
    assert {f"{study}_summarize" for study in STUDIES} <= set(jobs(output))


@pytest.mark.parametrize(
    ("profile", "scale", "model_rule"),
    [
        ("tiny", "tiny", "make_model"),
        ("small", "small", "fetch_model"),
        ("gpu", "paper", "fetch_model"),
        ("slurm", "paper", "fetch_model"),
    ],
)
def test_a_file_of_the_users_keeps_the_scale_of_the_profile(workspace, profile, scale, model_rule):
    (workspace.folder / "mine.yaml").write_text(MINE)
    output = workspace.succeed("yesno", "-n", "--profile", profile, "--configfile", "mine.yaml")
    assert f"results/{scale}/yesno/rank8/training.json" in output
    assert output.count("rule yesno_train:") == COUNT
    assert output.count(f"rule {model_rule}:") == 1


def test_the_tiny_scale_goes_over_the_profile_of_a_cluster(workspace):
    for arguments in (("--configfile", "config/tiny.yaml"), ("--profile", "tiny")):
        output = workspace.succeed("yesno", "-n", "--profile", "slurm", *arguments)
        assert "results/tiny/yesno/rank8/training.json" in output


def test_own_documents_and_nulls_on_the_command_line(workspace):
    (workspace.folder / "notes").mkdir()
    (workspace.folder / "reports.json").write_text("{}")
    reports = "radgraph={data: {source: {format: radgraph, train: reports.json, validation: null, test: null}}}"
    notes = "maccrobat={data: {source: {format: brat, path: notes}}}"
    output = workspace.succeed("radgraph", "maccrobat", "-n", "--profile", "tiny", "--config", reports, notes)
    preparing = output.split("rule radgraph_prepare:")[1].split("output:")[0]
    assert "reports.json" in preparing
    assert "null" not in preparing


def test_a_faulty_file_of_the_users_is_named(workspace):
    (workspace.folder / "mine.yaml").write_text("maccrobat: {data: {source: {format: brat, path: a, documents: 3}}}")
    output = workspace.refuse("-n", "--profile", "tiny", "--configfile", "mine.yaml")
    assert "maccrobat.data.source.documents: unknown key [mine.yaml]" in output
