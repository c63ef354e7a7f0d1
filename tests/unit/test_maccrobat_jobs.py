import re

from medtune.studies.maccrobat.jobs import MaccrobatJobs
from tests.unit.job_cases import paper, tiny, wildcards

ROOT = "results/tiny/maccrobat"


def jobs(**section) -> MaccrobatJobs:
    return MaccrobatJobs(tiny(maccrobat=section))


def test_each_encoder_is_trained_at_each_rate_with_each_seed():
    study = jobs(encoders=["tiny-bert", "tinier-bert"], learning_rates=[2e-5, 0.003], seeds=[1, 2])
    assert study.runs()[:3] == [
        {"encoder": "tiny-bert", "lr": 2e-5, "seed": 1},
        {"encoder": "tiny-bert", "lr": 2e-5, "seed": 2},
        {"encoder": "tiny-bert", "lr": 0.003, "seed": 1},
    ]
    folders = [
        f"{ROOT}/{encoder}/lr{rate}{replicate}"
        for encoder in ("tiny-bert", "tinier-bert")
        for rate in ("2e-05", "0.003")
        for replicate in ("", "-seed2")
    ]
    assert study.files("metrics.json") == [f"{folder}/metrics.json" for folder in folders]
    assert re.fullmatch(study.encoders(), "tinier-bert") and not re.fullmatch(study.encoders(), "tiny")


def test_a_run_is_trained_as_its_folder_says():
    study = jobs(learning_rates=[1.23456789e-5], seeds=[5, 6])
    assert [run["lr"] for run in study.runs()[:1]] == [1.23457e-5]
    run = wildcards(encoder="tiny-bert", lr="1.23457e-05", replicate="-seed6")
    assert study.seed(run) == 6
    assert study.training(run) == {**study.section.training.model_dump(), "learning_rate": 1.23457e-5}


def test_settings_are_without_what_only_changes_the_speed():
    assert jobs().tagging_settings() == jobs(tagging={"batch_tokens": 7}).tagging_settings()
    assert jobs().tagging_settings() != jobs(tagging={"cuttings": 3}).tagging_settings()
    assert jobs(window_tokens=64, overlap_tokens=8).window_settings() == {"window_tokens": 64, "overlap_tokens": 8}


def test_resources_follow_the_encoder_of_the_run():
    encoders = ["tiny-bert", "all-minilm-l6-v2"]
    study = jobs(encoders=encoders, tagging={"batch_tokens": 100})
    made, packaged = (wildcards(encoder=name) for name in encoders)
    assert (study.threads(made), study.threads(packaged), study.most_threads()) == (1, 2, 2)
    training, tagging = study.training_resources(), study.tagging_resources()
    assert [training["mem_mb"](run, 1) for run in (made, packaged)] == [1500, 6000]
    assert [tagging["runtime"](run, 2) for run in (made, packaged)] == [60, 1200]
    assert (training["batch_divisor"](made, 3), tagging["batch_tokens"](made, 3)) == (4, 25)
    encoding = study.encoder_resources()
    assert [encoding[name](made, 2) for name in ("mem_mb", "runtime", "batch_tokens")] == [16000, 240, 50]
    assert {resources["gpu"] for resources in (training, tagging, encoding)} == {1}


def test_only_synthetic_case_reports_can_have_been_read_in_pre_training(tmp_path):
    assert jobs(encoders=["tiny-bert", "all-minilm-l6-v2"]).pretraining() == {"tiny-bert": 0, "all-minilm-l6-v2": None}
    assert MaccrobatJobs(paper()).pretraining() == {}
    assert jobs().sources(None) == []
    for path, found in ((tmp_path, [str(tmp_path)]), (tmp_path / "missing", [])):
        source = {"format": "brat", "path": str(path), "documents": None}
        corpus = {"source": {key: value for key, value in source.items() if value}}
        assert MaccrobatJobs(paper(maccrobat={"data": corpus})).sources(None) == found


def test_files_of_an_analysis():
    folder = f"{ROOT}/{{encoder}}/lr{{lr}}{{replicate}}/analysis/types"
    assert jobs().analysis("types", ["tiers"], ["frequency"]) == {
        "tiers": f"{folder}/tiers.csv",
        "record": f"{folder}/types.json",
        "frequency_png": f"{folder}/frequency.png",
        "frequency_svg": f"{folder}/frequency.svg",
    }
