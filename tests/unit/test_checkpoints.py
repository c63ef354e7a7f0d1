import json

import pytest

from medtune.training.checkpoints import (
    Progress,
    is_finished,
    last_checkpoint,
    progress_of,
    remove_incomplete,
    seal,
    trainer_state_of,
)


def checkpoint(folder, step, sealed=True, **state):
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "adapter_model.safetensors").write_bytes(b"weights")
    state = {"global_step": step, "max_steps": 93, "stateful_callbacks": {}, **state}
    (path / "trainer_state.json").write_text(json.dumps(state))
    if sealed:
        seal(path, Progress(seconds=1.5, useful_tokens=7))
    return path


def test_the_latest_step_wins_by_number_not_by_name(tmp_path):
    checkpoint(tmp_path, 75)
    expected = checkpoint(tmp_path, 100)
    assert last_checkpoint(tmp_path) == expected


def test_a_checkpoint_without_seal_does_not_count_and_is_removed(tmp_path):
    expected = checkpoint(tmp_path, 25)
    half = checkpoint(tmp_path, 50, sealed=False)
    assert last_checkpoint(tmp_path) == expected
    remove_incomplete(tmp_path)
    assert expected.exists() and not half.exists()


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"wei"), lambda path: path.unlink()])
def test_a_sealed_checkpoint_with_a_short_or_missing_file_does_not_count(tmp_path, damage):
    damage(checkpoint(tmp_path, 25) / "adapter_model.safetensors")
    assert last_checkpoint(tmp_path) is None


def test_no_folder_means_no_checkpoint(tmp_path):
    assert last_checkpoint(tmp_path / "missing") is None


def test_the_seal_keeps_what_was_spent(tmp_path):
    assert progress_of(checkpoint(tmp_path, 25)) == Progress(seconds=1.5, useful_tokens=7)


@pytest.mark.parametrize(
    ("step", "counter", "finished"), [(93, 0, True), (92, 0, False), (50, 2, True), (50, 1, False), (50, None, False)]
)
def test_training_is_finished_when_steps_or_patience_are_used_up(tmp_path, step, counter, finished):
    stopper = {"args": {"early_stopping_patience": 2}, "attributes": {"early_stopping_patience_counter": counter}}
    callbacks = {} if counter is None else {"EarlyStoppingCallback": stopper}
    path = checkpoint(tmp_path, step, stateful_callbacks=callbacks)
    assert is_finished(path) is finished
    assert trainer_state_of(path)["global_step"] == step
