"""The forgetting guard: what an adapter lost on items that are not of its task, against its base model."""

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model

from medtune.data.general_questions import FILE, general_questions
from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, write_json, write_jsonl
from medtune.metrics.forgetting import GuardItem, forgetting_rows
from medtune.reporting.forgetting_text import forgetting_section
from medtune.stages.guard import GENERAL, Job, Source, measure_forgetting
from tests.unit.tiny_model import tiny_model

CITIES = {"study": "cities", "prompt": "City: {text}\nCountry:"}


def city(n, **more):
    return {"id": f"c{n}", "text": f"city number {n}", "answer": f"country {n}", **more}


def item(base, adapter, n=0, source=GENERAL, **exact):
    return GuardItem(source, f"i{n}", 3, base, adapter, exact.get("base_exact", False), exact.get("exact", False))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A base model, two adapters on it (one as new, without effect, one of random weights), and texts trained on."""
    root = tmp_path_factory.mktemp("guard")
    model, tokenizer = tiny_model()
    model.save_pretrained(root / "base")
    tokenizer.save_pretrained(root / "base")
    write_json(root / "base/record.json", {"name": "tiny", "fingerprint": "base-1"})
    adapted = get_peft_model(model, LoraConfig(target_modules="all-linear", r=4, task_type="CAUSAL_LM"))
    for name in ("new", "noise"):
        if name == "noise":
            torch.manual_seed(3)
            for key, weight in adapted.named_parameters():
                if "lora_" in key:
                    torch.nn.init.normal_(weight, std=1.0)
        adapted.save_pretrained(root / name)
        tokenizer.save_pretrained(root / name)
    write_jsonl(root / "train.jsonl", [city(0), city(1)])
    return root


def measured(folders, adapter, tests=None, output=None, **changes):
    sources = []
    if tests is not None:
        write_jsonl(folders / "test.jsonl", tests)
        sources = [Source(study="cities", task="own_answers", task_options=CITIES, test=folders / "test.jsonl")]
    usual = {"items": 12, "study_items": 4, "seed": 1, "batch_tokens": 400}
    job = {**usual, "train": folders / "train.jsonl", "base": folders / "base", "adapter": folders / adapter}
    output = output or folders / "guard.json"
    measure_forgetting(Job(**{**job, "sources": sources, **changes}), output)
    return read_json(output)


def test_an_adapter_without_effect_lost_exactly_nothing(folders):
    found = measured(folders, "new", [city(n) for n in range(10, 20)])
    assert [row["source"] for row in found["sources"]] == [GENERAL, "cities"]
    assert [(row["n"], row["loss"], row["p_value"]) for row in found["sources"]] == [(12, 0.0, 1.0), (4, 0.0, 1.0)]
    assert all(row["verdict"] == "no difference shown" and row["loss_low"] < 0 for row in found["sources"])
    assert all(one["base"] == one["adapter"] for one in found["items"])


def test_an_adapter_of_noise_shows_a_loss_on_what_the_base_model_knows(folders, tmp_path):
    """The base model is taught the questions, so that there is something to forget."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from medtune.models.rendering import render

    model, tokenizer = (auto.from_pretrained(folders / "base") for auto in (AutoModelForCausalLM, AutoTokenizer))
    rendered = [render(one.prompt, f" {one.answer}", tokenizer) for one in general_questions(12)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(15):
        for one in rendered:
            ids = torch.tensor([one.prompt + one.completion])
            model(input_ids=ids, labels=ids).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    model.save_pretrained(tmp_path / "taught")
    found = measured(folders, "noise", base=tmp_path / "taught")
    (row,) = found["sources"]
    assert row["loss"] > 1 and row["loss_low"] > 0 and row["p_holm"] < 0.05 and row["verdict"] == "loss"
    assert row["base_exact"]["value"] > row["adapter_exact"]["value"] == 0
    values = [one["base"] - one["adapter"] for one in found["items"]]
    assert row["loss"] == pytest.approx(np.mean(values), abs=1e-5)
    assert len(measured(folders, "noise", base=tmp_path / "taught")["items"]) == 12


def test_the_same_guard_has_the_same_figures_with_other_batches(folders):
    first = measured(folders, "noise", [city(n) for n in range(10, 20)])
    other = measured(folders, "noise", [city(n) for n in range(10, 20)], batch_tokens=60)
    assert [one["id"] for one in first["items"]] == [one["id"] for one in other["items"]]
    for one, again in zip(first["items"], other["items"], strict=True):
        assert one["adapter"] == pytest.approx(again["adapter"], abs=1e-3)


def test_no_text_that_is_trained_on_and_one_text_of_each_patient_is_asked(folders):
    tests = [city(0), city(5, text=" city  number 1 ".replace("  ", " ")), *(city(n, group="p") for n in (6, 7, 8))]
    found = measured(folders, "new", [*tests, city(9)], study_items=2)
    assert {one["id"] for one in found["items"] if one["source"] == "cities"} == {"c6", "c9"}
    assert found["left_out"] == {"cities": {"in_training": 2, "too_long": 0}}
    assert "Of other studies were left out: 2 items whose text the study trains on." in forgetting_section(found)


def test_items_longer_than_the_base_model_reads_are_counted_and_not_cut(folders, monkeypatch):
    monkeypatch.setattr("medtune.stages.guard._context", lambda model: 60)
    found = measured(folders, "new", [city(9, text="word " * 40), city(10), city(11)], study_items=2)
    assert found["left_out"]["cities"] == {"in_training": 0, "too_long": 1}


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        (
            [city(0), city(7), city(8), city(9)],
            '3 items of the study "cities" can be asked (4 test items in all), and guard.study_items = 4; set it to 3',
        ),
        ([city(0), city(1)], "all of its 2 test items are trained on or are too long; leave it out of guard.studies"),
    ],
)
def test_more_items_than_there_are_is_refused_with_their_number(folders, tests, said, tmp_path):
    with pytest.raises(InputError) as error:
        measured(folders, "new", tests, tmp_path / "guard.json")
    assert said in str(error.value) and str(folders / "test.jsonl") in str(error.value)
    assert not (tmp_path / "guard.json").exists()


def test_general_questions_are_distinct_and_any_number_has_skills_in_equal_parts():
    questions = general_questions(40)
    assert len(read_jsonl(FILE)) == 40
    assert len({one.id for one in questions}) == len({one.prompt for one in questions}) == 40
    assert all(one.answer == one.answer.strip() != "" and one.prompt == one.prompt.strip() for one in questions)
    for number in (4, 32):
        skills = [one.skill for one in general_questions(number)]
        assert {skills.count(skill) for skill in set(skills)} == {number // 4} and len(set(skills)) == 4
    with pytest.raises(ValueError, match="there are 40"):
        general_questions(41)


def test_the_configuration_allows_as_many_general_questions_as_there_are():
    from medtune.config import Guard

    Guard(items=len(read_jsonl(FILE)))
    with pytest.raises(ValueError, match="less than or equal to 40"):
        Guard(items=len(read_jsonl(FILE)) + 1)


def test_verdicts_are_corrected_for_all_sources_of_an_adapter():
    items = [item(-1.0, -1.0 - 0.1 * (n + 1), n, base_exact=n < 3) for n in range(6)]
    items += [item(-2.0, -2.0 + 0.1 * (-1) ** n, n, "cities", exact=True) for n in range(6)]
    lost, same = forgetting_rows(items, seed=0)
    assert (lost["source"], lost["n"], lost["loss"]) == (GENERAL, 6, pytest.approx(0.35))
    assert lost["p_value"] == pytest.approx(2 / 2**6) and lost["p_holm"] == pytest.approx(4 / 2**6)
    assert lost["verdict"] == same["verdict"] == "no difference shown"
    assert forgetting_rows(items[:6], seed=0)[0]["verdict"] == "loss"
    gained = [GuardItem(one.source, one.id, 3, one.adapter, one.base, False, True) for one in items[:6]]
    assert forgetting_rows(gained, seed=0)[0]["verdict"] == "gain"
    assert (lost["base_exact"]["value"], same["adapter_exact"]["value"]) == (0.5, 1.0)
    assert lost["base"]["value"] == -1.0 and lost["base"]["n"] == 6 and lost["base"]["high"] > -1.0


def test_the_section_of_a_card_shows_each_figure_with_n_and_interval():
    rows = forgetting_rows([item(-1.0, -1.0 - 0.1 * (n + 1), n) for n in range(6)], seed=0)
    text = forgetting_section({"sources": rows, "left_out": {}})
    (line,) = (line for line in text.splitlines() if line.startswith("| general questions"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1:3] == ["6", "-1.000 (-1.063 to -0.937)"] or cells[1] == "6"
    assert cells[4].startswith("+0.350 (+0.1") and cells[5:7] == ["0.031", "loss"]
    assert cells[7] == cells[8] and cells[7].startswith("0.0 % (0.0–")
    assert "left out" not in text
