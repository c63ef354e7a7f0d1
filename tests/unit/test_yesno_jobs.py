from medtune.studies.yesno.jobs import YesNoJobs
from tests.unit.job_cases import tiny, wildcards

ROOT = "results/tiny/yesno"


def jobs(**section) -> YesNoJobs:
    return YesNoJobs(tiny(yesno=section))


def test_each_rank_is_trained_with_each_seed():
    study = jobs(ranks=[4, 8], seeds=[1, 2])
    assert study.runs() == [{"rank": rank, "seed": seed} for rank in (4, 8) for seed in (1, 2)]
    folders = [f"{ROOT}/{run}" for run in ("rank4", "rank4-seed2", "rank8", "rank8-seed2")]
    assert study.files("metrics.json") == [f"{folder}/metrics.json" for folder in folders]
    assert [study.seed(wildcards(rank="4", replicate=replicate)) for replicate in ("", "-seed2")] == [1, 2]


def test_the_rank_of_a_run_replaces_that_of_training_alone():
    study = jobs(training={"lora": {"rank": 3, "alpha": 10}})
    settings = study.training(wildcards(rank="64", replicate=""))
    assert settings["lora"] == {**study.training_settings()["lora"], "rank": 64}
    assert {**settings, "lora": None} == {**study.training_settings(), "lora": None}
    assert study.training_settings()["lora"]["rank"] == 3


def test_source_files_that_are_there_are_inputs(tmp_path):
    (tmp_path / "pqal.json").write_text("{}")
    sources = {
        "synthetic": {"format": "synthetic"},
        "off": None,
        "mine": {"format": "pubmedqa_labeled", "path": f"{tmp_path}/pqal.json"},
        "missing": {"format": "bioasq", "path": f"{tmp_path}/bioasq.json"},
    }
    assert jobs(data={"sources": sources}).sources(None) == [f"{tmp_path}/pqal.json"]
