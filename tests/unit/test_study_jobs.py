import pytest

from medtune.config import NewTexts
from medtune.errors import InputError
from medtune.studies.jobs import (
    AdapterJobs,
    NewTextsJobs,
    existing,
    replicate_of,
    results_folder,
    seed_of,
    state_folder,
)
from medtune.studies.radgraph.section import RadGraphAnnotate
from tests.unit.job_cases import paper, tiny, wildcards


def yesno_of(config) -> AdapterJobs:
    return AdapterJobs(config, "yesno", config.yesno)


def test_a_study_has_its_folder_in_that_of_the_scale():
    config = tiny(results="elsewhere")
    assert results_folder(config) == "elsewhere/tiny"
    assert yesno_of(config).root == "elsewhere/tiny/yesno"
    assert yesno_of(config).base == "elsewhere/tiny/models/tiny-qwen3"
    assert yesno_of(tiny(results=".")).root == "tiny/yesno"


@pytest.mark.parametrize("results", ["results/tiny", "/data/tiny"])
def test_unfinished_state_is_beside_the_results(results):
    outputs = [f"{results}/yesno/rank4/training.json", f"{results}/yesno/b"]
    assert state_folder(results, None, outputs) == f"{results}/.state/yesno/rank4/training.json"


def test_only_the_first_seed_has_no_suffix():
    seeds = [42, 7, 0]
    assert [replicate_of(seed, seeds) for seed in seeds] == ["", "-seed7", "-seed0"]
    assert [seed_of(replicate_of(seed, seeds), seeds) for seed in seeds] == seeds


def test_sources_that_are_missing_are_no_inputs(tmp_path):
    (tmp_path / "there").write_text("")
    assert existing([f"{tmp_path}/there", f"{tmp_path}/missing"]) == [f"{tmp_path}/there"]


def test_settings_are_without_what_changes_no_answer():
    slow = yesno_of(tiny())
    fast = yesno_of(tiny(yesno={"generation": {"batch_tokens": 9, "longer_answers": 0.5}}))
    warm = yesno_of(tiny(yesno={"generation": {"temperature": 0.5}}))
    assert slow.generation_settings() == fast.generation_settings() != warm.generation_settings()
    assert "max_new_tokens" in slow.generation_settings()
    assert slow.training_settings() == warm.training_settings() == slow.section.training.model_dump()
    assert slow.quantization_settings() == {"quantization": "none", "double_quantization": True}


def test_longer_answers_matter_in_training_only_where_they_choose_the_checkpoint():
    judged = yesno_of(tiny(yesno={"generation": {"max_new_tokens": 30}}))
    assert judged.judged_answer_tokens() == 30
    by_loss = {"training": {"checkpoint_by": "loss"}, "generation": {"max_new_tokens": 30}}
    assert yesno_of(tiny(yesno=by_loss)).judged_answer_tokens() is None


def test_a_synthetic_base_model_is_asked_as_it_was_pre_trained():
    synthetic, real = yesno_of(tiny()), yesno_of(paper())
    assert synthetic.pretraining() == {"text": "general", "seed": synthetic.config.models["tiny-qwen3"].seed}
    assert synthetic.practised_form() == {"form": "practised", "text": "general"}
    assert real.pretraining() is None
    assert real.practised_form() == {"form": "practised", "text": None}


@pytest.mark.parametrize(("config", "threads", "memory", "minutes"), [(tiny, 1, 1500, 30), (paper, 4, 32000, 240)])
def test_resources_follow_the_base_model(config, threads, memory, minutes):
    jobs = yesno_of(config(yesno={"generation": {"batch_tokens": 1000}}))
    assert jobs.threads == threads
    second = wildcards(), 2
    training, generation, merging = (
        {name: value(*second) if callable(value) else value for name, value in resources.items()}
        for resources in (jobs.training_resources(), jobs.generation_resources(), jobs.merging_resources())
    )
    more = {"mem_mb": 2 * memory, "runtime": 2 * minutes}
    assert training == {"gpu": 1, **more, "batch_divisor": 2}
    assert generation == {"gpu": 1, **more, "batch_tokens": 500}
    assert merging == {"mem_mb": 3 * memory, "runtime": 2 * minutes}


def new_texts(**section) -> NewTextsJobs:
    return NewTextsJobs("radgraph", "annotate", "reports", RadGraphAnnotate(**section) if section else None)


def test_new_texts_must_be_named_and_there(tmp_path):
    with pytest.raises(InputError) as unset:
        new_texts().path(None)
    example = "--config 'radgraph={annotate: {format: folder, path: my/reports}}'"
    assert str(unset.value) == f"radgraph.annotate: not set; say where the reports are, for example {example}"
    missing = new_texts(format="csv", path=f"{tmp_path}/mine.csv")
    for function in (missing.path, missing.source, missing.listing, missing.on_page):
        with pytest.raises(InputError, match=r'radgraph\.annotate\.path = ".*/mine\.csv": no such file or folder'):
            function(None)


def test_where_new_texts_are_and_how_they_are_read(tmp_path):
    jobs = new_texts(format="folder", path=f"{tmp_path}/", page_reports=7)
    assert jobs.path(None) == str(tmp_path)
    assert jobs.on_page(None) == 7
    assert set(jobs.source(None)) == set(NewTexts.model_fields), "what only the page shows reads nothing anew"


def test_new_texts_of_a_folder_are_known_by_their_files(tmp_path):
    (tmp_path / "a.txt").write_text("Effusion.")
    jobs = new_texts(format="folder", path=str(tmp_path))
    before = jobs.listing(None)
    assert before == jobs.listing(None)
    (tmp_path / "b.txt").write_text("None.")
    assert jobs.listing(None) != before
    table = tmp_path / "mine.csv"
    table.write_text("text\n")
    assert new_texts(format="csv", path=str(table)).listing(None) is None, "a file's own time tells"
