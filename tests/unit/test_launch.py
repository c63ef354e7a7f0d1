"""Two processes on the CPU (gloo). As a program it is one of them."""

import os
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from medtune.config import Lora
from medtune.training.launch import launch, see_one_gpu, send_metrics
from medtune.training.preflight import make_plan
from medtune.training.worker import leave
from tests.conftest import ROOT
from tests.unit.test_training import SETTINGS, model, tokenizer
from tests.unit.test_weighted_loss import UNEVEN, rows

SHORT = SETTINGS.model_copy(update={"lora": Lora(rank=4, dropout=0.0), "max_steps": 2, "evaluate_every": 1})


def train_in(folder, processes, report, owner=None):
    from medtune.methods.adapter.training import train

    torch.set_num_threads(1)
    # With weights, since these must be counted over both processes.
    data, validation = rows(choices=UNEVEN), rows(9, 2, UNEVEN)
    accuracies = iter([0.5, 0.75])
    plan = make_plan(SHORT, len(data), processes=processes)
    return train(
        data,
        validation,
        SHORT,
        plan,
        lambda: (model(), tokenizer()),
        folder,
        42,
        validate=lambda model, tokenizer: {"validation_accuracy": next(accuracies)},
        selected_by="validation_accuracy",
        report=report,
        owner=owner,
    )


@pytest.fixture
def importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def test_two_processes_give_the_adapter_of_one_and_report_to_their_job(tmp_path, importable):
    from medtune.training.checkpoints import is_finished, last_checkpoint, progress_of

    (tmp_path / "two").mkdir()
    reported = []
    launch("tests.unit.test_launch", str(tmp_path / "two"), 2, lambda metrics, step: reported.append((step, metrics)))
    assert train_in(tmp_path / "one", 1, lambda metrics, step: None)

    two, one = last_checkpoint(tmp_path / "two"), last_checkpoint(tmp_path / "one")
    assert two.name == one.name == "checkpoint-2" and is_finished(two)
    expected, found = (load_file(folder / "adapter_model.safetensors") for folder in (one, two))
    assert all(torch.allclose(expected[name], found[name], atol=2e-5) for name in expected)
    assert {path.name for path in two.glob("rng_state*")} == {"rng_state_0.pth", "rng_state_1.pth"}
    assert progress_of(two).processed_tokens == progress_of(one).processed_tokens
    accuracies = [(step, metrics["validation_accuracy"]) for step, metrics in reported if "validation_loss" in metrics]
    assert accuracies == [(1, 0.5), (2, 0.75)]


def test_a_failing_worker_fails_the_job_with_its_error(tmp_path, importable):
    with pytest.raises(RuntimeError, match=r"training with 2 processes ended with status 1: .*FileNotFoundError"):
        launch("tests.unit.test_launch", str(tmp_path / "missing"), 2, lambda metrics, step: None)


@pytest.mark.parametrize(("visible", "expected"), [("2,3", "2"), ("1", "1"), ("", ""), (None, "0")])
def test_a_job_with_one_process_sees_the_first_of_its_gpus(monkeypatch, visible, expected):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    see_one_gpu()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == expected


if __name__ == "__main__":
    train_in(Path(sys.argv[1]).resolve(strict=True), 2, send_metrics, owner=os.getppid())
    leave()
