"""How the iterations of the Meerkat study hang together: what reruns, what is copied, what training goes on from.

The base model has read next to nothing, so these runs are for the machinery, not for the figures.
"""

import copy
import re
import shutil
from collections import Counter

import pytest

from medtune.files import read_jsonl
from tests.workflow.conftest import QUICK
from tests.workspace import Workspace, table

STUDY = "results/tiny/meerkat"
LAST = f"{STUDY}/iteration2/training_recommendations.json"
TINY = ("--profile", "tiny")
NOTHING_LOW = {
    "models": QUICK["models"],
    "meerkat": {
        "iterations": 2,
        "data": {"source": {"format": "synthetic", "records": 20}, "holdout": 2},
        "training": {"max_steps": 1, "evaluate_every": 1, "warmup": 0},  # else the only step would be of length 0
        "generation": {"max_new_tokens": 4},
        "metrics": {"bertscore": None},
        "recommendations": {"margin": 1.0},  # scores are at most 1
    },
}


def with_changes(**sections: object) -> dict:
    """The configuration of the run, with other values in the study's section."""
    config = copy.deepcopy(NOTHING_LOW)
    config["meerkat"].update(sections)
    return config


def planned(output: str) -> Counter[tuple[str, int | None]]:
    """Jobs of a dry run as (rule, iteration); None for jobs without iteration."""
    jobs = re.findall(r"^(?:local)?rule (\w+):\n((?: +.*\n)+)", output, re.MULTILINE)
    iterations = [(name, re.search(r"wildcards: .*iteration=(\d+)", job)) for name, job in jobs]
    return Counter((name, int(found[1]) if found else None) for name, found in iterations)


@pytest.fixture(scope="module")
def run(tmp_path_factory, quick_model) -> Workspace:
    """Two iterations, after the first of which no specialty counts as low. Read it, do not change it."""
    space = Workspace(tmp_path_factory.mktemp("iterations") / "medtune", like=quick_model)
    space.succeed(*TINY, LAST, config=NOTHING_LOW)
    return space


def test_an_iteration_without_a_low_specialty_is_a_copy(run):
    assert run.json(f"{STUDY}/iteration1/training_recommendations.json")["low_performance_specialties"] == []
    first, second = (run.json(f"{STUDY}/iteration{k}/training.json") for k in (1, 2))
    assert second == {**first, "copied_from": f"{STUDY}/iteration1/training.json"}
    for name in ("adapter/adapter_model.safetensors", "adapter/adapter_config.json", "predictions.jsonl"):
        before, after = ((run.folder / f"{STUDY}/iteration{k}/{name}").read_bytes() for k in (1, 2))
        assert before == after, name
    assert "nothing is trained" in run.read(f"{STUDY}/iteration2/train.log")
    assert "its predictions are copied" in run.read(f"{STUDY}/iteration2/generate.log")


def test_another_margin_reruns_only_what_depends_on_it(run):
    assert "Nothing to be done" in run.succeed(*TINY, "-n", LAST, config=NOTHING_LOW)
    output = run.succeed(*TINY, "-n", LAST, config=with_changes(recommendations={"margin": 0.5}))
    later = ("meerkat_grow", "meerkat_train", "meerkat_generate", "meerkat_score", "meerkat_recommend")
    assert planned(output) == Counter([("meerkat_recommend", 1), *((name, 2) for name in later)])


def test_another_steering_metric_scores_nothing_again(run):
    config = with_changes(metrics={"bertscore": None, "steering": "token_f1"})
    found = planned(run.succeed(*TINY, "-n", f"{STUDY}/iteration1/training_recommendations.json", config=config))
    assert found == Counter([("meerkat_recommend", 1)])


def test_training_goes_on_from_the_previous_adapter(run, tmp_path):
    """With more questions of a specialty that was set by hand, since without any there would be nothing to train."""
    space = Workspace(tmp_path / "medtune", like=run)
    data = NOTHING_LOW["meerkat"]["data"] | {"specialty_adjustments": {2: {"neurology": 1.0}}}
    config = with_changes(data=data, start_from="previous")
    record = f"{STUDY}/iteration2/training.json"
    plan = planned(space.succeed(*TINY, "-n", record, config=config))
    assert plan == Counter([("meerkat_grow", 2), ("meerkat_train", 2)])
    space.succeed(*TINY, record, config=config)
    next_one = data | {"specialty_adjustments": {2: {"neurology": 1.0}, 3: {"rheumatology": 0.9}}}
    later = with_changes(data=next_one, start_from="previous")
    assert "Nothing to be done" in space.succeed(*TINY, "-n", record, config=later), "iteration 2 is as it was"

    facts = space.json(record)
    assert facts["started_from"] == f"{STUDY}/iteration1/adapter"
    assert "copied_from" not in facts
    weights = f"{STUDY}/iteration{{}}/adapter/adapter_model.safetensors"
    assert (space.folder / weights.format(1)).read_bytes() == (run.folder / weights.format(1)).read_bytes()
    assert (space.folder / weights.format(2)).read_bytes() != (run.folder / weights.format(1)).read_bytes()
    first, second = (list(read_jsonl(space.folder / f"{STUDY}/iteration{k}/data/train.jsonl")) for k in (1, 2))
    assert facts["rows"] == len(second) > len(first)
    assert {row["specialty"] for row in second if row not in first} == {"neurology"}
    stats = space.json(f"{STUDY}/iteration2/data/dataset_stats.json")["specialties"]
    assert stats["neurology"]["reason"] == "adjusted by hand"
    assert stats["neurology"]["pool"] == 0


def test_an_adapter_made_elsewhere_is_scored_beside_the_iterations(run, tmp_path):
    """One of the study's own, without what only this workflow writes."""
    space = Workspace(tmp_path / "medtune", like=run)
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (space.folder / "elsewhere").mkdir(exist_ok=True)
        shutil.copy(space.folder / f"{STUDY}/iteration1/adapter/{name}", space.folder / "elsewhere")
    summary = f"{STUDY}/summary/progress.csv"
    output = space.refuse(*TINY, summary, config=with_changes(evaluate={"adapter": "elsewhere"}))
    assert "elsewhere: no template.json, so it is not known which template it was trained with" in output

    config = with_changes(evaluate={"adapter": "elsewhere", "template": "unknown"})
    space.succeed(*TINY, summary, config=config)
    assert space.read(f"{STUDY}/given/predictions.jsonl") == space.read(f"{STUDY}/iteration1/predictions.jsonl")
    by_model = {name: [row for row in table(space, summary) if row["iteration"] == name] for name in ("1", "given")}
    assert [row["value"] for row in by_model["given"]] == [row["value"] for row in by_model["1"]] != []
    assert {row["train_size"] for row in by_model["given"]} == {""}
    references = {r["reference"] for r in table(space, f"{STUDY}/summary/comparisons.csv") if r["iteration"] == "given"}
    assert references == {"0", "2"}
    assert "adapter made elsewhere" in space.read(f"{STUDY}/summary/summary.md")
