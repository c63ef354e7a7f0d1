"""The train stage: an adapter folder and its record, the same however often the job was killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from medtune.config import Tracking, Training
from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, write_json, write_jsonl
from medtune.kinds.task import Task
from medtune.methods.adapter.checkpoint_figure import drawn
from medtune.methods.adapter.training import check_base
from medtune.reporting.tracking import TrackedRun
from medtune.stages import train_adapter as stage
from medtune.stages.train_adapter import Job, train_adapter
from medtune.state import open_state
from medtune.studies import get_task
from medtune.studies.yesno.generator import make_questions
from medtune.training.batches import LengthGroupedSampler
from tests.conftest import ROOT
from tests.unit.killed import hidden
from tests.unit.tiny_model import tiny_model

LABELS = ("Yes", "No", "Uncertain")
SETTINGS = {"lora": {"rank": 4}, "epochs": 2, "evaluate_every": 2, "learning_rate": 3e-3}
# 24 rows, 16 per step: 2 steps per epoch, 4 in all.

KILLED_AT_THE_SECOND_CHECKPOINT = """
from medtune.training import callbacks
def die(checkpoint, progress):
    if checkpoint.name == "checkpoint-4":
        os.kill(os.getpid(), signal.SIGKILL)
    seal(checkpoint, progress)
seal, callbacks.seal = callbacks.seal, die
"""
KILLED_AMID_THE_ADAPTER = """
import shutil
def copyfile(source, target):
    copy(source, target)
    os.kill(os.getpid(), signal.SIGKILL)
copy, shutil.copyfile = shutil.copyfile, copyfile
"""
TRAINING = """
from medtune.config import Tracking
from medtune.stages.train_adapter import Job, train_adapter
from medtune.methods.adapter.checkpoint_figure import drawn
folder = Path(sys.argv[2])
job = Job.model_validate_json(sys.argv[1])
train_adapter(job, folder / "adapter", folder / "training.json", folder / "state", Tracking(), folder, None)
"""


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """Base model and two splits on disk."""
    folder = tmp_path_factory.mktemp("material")
    model, tokenizer = tiny_model()
    model.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    write_json(folder / "base" / "record.json", {"name": "tiny", "fingerprint": "base-1"})
    for split, n in (("train", 24), ("validation", 9)):
        rows = [
            {
                "id": f"{split}-{i}",
                "question": f"Is drug {split} {i} useful" + " often" * (i % 5) + "?",
                "label": LABELS[i % 3],
                "rationale": "It is." if i % 2 else "",
            }
            for i in range(n)
        ]
        write_jsonl(folder / f"{split}.jsonl", rows)
    return folder


def job_of(material, settings=(), **changes):
    return Job(
        **{
            "task": "yesno",
            "settings": {**SETTINGS, **dict(settings)},
            "seed": 42,
            "train": material / "train.jsonl",
            "validation": material / "validation.jsonl",
            "base": material / "base",
            **changes,
        }
    )


def run(job, folder, tracking=None):
    """Train into a folder; gives the record."""
    torch.set_num_threads(1)
    train_adapter(
        job,
        folder / "adapter",
        folder / "training.json",
        folder / "state",
        tracking or Tracking(),
        folder,
        TrackedRun("tiny", "yesno", "rank4", "tiny", 42, "train", {"rank": "4"}),
    )
    return read_json(folder / "training.json")


def weights(folder):
    return load_file(folder / "adapter" / "adapter_model.safetensors")


def same(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def kill(job, folder, where=KILLED_AT_THE_SECOND_CHECKPOINT):
    """Train in a process of its own, which is killed while it saves the second checkpoint, or the adapter."""
    program = f"import os, signal, sys\nfrom pathlib import Path\n{where}{TRAINING}"
    killed = subprocess.run(
        [sys.executable, "-c", program, job.model_dump_json(), str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow" / "scripts"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert not (folder / "training.json").exists()
    assert not list((folder / "adapter").iterdir())


@pytest.fixture(scope="module")
def trained(material, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    run(job_of(material), folder)
    return folder


def test_the_adapter_folder_is_complete_and_loads_on_its_base(material, trained):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    adapter = trained / "adapter"
    config = read_json(adapter / "adapter_config.json")
    assert config["base_model_name_or_path"] == str(material / "base")
    assert (config["r"], config["lora_alpha"], config["lora_dropout"]) == (4, 8, 0.05)
    assert config["target_modules"] == sorted(config["target_modules"])
    assert read_json(adapter / "template.json") == {
        "template_hash": get_task("yesno").template_hash,
        "base_fingerprint": "base-1",
        "base_model": "tiny",
        "base_path": str(material / "base"),
    }
    assert not (adapter / "README.md").exists(), "the model card is another rule's output"
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(config["base_model_name_or_path"]), adapter)
    assert any(value.abs().max() > 0 for name, value in model.named_parameters() if "lora_B" in name)
    assert AutoTokenizer.from_pretrained(adapter).eos_token_id == model.config.eos_token_id


def test_the_record_says_what_was_trained_and_the_state_is_gone(trained):
    record = read_json(trained / "training.json")
    assert record["base_model"] == {"name": "tiny", "fingerprint": "base-1"}
    assert record["settings"]["lora"] == {"rank": 4, "alpha": 8, "dropout": 0.05, "target_modules": "all-linear"}
    assert (record["steps"], record["effective_batch"], record["rows"], record["validation_rows"]) == (4, 16, 24, 9)
    assert [entry["step"] for entry in record["history"] if "validation_accuracy" in entry] == [2, 4]
    assert record["best_step"] in (2, 4)
    assert 0.9 < record["useful_token_share"] <= 1
    assert not (trained / "state").exists()
    assert not list(trained.glob("*.lock"))


def test_what_else_is_in_the_adapter_folder_stays(material, tmp_path):
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "README.md").write_text("a card")
    run(job_of(material, {"max_steps": 1}), tmp_path)
    assert (tmp_path / "adapter" / "README.md").read_text() == "a card"


def test_killed_and_run_again_the_adapter_is_that_of_an_undisturbed_run(material, trained, tmp_path):
    kill(job_of(material), tmp_path)
    record = run(job_of(material), tmp_path)
    assert record["resumed"] == 1
    assert same(weights(tmp_path), weights(trained))
    assert (tmp_path / "adapter" / "adapter_config.json").read_bytes() == (
        trained / "adapter" / "adapter_config.json"
    ).read_bytes()
    undisturbed = read_json(trained / "training.json")
    assert record["history"] == undisturbed["history"]
    assert record["useful_token_share"] == undisturbed["useful_token_share"]


def test_what_a_job_left_that_was_killed_amid_its_adapter_is_removed_by_the_next(material, trained, tmp_path):
    kill(job_of(material), tmp_path, KILLED_AMID_THE_ADAPTER)
    assert hidden(tmp_path) == [".adapter"]
    run(job_of(material), tmp_path)
    assert hidden(tmp_path) == []
    assert same(weights(tmp_path), weights(trained))


def test_a_retry_with_smaller_batches_goes_on_from_the_checkpoint(material, tmp_path):
    kill(job_of(material), tmp_path)
    record = run(job_of(material, batch_divisor=2), tmp_path)
    assert (record["per_device_batch"], record["accumulation"], record["effective_batch"]) == (2, 8, 16)
    assert (record["resumed"], record["steps"]) == (1, 4)


def test_another_seed_does_not_go_on_from_the_checkpoint(material, tmp_path):
    kill(job_of(material), tmp_path)
    assert run(job_of(material, seed=43), tmp_path)["resumed"] == 0


def test_lost_outputs_of_a_finished_training_are_written_without_training(material, trained, tmp_path, monkeypatch):
    def disk_full(*args):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(stage, "_write", disk_full)
        with pytest.raises(OSError, match="No space"):
            run(job_of(material), tmp_path)
    monkeypatch.setattr(stage, "run_training", lambda *args: pytest.fail("trained again"))
    run(job_of(material), tmp_path)
    assert same(weights(tmp_path), weights(trained))


def test_sigterm_ends_the_job_with_its_own_status_and_keeps_the_state(material, trained, tmp_path, monkeypatch):
    def terminate(self, metrics, step):
        if step == 1:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(stage.Tracker, "log", terminate)
        with pytest.raises(SystemExit) as ended:
            run(job_of(material), tmp_path)
    assert ended.value.code == 143
    assert run(job_of(material), tmp_path)["resumed"] == 1
    assert same(weights(tmp_path), weights(trained))


def after(trained, material, **changes):
    """A job that comes after the trained one."""
    earlier = {"earlier_record": trained / "training.json", "earlier_adapter": trained / "adapter"}
    return job_of(material, **{**earlier, **changes})


def test_a_training_that_would_repeat_an_earlier_one_is_copied(material, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(stage, "run_training", lambda *args: pytest.fail("trained again"))
    earlier = tmp_path / "earlier"
    shutil.copytree(trained, earlier)
    (earlier / "adapter" / "README.md").write_text("its card")
    record = run(after(earlier, material), tmp_path)
    assert record == {**read_json(trained / "training.json"), "copied_from": str(earlier / "training.json")}
    files = {path.name: path.read_bytes() for path in (tmp_path / "adapter").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (trained / "adapter").iterdir()}
    assert not (tmp_path / "state").exists()
    # Where training would start does not matter, and a copy can be copied.
    again = run(after(tmp_path, material, start=earlier / "adapter"), tmp_path / "again")
    assert again["copied_from"] == str(tmp_path / "training.json")
    assert same(weights(tmp_path / "again"), weights(trained))


def test_a_training_with_other_data_or_settings_is_not_copied(material, trained, tmp_path):
    few = job_of(material, {"max_steps": 1})
    record = run(after(trained, material, settings=few.settings), tmp_path / "settings")
    assert record["steps"] == 1 and "copied_from" not in record
    assert record["fingerprint"] != read_json(trained / "training.json")["fingerprint"]
    rows = read_jsonl(material / "train.jsonl")
    write_jsonl(tmp_path / "train.jsonl", rows[1:])
    other = after(tmp_path / "settings", material, settings=few.settings, train=tmp_path / "train.jsonl")
    assert "copied_from" not in run(other, tmp_path / "data")


def test_an_earlier_record_without_fingerprint_is_not_copied(material, trained, tmp_path):
    write_json(tmp_path / "old.json", {"steps": 4})
    job = after(trained, material, earlier_record=tmp_path / "old.json", settings={**SETTINGS, "max_steps": 1})
    assert "copied_from" not in run(job, tmp_path)


def test_training_goes_on_from_an_adapter_and_says_from_which(material, trained, tmp_path):
    assert read_json(trained / "training.json")["started_from"] is None
    still = {"max_steps": 1, "learning_rate": 1e-12}
    record = run(job_of(material, still, start=trained / "adapter"), tmp_path)
    assert record["started_from"] == str(trained / "adapter")
    assert same(weights(tmp_path), weights(trained))


def test_work_from_another_start_is_not_taken_up(material, trained, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(stage, "_write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(job_of(material, {"max_steps": 1}), tmp_path)
    trainings = []
    monkeypatch.setattr(stage, "run_training", lambda *args: trainings.append(args))
    with pytest.raises(SystemExit):
        run(job_of(material, {"max_steps": 1}, start=trained / "adapter"), tmp_path)
    assert len(trainings) == 1


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("template_hash", "0" * 64, 'start: trained with another template of task "yesno"'),
        ("base_fingerprint", "base-2", 'start: trained on base model "tiny" with other weights'),
    ],
)
def test_an_adapter_of_another_template_or_base_is_no_start(material, trained, tmp_path, key, value, message):
    start = tmp_path / "start"
    shutil.copytree(trained / "adapter", start)
    write_json(start / "template.json", {**read_json(start / "template.json"), key: value})
    with pytest.raises(InputError, match=message):
        run(job_of(material, start=start), tmp_path)
    assert not (tmp_path / "state").exists()


def test_an_adapter_of_another_rank_is_no_start(material, trained, tmp_path):
    with pytest.raises(InputError, match=r"has rank = 4, and training\.lora\.rank asks for 8"):
        run(job_of(material, {"lora": {"rank": 8}}, start=trained / "adapter"), tmp_path)


def test_loss_weights_of_a_task_are_heeded_and_part_of_the_fingerprint(material, tmp_path, monkeypatch):
    plain = run(job_of(material, {"max_steps": 1}), tmp_path / "plain")
    render = Task.render

    def weighted(task, example, tokenizer):
        row = render(task, example, tokenizer)
        return replace(row, weights=[9.0] + [1.0] * (len(row.completion) - 1))

    monkeypatch.setattr(Task, "render", weighted)
    heavy = run(job_of(material, {"max_steps": 1}), tmp_path / "weighted")
    assert heavy["history"][0]["loss"] != pytest.approx(plain["history"][0]["loss"], rel=1e-3)
    assert heavy["fingerprint"] != plain["fingerprint"]


def test_two_jobs_on_one_state_folder_are_refused(material, tmp_path):
    with (
        open_state(tmp_path / "state", "other"),
        pytest.raises(InputError, match=rf"is in use by another job \(pid {os.getpid()}"),
    ):
        run(job_of(material), tmp_path)


def test_two_processes_train_the_same_adapter(material, tmp_path):
    plain = {"lora": {"rank": 4, "dropout": 0.0}, "max_steps": 2}
    run(job_of(material, plain), tmp_path / "one")
    record = run(job_of(material, plain, processes=2), tmp_path / "two")
    assert (record["processes"], record["accumulation"], record["effective_batch"]) == (2, 2, 16)
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    assert all(torch.allclose(one[name], two[name], atol=1e-4) for name in one)


def test_rows_that_were_cut_are_counted(material, tmp_path):
    record = run(job_of(material, {"max_tokens": 40, "max_steps": 1}), tmp_path)
    assert record["truncated_rows"] > 0


def test_bad_rows_stop_the_job_before_anything_is_written(material, tmp_path):
    with pytest.raises(InputError, match=r"train\.jsonl, record \d+: its completion has .* max_tokens = 8"):
        run(job_of(material, {"max_tokens": 8}), tmp_path)
    assert not (tmp_path / "state").exists()
    assert not list((tmp_path / "adapter").iterdir())


def test_the_yes_no_questions_waste_less_than_five_percent_on_padding():
    task, tokenizer = get_task("yesno"), tiny_model()[1]
    rendered = [task.render(vars(question), tokenizer) for question in make_questions(88, seed=42)]
    lengths = [len(row.prompt) + len(row.completion) for row in rendered]
    assert len(lengths) == 264
    sampler = LengthGroupedSampler(lengths, 4, seed=42)
    for sampler.epoch in range(6):
        order = list(sampler)
        padded = sum(4 * max(lengths[row] for row in order[start : start + 4]) for start in range(0, 264, 4))
        assert sum(lengths) / padded >= 0.95


# Base models that cannot be trained


def changed_base(material, folder, **config):
    """A copy of the base model with another config.json."""
    shutil.copytree(material / "base", folder)
    write_json(folder / "config.json", {**read_json(folder / "config.json"), **config})
    return folder


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        ({"quant_method": "gptq", "bits": 4}, "its weights are quantised by gptq, on which no adapter is trained"),
        ({"load_in_4bit": True}, r"quantised as nf4 already, and training\.quantization asks for none; set nf4, or"),
    ],
)
def test_a_prequantised_base_is_refused_where_it_is_not_what_is_asked_for(material, tmp_path, held, sentence):
    base = changed_base(material, tmp_path / "base", quantization_config=held)
    with pytest.raises(InputError, match=sentence):
        run(job_of(material, base=base), tmp_path)


def test_layers_that_the_base_lacks_are_named_beside_those_it_has(material, tmp_path):
    lora = {"lora": {"rank": 4, "target_modules": ["q_proj", "query_key_value"]}}
    with pytest.raises(InputError, match=r"has no query_key_value; it has down_proj, .*q_proj"):
        run(job_of(material, lora), tmp_path)


def test_layers_can_be_named_by_a_pattern(material):
    check_base(material / "base", Training(quantization="none", lora={"target_modules": r".*\.(q|v)_proj"}))
    with pytest.raises(InputError, match='has no layer whose whole name matches "q_proj"; it has'):
        check_base(material / "base", Training(quantization="none", lora={"target_modules": "q_proj"}))


def test_weights_under_other_names_are_refused(material, tmp_path):
    from safetensors.torch import save_file

    base = changed_base(material, tmp_path / "base")
    found = load_file(base / "model.safetensors")
    save_file({name.replace("mlp", "ffn"): value for name, value in found.items()}, base / "model.safetensors")
    with pytest.raises(InputError, match=r"base: the weights lack 6 of the model's, such as model\.layers\.0\.mlp"):
        run(job_of(material, base=base), tmp_path)


# Choosing a checkpoint by the study's own figure


def in_turn(monkeypatch, *answers):
    """Let the model in training give these answers to all examples, one at each evaluation."""
    from medtune.inference import generation

    remaining, asked = iter(answers), []

    def generate(model, tokenizer, prompts, settings, seed):
        asked.append((prompts, settings))
        text = next(remaining)
        return [SimpleNamespace(text=text) for _ in prompts]

    monkeypatch.setattr(generation, "generate", generate)
    return asked


def test_the_checkpoint_with_the_best_answers_is_kept_although_the_loss_falls(material, trained, tmp_path, monkeypatch):
    asked = in_turn(monkeypatch, "No. Rationale: It is.", "who knows")
    record = run(job_of(material), tmp_path)
    evaluations = [entry for entry in record["history"] if "validation_loss" in entry]
    assert evaluations[1]["validation_loss"] < evaluations[0]["validation_loss"]
    assert [entry["validation_accuracy"] for entry in evaluations] == [3 / 9, 0]
    assert (record["best_step"], record["chosen_by"], record["judged_examples"]) == (2, "validation_accuracy", 9)
    assert not same(weights(tmp_path), weights(trained))
    tokenizer, settings = tiny_model()[1], asked[0][1]
    assert tokenizer.decode(asked[0][0][0]) == "Q: Is drug validation 0 useful?\nA:"
    assert record["longest_validation_answer"] == 27
    assert (settings.temperature, settings.max_new_tokens) == (0, 64), "as many as in the generate stage"


def test_an_answer_is_cut_in_training_where_the_study_cuts_it(material, tmp_path, monkeypatch):
    from medtune.inference import generation

    free, lengths = generation.generate, []

    def generate(*arguments, **named):
        answers = free(*arguments, **named)
        lengths.extend(len(answer.tokens) for answer in answers if answer.finish == "length")
        return answers

    monkeypatch.setattr(generation, "generate", generate)
    chosen = {
        limit: run(
            job_of(material, {"max_steps": 2}, generation={"max_new_tokens": limit, "longer_answers": 1}),
            tmp_path / str(limit),
        )
        for limit in (2, 40)
    }
    assert set(lengths) == {2, 40}, "not as long as the longest gold answer, 27"
    assert chosen[2]["fingerprint"] != chosen[40]["fingerprint"]


def test_by_loss_nothing_is_generated_and_the_lowest_loss_decides(material, tmp_path, monkeypatch):
    asked = in_turn(monkeypatch)
    record = run(job_of(material, {"checkpoint_by": "loss"}), tmp_path)
    assert not asked
    assert (record["best_step"], record["chosen_by"], record["judged_examples"]) == (4, "validation_loss", 0)


def test_as_many_examples_as_configured_are_answered_the_same_for_a_seed(material, tmp_path, monkeypatch):
    asked = in_turn(monkeypatch, *["Yes."] * 4)
    few = {"checkpoint_examples": 4, "max_steps": 1}
    records = [run(job_of(material, few), tmp_path / name) for name in ("first", "second")]
    run(job_of(material, few, seed=43), tmp_path / "other")
    assert [record["judged_examples"] for record in records] == [4, 4]
    first, second, other = (prompts for prompts, _ in asked)
    assert first == second != other


def test_rows_of_one_document_are_drawn_together():
    rows = [{"id": f"{number}", "step": step} for number in range(9) for step in ("entities", "relations")]
    found = drawn(rows, 3, 42)
    assert len(found) == 6 and found == [row for row in rows if row["id"] in {row["id"] for row in found}]
    assert drawn(rows, None, 42) == drawn(rows, 9, 42) == rows


def test_prompts_that_leave_no_room_for_an_answer_are_named(material, tmp_path):
    rows = read_jsonl(material / "validation.jsonl")
    write_jsonl(tmp_path / "long.jsonl", [{**rows[0], "question": "Is it? " * 400}, *rows[1:]])
    with pytest.raises(InputError, match=r'long\.jsonl, record "validation-0": \d+ prompt tokens and up to \d+ new'):
        run(job_of(material, validation=tmp_path / "long.jsonl"), tmp_path)


def test_gold_answers_that_exceed_what_is_generated_are_refused(material, tmp_path):
    with pytest.raises(InputError, match=r"validation\.jsonl: \d+ of \d+ gold answers have more tokens than .* = 8"):
        run(job_of(material, generation={"max_new_tokens": 8}), tmp_path)
    generation = {"max_new_tokens": 8, "longer_answers": 1}
    record = run(job_of(material, {"max_steps": 1}, generation=generation), tmp_path)
    assert record["longest_answer"] > 8
    gold = [read_jsonl(material / f"{split}.jsonl") for split in ("train", "validation")]
    # "No. Rationale: It is." has more than 8 tokens of this tokenizer, " Yes." has not.
    longer = [sum(len(row["label"]) > 5 or bool(row["rationale"]) for row in rows) for rows in gold]
    assert [record["longer_answers"], record["longer_validation_answers"], record["max_new_tokens"]] == [*longer, 8]


def test_offline_tracking_has_figures_and_no_text_of_the_data(material, tmp_path):
    run(job_of(material, {"max_steps": 1}), tmp_path, Tracking(mode="offline", log_artifacts=True))
    (folder,) = tmp_path.glob("wandb/offline-run-*")
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert (
        b"validation_accuracy" in content
        and b"tiny tiny/yesno/rank4 seed42 train 2" in content
        and b"adapter_model.safetensors" in content
    )
    assert b"Is drug" not in content


def test_example_texts_are_logged_where_asked_for(material, tmp_path):
    run(job_of(material, {"max_steps": 1}), tmp_path, Tracking(mode="offline", log_text=True))
    (table,) = tmp_path.glob("wandb/offline-run-*/files/media/table/*.json")
    assert json.loads(Path(table).read_text())["data"][0][0].startswith("Q: Is drug validation 0")
