"""The rules that all studies share, as each study declares them."""

from types import SimpleNamespace

import pytest

from medtune.errors import InputError
from medtune.studies.maccrobat.jobs import MaccrobatJobs
from medtune.studies.meerkat.jobs import MeerkatJobs
from medtune.studies.radgraph.jobs import RadGraphJobs
from medtune.studies.relations.jobs import RelationsJobs
from medtune.studies.road import Train
from medtune.studies.yesno.jobs import YesNoJobs
from medtune.workflow.edge import for_rules
from tests.unit.job_cases import paper

ALL = {
    "yesno": YesNoJobs,
    "radgraph": RadGraphJobs,
    "maccrobat": MaccrobatJobs,
    "meerkat": MeerkatJobs,
    "relations": RelationsJobs,
}
ADAPTERS = [name for name in ALL if name != "maccrobat"]


def jobs_of(road):
    return [*road.train, *road.generate, *road.score, *road.card]


@pytest.mark.parametrize("study", ALL)
def test_each_rule_states_its_study_and_is_named_after_it(study):
    jobs = jobs_of(ALL[study](paper()).road())
    assert len({job.name for job in jobs}) == len(jobs)
    assert all(job.study == job.task == study and job.name.startswith(f"{study}_") for job in jobs)
    assert all(f"/{study}/" in job.folder for job in jobs)


def test_a_study_whose_runs_wait_for_each_other_goes_before_the_others():
    priorities = {study: {job.priority for job in jobs_of(made(paper()).road())} for study, made in ALL.items()}
    first = priorities.pop("meerkat")
    assert min(first) > max(max(others) for others in priorities.values())


@pytest.mark.parametrize("study", ADAPTERS)
def test_what_is_answered_is_scored_in_the_same_folder(study):
    road = ALL[study](paper()).road()
    scored = {job.folder for job in road.score}
    steps = {job.folder for job in road.generate if job.name.endswith(("_first", "_second"))}
    if study == "relations":  # one rule scores all runs, base and practised among them
        assert scored == {"results/paper/relations/{run}"}
    else:
        assert scored == {job.folder for job in road.generate} - steps


@pytest.mark.parametrize("study", ADAPTERS)
def test_a_setting_of_generation_is_no_param_of_a_training(study):
    def params(temperature):
        config = paper(**{study: {"generation": {"temperature": temperature, "batch_tokens": 77}}})
        (train,) = ALL[study](config).road().train
        return {name: value for name, value in vars(train).items() if not callable(value) and name != "inputs"}

    quiet, loud = params(0.0), params(0.5)
    assert {name for name in quiet if str(quiet[name]) != str(loud[name])} <= {"resources"}
    assert quiet["answer_tokens"] == loud["answer_tokens"] is not None


@pytest.mark.parametrize("study", ADAPTERS)
def test_what_an_adapter_forgot_is_asked_where_the_section_has_a_guard(study):
    assert ALL[study](paper()).road().guard == ()
    road = ALL[study](paper(**{study: {"guard": {"items": 8}}})).road()
    (guard,), (card,), (train,) = road.guard, road.card, road.train
    assert (guard.name, guard.folder, guard.settings) == (f"{study}_guard", train.folder, {"items": 8})
    assert guard.inputs == {"adapter": train.config} and guard.base == train.base
    assert card.inputs["guard"] == f"{guard.folder}/guard.json" and "base_metrics" in card.inputs
    with pytest.raises(InputError, match="studies: unknown key"):
        paper(**{study: {"guard": {"studies": ["other"]}}})


def test_a_fault_in_a_function_of_the_road_ends_the_run_with_its_sentence():
    def refuse(wildcards):
        raise InputError("no such file")

    usual = {"threads": 1, "resources": {"mem_mb": refuse}, "answer_tokens": None, "seed": 1}
    job = Train(
        name="x_train",
        study="x",
        task="x",
        folder="f",
        base="b",
        adapter="a",
        settings=refuse,
        inputs={"t": refuse},
        **usual,
    )
    held = for_rules(job)
    for function in (held.settings, held.inputs["t"], held.resources["mem_mb"]):
        with pytest.raises(SystemExit, match="no such file"):
            function(SimpleNamespace())
    assert held.more(SimpleNamespace()) == {} and held.name == "x_train"
