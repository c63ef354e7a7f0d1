"""Yes/no questions with their abstracts, and the published split."""

import json
import random
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from pydantic import ValidationError
from sklearn.metrics import accuracy_score, f1_score

from medtune.errors import InputError
from medtune.files import sha256_of, write_jsonl
from medtune.kinds.labels.score import label_metrics
from medtune.metrics.drawn import Drawn
from medtune.models.made import train_tokenizer
from medtune.studies import get_task
from medtune.studies.yesno.card import FROM_ABSTRACT, FROM_WEIGHTS, study_card
from medtune.studies.yesno.jobs import YesNoJobs
from medtune.studies.yesno.labels import LABELS
from medtune.studies.yesno.plain_examples import plain_examples
from medtune.studies.yesno.prepare import NOT_DRAWN
from medtune.studies.yesno.published_split import read_test_ids
from medtune.studies.yesno.pubmedqa import read_pubmedqa
from medtune.studies.yesno.section import YesNoData
from medtune.studies.yesno.template import INSTRUCTION, INSTRUCTION_WITH_ABSTRACT, YesNoTask
from medtune.training.preflight import check_rows
from tests.unit import yesno_data
from tests.unit.job_cases import tiny, wildcards
from tests.unit.yesno_data import pubmedqa, refusal

TASK = YesNoTask(context="abstract")
EXAMPLE = {
    "id": "1",
    "context": "We looked. We found it.",
    "question": "Does it help?",
    "label": "No",
    "rationale": "It did not.",
}
ALONE = {name: value for name, value in EXAMPLE.items() if name != "context"}
PUBLISHED = {"per_class": None, "context": "abstract"}
"""Settings of PubMedQA's reasoning-required setting, without the path of the ids."""


run = partial(yesno_data.run, pretraining=None)


def ids_file(folder: Path, ids) -> str:
    path = folder / "ids.json"
    path.write_text(json.dumps(ids))
    return str(path)


# The prompt


def test_the_abstract_stands_before_the_question():
    assert TASK.prompt(EXAMPLE) == "Abstract: We looked. We found it.\nQ: Does it help?\nA:"
    assert YesNoTask().prompt(EXAMPLE) == YesNoTask().prompt(ALONE) == TASK.prompt(ALONE) == "Q: Does it help?\nA:"


def test_a_base_model_is_asked_with_the_abstract_in_the_form_that_it_knows():
    surveyed = YesNoTask(form="practised", text="general", context="abstract")
    assert surveyed.prompt(EXAMPLE) == (
        "We looked. We found it. We asked 30 doctors: Does it help? The commonest answer was"
    )
    instructed = YesNoTask(form="practised", context="abstract")
    assert instructed.prompt(EXAMPLE) == f"{INSTRUCTION_WITH_ABSTRACT}\n\nWe looked. We found it.\n\nDoes it help?"
    tokenizer = train_tokenizer([INSTRUCTION_WITH_ABSTRACT], 300)
    tokenizer.chat_template = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}<assistant>"
    assert tokenizer.decode(instructed.render_prompt(EXAMPLE, tokenizer)) == (
        f"<system>{INSTRUCTION_WITH_ABSTRACT}<user>We looked. We found it.\n\nDoes it help?<assistant>"
    )
    assert tokenizer.decode(instructed.render_prompt(ALONE, tokenizer)) == (
        f"<system>{INSTRUCTION}<user>Does it help?<assistant>"
    )


def test_an_adapter_trained_without_abstracts_is_of_another_template():
    assert TASK.template_hash != YesNoTask().template_hash


def test_a_row_whose_abstract_does_not_fit_is_left_out_of_training_and_counted_not_cut():
    tokenizer = train_tokenizer(["We looked. Does it help? No. Rationale: It did not."], 300)
    rows = [TASK.render({**EXAMPLE, "context": "We looked. " * times}, tokenizer) for times in (1, 200)]
    whole = check_rows(rows, 200, tokenizer, "train", TASK.whole_prompts)
    assert (len(whole), whole.left_out, whole.truncated) == (1, 1, 0)
    cut = check_rows(rows, 200, tokenizer, "train", YesNoTask().whole_prompts)
    assert (len(cut), cut.left_out, cut.truncated) == (2, 0, 1)


# What is read


def test_the_sections_of_an_abstract_become_one_line_without_the_conclusion(tmp_path):
    source = pubmedqa(tmp_path / "a.json", {"yes": 1})
    (question,), _ = read_pubmedqa(source["path"], "a", abstracts=True)
    assert question.context == "In group 0 of yes we looked. And we found it."
    (alone,), _ = read_pubmedqa(source["path"], "a")
    assert alone.context is None


@pytest.mark.parametrize(
    "contexts, fault",
    [
        (None, "no abstract"),
        ("A text.", "no abstract"),
        (["A text.", None], "no abstract"),
        ([], "the abstract is empty"),
        ([" "], "the abstract is empty"),
    ],
)
def test_a_question_without_its_abstract_is_refused_where_one_is_asked(tmp_path, contexts, fault):
    path = tmp_path / "a.json"
    record = {"QUESTION": "Does it help now?", "LONG_ANSWER": "It does.", "final_decision": "yes", "CONTEXTS": contexts}
    path.write_text(json.dumps({"7": record}))
    with pytest.raises(InputError) as caught:
        read_pubmedqa(path, "a", abstracts=True)
    assert str(caught.value) == f'{path}, record "7": {fault}; expected a list of texts in the field "CONTEXTS"'
    assert len(read_pubmedqa(path, "a")[0]) == 1


def hub_table(**columns):
    return pyarrow.table(
        {
            "pubid": [7],
            "question": ["Does it help now?"],
            "long_answer": ["It does."],
            "final_decision": ["yes"],
            **columns,
        }
    )


def test_the_hubs_parquet_has_abstracts_in_a_structure(tmp_path):
    path = tmp_path / "a.parquet"
    context = {"contexts": ["We looked.", "We found it."], "labels": ["METHODS", "RESULTS"], "meshes": ["Humans"]}
    pyarrow.parquet.write_table(hub_table(context=[context]), path)
    (question,), _ = read_pubmedqa(path, "a", abstracts=True)
    assert question.context == "We looked. We found it."
    assert read_pubmedqa(path, "a")[0][0].context is None


def test_a_parquet_file_without_abstracts_is_refused_where_they_are_asked(tmp_path):
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(hub_table(), path)
    with pytest.raises(InputError) as caught:
        read_pubmedqa(path, "a", abstracts=True)
    assert str(caught.value) == f"{path}: no column context; found pubid, question, long_answer, final_decision"
    assert len(read_pubmedqa(path, "a")[0]) == 1


@pytest.mark.parametrize(
    "source, keys, fault",
    [
        (
            {"format": "bioasq", "path": "b.json"},
            {"context": "abstract"},
            "context: abstract needs an abstract for each question, and the format bioasq has none; switch the source "
            "off (`mine: null`)",
        ),
        ({"format": "synthetic"}, {"context": "abstract"}, "the format synthetic has none"),
        ({"format": "synthetic"}, {"test_ids": "ids.json"}, "test_ids cannot go with synthetic questions"),
        ({"format": "synthetic"}, {"per_class": None}, "per_class: null cannot go with synthetic questions"),
    ],
)
def test_sources_without_what_is_asked_are_refused(source, keys, fault):
    with pytest.raises(ValidationError, match=fault.replace("(", r"\(").replace(")", r"\)")):
        YesNoData(sources={"mine": source}, **keys)


# The splits


def test_rows_with_abstracts_are_in_the_same_splits_as_without(tmp_path):
    source = {"a": pubmedqa(tmp_path / "a.json", {"yes": 15, "no": 12, "maybe": 10})}
    alone, plain = run(tmp_path / "1", source)
    asked, manifest = run(tmp_path / "2", source, context="abstract")
    for split in ("train", "validation", "test"):
        assert [row["id"] for row in asked[split]] == [row["id"] for row in alone[split]]
        for row, other in zip(asked[split], alone[split], strict=True):
            assert row["context"].startswith("In group ") and "context" not in other
            assert row["text"] == f"Abstract: {row['context']}\n{other['text']}"
    assert asked["challenge"] == alone["challenge"]
    assert "context" not in plain and "test_ids" not in plain
    assert manifest["context"]["form"] == "abstract"
    assert manifest["context"]["leakage"]["compared"] == {"train": 24, "validation": 3, "test": 3}


def with_abstract(path, key, contexts):
    """Changes the abstract of one record."""
    records = json.loads(path.read_text())
    records[key]["CONTEXTS"] = contexts
    path.write_text(json.dumps(records))


def test_questions_of_one_abstract_are_in_one_split(tmp_path):
    source = {"a": pubmedqa(tmp_path / "a.json", {"yes": 10, "no": 10, "maybe": 10})}
    for number in range(10):
        with_abstract(tmp_path / "a.json", f"no{number}", [f"The abstract number {number // 5}."])
    rows, _ = run(tmp_path / "out", source, per_class=None, context="abstract")
    homes = {}
    for split in ("train", "validation", "test"):
        for row in rows[split]:
            homes.setdefault(row["context"], set()).add(split)
    assert len(homes) == 22 and all(len(splits) == 1 for splits in homes.values())


def test_the_test_split_is_that_of_the_ids_in_their_order(tmp_path):
    source = {"a": pubmedqa(tmp_path / "a.json", {"yes": 20, "no": 12, "maybe": 8})}
    ids = {"maybe3": "maybe", "yes1": "yes", "no11": "no", "yes0": None}
    path = ids_file(tmp_path, ids)
    rows, manifest = run(tmp_path / "out", source, per_class=None, test_ids=path)
    assert [row["id"] for row in rows["test"]] == [f"a/{key}" for key in ids]
    assert (len(rows["train"]), len(rows["validation"])) == (32, 4)  # 8 : 1 of 36
    assert Counter(row["label"] for row in rows["train"]) == {"Yes": 16, "No": 10, "Uncertain": 6}
    assert manifest["dropped"] == []
    assert manifest["test_ids"] == {"path": path, "sha256": sha256_of(path), "records": 4}


def test_per_class_is_of_what_the_test_split_leaves(tmp_path):
    source = {"a": pubmedqa(tmp_path / "a.json", {"yes": 12, "no": 12, "maybe": 12})}
    path = ids_file(tmp_path, {"yes1": "yes", "no1": "no"})
    rows, manifest = run(tmp_path / "out", source, per_class=9, test_ids=path)
    assert (len(rows["train"]), len(rows["validation"]), len(rows["test"])) == (24, 3, 2)
    assert [(drop["reason"], drop["count"]) for drop in manifest["dropped"]] == [(NOT_DRAWN, 36 - 2 - 27)]


@pytest.mark.parametrize(
    "ids, fault",
    [
        (
            {"yes1": "yes", "12": "no"},
            'id "12": not in the data; expected all ids of the test split among the questions',
        ),
        ({"yes1": "no"}, 'id "yes1": its label is No there, and Yes in a'),
        ({"short": "yes"}, 'id "short": left out of the data (question shorter than 3 words); expected all ids'),
        (["yes1"], "expected a JSON object whose keys are the PubMed ids of the test split"),
        ({}, "expected a JSON object whose keys are the PubMed ids of the test split"),
    ],
)
def test_ids_without_their_questions_are_refused(tmp_path, ids, fault):
    source = pubmedqa(tmp_path / "a.json", {"yes": 12, "no": 12, "maybe": 12})
    records = json.loads((tmp_path / "a.json").read_text())
    records["short"] = {**records["yes1"], "QUESTION": "So?"}
    (tmp_path / "a.json").write_text(json.dumps(records))
    path = ids_file(tmp_path, ids)
    message = refusal(tmp_path, {"a": source}, per_class=None, test_ids=path)
    assert message.startswith(path) and fault in message


def test_an_id_of_two_questions_is_refused(tmp_path):
    first = pubmedqa(tmp_path / "a.json", {"yes": 4, "no": 4})
    second = pubmedqa(tmp_path / "b.json", {"yes": 4}, text="Is treatment {} any good for {}?")
    path = ids_file(tmp_path, {"yes1": "yes"})
    message = refusal(tmp_path, {"a": first, "b": second}, per_class=None, test_ids=path)
    assert message == f'{path}, id "yes1": 2 different questions have it, of a and b; expected one'


def test_a_missing_file_of_ids_is_named(tmp_path):
    source = pubmedqa(tmp_path / "a.json", {"yes": 4, "no": 4})
    assert "none.json: no such file" in refusal(tmp_path, {"a": source}, test_ids=str(tmp_path / "none.json"))


def test_an_abstract_of_the_test_split_among_the_others_is_named(tmp_path):
    source = pubmedqa(tmp_path / "a.json", {"yes": 10, "no": 10, "maybe": 10})
    with_abstract(tmp_path / "a.json", "no1", ["In group 1 of YES, we looked.", "And we found it"])
    message = refusal(tmp_path, {"a": source}, **PUBLISHED, test_ids=ids_file(tmp_path, {"yes1": "yes", "yes2": "yes"}))
    assert message.startswith('the abstract "In group 1 of') and "stands in two splits" in message


def test_near_twins_of_question_and_abstract_are_counted(tmp_path):
    source = pubmedqa(tmp_path / "a.json", {"yes": 10, "no": 10, "maybe": 10})
    text = " ".join(f"word{number}" for number in range(40))
    with_abstract(tmp_path / "a.json", "yes1", [text])
    with_abstract(tmp_path / "a.json", "yes2", [f"{text} and more"])
    with_abstract(tmp_path / "a.json", "no1", [" ".join(f"other{number}" for number in range(40))])
    path = ids_file(tmp_path, {"yes1": "yes", "no1": "no"})
    _, manifest = run(
        tmp_path / "out",
        {"a": source},
        **PUBLISHED,
        test_ids=path,
        splits={"train": 0.45, "validation": 0.05, "test": 0.5},
    )
    assert manifest["context"]["near_twins"]["count"]["test"] == 1


# Rules, card and page


def study(**data) -> YesNoJobs:
    sources = {"synthetic": None, "mine": {"format": "pubmedqa_labeled", "path": "pqal.json"}}
    return YesNoJobs(tiny(yesno={"data": {"sources": sources, **data}}))


def test_what_is_not_set_is_in_no_param():
    jobs = study()
    assert jobs.data_settings().keys() == {"sources", "per_class", "splits"}
    road = jobs.road()
    assert road.train[0].task_options == {}
    assert [job.task_options for job in road.generate] == [{}, {"form": "practised", "text": "general"}, {}]


def test_what_is_asked_is_a_param_of_training_and_of_each_generation(tmp_path):
    ids = ids_file(tmp_path, {"1": "yes"})
    jobs = study(context="abstract", test_ids=ids, per_class=None)
    settings = jobs.data_settings()
    assert (settings["context"], settings["test_ids"], settings["per_class"]) == ("abstract", ids, None)
    assert jobs.sources(wildcards()) == [ids]
    road = jobs.road()
    options = [road.train[0].task_options, *(job.task_options for job in road.generate)]
    assert [found["context"] for found in options] == ["abstract"] * 4
    for found in options:
        assert get_task("yesno", **found).whole_prompts


def test_the_card_says_what_is_asked_and_where_the_test_split_is_from(tmp_path):
    source = pubmedqa(tmp_path / "a.json", {"yes": 10, "no": 10, "maybe": 10})
    path = ids_file(tmp_path, {"yes1": "yes", "no2": "no"})
    _, manifest = run(tmp_path / "out", {"a": source}, **PUBLISHED, test_ids=path)
    card = study_card(manifest)
    assert card.prompt.startswith("Abstract: ") and "`Abstract: …`" in card.summary
    assert "reasoning-required" in card.limits[0]
    assert FROM_ABSTRACT in card.limits and FROM_WEIGHTS not in card.limits
    assert f"the 2 ids in `{path}`" in card.limits[2]
    _, plain = run(tmp_path / "plain", {"a": source})
    assert FROM_WEIGHTS in study_card(plain).limits
    assert study_card(plain).prompt.startswith("Q: ") and "bstract" not in " ".join(study_card(plain).limits)


def test_as_a_labelled_text_a_question_stands_after_its_abstract(tmp_path):
    write_jsonl(tmp_path / "test.jsonl", [EXAMPLE, ALONE])
    asked, alone = plain_examples(tmp_path / "test.jsonl", "labels")
    assert asked == {"id": "1", "text": "We looked. We found it.\n\nDoes it help?", "label": "No"}
    assert alone == {"id": "1", "text": "Does it help?", "label": "No"}


# PubMedQA itself


@pytest.fixture(scope="module")
def published(corpora, tmp_path_factory):
    """PubMedQA's published split with abstracts."""
    folder = corpora / "pubmedqa"
    source = {"format": "pubmedqa_labeled", "path": str(folder / "ori_pqal.json")}
    ids = folder / "test_ground_truth.json"
    rows, manifest = run(tmp_path_factory.mktemp("published"), {"pubmedqa": source}, **PUBLISHED, test_ids=str(ids))
    return rows, manifest, read_test_ids(ids)


def test_pubmedqas_published_split_is_500_and_444_and_56(published):
    rows, manifest, ids = published
    assert manifest["records"] == {"train": 444, "validation": 56, "test": 500, "challenge": 1}
    assert manifest["labels_by_split"]["test"] == {"Yes": 276, "No": 169, "Uncertain": 55}
    assert {row["id"]: row["label"] for row in rows["test"]} == {f"pubmedqa/{key}": label for key, label in ids.items()}
    assert manifest["dropped"] == []
    assert manifest["context"]["leakage"]["twins"] == 0


def test_pubmedqas_folds_of_450_and_50_are_had_by_shares(corpora, tmp_path):
    folder = corpora / "pubmedqa"
    source = {"format": "pubmedqa_labeled", "path": str(folder / "ori_pqal.json")}
    shares = {"train": 0.45, "validation": 0.05, "test": 0.5}
    ids = str(folder / "test_ground_truth.json")
    _, manifest = run(tmp_path, {"pubmedqa": source}, per_class=None, test_ids=ids, splits=shares)
    assert manifest["records"] == {"train": 450, "validation": 50, "test": 500, "challenge": 1}


def test_no_prompt_of_pubmedqa_holds_the_conclusion(published):
    rows, _, _ = published
    shown = [row for row in rows["test"] if row["rationale"] in TASK.prompt(row)]
    assert shown == []


def test_figures_are_those_of_pubmedqas_evaluation(published):
    """Its evaluation.py: sklearn's accuracy and macro-F1 on the 500 test items."""
    rows, _, _ = published
    gold = [row["label"] for row in rows["test"]]
    draw = random.Random(1)
    predicted = [label if draw.random() < 0.7 else draw.choice(LABELS) for label in gold]
    found = label_metrics(gold, predicted, LABELS, Drawn("questions"))
    assert found["accuracy"]["n"] == 500
    assert np.isclose(found["accuracy"]["value"], accuracy_score(gold, predicted))
    assert np.isclose(found["macro_f1"]["value"], f1_score(gold, predicted, average="macro"))
