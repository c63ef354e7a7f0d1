"""The audit of a base model: it gives a sign where test items were read before, and none where they were not."""

import numpy as np
import pytest
import torch

from medtune.errors import InputError
from medtune.files import read_json, write_json, write_jsonl
from medtune.kinds.contamination import KNOWN, UNKNOWN, UNTOLD, signal_rows
from medtune.metrics.membership import lowest_mean
from medtune.stages.audit_base import Job, audit_base, differences, signals_of
from medtune.studies import get_task
from tests.unit.tiny_model import tiny_model

TASK = {"study": "leaflet", "prompt": "Question: {text}\nAnswer:"}


def audit_of(test, train, groups=None):
    """The audit of answers with these log-likelihoods of tokens. groups: of the test items."""
    examples = [{"id": str(n), **({"group": groups[n]} if groups else {})} for n in range(len(test))]
    figures = {
        "test": signals_of(examples, test),
        "train": signals_of([{"id": f"t{n}"} for n in range(len(train))], train),
    }
    splits = {split: {name: one.as_dict() for name, one in found.items()} for split, found in figures.items()}
    return {
        "base_model": {"name": "tiny"},
        "splits": splits,
        "differences": differences(figures["test"], figures["train"]),
    }


def told(*audits):
    return [row["told"] for row in signal_rows(audits)]


def drawn(rng, n, mean):
    return [list(rng.normal(mean + rng.normal(0, 0.5), 1, size=rng.integers(2, 9))) for _ in range(n)]


def test_the_lowest_fifth_of_tokens_is_at_least_one():
    assert lowest_mean([-1.0]) == -1
    assert lowest_mean([-1.0, -9.0, -2.0, -3.0, -4.0]) == -9
    assert lowest_mean([-float(n) for n in range(10)]) == -8.5
    assert lowest_mean([-float(n) for n in range(6)]) == -4.5  # of 1.2 tokens 2


def test_a_sign_is_given_for_likelier_test_items_alone():
    rng = np.random.default_rng(5)
    same, likelier = drawn(rng, 80, -3), drawn(rng, 80, -2)
    assert told(audit_of(likelier, same)) == [KNOWN, KNOWN]
    assert told(audit_of(same, likelier)) == [UNKNOWN, UNKNOWN]


def test_items_that_no_model_has_read_rarely_give_a_sign_and_the_interval_holds_the_difference():
    rng = np.random.default_rng(1)
    signs, held = [], []
    for _ in range(200):
        audit = audit_of(drawn(rng, 40, -3), drawn(rng, 25, -3))
        signs.append(KNOWN in told(audit))
        difference = audit["differences"]["log_likelihood"]
        held.append(difference["low"] <= 0 <= difference["high"])
    assert np.mean(signs) <= 0.06  # one side of 0.05, and three standard errors of the simulation
    assert 0.9 <= np.mean(held) <= 0.99


def test_groups_are_the_units():
    rng = np.random.default_rng(2)
    test, train = drawn(rng, 30, -2.4), drawn(rng, 60, -3)
    alone, patients = (
        audit_of(test, train),
        audit_of([one for one in test for _ in range(4)], train, [f"p{n // 4}" for n in range(120)]),
    )
    assert patients["splits"]["test"]["log_likelihood"]["n"] == 30
    assert patients["splits"]["test"]["log_likelihood"]["unit"] == "groups"
    assert patients["differences"]["log_likelihood"] == pytest.approx(alone["differences"]["log_likelihood"], rel=0.01)
    assert told(audit_of(test, train, ["one"] * 30)) == [UNTOLD, UNTOLD]


def test_several_models_are_corrected_for_together():
    rng = np.random.default_rng(3)
    test, train = drawn(rng, 40, -2.65), drawn(rng, 40, -3)
    one = signal_rows([audit_of(test, train)])[0]
    many = signal_rows([audit_of(test, train)] * 5)[0]
    assert one["difference"]["p_value"] < one["p_holm"] < many["p_holm"]


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """A tiny model, the same after training on the test items, and the splits: questions with random answers."""
    folder, rng = tmp_path_factory.mktemp("audit"), np.random.default_rng(0)
    for split in ("train", "test"):
        rows = [
            {"id": f"{split}{n}", "text": f"What is {n}?", "answer": " ".join(rng.choice(list("aeiou"), 6))}
            for n in range(30)
        ]
        write_jsonl(folder / f"{split}.jsonl", rows)
        if split == "test":
            known = rows
    model, tokenizer = tiny_model()
    task = get_task("own_answers", **TASK)
    saved(model, tokenizer, folder / "unread")
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    rendered = [task.render(row, tokenizer) for row in known]
    width = max(len(one.prompt) + len(one.completion) for one in rendered)
    ids = [[*one.prompt, *one.completion] for one in rendered]
    ids = torch.tensor([row + [tokenizer.eos_token_id] * (width - len(row)) for row in ids])
    labels = ids.clone()
    for row, one in zip(labels, rendered, strict=True):
        row[: len(one.prompt)] = -100
        row[len(one.prompt) + len(one.completion) :] = -100
    for _ in range(60):
        model(input_ids=ids, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    saved(model, tokenizer, folder / "read")
    return folder


def saved(model, tokenizer, folder):
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_json(folder / "record.json", {"name": folder.name, "fingerprint": folder.name})


def job_of(material, base, **changes):
    return Job(
        **{
            "task": "own_answers",
            "task_options": TASK,
            "splits": {split: material / f"{split}.jsonl" for split in ("train", "test")},
            "base": material / base,
            "items": 25,
            "seed": 1,
            "batch_tokens": 2000,
            **changes,
        }
    )


def test_a_model_that_has_read_the_test_items_gives_a_sign_and_one_that_has_not_gives_none(material, tmp_path):
    audits = []
    for base in ("unread", "read"):
        audit_base(job_of(material, base), tmp_path / f"{base}.json")
        audits.append(read_json(tmp_path / f"{base}.json"))
    assert told(*audits)[:2] == [UNKNOWN, UNKNOWN]
    assert told(*audits)[2] == KNOWN
    assert audits[1]["splits"]["test"]["answers"] == audits[1]["splits"]["train"]["log_likelihood"]["n"] == 25
    audit_base(job_of(material, "read", batch_tokens=1), tmp_path / "again.json")
    for split in ("train", "test"):
        first, again = (
            one["splits"][split]["log_likelihood"]["value"] for one in (audits[1], read_json(tmp_path / "again.json"))
        )
        assert first == pytest.approx(again, abs=1e-4)


def test_answers_that_do_not_fit_are_counted_and_a_split_where_none_does_is_refused(material, tmp_path):
    rows = [{"id": str(n), "text": "Why?", "answer": "a " * (3000 if n < 4 else 1)} for n in range(10)]
    write_jsonl(tmp_path / "test.jsonl", rows)
    splits = {"train": material / "train.jsonl", "test": tmp_path / "test.jsonl"}
    audit_base(job_of(material, "unread", splits=splits), tmp_path / "audit.json")
    found = read_json(tmp_path / "audit.json")["splits"]["test"]
    assert (found["answers"], found["too_long"]) == (6, 4)
    write_jsonl(tmp_path / "test.jsonl", rows[:4])
    with pytest.raises(InputError, match=r"test\.jsonl: of 4 answers none has a token and fits.*set `audit` to null"):
        audit_base(job_of(material, "unread", splits=splits), tmp_path / "audit.json")
