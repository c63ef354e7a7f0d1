from medtune.studies.radgraph.jobs import RadGraphJobs
from tests.unit.job_cases import tiny, wildcards

DEFINITE = wildcards(entity="OBS-DP")


def jobs(**section) -> RadGraphJobs:
    return RadGraphJobs(tiny(radgraph=section))


def test_each_entity_type_has_its_instruction():
    study = jobs(prompts="mine")
    assert study.prompt(DEFINITE) == "mine/OBS-DP/prompt.txt"
    assert study.prompts() == [f"mine/{entity}/prompt.txt" for entity in study.entities]
    assert study.options(DEFINITE) == {"entity": "OBS-DP", "prompt": "mine/OBS-DP/prompt.txt"}
    practised = {**study.options(DEFINITE), "form": "practised", "text": "reports"}
    assert study.practised_options(DEFINITE) == practised
    assert study.entity(DEFINITE) == {"entity": "OBS-DP"}, "a changed instruction scores nothing anew by itself"


def test_source_files_that_are_there_are_inputs(tmp_path):
    assert jobs().sources(None) == []
    train = tmp_path / "train.json"
    train.write_text("{}")
    source = {"format": "radgraph", "train": str(train), "validation": None, "test": f"{tmp_path}/missing.json"}
    assert jobs(data={"source": source}).sources(None) == [str(train)]


def test_new_reports_are_those_of_annotate(tmp_path):
    section = {"format": "folder", "path": str(tmp_path), "page_reports": 3}
    assert jobs(annotate=section).new_reports().on_page(None) == 3
