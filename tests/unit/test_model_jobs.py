import re

from medtune.workflow.model_jobs import ModelJobs, pattern_of
from tests.imports import check_no_torch
from tests.unit.job_cases import tiny, wildcards


def test_a_pattern_matches_the_names_and_nothing_else():
    pattern = re.compile(pattern_of(["qwen2.5", "bert"]))
    assert pattern.fullmatch("qwen2.5") and pattern.fullmatch("bert")
    assert not pattern.fullmatch("qwen2x5")
    assert not re.search(pattern_of([]), "bert") and not re.search(pattern_of([]), "")


def test_models_by_their_source():
    jobs = ModelJobs(tiny(models={"mine": {"source": "path", "path": "there"}}).models)
    assert "mine" in jobs.names("hub", "path", "package").split("|")
    assert re.fullmatch(jobs.names("made"), "tiny-qwen3")
    assert not re.fullmatch(jobs.names("made"), "mine")
    assert jobs.source(wildcards(model="mine")) == {"source": "path", "path": "there"}


def test_rules_import_no_torch():
    studies = (f"medtune.studies.{name}.jobs" for name in ("yesno", "radgraph", "maccrobat", "meerkat", "relations"))
    check_no_torch(*(f"medtune.workflow.{name}" for name in ("edge", "demands", "model_jobs")), *studies)
