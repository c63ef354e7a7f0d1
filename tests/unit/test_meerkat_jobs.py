import pytest

from medtune.errors import InputError
from medtune.studies.meerkat.jobs import MeerkatJobs
from tests.unit.job_cases import paper, tiny, wildcards

ROOT = "results/tiny/meerkat"
FIRST, SECOND = wildcards(iteration="1"), wildcards(iteration="2")
GIVEN = {"adapter": "adapters/mine"}


def jobs(**section) -> MeerkatJobs:
    return MeerkatJobs(tiny(meerkat=section))


def test_the_first_iteration_has_none_before_it():
    study = jobs(iterations=2)
    assert study.files("metrics.json") == [f"{ROOT}/iteration1/metrics.json", f"{ROOT}/iteration2/metrics.json"]
    for found in (study.previous_findings, study.earlier_training, study.earlier_predictions):
        assert found(FIRST) == {}
    adapter = f"{ROOT}/iteration1/adapter/adapter_config.json"
    assert study.previous_findings(SECOND) == {
        "stats": f"{ROOT}/iteration1/data/dataset_stats.json",
        "recommendations": f"{ROOT}/iteration1/training_recommendations.json",
    }
    earlier = {"earlier_record": f"{ROOT}/iteration1/training.json", "earlier_adapter": adapter}
    assert study.earlier_training(SECOND) == earlier
    assert jobs(start_from="previous").earlier_training(SECOND) == {**earlier, "start": adapter}
    assert study.earlier_predictions(SECOND) == {
        "earlier_adapter": adapter,
        "earlier_predictions": f"{ROOT}/iteration1/predictions.jsonl",
    }


def test_shares_set_by_hand_change_their_iteration_alone():
    study = jobs(data={"specialty_adjustments": {2: {"cardiology": 0.8}}})
    assert study.adjustments(SECOND) == {"cardiology": 0.8}
    assert study.adjustments(wildcards(iteration="3")) == {}


def test_an_adjustment_of_a_specialty_that_is_not_there(tmp_path):
    unknown = {"specialty_adjustments": {2: {"cardiologie": 0.8}}}
    with pytest.raises(InputError, match=r"meerkat\.data\.specialty_adjustments\.2.*cardiologie"):
        jobs(data=unknown).sources(None)
    assert jobs().sources(None) == []
    (tmp_path / "dataset_with_answers_cardiology.json").write_text("{}")
    files = {"source": {"format": "files", "path": str(tmp_path)}}
    study = MeerkatJobs(paper(meerkat={"data": files}))
    assert study.sources(None) == [f"{tmp_path}/dataset_with_answers_cardiology.json"]
    with pytest.raises(InputError, match="cardiologie"):
        MeerkatJobs(paper(meerkat={"data": {**files, **unknown}})).sources(None)
    (tmp_path / "empty").mkdir()
    for folder in ("missing", "empty"):
        files["source"]["path"] = f"{tmp_path}/{folder}"
        assert MeerkatJobs(paper(meerkat={"data": {**files, **unknown}})).sources(None) == [], "the job says it"


def test_files_of_the_configuration_that_are_missing(tmp_path):
    assert jobs().template(None) == []
    with pytest.raises(InputError, match=r'^meerkat\.template = "mine\.jinja": no such file or folder$'):
        jobs(template="mine.jinja").template(None)
    (tmp_path / "mine.jinja").write_text("")
    assert jobs(template=f"{tmp_path}/mine.jinja").template(None) == f"{tmp_path}/mine.jinja"
    with pytest.raises(InputError, match=r'meerkat\.metrics\.terms = "terms\.txt"'):
        jobs(metrics={"terms": "terms.txt"}).metric_files(None)


def test_an_adapter_that_was_made_elsewhere(tmp_path):
    with pytest.raises(InputError, match=r"meerkat\.evaluate: not set"):
        jobs().given_adapter(None)
    assert jobs().given_scores(None) == {}
    with pytest.raises(InputError, match=r'meerkat\.evaluate\.adapter = "adapters/mine": no such'):
        jobs(evaluate=GIVEN).given_adapter(None)
    for name in ("b.json", "a.safetensors"):
        (tmp_path / name).write_text("")
    (tmp_path / "checkpoints").mkdir()
    study = jobs(evaluate={"adapter": str(tmp_path)})
    assert study.given_adapter(None) == [f"{tmp_path}/a.safetensors", f"{tmp_path}/b.json"]
    assert study.given_scores(None)["given_counts"] == f"{ROOT}/given/counts.json"


def test_only_a_synthetic_base_model_has_another_practised_form():
    assert jobs().practised_metrics(None) == f"{ROOT}/practised/metrics.json"
    assert set(jobs().practised_scores(None)) == {f"practised_{name}" for name in ("metrics", "item_scores", "counts")}
    assert MeerkatJobs(paper()).practised_scores(None) == {}
    assert MeerkatJobs(paper()).practised_metrics(None) == []


def test_of_a_long_answer_as_much_is_learned_as_is_generated():
    study = jobs(generation={"max_new_tokens": 40}, system_message="Answer.")
    assert study.options() == {"system_message": "Answer.", "template": None, "answer_tokens": 38}
    assert jobs(generation={"max_new_tokens": 1}).options()["answer_tokens"] == 1
    assert set(study.card_options()) - set(study.options()) == {"steering", "base"}


def test_what_metrics_are_made_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_metrics.py").write_text("")
    custom = {"brevity": "my_metrics:brevity", "far": "installed.package:far"}
    plain = jobs(metrics={"bertscore": None, "custom": custom})
    assert plain.metric_files(None) == {"custom_files": ["my_metrics.py"]}
    assert plain.scoring_resources()["gpu"] == 0
    scorer = {"model": "all-minilm-l6-v2", "layer": 5}
    scored = jobs(metrics={"bertscore": scorer})
    assert scored.metric_files(None) == {"encoder": "results/tiny/models/all-minilm-l6-v2"}
    assert scored.scoring_resources()["gpu"] == 1
    assert scored.scoring_resources()["mem_mb"](None, 2) == 16000
